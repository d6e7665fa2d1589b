"""What the staff's pages show of gifts: frozen plain values, formatted by the templates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from crowdfund.money import Money

Tone = Literal["", "ok", "warn", "err"]


@dataclass(frozen=True, slots=True)
class Desk:
    """The frame of a staff page. `language` is the account's; `todo` counts what waits, by name of the nav entry."""

    museum_slug: str
    museum_name: str
    account_name: str
    csrf_token: str
    todo: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class GiftRow:
    """One gift in the table. States are codes; the templates name them."""

    number: str
    at: datetime
    donor: str
    email: str
    campaign: str
    method: str
    reward: str
    receipt: str
    state: str
    amount: Money
    url: str
    refunded: Money | None = None


@dataclass(frozen=True, slots=True)
class GiftList:
    """A page of the gifts of one museum and how it was asked for. `sums` has one sum per currency."""

    rows: tuple[GiftRow, ...]
    total: int
    sums: tuple[Money, ...]
    timezone: str
    query: str = ""
    state: str = ""
    method: str = ""
    receipt: str = ""
    since: str = ""
    filtered: bool = False
    next_url: str = ""
    first_url: str = ""


@dataclass(frozen=True, slots=True)
class StoryEvent:
    """One moment in the life of a gift: what happened, who or what did it, and its proof (an id, a number, a hash)."""

    at: datetime
    title: str
    text: str = ""
    actor: str = ""
    proof: str = ""
    tone: Tone = ""
    amount: Money | None = None


@dataclass(frozen=True, slots=True)
class GiftStory:
    """One gift and all that happened to it, oldest first."""

    row: GiftRow
    timezone: str
    events: tuple[StoryEvent, ...]
    campaign_url: str
    donor_language: str
    wall: str
    message: str = ""
    address: tuple[str, ...] = ()
    provider_ref: str = ""
    receipt_number: str = ""
    receipt_url: str = ""
    receipt_reason: str = ""
    fee: Money | None = None
    net: Money | None = None
