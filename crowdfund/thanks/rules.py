"""What becomes of a call and of a letter of thanks. Pure: no database, no web."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from crowdfund.errors import Refusal
from crowdfund.i18n import N_


class CallState(StrEnum):
    """Where a call stands."""

    DUE = "due"
    UNREACHED = "unreached"  # tried, nobody answered: it stays on the list
    MADE = "made"
    DROPPED = "dropped"  # not to be made: the gift went back, the person wishes none


class LetterState(StrEnum):
    """Where a letter stands."""

    DUE = "due"
    PRINTED = "printed"  # in a batch
    SENT = "sent"  # the batch was posted
    DROPPED = "dropped"


class BatchState(StrEnum):
    """Where a batch of letters stands."""

    PRINTED = "printed"
    SENT = "sent"


class Window(StrEnum):
    """Where an envelope has its window."""

    RIGHT = "right"  # France, Italy, Belgium, Switzerland: the address stands at the right
    LEFT = "left"  # DIN 5008 form B: at the left


CALL_TRANSITIONS: Mapping[CallState, frozenset[CallState]] = {
    CallState.DUE: frozenset({CallState.UNREACHED, CallState.MADE, CallState.DROPPED}),
    CallState.UNREACHED: frozenset({CallState.DUE, CallState.MADE, CallState.DROPPED}),
    CallState.MADE: frozenset({CallState.DUE}),
    CallState.DROPPED: frozenset({CallState.DUE}),
}
LETTER_TRANSITIONS: Mapping[LetterState, frozenset[LetterState]] = {
    LetterState.DUE: frozenset({LetterState.PRINTED, LetterState.DROPPED}),
    LetterState.PRINTED: frozenset({LetterState.DUE, LetterState.SENT}),
    LetterState.SENT: frozenset({LetterState.PRINTED}),
    LetterState.DROPPED: frozenset({LetterState.DUE}),
}
BATCH_TRANSITIONS: Mapping[BatchState, frozenset[BatchState]] = {
    BatchState.PRINTED: frozenset({BatchState.SENT}),
    BatchState.SENT: frozenset({BatchState.PRINTED}),
}

# A call counts when the gift is still fresh.
CALL_WITHIN = timedelta(hours=48)
# One print run: what a desk printer takes in one go, and what is made while somebody waits.
LARGEST_BATCH = 100
LONGEST_NOTE, LONGEST_PHONE = 500, 40

ALREADY = N_("This has been dealt with already.")


def call_due(received_at: datetime) -> datetime:
    """Tell until when a donor should be called (UTC)."""
    return received_at + CALL_WITHIN


def window_of(country: str) -> Window:
    """Tell where the envelopes of a country have their window."""
    return Window.LEFT if country in {"DE", "AT"} else Window.RIGHT


def check_phone(phone: str) -> None:
    """Make sure that a number can be dialled. Raises Refusal."""
    if phone and (not set(phone) <= set("+0123456789 ()./-") or sum(one.isdigit() for one in phone) < 4):
        raise Refusal(N_("Write the number in figures, for example +33 4 79 00 00 00"), field="phone")
