"""Money: whole minor units and a currency, never a float.

Exponents follow ISO 4217 (currencies without entry in `EXPONENTS` have two decimals).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

EXPONENTS = {
    **dict.fromkeys(
        (
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "JPY",
            "KMF",
            "KRW",
            "MGA",
            "PYG",
            "RWF",
            "UGX",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ),
        0,
    ),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}
# The provider takes at most eight digits: https://docs.stripe.com/currencies
MAX_MINOR = 99_999_999

_AMOUNT = re.compile(r"(?P<whole>[0-9]{1,9})(?:[.,](?P<part>[0-9]{1,3}))?")


class MoneyError(ValueError):
    """An amount cannot be read, or two currencies meet."""


def exponent(currency: str) -> int:
    """Tell how many decimals the currency has."""
    return EXPONENTS.get(currency, 2)


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount: `minor` units (cents) of `currency` (ISO 4217). Arithmetic across currencies raises MoneyError."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        """Refuse what is not a whole number of minor units."""
        if type(self.minor) is not int:
            raise MoneyError("minor units are whole numbers")
        if len(self.currency) != 3 or not self.currency.isascii() or not self.currency.isupper():
            raise MoneyError(f"not a currency: {self.currency!r}")

    @classmethod
    def parse(cls, text: str, currency: str) -> Money:
        """Read an amount as a person types it: ASCII digits, one `.` or `,`, at most the currency's decimals.

        Grouping spaces between digits are allowed (1 000). Signs, exponents, other digits, more than one
        separator and more decimals than the currency has raise MoneyError.
        """
        plain = re.sub(r"(?<=[0-9])[ \u00a0\u202f](?=[0-9]{3}(?![0-9]))", "", text.strip())
        match = _AMOUNT.fullmatch(plain)
        if match is None or unicodedata.normalize("NFKC", plain) != plain:
            raise MoneyError("not an amount")
        places = exponent(currency)
        part = match["part"] or ""
        if len(part) > places:
            raise MoneyError("too many decimals")
        return cls(int(match["whole"] + part.ljust(places, "0")), currency)

    @property
    def decimal(self) -> Decimal:
        """Give the amount in major units, with all its decimals."""
        return Decimal(self.minor).scaleb(-exponent(self.currency))

    def _same(self, other: Money) -> int:
        if self.currency != other.currency:
            raise MoneyError(f"{self.currency} and {other.currency} cannot meet")
        return other.minor

    def __add__(self, other: Money) -> Money:
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.minor - self._same(other), self.currency)

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.minor < self._same(other)

    def __le__(self, other: Money) -> bool:
        return self.minor <= self._same(other)

    def __gt__(self, other: Money) -> bool:
        return self.minor > self._same(other)

    def __ge__(self, other: Money) -> bool:
        return self.minor >= self._same(other)

    def __bool__(self) -> bool:
        return self.minor != 0

    def split(self, weights: Sequence[int]) -> list[Money]:
        """Share the amount by weights without losing a cent (largest remainder, first come first on a tie).

        Raises MoneyError when there is no positive weight or one is negative.
        """
        total = sum(weights)
        if total <= 0 or min(weights) < 0:
            raise MoneyError("weights must be positive")
        floors = [self.minor * weight // total for weight in weights]
        order = sorted(range(len(weights)), key=lambda i: (-(self.minor * weights[i] % total), i))
        for i in order[: self.minor - sum(floors)]:
            floors[i] += 1
        return [Money(part, self.currency) for part in floors]
