"""Bear disputes: the donor's bank calls a payment back; the money waits apart until it is decided."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from crowdfund import clock, outbox
from crowdfund.gifts import postings, sums
from crowdfund.gifts.models import Dispute, Gift
from crowdfund.gifts.reports import DisputeReported
from crowdfund.gifts.rules import DISPUTE_TRANSITIONS, DisputeState


def record_dispute(session: Session, reported: DisputeReported) -> Dispute | None:
    """Bring a dispute to what the provider says of it; None when its charge is no gift of ours. Locks the gift.

    Older news change nothing; news that skip a step take it first. An inquiry (`warning`) moves no money. Publishes
    `gift.disputed` and `gift.dispute_closed`. A bank may call back what was refunded already: the gift bears what is left
    of it, the rest is the museum's own loss. Raises Overdrawn when more is called back than was given.
    """
    dispute = session.scalars(
        select(Dispute).where(Dispute.provider_dispute == reported.provider_dispute).with_for_update(key_share=True)
    ).one_or_none()
    gift = (
        sums.bearer(session, reported.charge, reported.amount.minor)
        if dispute is None
        else sums.locked(session, dispute.gift_id)
    )
    if gift is None:
        return None
    if dispute is None:
        dispute = _add(session, gift, reported)
    for state in _steps(DisputeState(dispute.state), reported.state):
        _apply(session, gift, dispute, state)
    for fee in reported.fees:
        postings.post_fee(session, gift, fee, "fee of a dispute")
    dispute.fee_minor = sum(fee.amount.minor for fee in reported.fees)
    return dispute


def _add(session: Session, gift: Gift, reported: DisputeReported) -> Dispute:
    dispute = Dispute(
        provider_dispute=reported.provider_dispute,
        gift_id=gift.id,
        state=DisputeState.WARNING,
        amount_minor=reported.amount.minor,
        currency=reported.amount.currency,
        fee_minor=0,
        opened_at=reported.opened_at,
    )
    session.add(dispute)
    session.flush()  # its id names the postings and the facts
    return dispute


def _steps(before: DisputeState, state: DisputeState) -> list[DisputeState]:
    """Tell the states to pass. One that was won before we heard of it has moved nothing; one that was lost was open."""
    if state not in DISPUTE_TRANSITIONS[before]:
        return []
    if before == DisputeState.WARNING and state == DisputeState.LOST:
        return [DisputeState.OPEN, state]
    return [state]


def _apply(session: Session, gift: Gift, dispute: Dispute, state: DisputeState) -> None:
    was_open, before = dispute.state == DisputeState.OPEN, sums.twice(session, gift)
    dispute.state = state
    if state != DisputeState.OPEN:
        dispute.closed_at = clock.now()
        if not was_open:  # an inquiry that came to nothing
            return
    sums.settle(session, gift)
    if state == DisputeState.OPEN:
        postings.post_dispute_opened(session, gift, dispute)
        outbox.publish(session, "gift.disputed", key=str(dispute.id), dispute_id=dispute.id, gift_id=gift.id)
        return
    if state == DisputeState.WON:
        postings.post_dispute_won(session, gift, dispute)
    else:
        postings.post_dispute_lost(session, gift, dispute)
        postings.post_twice(session, gift, f"dispute:{dispute.id}:twice", sums.twice(session, gift) - before)
    outbox.publish(session, "gift.dispute_closed", key=str(dispute.id), dispute_id=dispute.id, gift_id=gift.id)
