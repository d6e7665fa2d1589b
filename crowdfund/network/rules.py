"""What the network may see, and what it should look at. Pure: no database, no web."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

LEAST = 5  # fewer people than this are not counted out: who they are could be guessed
QUIET = timedelta(days=7)
SLOW_ANSWER = timedelta(days=7)
LONG_ASIDE = timedelta(days=2)
LATE_STATEMENT = timedelta(days=30)
LAST_DAYS = timedelta(days=7)
FAR_FROM_GOAL = 80  # per cent


class Sign(StrEnum):
    """What a museum could be asked about, the most pressing first."""

    FACTS_FAILING = "facts_failing"  # work that fails again and again
    MAILS_FAILED = "mails_failed"
    ASIDE = "aside"  # payments set aside for days
    RECEIPTS_HELD = "receipts_held"
    ENDS_FAR = "ends_far"  # the last week, far below the goal
    QUIET = "quiet"  # no gift for a week
    QUESTIONS = "questions"  # unanswered for a week
    NOT_SIGNED = "not_signed"  # ended a month ago, no statement


def cell(count: int) -> int | None:
    """Give a count of people as the network may see it: None stands for fewer than `LEAST`."""
    return count if count == 0 or count >= LEAST else None


def share(raised_minor: int, goal_minor: int | None) -> int | None:
    """Tell how far a campaign is, in whole per cent, rounded down; None without a goal."""
    return None if not goal_minor else raised_minor * 100 // goal_minor
