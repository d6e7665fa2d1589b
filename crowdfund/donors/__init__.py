"""A museum's donors and what they consented to."""
