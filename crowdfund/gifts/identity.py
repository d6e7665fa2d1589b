"""A donor who asks for a receipt afterwards, or completes what it must print."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from crowdfund import clock
from crowdfund.donors.rules import DonorDetails
from crowdfund.gifts.models import Gift
from crowdfund.outbox import publish
from crowdfund.pledges import changes


def complete_identity(session: Session, pledge_id: int, details: DonorDetails) -> None:
    """Take what a donor tells later of themselves, and say `gift.identity_completed` if the money has come.

    Before that the pledge remembers the wish. Raises Refusal for a detail that is wrong or still missing.
    """
    changes.complete_identity(session, pledge_id, details)
    for gift in session.scalars(select(Gift).where(Gift.pledge_id == pledge_id).order_by(Gift.id)):
        gift.wants_receipt = True
        session.flush()  # what the listener reads
        publish(session, "gift.identity_completed", key=f"{gift.id}:{clock.now().isoformat()}", gift_id=gift.id)
