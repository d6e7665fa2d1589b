"""A museum's people: who they are, what they may do, how they come, go, and find their way back in."""
