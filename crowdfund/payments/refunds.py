"""Ask the provider to give money back: one frozen request for each refund."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from crowdfund import audit, log
from crowdfund.errors import Conflict
from crowdfund.gifts import postings, sums
from crowdfund.gifts import service as gifts
from crowdfund.gifts.models import Gift, Refund
from crowdfund.gifts.rules import Method, Overdrawn, RefundState
from crowdfund.i18n import N_
from crowdfund.money import Money
from crowdfund.payments import calls, quarantine
from crowdfund.payments.calls import Frozen, provider
from crowdfund.payments.models import Checkout, QuarantinedCharge
from crowdfund.payments.provider import ProviderKeyRejected, ProviderRefused, RefundRequest
from crowdfund.payments.rules import CheckoutState
from crowdfund.payments.settlement import settle_refund
from crowdfund.tenancy import MuseumScope, museum_of, transaction

NO_ACCOUNT = N_(
    "Nobody knows the account this gift was paid into: it must be given back in the payment provider’s dashboard."
)


def give_back_set_aside(scope: MuseumScope, aside_id: int) -> None:
    """Ask for the refund of a charge that was set aside, and follow it. Again is once; a refusal puts it before staff."""
    frozen = quarantine.frozen_refund(scope, aside_id)
    if frozen is not None:
        send(scope, frozen)


def ask_refund(scope: MuseumScope, refund_id: int) -> None:
    """Ask for a refund that was cleared, and book the answer. Again is once: the request is frozen with its own key.

    A refusal closes the refund, and so does a payment whose account nobody knows. Raises
    ProviderUnavailable and ProviderKeyRejected: it is asked again later.
    """
    frozen = _frozen(scope, refund_id)
    if frozen is not None:
        send(scope, frozen)


def _frozen(scope: MuseumScope, refund_id: int) -> Frozen | None:
    with transaction(scope) as session:
        refund = session.get_one(Refund, (museum_of(session), refund_id))
        sums.locked(session, refund.gift_id)  # the gift first: everybody locks in this order
        session.refresh(refund, with_for_update={"key_share": True})
        if refund.state != RefundState.REQUESTED:
            return None
        known = calls.of(session, f"refund:{refund.id}")
        if known is not None:
            return known
        gift = postings.origin(session, session.get_one(Gift, (museum_of(session), refund.gift_id)))
        if gift.method != Method.CARD:
            return None
        account = account_of(session, gift)
        if account is None:
            gifts.refuse_refund(session, refund.id)
            audit.record(session, "gift.refund_refused", f"gift:{gift.id}", refund_id=refund.id, reason="no_account")
            log.get().error("refund_without_account", refund_id=refund.id, gift_id=gift.id)
            return None
        parameters = provider().refund_parameters(
            RefundRequest(
                institution_id=museum_of(session),
                request=refund.request,
                charge=str(gift.charge),
                payment=gift.payment,
                amount=Money(refund.amount_minor, refund.currency),
            )
        )
        return calls.freeze(
            session, "refund", account, parameters, name=str(refund.request), subject=f"refund:{refund.id}"
        )


def account_of(session: Session, gift: Gift) -> str | None:
    """Find the account that a card gift was paid into, where it can be given back; None when nobody knows."""
    if gift.charge is None:
        return None
    accepted = session.scalar(select(QuarantinedCharge.account).where(QuarantinedCharge.charge == gift.charge))
    if accepted is not None:
        return accepted
    paid_first = (Checkout.state == CheckoutState.PAID).desc()
    tries = select(Checkout.account).where(Checkout.pledge_id == gift.pledge_id)
    return session.scalars(tries.order_by(paid_first, Checkout.number.desc()).limit(1)).first()


def check_refundable(session: Session, gift: Gift) -> None:
    """Make sure that a gift can be given back the way it came. Raises Conflict."""
    first = postings.origin(session, gift)
    if first.method == Method.CARD and not first.imported and account_of(session, first) is None:
        raise Conflict(NO_ACCOUNT)


def send(scope: MuseumScope, frozen: Frozen) -> None:
    """Send a refund's request, for the first time or again, and book the answer.

    After the provider has forgotten the key it is asked first whether the refund is there.
    """
    if frozen.key_forgotten and _found(scope, frozen):
        return
    # Not found after the key was forgotten: it was never made, and the same request may be sent as new.
    try:
        with calls.noting(scope, frozen):
            answer = provider().make_refund(frozen.account, frozen.parameters, frozen.key)
    except ProviderKeyRejected:
        raise
    except ProviderRefused:
        with transaction(scope) as session:
            kind, _, number = frozen.subject.partition(":")
            if kind == "aside":
                quarantine.refused(session, frozen.subject)
            else:
                gifts.refuse_refund(session, int(number))
        return
    try:
        if answer.refund is not None:
            settle_refund(scope, frozen.account, answer.refund)
    except Overdrawn:  # a dispute was quicker: the money went twice, staff must see it
        log.get().error("refund_contradicts", object_id=answer.object_id, account=frozen.account)
    with transaction(scope) as session:
        calls.done(session, frozen, answer)


def _found(scope: MuseumScope, frozen: Frozen) -> bool:
    wanted = frozen.parameters["metadata"]["request"]
    for made in provider().refunds(frozen.account, frozen.created_at - timedelta(hours=1)):
        if str(made.request) == wanted:
            settle_refund(scope, frozen.account, made)
            with transaction(scope) as session:
                calls.found(session, frozen, made.id)
            return True
    return False
