"""A donor who asks for a receipt afterwards, or completes what it must print."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from crowdfund import clock
from crowdfund.donors.rules import DonorDetails
from crowdfund.gifts.models import Gift
from crowdfund.outbox import publish
from crowdfund.pledges import changes, service


def complete_identity(session: Session, pledge_id: int, details: DonorDetails) -> None:
    """Take what a donor tells later of themselves, and say `gift.identity_completed` if the money has come.

    Before that the pledge remembers the wish. Locks the pledge, its gifts, and the donor last, as a refund does. Raises
    Refusal for a detail that is wrong or still missing.
    """
    service.pledge_of(session, pledge_id, lock=True)  # whose gift may be coming this moment
    of_pledge = select(Gift).where(Gift.pledge_id == pledge_id).order_by(Gift.id).with_for_update(key_share=True)
    gifts = session.scalars(of_pledge.execution_options(populate_existing=True)).all()
    changes.complete_identity(session, pledge_id, details)
    for gift in gifts:
        gift.wants_receipt = True
        session.flush()  # what the listener reads
        publish(session, "gift.identity_completed", key=f"{gift.id}:{clock.now().isoformat()}", gift_id=gift.id)
