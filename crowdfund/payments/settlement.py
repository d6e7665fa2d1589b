"""Settle: bring our rows to what the provider says now. Return page, webhook, sweeper and reconciliation come this way.

The object is always fetched; what an event claims is only a reason to look. Money that has come is always booked, or
set aside where it contradicts what we asked for. Doing it again changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crowdfund import log
from crowdfund.gifts import service as gifts
from crowdfund.gifts.models import Gift
from crowdfund.gifts.rules import DisputeState, Method, RefundState
from crowdfund.payments import aside
from crowdfund.payments.calls import provider
from crowdfund.payments.models import Checkout
from crowdfund.payments.provider import Charge, CheckoutPage, Claim, DisputeRaised, PageState, RefundMade
from crowdfund.payments.rules import CHECKOUT_TRANSITIONS, CheckoutState
from crowdfund.pledges import service as pledges
from crowdfund.pledges.models import Pledge
from crowdfund.tenancy import MuseumScope, museum_of, transaction

MOST_DECLINES = 4
STATE_OF_PAGE = {
    PageState.OPEN: CheckoutState.OPEN,
    PageState.PROCESSING: CheckoutState.PROCESSING,
    PageState.FAILED: CheckoutState.FAILED,
    PageState.EXPIRED: CheckoutState.EXPIRED,
}
OVER = {CheckoutState.FAILED, CheckoutState.EXPIRED}


class Outcome(StrEnum):
    """What settling came to."""

    BOOKED = "booked"  # a gift was booked just now
    KNOWN = "known"  # nothing new
    SET_ASIDE = "set_aside"  # it contradicts what we asked for, or nobody asked for it


@dataclass(frozen=True, slots=True)
class Settled:
    """What settling came to, and the gift there is now."""

    outcome: Outcome
    gift_id: int | None = None


NOTHING_NEW = Settled(Outcome.KNOWN)


def settle_page(scope: MuseumScope, page: CheckoutPage) -> Settled:
    """Bring a checkout to what its page says. Locks the checkout, then its pledge."""
    with transaction(scope) as session:
        checkout = _locked(session, page.claim, page.id)
        if page.state == PageState.PAID and page.charge is not None:
            return _book(session, checkout, page.charge)
        if checkout is not None:
            follow(session, checkout, page)
    return NOTHING_NEW


def settle_charge(scope: MuseumScope, charge: Charge) -> Settled:
    """Bring our books to what a charge says: the gift, and its fee as soon as it is known."""
    if not charge.paid:
        return NOTHING_NEW
    with transaction(scope) as session:
        return _book(session, _locked(session, charge.claim, None), charge)


def settle_refund(scope: MuseumScope, account: str, refund: RefundMade) -> Settled:
    """Bring our books to what a refund says; the gift it is of comes first, if it was not heard of yet."""
    reported = gifts.RefundReported(
        provider_refund=refund.id,
        charge=refund.charge,
        amount=refund.amount,
        state=RefundState(refund.fate.value),
        at=refund.created,
        request=refund.request,
        reason=refund.reason,
    )
    for charge_seen in (False, True):
        with transaction(scope) as session:
            known = gifts.record_refund(session, reported)
            if known is not None:
                return Settled(Outcome.KNOWN, known.gift_id)
        if not charge_seen:
            _settle_first(scope, account, refund.charge)
    with transaction(scope) as session:  # of a charge that waits for a decision, it is told there
        return NOTHING_NEW if aside.is_kept(session, refund.charge) else Settled(Outcome.SET_ASIDE)


def settle_dispute(scope: MuseumScope, account: str, dispute: DisputeRaised) -> Settled:
    """Bring our books to what a dispute says; the gift it is about comes first, if it was not heard of yet."""
    reported = gifts.DisputeReported(
        provider_dispute=dispute.id,
        charge=dispute.charge,
        amount=dispute.amount,
        state=DisputeState(dispute.stage.value),
        opened_at=dispute.created,
        fees=tuple(gifts.FeeReported(fee.balance_transaction, fee.amount) for fee in dispute.fees),
    )
    for charge_seen in (False, True):
        with transaction(scope) as session:
            known = gifts.record_dispute(session, reported)
            if known is not None:
                return Settled(Outcome.KNOWN, known.gift_id)
        if not charge_seen:
            _settle_first(scope, account, dispute.charge)
    return Settled(Outcome.SET_ASIDE)


def _settle_first(scope: MuseumScope, account: str, charge_id: str) -> None:
    charge = provider().charge(account, charge_id)
    settle_charge(scope, charge)
    with transaction(scope) as session:
        aside.follow(session, charge)


def settle_declines(scope: MuseumScope, account: str, payment: str) -> Settled:
    """Book what a payment's charges say; close its page after too many refusals: cards are not tried out on it."""
    charges = provider().charges_of(account, payment)
    settled = [settle_charge(scope, charge) for charge in charges if charge.paid]
    if settled or len(charges) < MOST_DECLINES:
        return settled[-1] if settled else NOTHING_NEW
    with transaction(scope) as session:
        checkout = _locked(session, charges[0].claim, None)
        page_id = checkout.session if checkout is not None and checkout.state == CheckoutState.OPEN else None
    if page_id is None:
        return NOTHING_NEW
    page = provider().close_page(account, page_id)
    return settle_page(scope, replace(page, state=PageState.FAILED) if page.state == PageState.EXPIRED else page)


