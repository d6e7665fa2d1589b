"""The proof of a plaque: its names with what to look at, the sheet for the engraver, and the versions somebody signed."""
