"""The public site, read only."""
