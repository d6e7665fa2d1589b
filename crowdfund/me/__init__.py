"""What a donor has given and chosen, at all museums, behind a link sent to their own address."""
