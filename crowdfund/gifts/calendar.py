"""One moment as a calendar file (RFC 5545), for the donor's own calendar."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

LINE = 75  # octets, without the line's end (RFC 5545, 3.1)


@dataclass(frozen=True, slots=True)
class Moment:
    """What the file says. `uid` is the same each time, so that a file opened twice is one entry; times are UTC."""

    uid: str
    at: datetime
    made_at: datetime
    title: str
    text: str
    url: str
    until: datetime | None = None  # none: a moment of no length, which takes up nobody's time


def calendar_file(moment: Moment) -> bytes:
    """Write the file: one event."""
    lines = (
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Cimaise//Gifts//EN",
        "METHOD:PUBLISH",
        "BEGIN:VEVENT",
        f"UID:{_escaped(moment.uid)}",
        f"DTSTAMP:{_utc(moment.made_at)}",
        f"DTSTART:{_utc(moment.at)}",
        *((f"DTEND:{_utc(moment.until)}",) if moment.until else ()),
        f"SUMMARY:{_escaped(moment.title)}",
        f"DESCRIPTION:{_escaped(moment.text)}",
        f"URL:{moment.url}",
        f"TRANSP:{'OPAQUE' if moment.until else 'TRANSPARENT'}",
        "END:VEVENT",
        "END:VCALENDAR",
    )
    return b"".join(part + b"\r\n" for line in lines for part in _folded(line))


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _escaped(text: str) -> str:
    """Escape a text value (RFC 5545, 3.3.11). A line break may not end the property and begin one of its own."""
    for char in ("\\", ";", ","):
        text = text.replace(char, "\\" + char)
    return "\\n".join(text.splitlines())


def _folded(line: str) -> Iterator[bytes]:
    """Break a long line, never inside a character."""
    part = b""
    for char in line:
        octets = char.encode()
        if len(part) + len(octets) > LINE:
            yield part
            part = b" "
        part += octets
    yield part
