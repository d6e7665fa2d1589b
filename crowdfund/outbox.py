"""Facts, kept in the transaction that made them true, and handed to those who listen.

A fact has one row for each listener, so that one that fails does not hold up the others; a fact nobody hears has one
row, delivered at once: the rows are the museum's activity log too. The relay leases due rows in the database and names them to
Celery; Celery is a courier and may forget, a lease that runs out is due again. Delivery is at least once.
"""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Index, UniqueConstraint, event, text, update
from sqlalchemy.orm import Mapped, ORMExecuteState, Session, SessionTransaction, mapped_column

from crowdfund import clock, installation
from crowdfund.database import Base
from crowdfund.tenancy import OwnedByInstitution, TaskScope, museum_of, transaction

LEASE = timedelta(seconds=30)
FIRST_RETRY = timedelta(seconds=1)
LONGEST_RETRY = timedelta(minutes=15)
# One statement for all that a transaction stated: the facts come as arrays, so that it is the same however many they are.
WRITE = text("""
    INSERT INTO outbox
      (institution_id, topic, key, listener, payload, background, attempts, not_before, created_at, delivered_at)
    SELECT :museum, topic, key, listener, CAST(payload AS jsonb), background, 0, not_before, created_at, delivered_at
    FROM unnest(
      CAST(:topic AS text[]), CAST(:key AS text[]), CAST(:listener AS text[]), CAST(:payload AS text[]),
      CAST(:background AS boolean[]), CAST(:not_before AS timestamptz[]), CAST(:created_at AS timestamptz[]),
      CAST(:delivered_at AS timestamptz[])
    ) WITH ORDINALITY
      AS fact (topic, key, listener, payload, background, not_before, created_at, delivered_at, place)
    ORDER BY place
    ON CONFLICT (institution_id, listener, key) DO NOTHING
""")
COLUMNS = ("topic", "key", "listener", "background", "not_before", "created_at", "delivered_at")
STATED = "facts stated"  # in a session: rows to be written with its commit, each with the savepoint that stated it

