"""What is done about accounts in the background."""

from __future__ import annotations

from datetime import timedelta

from crowdfund.accounts import buckets
from crowdfund.tenancy import PlatformScope, transaction
from crowdfund.worker import sweeps_every


@sweeps_every(timedelta(hours=6))
def forget_dry_buckets(_institution_id: int) -> None:
    """Delete buckets that are dry. They belong to no museum; doing it once for each is harmless."""
    with transaction(PlatformScope()) as session:
        buckets.forget_dry(session)
