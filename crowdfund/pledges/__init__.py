"""A donor's promise."""
