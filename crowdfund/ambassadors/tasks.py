"""The worker's door: a donor is erased."""

from __future__ import annotations

from sqlalchemy.orm import Session

from crowdfund.ambassadors import service
from crowdfund.outbox import subscribes


@subscribes("donor.erased")
def forget(session: Session, donor_id: int) -> None:
    """Forget an ambassador."""
    service.forget_donor(session, donor_id)
