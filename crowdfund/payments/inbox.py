"""Keep the provider's notifications: once each, by their id, in the museum whose account they name."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from crowdfund import clock, log, outbox
from crowdfund.payments.models import ProviderEvent, StrayEvent
from crowdfund.payments.provider import Notice
from crowdfund.payments.rules import ACTED_ON, EventState
from crowdfund.tenancy import museum_of


def museum_of_account(session: Session, account: str) -> int | None:
    """Tell which museum has this account. For a session that belongs to none."""
    found: int | None = session.scalar(select(func.institution_of_account(account)))
    return found


def keep(session: Session, notice: Notice, account: str, via: str) -> bool:
    """Keep a notification and state `webhook.received` if it is one we act on; say whether it was new."""
    acted_on = notice.type.startswith(ACTED_ON)
    now = clock.now()
    row_id = session.scalar(
        insert(ProviderEvent)
        .values(
            institution_id=museum_of(session),
            event=notice.id,
            account=account,
            type=notice.type,
            object_id=notice.object_id,
            created_at=notice.created,
            received_at=now,
            state=EventState.RECEIVED if acted_on else EventState.IGNORED,
            processed_at=None if acted_on else now,
            attempts=0,
            via=via,
        )
        .on_conflict_do_nothing(index_elements=["institution_id", "event"])
        .returning(ProviderEvent.id)
    )
    if row_id is None:
        return False
    if acted_on:
        outbox.publish(session, "webhook.received", key=notice.id, event_id=row_id)
    return True


def keep_stray(session: Session, notice: Notice, reason: str) -> None:
    """Keep a notification that belongs to no museum. It is never applied."""
    session.execute(
        insert(StrayEvent)
        .values(
            event=notice.id,
            account=notice.account,
            type=notice.type,
            reason=reason,
            livemode=notice.livemode,
            created_at=notice.created,
            received_at=clock.now(),
        )
        .on_conflict_do_nothing(index_elements=["event"])
    )
    if reason != "platform":
        log.get().error("stray_event", account=notice.account, type=notice.type, reason=reason)
