"""Where a museum prepares a campaign: its pictures, its words, its promises, and what must be settled before it opens."""
