"""Money that comes by itself: announced, received, counted or matched, and cleared by a second person."""
