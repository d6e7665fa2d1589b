"""The desk of a museum: the pages by which its people announce, match, count and clear money."""
