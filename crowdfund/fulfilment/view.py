"""What the pages show of rewards owed: frozen plain values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from crowdfund.money import Money


@dataclass(frozen=True, slots=True)
class RewardLine:
    """One reward and how far it is given. `due` leaves out what was waived or cancelled; `free` is what the stock still has."""

    id: int
    title: str
    image: str
    fulfilment: str
    automatic: bool
    due: int
    given: int
    ready: int
    impossible: int
    addressed: int  # of those owed: how many have an address to send to
    stock: int | None
    claimed: int

    @property
    def owed(self) -> int:
        """Count what is still to be given."""
        return self.due - self.given - self.impossible

    @property
    def free(self) -> int | None:
        """Count what the stock still has."""
        return None if self.stock is None else self.stock - self.claimed

    @property
    def head(self) -> str:
        """Say where the bar's dot stands, as an SVG length."""
        share = 9650 * self.given // self.due if self.due else 0
        return f"{share // 100}.{share % 100:02d}%"


@dataclass(frozen=True, slots=True)
class CampaignRewards:
    """The rewards of one campaign."""

    title: str
    slug: str
    lines: tuple[RewardLine, ...]


@dataclass(frozen=True, slots=True)
class CounterpartRow:
    """A reward owed to one donor. `wall` is the name as it is to be engraved; moments are UTC."""

    id: int
    gift_id: int
    donor: str
    email: str
    address: tuple[str, ...]
    town: str
    country: str
    wall: str
    dedication: str
    dedication_kind: str
    state: str
    note: str
    made_at: datetime
    changed_at: datetime
    reminded_at: datetime | None


@dataclass(frozen=True, slots=True)
class CounterpartList:
    """A page of a reward's counterparts. `tab` is owed, given or all; `next_after` is empty on the last page."""

    rows: tuple[CounterpartRow, ...]
    tab: str
    query: str
    found: int
    next_after: int | None


@dataclass(frozen=True, slots=True)
class OwedSum:
    """What a campaign owes on a day: how many rewards, and the sum of their fair values."""

    campaign: str
    reward: str
    count: int
    value: Money


@dataclass(frozen=True, slots=True)
class Liability:
    """What the museum owes at the end of a day of its calendar, by campaign and reward, and in whole by currency."""

    on: date
    lines: tuple[OwedSum, ...]
    sums: tuple[Money, ...]
