"""What a bank's line, a batch of cheques and a count may be and become. Pure: no database, no web.

Money that comes by itself becomes a gift in the hands of two people: one records and matches or counts, another approves.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from crowdfund.errors import Conflict
from crowdfund.i18n import N_

TWO_PEOPLE = N_("Somebody else must approve this: you have recorded it yourself.")
MOVED_ON = N_("This has moved on in the meantime. Look again before you go on.")


class StatementState(StrEnum):
    """Where a bank's file stands."""

    READ = "read"  # kept to be looked at; nothing is taken in
    IMPORTED = "imported"
    DROPPED = "dropped"


STATEMENT_TRANSITIONS: Mapping[StatementState, frozenset[StatementState]] = {
    StatementState.READ: frozenset({StatementState.IMPORTED, StatementState.DROPPED}),
    StatementState.IMPORTED: frozenset(),
    StatementState.DROPPED: frozenset(),
}


class LineState(StrEnum):
    """Where one credit on the account stands."""

    RECORDED = "recorded"  # nobody has said yet whose it is
    MATCHED = "matched"  # one person has said; another must approve
    CLOSED = "closed"  # a gift
    ASIDE = "aside"  # no gift: a grant, a rent
    RETURNED = "returned"  # sent back to who paid


LINE_TRANSITIONS: Mapping[LineState, frozenset[LineState]] = {
    LineState.RECORDED: frozenset({LineState.MATCHED, LineState.ASIDE, LineState.RETURNED}),
    LineState.MATCHED: frozenset({LineState.RECORDED, LineState.CLOSED}),
    LineState.CLOSED: frozenset({LineState.RECORDED}),  # it was somebody else's: the gift is taken back
    LineState.ASIDE: frozenset({LineState.RECORDED}),
    LineState.RETURNED: frozenset({LineState.RECORDED}),
}


class BatchState(StrEnum):
    """Where a batch of cheques stands."""

    RECORDED = "recorded"  # being entered
    COUNTED = "counted"  # number and sum are as on the paper strip; the deposit slip is numbered
    CLOSED = "closed"  # approved by another person: gifts
    DROPPED = "dropped"


BATCH_TRANSITIONS: Mapping[BatchState, frozenset[BatchState]] = {
    BatchState.RECORDED: frozenset({BatchState.COUNTED, BatchState.DROPPED}),
    BatchState.COUNTED: frozenset({BatchState.RECORDED, BatchState.CLOSED}),
    BatchState.CLOSED: frozenset(),
    BatchState.DROPPED: frozenset(),
}


class ChequeState(StrEnum):
    """Where one cheque stands."""

    RECORDED = "recorded"
    CLOSED = "closed"
    RETURNED = "returned"  # the bank did not pay it


CHEQUE_TRANSITIONS: Mapping[ChequeState, frozenset[ChequeState]] = {
    ChequeState.RECORDED: frozenset({ChequeState.CLOSED}),
    ChequeState.CLOSED: frozenset({ChequeState.RETURNED}),
    ChequeState.RETURNED: frozenset(),
}


class CountState(StrEnum):
    """Where a count of cash or tickets stands."""

    RECORDED = "recorded"  # one person's count
    CLOSED = "closed"  # another person has counted the same
    DROPPED = "dropped"


COUNT_TRANSITIONS: Mapping[CountState, frozenset[CountState]] = {
    CountState.RECORDED: frozenset({CountState.CLOSED, CountState.DROPPED}),
    CountState.CLOSED: frozenset(),
    CountState.DROPPED: frozenset(),
}


class CountKind(StrEnum):
    """What is counted."""

    BOX = "box"
    CASH = "cash"
    TICKET = "ticket"


# What there is to count, in minor units, the largest first. Central banks: ECB; SNB.
DENOMINATIONS: Mapping[str, tuple[int, ...]] = {
    "EUR": (50000, 20000, 10000, 5000, 2000, 1000, 500, 200, 100, 50, 20, 10, 5, 2, 1),
    "CHF": (100000, 20000, 10000, 5000, 2000, 1000, 500, 200, 100, 50, 20, 10, 5),
}


def check_move(state: str, wanted: StrEnum, ways: Mapping[Any, frozenset[Any]]) -> None:
    """Make sure that a thing may go from its state to another. Raises Conflict."""
    if wanted not in ways[type(wanted)(state)]:
        raise Conflict(MOVED_ON)


def check_two(recorder: str | None, approver: str) -> None:
    """Make sure that who approves is not who recorded. Raises Conflict."""
    if recorder == approver:
        raise Conflict(TWO_PEOPLE)
