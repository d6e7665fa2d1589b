"""What the public check of a receipt shows: frozen plain values, formatted by the template."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from crowdfund.money import Money


@dataclass(frozen=True, slots=True)
class ReceiptCheck:
    """What the public check tells of a receipt: never a name. `year` is the gift's."""

    state: Literal["valid", "suspended", "replaced", "cancelled"]
    issuer: str
    number: str
    year: int
    amount: Money
    issued_on: date
    gift_on: date | None = None
    replaced_by: str = ""
    sha256: str = ""
    notes: tuple[str, ...] = field(default=())
