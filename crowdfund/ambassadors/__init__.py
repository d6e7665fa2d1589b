"""Donors who bring others along: a page, a code, a number of people. Stands between campaigns and pledges."""
