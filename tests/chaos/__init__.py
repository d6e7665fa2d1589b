"""Bad days, made on purpose."""