# Inside: called with the session of the transaction that marks the row delivered.
Inside = Callable[..., None]
# Outside: called with the scope; opens its own transactions, because it calls out (provider, mail, PDF).
Outside = Callable[..., None]
# Called with the session and the fact's ids when a fact is stated: whether this listener has anything to do about it.
When = Callable[..., bool]
# A row to be written, and the savepoint in which it was stated.
_Stated = tuple[SessionTransaction | None, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Listener:
    """One subscriber of a topic."""

    name: str
    function: Callable[..., None]
    outside: bool
    when: When | None = None


listeners: dict[str, list[Listener]] = defaultdict(list)


class OutboxRow(OwnedByInstitution, Base):
    """A fact for one listener."""

    __tablename__ = "outbox"
    __table_args__ = (
        UniqueConstraint("institution_id", "listener", "key"),
        Index("ix_outbox_due", "background", "not_before", postgresql_where=text("delivered_at IS NULL")),
    )

    topic: Mapped[str]
    key: Mapped[str]
    listener: Mapped[str]
    payload: Mapped[dict[str, Any]]
    background: Mapped[bool] = mapped_column(default=False)  # held back on purpose: waits for everything else
    attempts: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[datetime]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    leased_until: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    error_class: Mapped[str | None]


def subscribes(
    topic: str, *, outside: bool = False, when: When | None = None
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Hear a topic: `@subscribes("gift.received")`.

    The function is called with the session (or, `outside`, the scope) and the fact's ids as keyword arguments. It may be
    called twice for one fact and must stand it. `when` spares it the facts that are plainly nothing to it; it is asked in the
    transaction that states them, and should find what it needs in the session.
    """

    def register(function: Callable[..., None]) -> Callable[..., None]:
        name = f"{function.__module__.removeprefix('crowdfund.')}.{function.__name__}"
        if all(listener.name != name for listener in listeners[topic]):
            listeners[topic].append(Listener(name, function, outside, when))
        return function

    return register


def publish(session: Session, topic: str, *, key: str, delay: timedelta = timedelta(0), **payload: Any) -> None:
    """State a fact in this transaction. The key names the fact: stating it twice is once.

    `payload` holds ids, never identity. `delay` holds delivery back. The rows are written together at the transaction's
    end, or before they are asked for; what a savepoint stated goes with it when it is undone.
    """
    now = clock.now()
    heard = [one for one in listeners.get(topic, []) if one.when is None or one.when(session, **payload)]
    rows = [{"listener": listener.name, "not_before": now + delay, "delivered_at": None} for listener in heard] or [
        {"listener": "", "not_before": now, "delivered_at": now}
    ]
    full_key = f"{topic}:{key}"
    museum_of(session)  # a fact is a museum's
    stated: list[_Stated] = session.info.setdefault(STATED, [])
    owner = session.get_nested_transaction()
    stated += [
        (
            owner,
            {
                "topic": topic,
                "key": full_key,
                "payload": payload,
                "created_at": now,
                "background": bool(delay),
                **row,
            },
        )
        for row in rows
    ]


def _write(session: Session) -> None:
    """Write what was stated and not yet written, in one statement."""
    stated: list[_Stated] = session.info.pop(STATED, [])
    if not stated:
        return
    rows = [row for _owner, row in stated]
    values: dict[str, Any] = {name: [row[name] for row in rows] for name in COLUMNS}
    values["payload"] = [json.dumps(row["payload"], ensure_ascii=False) for row in rows]
    session.connection().execute(WRITE, {"museum": museum_of(session), **values})
    here = session.get_nested_transaction()
    if here is not None:  # it may be undone, and with it rows that others stated: those are written again
        session.info[STATED] = [(owner, row) for owner, row in stated if owner is not here]


@event.listens_for(Session, "before_commit")
def _write_before_commit(session: Session) -> None:
    if session.info.get(STATED) and not session.in_nested_transaction():
        session.flush()  # the rows the facts speak of come first
        _write(session)


@event.listens_for(Session, "do_orm_execute")
def _write_before_reading(state: ORMExecuteState) -> None:
    if state.session.info.get(STATED) and any(mapper.class_ is OutboxRow for mapper in state.all_mappers):
        _write(state.session)


@event.listens_for(Session, "after_rollback")
def _forget(session: Session) -> None:
    """Forget what the undone transaction or savepoint had stated; what surrounds a savepoint still stands."""
    undone = session.get_nested_transaction()
    stated: list[_Stated] = session.info.pop(STATED, [])
    if undone is not None:
        session.info[STATED] = [one for one in stated if one[0] is not undone]


@event.listens_for(Session, "after_transaction_end")
def _hand_up(session: Session, ended: SessionTransaction) -> None:
    """Hand what a released savepoint had stated to the one around it, or to the transaction."""
    if ended.nested and session.info.get(STATED):
        around = ended.parent if ended.parent is not None and ended.parent.nested else None
        session.info[STATED] = [(around if owner is ended else owner, row) for owner, row in session.info[STATED]]


def mark_told(session: Session) -> None:
    """Mark the waiting facts of this transaction's museum as delivered: a history that is entered afterwards tells nobody.

    Facts held back (`delay`) stay: they are work to be done, not news.
    """
    session.flush()
    for _owner, row in session.info.get(STATED, []):  # told before it is written
        if not row["background"]:
            row["delivered_at"] = row["created_at"]
    session.execute(
        update(OutboxRow)
        .where(
            OutboxRow.delivered_at.is_(None),
            OutboxRow.background.is_(False),
            OutboxRow.not_before <= OutboxRow.created_at,
        )
        .values(delivered_at=OutboxRow.created_at)
    )


def lease(session: Session, batch: int) -> Iterator[tuple[int, int]]:
    """Take due rows of all museums for `LEASE`: pairs (institution_id, outbox_id), oldest first.

    At most `batch` are leased at a time, those leased before among them; none while the installation is quiet.
    """
    if installation.is_quiet(session):
        return
    rows = session.execute(
        text("SELECT institution_id, id FROM lease_outbox(:now, :batch, :lease)"),
        {"now": clock.now(), "batch": batch, "lease": LEASE},
    )
    yield from ((row.institution_id, row.id) for row in rows)


def deliver(institution_id: int, outbox_id: int) -> None:
    """Hand one leased fact to its listener and mark it delivered; on an error, put it off with backoff.

    A pair that names no waiting row does nothing: a forged task finds nothing.
    """
    scope = TaskScope(institution_id, outbox_id)
    try:
        _deliver(scope)
    except Exception as error:
        _put_off(scope, error)
        raise


def _deliver(scope: TaskScope) -> None:
    with transaction(scope) as session:
        row = _waiting(session, scope)
        if row is None or installation.is_quiet(session):
            return
        listener = _listener(row)
        if not listener.outside:
            listener.function(session, **row.payload)
            row.delivered_at = clock.now()
            return
        payload: Mapping[str, Any] = dict(row.payload)
    listener.function(scope, **payload)
    with transaction(scope) as session:
        session.execute(
            update(OutboxRow)
            .where(OutboxRow.id == scope.outbox_id, OutboxRow.delivered_at.is_(None))
            .values(delivered_at=clock.now(), error_class=None)
            .execution_options(synchronize_session=False)
        )


def _waiting(session: Session, scope: TaskScope) -> OutboxRow | None:
    return (
        session.query(OutboxRow)
        .filter_by(id=scope.outbox_id, delivered_at=None)
        .with_for_update(skip_locked=True)
        .one_or_none()
    )


def _listener(row: OutboxRow) -> Listener:
    for listener in listeners[row.topic]:
        if listener.name == row.listener:
            return listener
    raise LookupError(f"nobody named {row.listener} hears {row.topic}")


def _put_off(scope: TaskScope, error: Exception) -> None:
    with transaction(scope) as session:
        row = _waiting(session, scope)
        if row is None:
            return
        wait = min(FIRST_RETRY * 2 ** min(row.attempts, 12), LONGEST_RETRY)
        row.not_before = clock.now() + wait * random.uniform(0.8, 1.2)  # noqa: S311 - jitter, not a secret
        row.leased_until = None
        row.error_class = type(error).__name__
