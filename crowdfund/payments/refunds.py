"""Ask the provider to give money back: one frozen request for each refund."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from crowdfund import log
from crowdfund.gifts import postings
from crowdfund.gifts import service as gifts
from crowdfund.gifts.models import Gift, Refund
from crowdfund.gifts.rules import Method, Overdrawn, RefundState
from crowdfund.money import Money
from crowdfund.payments import calls
from crowdfund.payments.calls import Frozen, provider
from crowdfund.payments.models import Checkout
from crowdfund.payments.provider import ProviderKeyRejected, ProviderRefused, RefundRequest
from crowdfund.payments.settlement import settle_refund
from crowdfund.tenancy import MuseumScope, museum_of, transaction


def ask_refund(scope: MuseumScope, refund_id: int) -> None:
    """Ask for a refund that was cleared, and book the answer. Again is once: the request is frozen with its own key.

    A refusal closes the refund. Raises ProviderUnavailable and ProviderKeyRejected: it is asked again later.
    """
    frozen = _frozen(scope, refund_id)
    if frozen is not None:
        send(scope, frozen)


def _frozen(scope: MuseumScope, refund_id: int) -> Frozen | None:
    with transaction(scope) as session:
        refund = session.scalars(select(Refund).where(Refund.id == refund_id).with_for_update(key_share=True)).one()
        if refund.state != RefundState.REQUESTED:
            return None
        known = calls.of(session, f"refund:{refund.id}")
        if known is not None:
            return known
        gift = postings.origin(session, session.get_one(Gift, (museum_of(session), refund.gift_id)))
        if gift.method != Method.CARD or gift.charge is None:
            return None
        account = session.scalars(
            select(Checkout.account).where(Checkout.pledge_id == gift.pledge_id).order_by(Checkout.number.desc())
        ).first()
        if account is None:
            return None
        parameters = provider().refund_parameters(
            RefundRequest(
                institution_id=museum_of(session),
                request=refund.request,
                charge=gift.charge,
                payment=gift.payment,
                amount=Money(refund.amount_minor, refund.currency),
            )
        )
        return calls.freeze(
            session, "refund", account, parameters, name=str(refund.request), subject=f"refund:{refund.id}"
        )


def send(scope: MuseumScope, frozen: Frozen) -> None:
    """Send a refund's request, for the first time or again, and book the answer.

    After the provider has forgotten the key it is asked first whether the refund is there.
    """
    refund_id = int(frozen.subject.partition(":")[2])
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
            gifts.refuse_refund(session, refund_id)
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
