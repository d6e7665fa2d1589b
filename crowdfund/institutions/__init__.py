"""Museums, the legal entities that sign for them, and the people who work there."""
