"""Give money back: asked for by staff, cleared by the receipts, made by the provider or in its dashboard."""

from __future__ import annotations

from uuid import UUID, uuid5

from sqlalchemy import select
from sqlalchemy.orm import Session

from crowdfund import audit, clock, outbox
from crowdfund.errors import Conflict, Refusal
from crowdfund.gifts import postings, sums
from crowdfund.gifts.models import Gift, Refund
from crowdfund.gifts.reports import RefundReported
from crowdfund.gifts.rules import REFUND_TRANSITIONS, Method, RefundState
from crowdfund.i18n import N_
from crowdfund.money import Money
from crowdfund.tenancy import scope_of

# The names of refunds that were not asked for by us come from the provider's id.
_DASHBOARD = UUID("5a3f6f0e-7f0c-4d8e-9a57-3c1f0a4b2d61")
_BOOKED = {RefundState.PENDING, RefundState.SUCCEEDED}


def request_refund(
    session: Session, gift_id: int, amount: Money, reason: str, request: UUID, kind: str = "refund"
) -> Refund:
    """Ask that money be given back. The same `request` again gives the first refund. Locks the gift.

    Of another `kind` no money goes to the donor: "returned" is a cheque the bank did not pay, "correction" a gift that
    was booked under a wrong name.

    Refuses (422) an amount that is not positive, (409) more than is left. Publishes
    `gift.refund_requested`: the receipt goes first, then the provider is asked.
    """
    gift = sums.locked(session, gift_id)
    known = session.scalars(select(Refund).where(Refund.request == request)).one_or_none()
    if known is not None:
        return known
    if amount.minor <= 0 or amount.currency != gift.currency:
        raise Refusal(N_("Give an amount to refund."), field="amount")
    if amount.minor > sums.left(gift) - sums.asked_for(session, gift):
        raise Conflict(N_("This gift has less left than that."))
    refund = _add(session, gift, amount, request=request, reason=reason, state=RefundState.REQUESTED, kind=kind)
    outbox.publish(session, "gift.refund_requested", key=str(refund.id), refund_id=refund.id)
    audit.record(session, "gift.refund_requested", f"gift:{gift.id}", refund_id=refund.id, amount_minor=amount.minor)
    return refund


def _add(
    session: Session, gift: Gift, amount: Money, *, request: UUID, reason: str, state: RefundState, kind: str = "refund"
) -> Refund:
    refund = Refund(
        request=request,
        gift_id=gift.id,
        kind=kind,
        state=state,
        amount_minor=amount.minor,
        currency=amount.currency,
        reason=reason,
        requested_by=scope_of(session).actor,
        created_at=clock.now(),
    )
    session.add(refund)
    session.flush()  # its id names the postings and the facts
    return refund


def clear_refund(session: Session, refund_id: int) -> None:
    """Say that the receipt is out of the way: the provider may be asked. Publishes `gift.refund_cleared`.

    Money that did not come by card, or before the platform did, is given back by hand: it is booked at once.
    """
    gift, refund = _locked(session, refund_id)
    if refund.state != RefundState.REQUESTED:
        return
    outbox.publish(session, "gift.refund_cleared", key=str(refund.id), refund_id=refund.id)
    origin = postings.origin(session, gift)
    if origin.method != Method.CARD or origin.imported:
        _apply(session, gift, refund, RefundState.SUCCEEDED)


def record_refund(session: Session, reported: RefundReported) -> Refund | None:
    """Bring a refund to what the provider says of it; None when its charge is no gift of ours. Locks the gift.

    Older news change nothing. Publishes `gift.refunded` when the money has left the campaign, `gift.refund_succeeded`
    and `gift.refund_failed` when its fate is known. What a bank has called back besides is the museum's own loss. Raises
    Overdrawn when more would be refunded than was given.
    """
    gift = sums.bearer(session, reported.charge, reported.amount.minor)
    if gift is None:
        return None
    refund = _find(session, reported)
    if refund is None:
        request = reported.request or uuid5(_DASHBOARD, reported.provider_refund)
        refund = _add(
            session, gift, reported.amount, request=request, reason=reported.reason, state=RefundState.REQUESTED
        )
    elif refund.gift_id != gift.id:
        gift = sums.locked(session, refund.gift_id)
    if refund.provider_refund is None:
        refund.provider_refund = reported.provider_refund
    _apply(session, gift, refund, reported.state)
    return refund


def _find(session: Session, reported: RefundReported) -> Refund | None:
    known = session.scalars(
        select(Refund).where(Refund.provider_refund == reported.provider_refund).with_for_update(key_share=True)
    ).one_or_none()
    if known is None and reported.request is not None:
        known = session.scalars(
            select(Refund).where(Refund.request == reported.request).with_for_update(key_share=True)
        ).one_or_none()
    return known


def refuse_refund(session: Session, refund_id: int) -> None:
    """Close a refund that the provider refused to make. Publishes `gift.refund_failed`."""
    gift, refund = _locked(session, refund_id)
    _apply(session, gift, refund, RefundState.FAILED)


def _locked(session: Session, refund_id: int) -> tuple[Gift, Refund]:
    """Lock a refund's gift, then the refund: everybody locks in this order."""
    gift_id = session.scalars(select(Refund.gift_id).where(Refund.id == refund_id)).one()
    gift = sums.locked(session, gift_id)
    refund = session.scalars(
        select(Refund)
        .where(Refund.id == refund_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one()
    return gift, refund


def _apply(session: Session, gift: Gift, refund: Refund, state: RefundState) -> None:
    """Move a refund on, if its present state allows; book what that means."""
    before, twice = RefundState(refund.state), sums.twice(session, gift)
    if state not in REFUND_TRANSITIONS[before]:
        return
    refund.state = state
    if before == RefundState.REQUESTED and state in _BOOKED:
        sums.settle(session, gift)
        postings.post_refund(session, gift, refund)
        postings.post_twice(session, gift, f"refund:{refund.id}:twice", sums.twice(session, gift) - twice)
        outbox.publish(session, "gift.refunded", key=str(refund.id), refund_id=refund.id, gift_id=gift.id)
    if state == RefundState.FAILED:
        if before in _BOOKED:
            sums.settle(session, gift)
            postings.reverse_refund(session, refund)
            postings.post_twice(session, gift, f"refund:{refund.id}:not_twice", sums.twice(session, gift) - twice)
        outbox.publish(session, "gift.refund_failed", key=str(refund.id), refund_id=refund.id, gift_id=gift.id)
    if state != RefundState.PENDING:
        refund.closed_at = clock.now()
    if state == RefundState.SUCCEEDED:
        outbox.publish(session, "gift.refund_succeeded", key=str(refund.id), refund_id=refund.id, gift_id=gift.id)
