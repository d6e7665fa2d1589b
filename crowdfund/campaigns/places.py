"""Where a piece lies on the picture. Pure: no database, no web.

Lengths are hundredths of a percent of the picture's width and height, so that a place stays where it is in whatever size it is shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from crowdfund.errors import Refusal
from crowdfund.i18n import N_

WHOLE = 10_000
LEAST = 50  # half a percent: less is not hit by a finger
TOUCHING = 25  # neighbours drawn by hand share so much of their width without being said to overlap
MOST_PIECES = 400
SIDES = ("x", "y", "width", "height")
NO_PERCENT = N_("Write percents from 0 to 100, for example 12.5")
HALF_A_PLACE = N_("Fill in all four numbers, or none.")
TOO_SMALL = N_("A piece is half a percent wide and high at least.")
OUTSIDE = N_("The piece leaves the picture: left and width, and top and height, may not be more than 100 together.")
TYPED = re.compile(r"[0-9]{1,3}(?:[.,][0-9]{1,2})?")


@dataclass(frozen=True, slots=True)
class Place:
    """A rectangle on the picture, from its upper left corner."""

    x: int
    y: int
    width: int
    height: int


def read_place(typed: Mapping[str, str]) -> Place | None:
    """Read the four numbers of a place in percents, as a person types them; None when all are empty.

    Raises Refusal for what is none; its field is the number that is wrong.
    """
    texts = {side: typed.get(side, "").strip().removesuffix("%").strip() for side in SIDES}
    empty = [side for side in SIDES if not texts[side]]
    if len(empty) == len(SIDES):
        return None
    if empty:
        raise Refusal(HALF_A_PLACE, field=empty[0])
    place = Place(*(_hundredths(side, texts[side]) for side in SIDES))
    check_place(place)
    return place


def check_place(place: Place) -> None:
    """Make sure that a piece lies on the picture and can be hit. Raises Refusal."""
    for side in ("width", "height"):
        if getattr(place, side) < LEAST:
            raise Refusal(TOO_SMALL, field=side)
    if min(place.x, place.y) < 0 or place.x + place.width > WHOLE:
        raise Refusal(OUTSIDE, field="x" if place.x < 0 or place.x + place.width > WHOLE else "y")
    if place.y + place.height > WHOLE:
        raise Refusal(OUTSIDE, field="y")


def percents(length: int | None) -> str:
    """Write a length as a field shows it: 1250 is "12.5"."""
    if length is None:
        return ""
    return f"{length // 100}.{length % 100:02d}".rstrip("0").rstrip(".")


def grid(columns: int, rows: int) -> list[Place]:
    """Divide the picture into a grid without gaps, line by line from the upper left."""
    across, down = ([WHOLE * one // count for one in range(count + 1)] for count in (columns, rows))
    return [
        Place(across[column], down[row], across[column + 1] - across[column], down[row + 1] - down[row])
        for row in range(rows)
        for column in range(columns)
    ]


def overlapping(places: Sequence[tuple[int, Place]]) -> Iterator[tuple[int, int]]:
    """Name the pairs that cover more of each other than hands that draw neighbours do."""
    for (one, first), (other, second) in combinations(places, 2):
        across = min(first.x + first.width, second.x + second.width) - max(first.x, second.x)
        down = min(first.y + first.height, second.y + second.height) - max(first.y, second.y)
        if across > TOUCHING and down > TOUCHING:
            yield one, other


def _hundredths(side: str, text: str) -> int:
    if not TYPED.fullmatch(text):
        raise Refusal(NO_PERCENT, field=side)
    whole, _, rest = text.replace(",", ".").partition(".")
    found = int(whole) * 100 + int(rest.ljust(2, "0"))
    if found > WHOLE:
        raise Refusal(NO_PERCENT, field=side)
    return found
