"""The demo: six invented museums and their campaigns, told through the same services as real life."""
