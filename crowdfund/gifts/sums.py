"""A gift's sums: found under lock, changed together with the state they make."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crowdfund.gifts.models import Dispute, Gift, Refund
from crowdfund.gifts.rules import DisputeState, RefundState, gone_twice, refundable, share_out, state_after


def locked(session: Session, gift_id: int) -> Gift:
    """Lock a gift until the transaction ends, and read it anew."""
    return session.scalars(
        select(Gift).where(Gift.id == gift_id).with_for_update(key_share=True).execution_options(populate_existing=True)
    ).one()


def left(gift: Gift) -> int:
    """Tell how much of the gift can still be given back, in minor units."""
    return refundable(gift.amount_minor, gift.refunded_minor, gift.disputed_minor, gift.lost_minor)


def asked_for(session: Session, gift: Gift) -> int:
    """Sum what was asked to be given back and has not left yet, in minor units."""
    requested = select(func.sum(Refund.amount_minor)).where(
        Refund.gift_id == gift.id, Refund.state == RefundState.REQUESTED
    )
    return int(session.scalar(requested) or 0)


def settle(session: Session, gift: Gift) -> None:
    """Bring a locked gift's sums and its state to what its refunds and disputes say. Raises Overdrawn."""
    sums = share_out(gift.amount_minor, *_given_back(session, gift))
    gift.refunded_minor, gift.disputed_minor, gift.lost_minor = sums
    gift.state = state_after(gift.amount_minor, *sums)


def twice(session: Session, gift: Gift) -> int:
    """Tell how much of a locked gift went back both by refund and by a lost dispute, in minor units."""
    refunded, _disputed, lost = _given_back(session, gift)
    return gone_twice(gift.amount_minor, refunded, lost)


def _given_back(session: Session, gift: Gift) -> tuple[int, int, int]:
    """Sum what was refunded, what is disputed and what disputes have taken, in minor units."""
    refunded = session.scalar(
        select(func.sum(Refund.amount_minor)).where(
            Refund.gift_id == gift.id, Refund.state.in_([RefundState.PENDING, RefundState.SUCCEEDED])
        )
    )
    disputes = session.execute(
        select(Dispute.state, func.sum(Dispute.amount_minor))
        .where(Dispute.gift_id == gift.id, Dispute.state.in_([DisputeState.OPEN, DisputeState.LOST]))
        .group_by(Dispute.state)
    ).all()
    disputed: dict[str, int] = {state: int(total) for state, total in disputes}
    return int(refunded or 0), disputed.get(DisputeState.OPEN, 0), disputed.get(DisputeState.LOST, 0)


def bearer(session: Session, charge: str, needed: int) -> Gift | None:
    """Find and lock the gift that bears a sum taken back from a charge; None when the charge is no gift of ours.

    It is the charge's own gift, or, when that was moved to another campaign, the one that carries the money now.
    """
    gift = session.scalars(select(Gift).where(Gift.charge == charge)).one_or_none()
    if gift is None:
        return None
    chain = [gift.id]
    for gift_id in chain:
        chain += session.scalars(select(Gift.id).where(Gift.moved_from_id == gift_id).order_by(Gift.id))
    gifts = [locked(session, gift_id) for gift_id in chain]
    return next((one for one in gifts if left(one) >= needed), max(gifts, key=lambda one: (left(one), one.id)))
