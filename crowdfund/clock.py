"""The time, in UTC; tests may move it by a file (CLOCK_OFFSET)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from pathlib import Path

_offset_file: Path | None = None
_told: ContextVar[datetime | None] = ContextVar("told", default=None)


def move_by(path: Path | None) -> None:
    """Add the seconds written in the file to every reading of the clock (tests only)."""
    global _offset_file  # noqa: PLW0603 - one clock for the process, set once at the start
    _offset_file = path


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Live at another moment (UTC): what a demo's history and the tests of deadlines are made with."""
    token = _told.set(moment)
    try:
        yield
    finally:
        _told.reset(token)


def now() -> datetime:
    """Tell the time in UTC."""
    told = _told.get()
    if told is not None:
        return told
    moment = datetime.now(UTC)
    if _offset_file is not None and _offset_file.exists():
        moment += timedelta(seconds=float(_offset_file.read_text(encoding="utf-8").strip() or 0))
    return moment
