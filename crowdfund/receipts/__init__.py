"""Numbered tax receipts."""
