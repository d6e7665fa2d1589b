"""Money that has come in, and money given back."""
