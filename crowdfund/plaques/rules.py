"""What a plaque may look like, when its names are fixed, and how two versions differ. Pure: no database, no web."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from crowdfund.i18n import N_

NOT_ENDED = N_("A plaque is signed once its campaign has ended.")
NO_LOCK = N_("Say first on which day the names are fixed, so that donors can still change theirs.")
STILL_OPEN = N_("Donors may still change their names until the day you have told them.")
FIXED = N_("The names are fixed: the day cannot be moved any more.")
PAST = N_("Choose today or a later day: donors need to hear of it.")
NOBODY = N_("There is no name to engrave yet.")
NOTHING_NEW = N_("Nothing has changed since the last signed version.")
MOVED = N_("The plaque has changed since you opened this page. Look at it once more, then sign.")
CANNOT_DRAW = N_("Our fonts lack a sign of “%(name)s”. Agree on another spelling with the donor.")
TOO_WIDE = N_("“%(name)s” holds a word that is wider than its column. Take fewer columns or smaller letters.")
TOO_MANY = N_("So many names need more than %(most)s sheets. Take a larger plaque, more columns or smaller letters.")
NO_NAME = N_("This name does not stand on the plaque.")

MOST_SECTIONS = 3
MOST_SHEETS = 12
LONGEST_NAME = 120
LONGEST_WORDS = 160
COLUMNS = range(1, 7)
LINES_MM = (4, 5, 6, 8, 10)  # from one line to the next


@dataclass(frozen=True, slots=True)
class Size:
    """A plaque's size in millimetres."""

    width: int
    height: int


SIZES: Mapping[str, Size] = {
    "a4": Size(210, 297),
    "a3": Size(297, 420),
    "a3w": Size(420, 297),
    "60x40": Size(600, 400),
    "40x60": Size(400, 600),
    "60x90": Size(600, 900),
}


class OrderBy(StrEnum):
    """In which order names stand. Never by amount: sections are what a museum has for that."""

    NAME = "name"
    DATE = "date"


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the plaque from an amount (minor units) up; `heading` is `{locale: text}`."""

    from_minor: int
    heading: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Plan:
    """How a plaque is made. `line_mm` is from one line to the next; `least_minor` leaves smaller gifts unnamed.

    `heading` and `caption` are `{locale: text}`; `locale` is the language of the headings and of the order.
    """

    size: str = "a3"
    columns: int = 3
    line_mm: int = 6
    order_by: str = OrderBy.NAME
    locale: str = "fr"
    heading: Mapping[str, str] | None = None
    caption: Mapping[str, str] | None = None
    least_minor: int | None = None
    sections: tuple[Section, ...] = ()
    counts_others: bool = True


@dataclass(frozen=True, slots=True)
class Change:
    """A name that stands otherwise than in the version before. Nothing before: added; nothing after: gone."""

    before: str
    after: str


def are_fixed(locks_on: date | None, now: datetime, time_zone: str) -> bool:
    """Say whether names are fixed: the lock day is over where the museum is. `now` is UTC."""
    return locks_on is not None and now.astimezone(ZoneInfo(time_zone)).date() > locks_on


def fingerprint(body: object) -> str:
    """Give the SHA-256 of what a plaque says and how it is set, to tell whether it has changed."""
    told = json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(told.encode()).hexdigest()


def differences(before: Iterable[tuple[str, str]], after: Iterable[tuple[str, str]]) -> tuple[Change, ...]:
    """Compare the names of two versions, pairs (key, name): changed ones first, then added, then gone.

    A name without a key was its donor's, who has been erased since: it is known by its words.
    """
    old = {key or f"={name}": name for key, name in before}
    new = {key or f"={name}": name for key, name in after}
    changed = [Change(old[key], name) for key, name in new.items() if key in old and old[key] != name]
    added = [Change("", name) for key, name in new.items() if key not in old]
    gone = [Change(name, "") for key, name in old.items() if key not in new]
    return (*changed, *added, *gone)
