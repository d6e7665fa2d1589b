"""What to look at in a name before it is cut in brass: hints for a person, never a change. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from enum import StrEnum

from crowdfund.plaques.order import letters

_ADDRESS = re.compile(r"@|https?:|\bwww\.|\b[\w-]{2,}\.(?:com|org|net|eu|fr|it|be|ch|info|io|example)\b", re.IGNORECASE)
FEW_LETTERS = 4  # an acronym, or initials


class Look(StrEnum):
    """Why a person should look at a name."""

    TWICE = "twice"  # the same name stands there another time
    ADDRESS = "address"  # an e-mail address or a website
    CAPITALS = "capitals"  # typed in capitals throughout
    SMALL = "small"  # typed without any capital
    LINES = "lines"  # too long for its line: it goes over two
    WIDE = "wide"  # a word is wider than the column
    SIGNS = "signs"  # the fonts lack a sign


BLOCKING = frozenset({Look.WIDE, Look.SIGNS})  # such a plaque cannot be cut


def doubles(names: Iterable[str]) -> frozenset[str]:
    """Give the spellings (`letters`) that stand there more than once, accents and capitals aside."""
    return frozenset(spelt for spelt, count in Counter(map(letters, names)).items() if count > 1)


def looks(name: str, *, twice: frozenset[str], lines: int, drawn: bool) -> tuple[Look, ...]:
    """Say what needs a look in a name that takes `lines` lines (0: a word does not fit), `drawn` if the fonts have its signs."""
    written = [sign for sign in name if sign.isalpha()]
    found = {
        Look.TWICE: letters(name) in twice,
        Look.ADDRESS: _ADDRESS.search(name) is not None,
        Look.CAPITALS: len(written) > FEW_LETTERS and all(sign.isupper() for sign in written),
        Look.SMALL: bool(written) and name == name.lower() and name != name.upper(),
        Look.LINES: lines > 1,
        Look.WIDE: lines == 0,
        Look.SIGNS: not drawn,
    }
    return tuple(look for look, holds in found.items() if holds)
