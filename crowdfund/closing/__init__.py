"""How a campaign ends: what is still open, the final statement, what became of the work, what the museum learnt."""
