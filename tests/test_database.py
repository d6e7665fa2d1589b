"""The pool hands out connections that lead somewhere, and asks the server only when it must."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import event, text

from crowdfund import database
from crowdfund.database import Database, hold
from crowdfund.embedded import EmbeddedPostgres
from crowdfund.roles import APPLICATION
from crowdfund.tenancy import PlatformScope

WHO = text("SELECT pg_backend_pid()")


@pytest.fixture
def pool(migrated: EmbeddedPostgres) -> Iterator[Database]:
    made = Database(migrated.url(APPLICATION))
    yield made
    made.engine.dispose()


@pytest.fixture
def asked(pool: Database, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """List the times the server was asked whether it lives."""
    times: list[Any] = []
    ping = pool.engine.dialect.do_ping

    def counted(connection: Any) -> bool:
        times.append(connection)
        return ping(connection)

    monkeypatch.setattr(pool.engine.dialect, "do_ping", counted)
    return times


def who(pool: Database) -> int:
    with pool.engine.connect() as connection:
        return int(connection.execute(WHO).scalar_one())


def test_a_connection_used_a_moment_ago_is_not_asked(pool: Database, asked: list[Any]) -> None:
    assert who(pool) == who(pool) == who(pool)
    assert asked == []


def test_a_connection_that_rested_is_asked(pool: Database, asked: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    first = who(pool)
    monkeypatch.setattr(database, "RESTED", -1.0)
    assert who(pool) == first
    assert len(asked) == 1


@pytest.mark.parametrize("rested", [database.RESTED, -1.0], ids=["a moment ago", "rested"])
def test_a_killed_connection_is_replaced_before_it_is_used(
    pool: Database, migrated: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch, rested: float
) -> None:
    first = who(pool)
    monkeypatch.setattr(database, "RESTED", rested)
    with migrated.connect() as server:
        server.execute("SELECT pg_terminate_backend(%s)", [first])
        while server.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s", [first]).fetchone():
            time.sleep(0.01)
    assert who(pool) != first


def test_a_key_held_already_is_not_asked_for_again_until_it_was_let_go(pool: Database) -> None:
    statements: list[str] = []
    event.listen(pool.engine, "before_cursor_execute", lambda *of: statements.append(of[2]))
    session = pool.session(scope=PlatformScope())
    with session, session.begin():
        hold(session, [1, 2])
        hold(session, [2, 1])
        savepoint = session.begin_nested()
        hold(session, [3])
        savepoint.rollback()  # lets go of it
        hold(session, [3])
        hold(session, [3])
    assert sum("pg_advisory_xact_lock" in one for one in statements) == 3
