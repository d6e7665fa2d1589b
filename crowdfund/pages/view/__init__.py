"""What the public pages show, page by page."""
