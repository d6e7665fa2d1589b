"""What doors may ask of payments."""

from __future__ import annotations

from sqlalchemy import select

from crowdfund import log
from crowdfund.payments import accounts, calls, checkout, refunds
from crowdfund.payments.accounts import look_at_stopped
from crowdfund.payments.checkout import gift_page, open_checkout, settle_checkout, sweep_checkouts
from crowdfund.payments.events import read_events, settle_event, sweep_events
from crowdfund.payments.models import Checkout
from crowdfund.payments.quarantine import accept, give_back
from crowdfund.payments.reconciliation import Finding, Reconciliation, reconcile
from crowdfund.payments.refunds import ask_refund, check_refundable, give_back_set_aside
from crowdfund.payments.rules import CheckoutState
from crowdfund.tenancy import MuseumScope, transaction

__all__ = [
    "Finding",
    "Reconciliation",
    "accept",
    "ask_refund",
    "check_refundable",
    "gift_page",
    "give_back",
    "give_back_set_aside",
    "look_at_stopped",
    "open_checkout",
    "read_events",
    "reconcile",
    "settle_checkout",
    "settle_event",
    "standing_of",
    "sweep_calls",
    "sweep_checkouts",
    "sweep_events",
]


def standing_of(scope: MuseumScope, pledge_id: int) -> CheckoutState | None:
    """Say where the last try to pay a pledge stands; None when none was made."""
    with transaction(scope) as session:
        state = session.scalars(
            select(Checkout.state).where(Checkout.pledge_id == pledge_id).order_by(Checkout.number.desc()).limit(1)
        ).one_or_none()
    return None if state is None else CheckoutState(state)


def sweep_calls(scope: MuseumScope) -> int:
    """Send requests again of which nothing was heard for two minutes, each with its own key; tell how many."""
    with transaction(scope) as session:
        asked = set(accounts.all_of(session))
        waiting = [frozen for frozen in calls.waiting(session) if frozen.account in asked]
    for frozen in waiting:
        try:
            calls.sending(scope, frozen)
            if frozen.operation == "checkout":
                checkout.send(scope, frozen)
            else:
                refunds.send(scope, frozen)
        except Exception as error:  # noqa: BLE001 - one that fails must not hold up the others
            log.get().warning("call_waits", key=frozen.key, exc_info=error)
    return len(waiting)
