"""What becomes of a reward that is owed. Pure: no database, no web."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum


class CounterpartState(StrEnum):
    """Where a counterpart stands."""

    PROMISED = "promised"
    READY = "ready"  # made, waits to be collected or posted
    HANDED_OVER = "handed_over"
    WAIVED = "waived"  # the donor wants it no longer
    IMPOSSIBLE = "impossible"  # it cannot be given, for a reason that is written down
    CANCELLED = "cancelled"  # the gift went back


OWED = (CounterpartState.PROMISED, CounterpartState.READY)
# What can still be counted as a promise to keep; what was waived or cancelled is none.
DUE = (*OWED, CounterpartState.HANDED_OVER, CounterpartState.IMPOSSIBLE)

TRANSITIONS: Mapping[CounterpartState, frozenset[CounterpartState]] = {
    CounterpartState.PROMISED: frozenset(
        {
            CounterpartState.READY,
            CounterpartState.HANDED_OVER,
            CounterpartState.WAIVED,
            CounterpartState.IMPOSSIBLE,
            CounterpartState.CANCELLED,
        }
    ),
    CounterpartState.READY: frozenset(
        {
            CounterpartState.PROMISED,
            CounterpartState.HANDED_OVER,
            CounterpartState.WAIVED,
            CounterpartState.IMPOSSIBLE,
            CounterpartState.CANCELLED,
        }
    ),
    # Undone when the wrong row was marked; a gift given back later leaves it: the thing is out of the house.
    CounterpartState.HANDED_OVER: frozenset({CounterpartState.PROMISED, CounterpartState.READY}),
    CounterpartState.WAIVED: frozenset({CounterpartState.PROMISED, CounterpartState.READY, CounterpartState.CANCELLED}),
    CounterpartState.IMPOSSIBLE: frozenset(
        {CounterpartState.PROMISED, CounterpartState.READY, CounterpartState.CANCELLED}
    ),
    # A refund that failed: the gift is kept after all.
    CounterpartState.CANCELLED: frozenset({CounterpartState.PROMISED, CounterpartState.IMPOSSIBLE}),
}

# Nobody is reminded more often than this.
REMIND_AFTER = timedelta(days=7)
# How many rows are marked in one go.
MOST_MARKED = 500
LONGEST_NOTE = 300


def can_become(state: str, wanted: CounterpartState) -> bool:
    """Say whether a counterpart may go from one state to another."""
    return wanted in TRANSITIONS[CounterpartState(state)]


def may_remind(state: str, reminded_at: datetime | None, now: datetime) -> bool:
    """Say whether a donor may be reminded at this moment (UTC) of what waits for them."""
    return state == CounterpartState.READY and (reminded_at is None or now - reminded_at >= REMIND_AFTER)


def is_given_by_itself(fulfilment: str, *, symbolic: bool) -> bool:
    """Say whether a reward is given with the gift: a name on the wall of the page, which costs nothing."""
    return symbolic and fulfilment == "wall"
