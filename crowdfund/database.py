"""The database: declarative base, naming of constraints, column types, the engine and its sessions."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from functools import partial
from select import POLLIN, poll
from typing import Any, ClassVar, cast
from uuid import UUID

import psycopg
from sqlalchemy import (
    BigInteger,
    Connection,
    Date,
    DateTime,
    MetaData,
    String,
    Text,
    Uuid,
    create_engine,
    event,
    func,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR
from sqlalchemy.engine.interfaces import DBAPIConnection, Dialect
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.orm import DeclarativeBase, Session, SessionTransaction, mapped_column
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

# A lock may take 3 s, a transaction left idle for 10 s is ended; how long a statement may take is the scope's.
TIMEOUTS = "-c statement_timeout=5000 -c lock_timeout=3000 -c idle_in_transaction_session_timeout=10000"
RESTED = 1.0  # seconds
HELD = "keys held"  # in a session
HOLD = text("SELECT pg_advisory_xact_lock(key) FROM unnest(CAST(:keys AS bigint[])) AS key")


class Base(DeclarativeBase):
    """Every table."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar = {
        str: Text(),
        datetime: DateTime(timezone=True),
        date: Date(),
        UUID: Uuid(),
        dict[str, Any]: JSONB(),
        dict[str, str]: JSONB(),
        list[str]: JSONB(),
        list[int]: JSONB(),
        list[dict[str, Any]]: JSONB(),
    }


def minor(**options: Any) -> Any:
    """Make a column of minor units."""
    return mapped_column(BigInteger, **options)


def currency_code(**options: Any) -> Any:
    """Make a column of an ISO 4217 code."""
    return mapped_column(String(3), **options)


def search_words() -> Any:
    """Make a column that a trigger fills with the row's words, for the full-text search."""
    return mapped_column(TSVECTOR, server_default="", deferred=True)


class _Keeping(Session):
    """Keeps its rows as long as it lives, so that asking for one twice reads it once (the identity map is weak)."""


class Database:
    """The engine of the application's role, and its sessions."""

    def __init__(self, url: str, *, pool_size: int = 8) -> None:
        self.engine = create_engine(
            url,
            pool_size=pool_size,
            max_overflow=4,
            pool_timeout=3,
            connect_args={"options": TIMEOUTS, "connect_timeout": 3},
        )
        event.listen(self.engine, "checkin", _note_use)
        event.listen(self.engine, "checkout", partial(_see_that_it_lives, self.engine.dialect))
        self._bound: Connection | None = None

    def bind(self, connection: Connection | None) -> None:
        """Run every session inside this connection's transaction (tests)."""
        self._bound = connection

    def session(self, **info: Any) -> Session:
        """Open a session that carries `info`. Only `tenancy` calls this."""
        if self._bound is not None:
            return _Keeping(self._bound, info=info, expire_on_commit=False, join_transaction_mode="create_savepoint")
        return _Keeping(self.engine, info=info, expire_on_commit=False)

    @contextmanager
    def alone(self, name: str) -> Iterator[None]:
        """Let one at a time do what has this name, without an open transaction. Who dies inside lets go.

        Raises OperationalError for who has waited for as long as a lock may take.
        """
        key = func.hashtextextended(name, 0)
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(select(func.pg_advisory_lock(key)))
            try:
                yield
            finally:
                connection.execute(select(func.pg_advisory_unlock(key)))


def _note_use(_connection: DBAPIConnection | None, record: ConnectionPoolEntry) -> None:
    record.info["used"] = time.monotonic()


def _see_that_it_lives(
    dialect: Dialect, connection: DBAPIConnection, record: ConnectionPoolEntry, _given: PoolProxiedConnection
) -> None:
    """See that a connection of the pool still leads somewhere, and have a new one made if it does not.

    To ask takes a journey to the server. One used a moment ago is asked only when its socket has news: that its server has died is such.
    """
    used: float | None = record.info.get("used")
    if used is None:
        return  # just made
    try:
        if time.monotonic() - used > RESTED or _has_news(cast("psycopg.Connection[Any]", connection)):
            dialect.do_ping(connection)
    except psycopg.Error as error:
        raise InvalidatePoolError from error


def _has_news(connection: psycopg.Connection[Any]) -> bool:
    socket = poll()
    socket.register(connection.fileno(), POLLIN)
    return bool(socket.poll(0))


def hold(session: Session, keys: Iterable[int]) -> None:
    """Let one transaction at a time have each key (64 bits, signed), until it ends; taken in order, in one statement.

    What the transaction holds already is not asked for again.
    """
    held: set[int] = session.info.setdefault(HELD, set())
    wanted = sorted(set(keys) - held)
    if wanted:
        session.connection().execute(HOLD, {"keys": wanted})
        held.update(wanted)


@event.listens_for(_Keeping, "loaded_as_persistent")
@event.listens_for(_Keeping, "pending_to_persistent")
def _keep_row(session: Session, row: object) -> None:
    session.info.setdefault("rows", []).append(row)


@event.listens_for(_Keeping, "after_transaction_end")
def _let_go(session: Session, _ended: SessionTransaction) -> None:
    """Forget what was held: by the transaction, or by a savepoint that may have been undone."""
    session.info.pop(HELD, None)
