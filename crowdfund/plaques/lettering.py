"""How wide words are in the house's letters, and whether its fonts have every sign of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from fontTools.ttLib import TTFont  # type: ignore[import-untyped] # fontTools has no types

from crowdfund.pdf import LETTERS

# In the order in which a sheet asks them; the first that has a sign draws it (templates/letters/plaque.html).
FONTS = ("hedvig.ttf", "instrument.ttf", "noto.ttf", "noto-hebrew.ttf", "noto-arabic.ttf")
UNKNOWN = 0.7  # of a sign that no font has, in ems
UNDRAWN = frozenset("\u00ad\u200b\u200c\u200d\u200e\u200f\u2060")


@dataclass(frozen=True, slots=True)
class _Widths:
    """The width of each sign of the fonts, in ems."""

    of: dict[str, float]


@cache
def _widths() -> _Widths:
    found: dict[str, float] = {}
    for name in FONTS:
        with TTFont(LETTERS / name, lazy=True) as font:
            ems, widths = font["head"].unitsPerEm, font["hmtx"].metrics
            for code, glyph in font.getBestCmap().items():
                found.setdefault(chr(code), widths[glyph][0] / ems)
    return _Widths(found)


def width(text: str, size: float) -> float:
    """Measure a text set in letters of `size`, in the unit of `size`. Kerning is left out: it makes words narrower."""
    of = _widths().of
    return size * sum(of.get(sign, 0 if sign in UNDRAWN else UNKNOWN) for sign in text)


def draws(text: str) -> bool:
    """Say whether the house's fonts have every sign of a text."""
    of = _widths().of
    return all(sign in of or sign in UNDRAWN for sign in text)
