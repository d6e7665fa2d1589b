"""Decide on a charge that was set aside: book it as the gift of its pledge, or give it back. Each is audited."""

from __future__ import annotations

from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from crowdfund import audit, clock
from crowdfund.errors import Conflict
from crowdfund.gifts.models import Gift
from crowdfund.i18n import N_
from crowdfund.outbox import publish
from crowdfund.payments import aside, calls
from crowdfund.payments.calls import Frozen, provider
from crowdfund.payments.models import Checkout, QuarantinedCharge
from crowdfund.payments.provider import Charge, RefundRequest
from crowdfund.payments.rules import AsideState, CheckoutState
from crowdfund.payments.settlement import become, book
from crowdfund.tenancy import MuseumScope, museum_of, transaction

DECIDED = N_("This payment has been decided on already.")
CHANGED = N_("The payment has changed at the provider meanwhile: it was given back, or is disputed.")


def accept(scope: MuseumScope, aside_id: int) -> int:
    """Book a charge that was set aside as the gift of its pledge, and give the gift's number. Again is once.

    The charge is fetched first. Raises NotFound, Conflict (the rules of `aside.objection`, or it was decided or changed
    meanwhile), ProviderUnavailable and ProviderRefused.
    """
    with transaction(scope) as session:
        row = aside.locked(session, aside_id)
        sentence = aside.objection(session, row) if row.state == AsideState.OPEN else None
        account, charge_id = row.account, row.charge
    if sentence is not None:  # the provider need not be asked
        raise Conflict(sentence)
    charge = provider().charge(account, charge_id)
    with transaction(scope) as session:
        checkout = _checkout(session, aside_id, charge)
        row = aside.locked(session, aside_id)
        if row.state == AsideState.ACCEPTED:
            return session.scalars(select(Gift.id).where(Gift.charge == row.charge)).one()
        if row.state != AsideState.OPEN:
            raise Conflict(DECIDED)
        sentence = aside.objection(session, row)
        if sentence is not None or row.pledge_id is None:
            raise Conflict(sentence or aside.NO_PLEDGE)
        if not charge.paid or charge.disputed or charge.refunded or charge.amount.minor != row.amount_minor:
            raise Conflict(CHANGED)
        gift = book(session, row.pledge_id, charge)
        if gift.charge != charge.id:
            raise Conflict(aside.PAID_ALREADY)
        row.state, row.resolved_at = AsideState.ACCEPTED, clock.now()
        if checkout is not None:
            become(session, checkout, CheckoutState.PAID)
        audit.record(session, "charge.accepted", f"charge:{row.id}", gift_id=gift.id, amount_minor=row.amount_minor)
        return gift.id


def _checkout(session: Session, aside_id: int, charge: Charge) -> Checkout | None:
    """Lock the tries of the charge's pledge, before anything else, and give the one it was made on, or the last."""
    pledge_id = session.scalar(select(QuarantinedCharge.pledge_id).where(QuarantinedCharge.id == aside_id))
    tries = session.scalars(
        select(Checkout)
        .where(Checkout.pledge_id == pledge_id)
        .order_by(Checkout.number)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).all()
    return next((one for one in tries if one.number == charge.claim.number), tries[-1] if tries else None)


def give_back(scope: MuseumScope, aside_id: int) -> None:
    """Ask that a charge that was set aside be given back, all of it. Again is once. Raises NotFound and Conflict."""
    with transaction(scope) as session:
        row = aside.locked(session, aside_id)
        if row.state == AsideState.REFUNDING:
            return
        if row.state != AsideState.OPEN:
            raise Conflict(DECIDED)
        row.state, row.refund_request = AsideState.REFUNDING, uuid4()
        publish(session, "charge.refund_cleared", key=f"{row.id}:{row.refund_request}", aside_id=row.id)
        audit.record(session, "charge.refund_requested", f"charge:{row.id}", amount_minor=row.amount_minor)


def frozen_refund(scope: MuseumScope, aside_id: int) -> Frozen | None:
    """Write down the request by which a charge is given back, or find it; None when nobody asks for it any more."""
    with transaction(scope) as session:
        row = aside.locked(session, aside_id)
        if row.state != AsideState.REFUNDING or row.refund_request is None:
            return None
        account, charge_id, request = row.account, row.charge, row.refund_request
        known = calls.of(session, _subject(row))
    if known is not None:
        return known
    charge = provider().charge(account, charge_id)
    with transaction(scope) as session:
        row = aside.locked(session, aside_id)
        if row.state != AsideState.REFUNDING or row.refund_request != request:
            return None
        known = calls.of(session, _subject(row))  # another worker may have been quicker
        if known is not None:
            return known
        left = charge.amount - charge.refunded
        if not left:  # in the provider's dashboard, meanwhile
            aside.follow(session, charge)
            return None
        parameters = provider().refund_parameters(
            RefundRequest(
                institution_id=museum_of(session),
                request=request,
                charge=charge_id,
                payment=row.payment,
                amount=left,
            )
        )
        return calls.freeze(session, "refund", account, parameters, name=str(request), subject=_subject(row))


def _subject(row: QuarantinedCharge) -> str:
    return f"aside:{row.id}:{row.refund_request}"


def refused(session: Session, subject: str) -> None:
    """Put a charge before the staff again whose refund the provider refused to make."""
    row = aside.locked(session, int(subject.split(":")[1]))
    if row.state == AsideState.REFUNDING and _subject(row) == subject:
        aside.reopen(session, row)
