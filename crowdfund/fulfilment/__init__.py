"""Rewards handed over: each gift with a reward owes one counterpart, until it is given. Stands beside the receipts."""
