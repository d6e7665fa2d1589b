"""A pooled connection's next user finds nothing of the last one: no museum, no role, no actor, no patience."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import Session

from crowdfund.database import Database
from crowdfund.embedded import EmbeddedPostgres
from crowdfund.roles import APPLICATION
from crowdfund.tenancy import OperatorScope, PublicScope, Scope
from tests.tenancy.planted import A, B

SETTINGS = ("app.institution", "app.actor")


@pytest.fixture
def pool(two_museums: EmbeddedPostgres) -> Iterator[Database]:
    """Open the application's own pool, which hands out its last connection first."""
    made = Database(two_museums.url(APPLICATION), pool_size=1)
    yield made
    made.engine.dispose()


def _commit(session: Session) -> None:
    session.commit()


def _roll_back(session: Session) -> None:
    session.rollback()


def _fail(session: Session) -> None:
    session.execute(text("SELECT 1 / 0"))


def _run_out_of_time(session: Session) -> None:
    session.execute(text("SET LOCAL statement_timeout = '50ms'"))
    session.execute(text("SELECT pg_sleep(20)"))


def _fail_in_a_savepoint(session: Session) -> None:
    with suppress(DBAPIError), session.begin_nested():
        session.execute(text("SELECT 1 / 0"))
    session.commit()


def _leave_a_savepoint_open(session: Session) -> None:
    session.begin_nested()
    session.close()


ENDS = [_commit, _roll_back, _fail, _run_out_of_time, _fail_in_a_savepoint, _leave_a_savepoint_open]


def _use(pool: Database, scope: Scope, end: Callable[[Session], None]) -> int:
    """Use a connection in a scope, end it in one way, and give its process at the server."""
    with suppress(SQLAlchemyError), pool.session(scope=scope) as session:
        pid: int = session.execute(text("SELECT pg_backend_pid()")).scalar_one()
        seen = session.execute(text("SELECT count(*) FROM stages WHERE institution_id IN (:a, :b)"), {"a": A, "b": B})
        assert seen.scalar_one() == (2 if isinstance(scope, PublicScope) else 1)
        end(session)
    return pid


def _assert_blank(pool: Database, pid: int | None) -> None:
    with pool.engine.connect() as next_user:
        if pid is not None:
            assert next_user.scalar(text("SELECT pg_backend_pid()")) == pid  # or the test proves nothing
        else:
            next_user.scalar(text("SELECT 1"))
        for name in SETTINGS:
            assert not next_user.scalar(text(f"SELECT current_setting('{name}', true)")), name
        assert next_user.scalar(text("SELECT current_user")) == APPLICATION
        assert next_user.scalar(text("SELECT session_user")) == APPLICATION
        assert next_user.scalar(text("SHOW statement_timeout")) == "5s"
        assert next_user.scalar(text("SELECT count(*) FROM stages")) == 0
        assert next_user.scalar(text("SELECT count(*) FROM donors")) == 0


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.__name__.strip("_"))
@pytest.mark.parametrize("scope", [OperatorScope(A, "test"), PublicScope()], ids=["museum", "public"])
def test_the_next_user_has_no_scope_left_over(pool: Database, scope: Scope, end: Callable[[Session], None]) -> None:
    _assert_blank(pool, _use(pool, scope, end))


def test_a_statement_that_was_cancelled_leaves_nothing(pool: Database, two_museums: EmbeddedPostgres) -> None:
    def be_cancelled(session: Session) -> None:
        session.execute(text("SELECT pg_sleep(20)"))

    with _ending(two_museums, "pg_cancel_backend"):
        pid = _use(pool, OperatorScope(A, "test"), be_cancelled)
    _assert_blank(pool, pid)


def test_a_connection_that_was_killed_is_not_handed_out_again(pool: Database, two_museums: EmbeddedPostgres) -> None:
    def be_killed(session: Session) -> None:
        session.execute(text("SELECT pg_sleep(20)"))

    with _ending(two_museums, "pg_terminate_backend"):
        pid = _use(pool, OperatorScope(A, "test"), be_killed)
    _assert_blank(pool, None)
    with pool.engine.connect() as next_user:
        assert next_user.scalar(text("SELECT pg_backend_pid()")) != pid


class _ending:  # noqa: N801 - read as a verb
    """End the statement that sleeps, as soon as it does."""

    def __init__(self, server: EmbeddedPostgres, how: str) -> None:
        self._server, self._how = server, how
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        sleeping = (
            f"SELECT {self._how}(pid) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND state = 'active'"
        )
        until = time.monotonic() + 20
        with self._server.connect() as connection:
            while time.monotonic() < until and not connection.execute(sleeping).fetchall():
                time.sleep(0.01)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_what: object) -> None:
        self._thread.join()


def test_the_lock_of_one_at_a_time_has_no_scope_either(pool: Database) -> None:
    pid = _use(pool, OperatorScope(A, "test"), _commit)
    with pool.alone("one"):
        pass
    _assert_blank(pool, pid)


def test_a_setting_of_the_session_would_be_left_over(pool: Database) -> None:
    """The control: a setting made without LOCAL reaches the next user, so nothing in the house makes one."""

    def forget_local(session: Session) -> None:
        session.execute(text(f"SELECT set_config('app.institution', '{B}', false)"))
        session.commit()

    _use(pool, OperatorScope(A, "test"), forget_local)
    with pool.engine.connect() as next_user:
        assert next_user.scalar(text("SELECT current_setting('app.institution', true)")) == str(B)
        next_user.invalidate()
