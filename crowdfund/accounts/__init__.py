"""People who sign in, at any museum."""
