"""The platform on which local museums buy works of art together with the people around them."""
