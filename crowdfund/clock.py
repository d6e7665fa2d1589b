"""The time, in UTC; tests may move it by a file (CLOCK_OFFSET)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

_offset_file: Path | None = None


def move_by(path: Path | None) -> None:
    """Add the seconds written in the file to every reading of the clock (tests only)."""
    global _offset_file  # noqa: PLW0603 - one clock for the process, set once at the start
    _offset_file = path


def now() -> datetime:
    """Tell the time in UTC."""
    moment = datetime.now(UTC)
    if _offset_file is not None and _offset_file.exists():
        moment += timedelta(seconds=float(_offset_file.read_text(encoding="utf-8").strip() or 0))
    return moment
