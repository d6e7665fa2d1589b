"""What the staff's pages show of charges that were set aside: frozen plain values, formatted by the templates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from crowdfund.gifts.view import StoryEvent
    from crowdfund.money import Money


@dataclass(frozen=True, slots=True)
class ChargeRow:
    """One charge in the table. `state` and `reason` are codes; the templates say them. `expected` is what was asked."""

    number: str
    at: datetime
    donor: str
    email: str
    campaign: str
    reason: str
    state: str
    amount: Money
    url: str
    expected: Money | None = None


@dataclass(frozen=True, slots=True)
class ChargeList:
    """The charges of one museum that were set aside: those that wait first. `waiting` counts them."""

    rows: tuple[ChargeRow, ...]
    waiting: int
    timezone: str


@dataclass(frozen=True, slots=True)
class ChargeCase:
    """One charge that was set aside: what arrived, what was expected, what happened.

    `objection` says why it cannot be the gift of its pledge; empty: it can.
    """

    row: ChargeRow
    timezone: str
    events: tuple[StoryEvent, ...]
    charge: str
    payment: str
    account: str
    expected_account: str = ""
    objection: str = ""
    pledged_at: datetime | None = None
    paid_url: str = ""
    gift_url: str = ""
