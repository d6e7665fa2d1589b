"""How a campaign leaves the site: pictures, cards, screens, posters, feeds, short links, and what each way brought."""
