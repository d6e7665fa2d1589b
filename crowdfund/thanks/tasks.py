"""The worker's door: a gift has come, or went back; a donor is erased."""

from __future__ import annotations

from sqlalchemy.orm import Session

from crowdfund.outbox import subscribes
from crowdfund.thanks import service


@subscribes("gift.received")
def plan(session: Session, gift_id: int) -> None:
    """Put the donor on the lists of calls and letters."""
    service.plan_thanks(session, gift_id)


@subscribes("gift.refunded")
@subscribes("gift.refund_failed")
@subscribes("gift.disputed")
@subscribes("gift.dispute_closed")
def follow(session: Session, *, gift_id: int, **_ids: int) -> None:
    """Thank nobody for what went back."""
    service.drop_thanks(session, gift_id)


@subscribes("donor.erased")
def forget(session: Session, donor_id: int) -> None:
    """Forget a donor's notes and number."""
    service.forget_donor(session, donor_id)
