"""The codes of ambassadors, their goals, when they are told. Pure: no database, no web."""

from __future__ import annotations

import secrets

from crowdfund.errors import Refusal
from crowdfund.i18n import N_

# No vowels (no words by chance), and of letters and digits that look alike neither: 0 o, 1 i l, 5 s, 2 z, 8 b, 9 g, u v.
ALPHABET = "34679cdfhjkmnpqrtwxy"
DRAWN = 4  # 160 000 codes for each museum: opaque, they tell neither name nor order
LEAST_GOAL, USUAL_GOAL, MOST_GOAL = 1, 10, 500
LONGEST_NAME = 60
_WAY = "with-"
# The first ones are told of one by one, then every fifth.
ONE_BY_ONE, THEN_EVERY = 3, 5

GOAL_LIMITS = N_("Choose a number of people from 1 to 500.")


def draw_code() -> str:
    """Draw a code that can be read aloud without a mistake."""
    return "".join(secrets.choice(ALPHABET) for _one in range(DRAWN))


def is_code(text: str) -> bool:
    """Say whether a text, as somebody typed it, can be a code."""
    return len(text) == DRAWN and set(text.lower()) <= set(ALPHABET)


def way_of(code: str) -> str:
    """Tell the way by which the gifts of an ambassador are known."""
    return f"{_WAY}{code}"


def code_of(way: str | None) -> str | None:
    """Read the code from a gift's way; None when it came another way."""
    code = (way or "").removeprefix(_WAY)
    return code if way and way.startswith(_WAY) and is_code(code) else None


def read_goal(typed: str) -> int:
    """Read how many people somebody wants to bring. Raises Refusal."""
    if not (typed.isascii() and typed.isdigit() and len(typed) < 5 and LEAST_GOAL <= int(typed) <= MOST_GOAL):
        raise Refusal(GOAL_LIMITS, field="goal")
    return int(typed)


def worth_telling(people: int, goal: int) -> bool:
    """Say whether an ambassador is written to when so many people have come."""
    return 0 < people <= ONE_BY_ONE or people == goal or (people > 0 and people % THEN_EVERY == 0)
