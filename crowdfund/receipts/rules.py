"""What a receipt may become. Pure."""

from __future__ import annotations

from enum import StrEnum


class ReceiptState(StrEnum):
    """Where a receipt stands."""

    ISSUED = "issued"
    SUSPENDED = "suspended"  # its gift is disputed
    REPLACED = "replaced"
    CANCELLED = "cancelled"


TRANSITIONS: dict[ReceiptState, frozenset[ReceiptState]] = {
    ReceiptState.ISSUED: frozenset({ReceiptState.SUSPENDED, ReceiptState.REPLACED, ReceiptState.CANCELLED}),
    ReceiptState.SUSPENDED: frozenset({ReceiptState.ISSUED, ReceiptState.REPLACED, ReceiptState.CANCELLED}),
    ReceiptState.REPLACED: frozenset(),
    ReceiptState.CANCELLED: frozenset(),
}


def number_text(series: str, year: int, number: int) -> str:
    """Write a receipt's number as people read it: AUB-2026-000123."""
    return f"{series}-{year}-{number:06d}"
