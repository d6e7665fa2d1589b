"""The worker's door: what is heard, and what is looked after again and again."""

from __future__ import annotations

from datetime import timedelta

from crowdfund import log
from crowdfund.outbox import subscribes
from crowdfund.payments import service
from crowdfund.payments.provider import ProviderUnavailable
from crowdfund.tenancy import OperatorScope, TaskScope
from crowdfund.worker import sweeps_every


@subscribes("webhook.received", outside=True)
def settle(scope: TaskScope, event_id: int) -> None:
    """Settle what a notification is about."""
    service.settle_event(scope, event_id)


@subscribes("gift.refund_cleared", outside=True)
def refund(scope: TaskScope, refund_id: int) -> None:
    """Ask the provider to give money back."""
    service.ask_refund(scope, refund_id)


@subscribes("charge.refund_cleared", outside=True)
def refund_set_aside(scope: TaskScope, aside_id: int) -> None:
    """Ask the provider to give back a charge that was set aside."""
    service.give_back_set_aside(scope, aside_id)


@sweeps_every(timedelta(seconds=60))
def sweep(institution_id: int) -> None:
    """Look after what was left lying: notifications, requests without an answer, pages whose time is over."""
    scope = OperatorScope(institution_id, "sweep")
    service.sweep_events(scope)
    service.sweep_calls(scope)
    service.sweep_checkouts(scope)


@sweeps_every(timedelta(hours=1))
def read_events(institution_id: int) -> None:
    """Ask the provider for what its notifications did not tell."""
    scope = OperatorScope(institution_id, "events")
    try:
        service.look_at_stopped(scope)
        service.read_events(scope)
    except ProviderUnavailable as error:
        log.get().warning("events_wait", institution_id=institution_id, error=str(error))


@sweeps_every(timedelta(days=1))
def reconcile(institution_id: int) -> None:
    """Compare the provider's account with the books."""
    try:
        service.reconcile(OperatorScope(institution_id, "reconciliation"))
    except ProviderUnavailable as error:
        log.get().warning("reconciliation_waits", institution_id=institution_id, error=str(error))
