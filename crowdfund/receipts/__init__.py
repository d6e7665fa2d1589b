"""Numbered tax receipts: decided by tax, counted without gaps, kept as they were issued."""
