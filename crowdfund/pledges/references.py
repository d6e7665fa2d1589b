"""References by which a transfer or a cheque is known: short, easily written by hand, with a sign that shows a slip.

Pure. None of the 23 signs looks like another in handwriting (no 0 and O, 1 and I, 5 and S …), and there is no vowel to make
a word with. 23 is prime: a sum of the places, each weighted by its number, shows every single wrong sign and every
exchange of two.
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from collections.abc import Collection, Iterable, Iterator
from itertools import count

SIGNS = "23456789CDFHJKMNPRTVWXY"
BODY = 9
LENGTH = BODY + 1
_VALUES = {sign: value for value, sign in enumerate(SIGNS)}
# What a hand or an eye makes of them.
_MEANT = str.maketrans("BSZGUA", "8526V4")


def draw_reference(secret: str, institution_id: int, attempt: str, taken: Collection[str] = ()) -> str:
    """Draw the reference of an attempt, the next one where it is `taken`. The same attempt draws the same."""
    for number in count():
        drawn = hmac.new(
            secret.encode(), f"reference\x1f{institution_id}\x1f{attempt}\x1f{number}".encode(), hashlib.sha256
        ).digest()
        left, body = int.from_bytes(drawn), ""
        for _place in range(BODY):
            left, value = divmod(left, len(SIGNS))
            body += SIGNS[value]
        reference = body + check_sign(body)
        if reference not in taken:
            return reference
    raise AssertionError("unreachable")


def check_sign(body: str) -> str:
    """Give the last sign of a reference: with it, the weighted sum is divided by 23."""
    total = sum(place * _VALUES[sign] for place, sign in enumerate(body, start=1))
    # The check's own weight is its place, 10: solve 10·c ≡ −total (mod 23).
    return SIGNS[-total * pow(LENGTH, -1, len(SIGNS)) % len(SIGNS)]


def is_reference(text: str) -> bool:
    """Say whether a text is a whole reference, as it is stored."""
    return len(text) == LENGTH and all(sign in _VALUES for sign in text) and check_sign(text[:BODY]) == text[BODY]


def printed(reference: str) -> str:
    """Write a reference for people: two groups of five."""
    return f"{reference[:5]}-{reference[5:]}"


def plain(text: str) -> str:
    """Write a text as a bank's line may hold it: letters and figures only, in capitals, without accents."""
    spread = unicodedata.normalize("NFKD", text).upper()
    return "".join(one for one in spread if one.isascii() and one.isalnum())


def read_reference(text: str) -> str | None:
    """Read a reference that a person typed or a scanner sent; None when it is none, whatever was mistaken for another."""
    for candidate in (plain(text), plain(text).translate(_MEANT)):
        if is_reference(candidate):
            return candidate
    return None


def references_in(text: str) -> Iterator[str]:
    """Find whole references in a bank's line, from left to right; spaces and hyphens may stand anywhere."""
    signs = plain(text)
    seen = set()
    for start in range(len(signs) - LENGTH + 1):
        part = signs[start : start + LENGTH]
        if is_reference(part) and part not in seen:
            seen.add(part)
            yield part


def shortened(text: str) -> set[str]:
    """Give a text with each of its signs left out once. Two texts one slip apart share one of these, or the text itself."""
    return {text[:place] + text[place + 1 :] for place in range(len(text))}


class Nearby:
    """References, kept so that one with a slip in it is found in many lines quickly."""

    def __init__(self, known: Iterable[str]) -> None:
        self._by_part: dict[str, set[str]] = {}
        for reference in known:
            for part in {reference, *shortened(reference)}:
                self._by_part.setdefault(part, set()).add(reference)

    def found_in(self, text: str) -> set[str]:
        """Find which a bank's line may mean: one sign wrong, missing or added, or two neighbours exchanged."""
        signs = plain(text)
        found: set[str] = set()
        for size in (LENGTH - 1, LENGTH, LENGTH + 1):
            for start in range(max(0, len(signs) - size + 1)):
                window = signs[start : start + size]
                for part in {window, *shortened(window)}:
                    meant = self._by_part.get(part, ())
                    found.update(reference for reference in meant if _one_slip(reference, window))
        return found


def _one_slip(meant: str, written: str) -> bool:
    """Say whether one text becomes the other by one wrong, missing or added sign, or by two that changed places."""
    if len(meant) != len(written):
        long, short = sorted((meant, written), key=len, reverse=True)
        return short in shortened(long)
    wrong = [place for place in range(len(meant)) if meant[place] != written[place]]
    if len(wrong) == 2:
        first, second = wrong
        return second == first + 1 and meant[first] == written[second] and meant[second] == written[first]
    return len(wrong) <= 1
