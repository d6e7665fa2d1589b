"""A gift's sums: found under lock, changed together with the state they make."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crowdfund.gifts.models import Gift, Refund
from crowdfund.gifts.rules import Overdrawn, RefundState, refundable, state_after


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


def change(gift: Gift, *, refunded: int = 0, disputed: int = 0, lost: int = 0) -> None:
    """Add to a locked gift's sums (minor units) and set the state they make. Raises Overdrawn."""
    sums = (gift.refunded_minor + refunded, gift.disputed_minor + disputed, gift.lost_minor + lost)
    if min(sums) < 0 or sum(sums) > gift.amount_minor:
        raise Overdrawn(f"gift {gift.id}: more would be given back than was given")
    gift.refunded_minor, gift.disputed_minor, gift.lost_minor = sums
    gift.state = state_after(gift.amount_minor, *sums)


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
    return next((one for one in gifts if left(one) >= needed), gifts[0])