def _locked(session: Session, claim: Claim, page_id: str | None) -> Checkout | None:
    """Find and lock the checkout of a page; by what the page says of itself when its id has not reached us."""
    locked = select(Checkout).with_for_update(key_share=True).execution_options(populate_existing=True)
    if page_id is not None:
        found = session.scalars(locked.where(Checkout.session == page_id)).one_or_none()
        if found is not None:
            return found
    if claim.attempt is None or claim.number is None or claim.institution_id != museum_of(session):
        return None
    pledge_id = session.scalar(select(Pledge.id).where(Pledge.attempt == claim.attempt))
    if pledge_id is None:
        return None
    return session.scalars(locked.where(Checkout.pledge_id == pledge_id, Checkout.number == claim.number)).one_or_none()


def follow(session: Session, checkout: Checkout, page: CheckoutPage) -> None:
    """Let a locked checkout take the state of its page; after the last try the pledge's reward is free again."""
    if checkout.session is None:
        checkout.session, checkout.url = page.id, page.url
    if page.state in STATE_OF_PAGE:
        become(session, checkout, STATE_OF_PAGE[page.state])


def become(session: Session, checkout: Checkout, state: CheckoutState) -> None:
    """Let a locked checkout become `state` if it may."""
    if state not in CHECKOUT_TRANSITIONS[CheckoutState(checkout.state)]:
        return
    checkout.state = state
    if state in OVER:
        latest = session.scalar(select(func.max(Checkout.number)).where(Checkout.pledge_id == checkout.pledge_id))
        if latest == checkout.number:
            pledges.expire(session, checkout.pledge_id)


def _book(session: Session, checkout: Checkout | None, charge: Charge) -> Settled:
    """Book a paid charge as the gift of its pledge, if it is what we asked for; else set it aside."""
    known = session.scalars(select(Gift).where(Gift.charge == charge.id)).one_or_none()
    if known is None:
        problem = _contradiction(session, checkout, charge)
        if problem is not None or checkout is None:
            return _set_aside(session, checkout, charge, problem or "unknown_attempt")
        gift = book(session, checkout.pledge_id, charge)
        if gift.charge != charge.id:
            return _set_aside(session, checkout, charge, "paid_twice")
    else:  # as we asked, or accepted by a person though it is not
        gift = known
        _book_fee(session, gift, charge)
    if checkout is not None and checkout.pledge_id == gift.pledge_id:
        become(session, checkout, CheckoutState.PAID)
    return Settled(Outcome.BOOKED if known is None else Outcome.KNOWN, gift.id)


def book(session: Session, pledge_id: int, charge: Charge) -> Gift:
    """Book a charge as the gift of a pledge, with its fee; a gift of another charge means that it was paid twice."""
    pledge = session.get_one(Pledge, (museum_of(session), pledge_id))
    gift = gifts.receive_gift(
        session,
        gifts.MoneyReceived(
            reference=f"pledge:{pledge.id}",
            campaign_id=pledge.campaign_id,
            pledge_id=pledge.id,
            amount=charge.amount,
            method=Method.CARD,
            received_at=charge.created,
            charge=charge.id,
            payment=charge.payment,
        ),
    )
    if gift.charge == charge.id:
        _book_fee(session, gift, charge)
    return gift


def _book_fee(session: Session, gift: Gift, charge: Charge) -> None:
    if charge.fee is None or gift.balance_transaction is not None:
        return
    if charge.fee.amount.currency != gift.currency:
        log.get().error("fee_in_other_currency", gift_id=gift.id, object_id=charge.fee.balance_transaction)
        return
    gifts.record_fee(session, gift.id, charge.fee.amount, charge.fee.balance_transaction)


def _contradiction(session: Session, checkout: Checkout | None, charge: Charge) -> str | None:
    """Name what a charge says otherwise than we asked. Two witnesses tell the museum: the account and the metadata."""
    if charge.claim.institution_id is not None and charge.claim.institution_id != museum_of(session):
        return "other_museum"
    if checkout is None:
        return "unknown_attempt"
    attempt = session.scalar(select(Pledge.attempt).where(Pledge.id == checkout.pledge_id))
    asked = {
        "other_account": (checkout.account, charge.account),
        "other_attempt": (attempt, charge.claim.attempt),
        "other_try": (checkout.number, charge.claim.number),
        "other_currency": (checkout.currency, charge.amount.currency),
        "other_amount": (checkout.amount_minor, charge.amount.minor),
    }
    return next((reason for reason, (ours, theirs) in asked.items() if ours != theirs), None)


def _set_aside(session: Session, checkout: Checkout | None, charge: Charge, reason: str) -> Settled:
    """Keep a charge apart, for staff to decide. It is never a gift by itself."""
    aside.keep(session, checkout, charge, reason)
    if checkout is not None:
        # The donor has paid: the page must not be offered again while staff look at it.
        become(session, checkout, CheckoutState.PAID if reason == "paid_twice" else CheckoutState.PROCESSING)
    return Settled(Outcome.SET_ASIDE)
