"""Numbers of rows, as addresses and forms name them."""

from __future__ import annotations

from typing import Any

from werkzeug import routing

LARGEST = 2**63 - 1  # what a bigint holds


class IntegerConverter(routing.IntegerConverter):
    """The `int` of addresses: a number that no row can have is 404, like every other that is not there."""

    def __init__(self, map: routing.Map, *given: Any, **options: Any) -> None:  # noqa: A002 - werkzeug's name
        options.setdefault("max", LARGEST)
        super().__init__(map, *given, **options)


def row_number(text: str | None) -> int:
    """Read the number of a row; 0, which none has, for whatever else stands there."""
    number = int(text) if text and text.isascii() and text.isdigit() and len(text) < 20 else 0
    return number if number <= LARGEST else 0
