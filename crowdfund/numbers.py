"""Numbers of rows, as addresses and forms name them."""

from __future__ import annotations

from werkzeug import routing

LARGEST = 2**63 - 1  # what a bigint holds


class IntegerConverter(routing.IntegerConverter):
    """The `int` of addresses. A number beyond all rows is read as the last one, which none has: 404, as it should be."""

    def to_python(self, value: str) -> int:
        """Read a number."""
        number: int = super().to_python(value)
        return min(number, LARGEST)


def row_number(text: str | None) -> int:
    """Read the number of a row; 0, which none has, for whatever else stands there."""
    number = int(text) if text and text.isascii() and text.isdigit() and len(text) < 20 else 0
    return number if number <= LARGEST else 0
