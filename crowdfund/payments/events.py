"""Turn a kept notification into settling: which object to fetch for which type."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import select, update

from crowdfund import clock, log
from crowdfund.gifts.rules import Overdrawn
from crowdfund.payments import accounts, inbox
from crowdfund.payments.calls import provider
from crowdfund.payments.models import EventCursor, ProviderEvent
from crowdfund.payments.provider import NotAtProvider, ProviderKeyRejected, ProviderRefused
from crowdfund.payments.rules import EventState
from crowdfund.payments.settlement import (
    NOTHING_NEW,
    Outcome,
    Settled,
    settle_charge,
    settle_declines,
    settle_dispute,
    settle_page,
    settle_refund,
)
from crowdfund.tenancy import MuseumScope, transaction

SWEPT_AFTER = timedelta(minutes=1)
SWEPT_AT_ONCE = 100
# The cursor looks back this far each time, and this far the first time.
OVERLAP = timedelta(hours=1)
FIRST_LOOK = timedelta(days=3)


# The longest prefix wins.
def _deauthorized(scope: MuseumScope, account: str, _ident: str) -> Settled:
    accounts.deauthorize(scope, account)
    return NOTHING_NEW


def _account_changed(scope: MuseumScope, account: str, _ident: str) -> Settled:
    accounts.look_again(scope, account)
    return NOTHING_NEW


HANDLERS: dict[str, Callable[[MuseumScope, str, str], Settled]] = {
    "checkout.session.": lambda scope, account, ident: settle_page(scope, provider().page(account, ident)),
    "payment_intent.succeeded": settle_declines,
    "payment_intent.payment_failed": settle_declines,
    "charge.dispute.": lambda scope, account, ident: settle_dispute(scope, account, provider().dispute(account, ident)),
    "charge.refund.": lambda scope, account, ident: settle_refund(scope, account, provider().refund(account, ident)),
    "charge.": lambda scope, account, ident: settle_charge(scope, provider().charge(account, ident)),
    "account.application.deauthorized": _deauthorized,
    "v2.core.account": _account_changed,
    "refund.": lambda scope, account, ident: settle_refund(scope, account, provider().refund(account, ident)),
}


def settle_event(scope: MuseumScope, event_id: int) -> None:
    """Settle one kept notification. One that was settled, or is not there, does nothing.

    An unknown type is ignored; an object that is not at the provider, or one that contradicts our books, is set aside.
    Raises ProviderUnavailable and ProviderKeyRejected, which stops the account: it is tried again later.
    """
    with transaction(scope) as session:
        row = session.scalars(
            select(ProviderEvent).where(ProviderEvent.id == event_id).with_for_update(key_share=True)
        ).one_or_none()
        if row is None or row.state != EventState.RECEIVED:
            return
        row.attempts += 1
        event, account, kind, object_id = row.event, row.account, row.type, row.object_id
    state, note = _settle(scope, account, kind, object_id)
    if state == EventState.SET_ASIDE:
        log.get().error("event_set_aside", event_id=event, type=kind, account=account, object_id=object_id, reason=note)
    with transaction(scope) as session:
        session.execute(
            update(ProviderEvent)
            .where(ProviderEvent.id == event_id)
            .values(state=state, note=note, processed_at=clock.now())
            .execution_options(synchronize_session=False)
        )


def _settle(scope: MuseumScope, account: str, kind: str, object_id: str) -> tuple[EventState, str | None]:
    handler = next(
        (HANDLERS[prefix] for prefix in sorted(HANDLERS, key=len, reverse=True) if kind.startswith(prefix)), None
    )
    if handler is None:
        return EventState.IGNORED, None
    try:
        settled = handler(scope, account, object_id)
    except NotAtProvider:
        return EventState.SET_ASIDE, "not_at_provider"
    except ProviderKeyRejected as error:  # says nothing of the object: it is asked again when the account is put right
        accounts.block(scope, account, error.code)
        raise
    except ProviderRefused as error:
        return EventState.SET_ASIDE, error.code[:100]
    except Overdrawn:
        return EventState.SET_ASIDE, "overdrawn"
    if settled.outcome == Outcome.SET_ASIDE:
        return EventState.SET_ASIDE, "contradicts"
    return EventState.PROCESSED, None


def sweep_events(scope: MuseumScope) -> int:
    """Settle notifications that nobody has settled for a minute; tell how many were found."""
    with transaction(scope) as session:
        waiting = session.scalars(
            select(ProviderEvent.id)
            .where(
                ProviderEvent.state == EventState.RECEIVED,
                ProviderEvent.account.in_(accounts.all_of(session)),
                ProviderEvent.received_at < clock.now() - SWEPT_AFTER,
            )
            .order_by(ProviderEvent.id)
            .limit(SWEPT_AT_ONCE)
        ).all()
    for event_id in waiting:
        try:
            settle_event(scope, event_id)
        except Exception as error:  # noqa: BLE001 - one that fails must not hold up the others
            log.get().warning("event_waits", event_id=event_id, exc_info=error)
    return len(waiting)


def read_events(scope: MuseumScope) -> int:
    """List what the provider has to tell since the cursor, an hour's overlap included; tell how many were new.

    The cursor moves only after what was read is kept.
    """
    with transaction(scope) as session:
        cursors = {row.account: row.read_until for row in session.scalars(select(EventCursor))}
        names = accounts.all_of(session)
    new = 0
    for account in names:
        until = clock.now()
        since = cursors[account] - OVERLAP if account in cursors else until - FIRST_LOOK
        try:
            notices = list(provider().notices(account, since))
        except ProviderRefused as error:
            accounts.block(scope, account, error.code)
            continue
        with transaction(scope) as session:
            new += sum(inbox.keep(session, notice, account, "cursor") for notice in notices)
            row = session.scalars(
                select(EventCursor).where(EventCursor.account == account).with_for_update(key_share=True)
            ).one_or_none()
            if row is None:
                session.add(EventCursor(account=account, read_until=until))
            else:
                row.read_until = max(row.read_until, until)
    return new
