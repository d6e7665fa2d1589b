"""The museums as peers: what they may see of each other, which is counts and sums, never people."""
