"""Invitations with a capacity, the door, and the visits that come of gifts. Stands beside the receipts."""
