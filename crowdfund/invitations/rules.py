"""What an invitation and a place may be, who is invited, how a visit's code is written. Pure: no database, no web."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from crowdfund.errors import Refusal
from crowdfund.i18n import N_


class GatheringKind(StrEnum):
    """To what donors are invited."""

    VISIT = "visit"
    EVENING = "evening"
    UNVEILING = "unveiling"
    DONORS_HOUR = "donors_hour"


class GatheringState(StrEnum):
    """Where a gathering stands."""

    PLANNED = "planned"  # seen at the desk only
    OPEN = "open"  # places can be booked
    CANCELLED = "cancelled"


class BookingState(StrEnum):
    """Where a booking stands."""

    BOOKED = "booked"
    WAITING = "waiting"  # on the list, in the order of asking
    CANCELLED = "cancelled"


GATHERING_TRANSITIONS: Mapping[GatheringState, frozenset[GatheringState]] = {
    GatheringState.PLANNED: frozenset({GatheringState.OPEN, GatheringState.CANCELLED}),
    GatheringState.OPEN: frozenset({GatheringState.CANCELLED}),
    GatheringState.CANCELLED: frozenset(),
}
BOOKING_TRANSITIONS: Mapping[BookingState, frozenset[BookingState]] = {
    BookingState.BOOKED: frozenset({BookingState.WAITING, BookingState.CANCELLED}),
    BookingState.WAITING: frozenset({BookingState.BOOKED, BookingState.CANCELLED}),
    BookingState.CANCELLED: frozenset({BookingState.BOOKED, BookingState.WAITING}),
}

CODE_SIGNS = 8
LARGEST_ROOM, MOST_EACH = 5000, 20
LONGEST_TITLE, LONGEST_PLACE = 120, 160
# The door opens so long before, and people may come so long after the beginning.
DOOR_OPENS = timedelta(hours=3)
_CODE = re.compile(r"[0-9a-f]{8}")

PEOPLE = N_("Choose a number of people from 1 to %(most)s.")
TOO_LATE = N_("It has begun: places can no longer be changed.")
ENDS_FIRST = N_("It would end before it begins.")


def visit_code(token_hash: str) -> str:
    """Give the code by which a gift's visits are known: eight signs of a hash, from which nothing can be learnt."""
    return token_hash[:CODE_SIGNS]


def written_code(code: str) -> str:
    """Write a code as people read it: in two groups."""
    return f"{code[:4]} {code[4:]}".upper()


def read_code(typed: str) -> str | None:
    """Read a code as somebody typed it, or as an address carries it; None when it is none. O and I are read as figures."""
    plain = re.sub(r"[\s-]", "", typed).lower().replace("o", "0").replace("i", "1").replace("l", "1")
    return plain if _CODE.fullmatch(plain) else None


def read_people(typed: str, most: int) -> int:
    """Read how many people come. Raises Refusal."""
    if not (typed.isascii() and typed.isdigit() and len(typed) < 4 and 1 <= int(typed) <= most):
        raise Refusal(PEOPLE, field="people", params={"most": most})
    return int(typed)


def check_times(starts_at: datetime, ends_at: datetime) -> None:
    """Make sure that a gathering ends after it begins (UTC). Raises Refusal."""
    if ends_at <= starts_at:
        raise Refusal(ENDS_FIRST, field="ends")


def first_that_fit(waiting: Mapping[int, int], free: int) -> list[int]:
    """Choose from the waiting list (booking → people, in the order of asking) those whom the free places take.

    A large group that does not fit does not hold up a small one behind it.
    """
    chosen = []
    for booking, people in waiting.items():
        if people <= free:
            chosen.append(booking)
            free -= people
    return chosen
