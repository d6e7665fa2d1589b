"""The plaque of a campaign: its names as their donors typed them, until the day they are fixed and after it; how they are set."""
