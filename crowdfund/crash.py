"""Boundaries at which a process may die, for the tests that enumerate them (APP_ENV=test only).

With CRASH_AT=n the process ends with status 137 at the n-th boundary and prints its name; with CRASH_COUNT it prints how many it passed.
Boundaries are: before and after each statement, before and after each commit, and around each call to the provider and the mail
server and each answer.
"""

from __future__ import annotations

import atexit
import os
import sys
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from config import Config

_at: int | None = None
_counting = False
_passed = 0


def point(name: str) -> None:
    """Pass a boundary, or die at it."""
    global _passed  # noqa: PLW0603 - one count for the process
    if _at is None and not _counting:
        return
    _passed += 1
    if _passed == _at:
        print(f"crash at {_passed}: {name}", file=sys.stderr, flush=True)  # noqa: T201 - read by the harness
        os._exit(137)


def arm(config: Config, engine: Engine) -> None:
    """Watch the boundaries of this process, if the settings ask for it."""
    global _at, _counting
    _at, _counting = config.crash_at, config.crash_count
    if _at is None and not _counting:
        return
    if _counting:
        atexit.register(lambda: print(f"crash points: {_passed}", file=sys.stderr, flush=True))  # noqa: T201 - likewise

    def before_statement(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        point(f"before {' '.join(statement.split())[:80]}")

    def after_statement(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        point(f"after {' '.join(statement.split())[:80]}")

    event.listen(engine, "before_cursor_execute", before_statement)
    event.listen(engine, "after_cursor_execute", after_statement)
    event.listen(engine, "commit", lambda _connection: point("before commit"))
    event.listen(Session, "after_commit", lambda _session: point("after commit"))
