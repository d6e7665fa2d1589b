"""What the pages of the desk show: frozen plain values, formatted by the templates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from crowdfund.money import Money


@dataclass(frozen=True, slots=True)
class CampaignChoice:
    """A campaign that may be given to, and its currency."""

    id: int
    title: str
    currency: str
    issuer_id: int = 0


@dataclass(frozen=True, slots=True)
class PromiseRow:
    """Money that is announced, or was. `reference` is printed with its hyphen; states are codes."""

    id: int
    reference: str
    name: str
    amount: Money
    method: str
    campaign: str
    state: str
    on: date
    address: tuple[str, ...] = ()
    email: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class PromiseList:
    """A page of what is announced; `sums` has one sum per currency of all that is."""

    rows: tuple[PromiseRow, ...]
    query: str
    total: int
    sums: tuple[Money, ...]
    next_url: str = ""


@dataclass(frozen=True, slots=True)
class IssuerBank:
    """An issuer's bank details as they stand; `changed_at` is None while nothing was told."""

    issuer_id: int
    legal_name: str
    values: dict[str, str]
    changed_at: datetime | None = None
