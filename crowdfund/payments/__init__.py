"""The payment provider, in and out."""
