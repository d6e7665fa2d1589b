"""Move a gift to another campaign of the same museum, at the donor's wish."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from crowdfund import audit, clock, outbox
from crowdfund.campaigns.models import Campaign
from crowdfund.errors import Conflict, NotFound
from crowdfund.gifts import postings, sums
from crowdfund.gifts.models import Gift, Refund
from crowdfund.gifts.rules import GiftState, Method, RefundState
from crowdfund.i18n import N_
from crowdfund.tenancy import museum_of, scope_of


def move_gift(
    session: Session, gift_id: int, campaign_id: int, request: UUID, *, counterpart_minor: int | None = None
) -> Gift:
    """Move what is left of a gift, less what is to be given back, and give the gift it has become. Locks the gift.

    The legal date stays: nothing was given anew. `counterpart_minor` is the fair value of what its donor has received for
    it, in minor units, where that is known: a reward that will never come no longer lessens the receipt. The same `request`
    again gives the first move. Refuses (409) a gift of which nothing is left, another issuer or currency; (404) a campaign
    that is not there. Publishes `gift.refunded` for the one and `gift.received` for the other.
    """
    gift = sums.locked(session, gift_id)
    reference = f"move:{request}"
    known = session.scalars(select(Gift).where(Gift.reference == reference)).one_or_none()
    if known is not None:
        return known
    target = session.get(Campaign, (museum_of(session), campaign_id))
    if target is None:
        raise NotFound
    source = postings.campaign_of(session, gift)
    left = sums.left(gift) - sums.asked_for(session, gift)
    if left <= 0 or target.id == source.id or target.issuer_id != source.issuer_id or target.currency != gift.currency:
        raise Conflict(N_("This gift cannot be moved there."))
    refund = _refund(session, gift, request, left)
    counterpart = gift.counterpart_minor if counterpart_minor is None else counterpart_minor
    moved = _moved(gift, target, reference, left, counterpart)
    session.add_all([refund, moved])
    session.flush()  # the ids name the posting and the facts
    sums.settle(session, gift)
    postings.post_move(session, gift, moved, refund)
    outbox.publish(session, "gift.refunded", key=str(refund.id), refund_id=refund.id, gift_id=gift.id)
    outbox.publish(session, "gift.received", key=str(moved.id), gift_id=moved.id)
    audit.record(session, "gift.moved", f"gift:{gift.id}", to_gift_id=moved.id, amount_minor=left)
    return moved


def _refund(session: Session, gift: Gift, request: UUID, left: int) -> Refund:
    return Refund(
        request=request, gift_id=gift.id, kind="move", state=RefundState.SUCCEEDED, amount_minor=left,
        currency=gift.currency, reason="moved", requested_by=scope_of(session).actor, created_at=clock.now(),
        closed_at=clock.now(),
    )  # fmt: skip


def _moved(gift: Gift, target: Campaign, reference: str, left: int, counterpart: int) -> Gift:
    return Gift(
        reference=reference, pledge_id=gift.pledge_id, donor_id=gift.donor_id, campaign_id=target.id,
        state=GiftState.RECEIVED, amount_minor=left, currency=gift.currency,
        refunded_minor=0, disputed_minor=0, lost_minor=0, method=Method.MOVED, units=gift.units,
        gift_date=gift.gift_date, gift_date_basis=gift.gift_date_basis, received_at=gift.received_at,
        wants_receipt=gift.wants_receipt, counterpart_minor=min(counterpart, left), imported=gift.imported,
        moved_from_id=gift.id,
    )  # fmt: skip
