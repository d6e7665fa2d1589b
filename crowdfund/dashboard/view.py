"""What the first page of the desk shows: frozen plain values, formatted by the template."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date, datetime

    from crowdfund.campaigns.view import Progress
    from crowdfund.dashboard.charts import Drawing
    from crowdfund.gifts.view import GiftRow
    from crowdfund.money import Money


@dataclass(frozen=True, slots=True)
class CampaignLine:
    """A campaign with its live total. `finding` says in a sentence how it runs; `promised` has not been taken yet."""

    slug: str
    title: str
    url: str
    public_url: str
    progress: Progress
    finding: str
    supporters: int
    promised: Money | None = None
    days_left: int | None = None


@dataclass(frozen=True, slots=True)
class PaceRow:
    """A line of the table beside the chart."""

    day: date
    raised: Money
    aimed: Money | None


@dataclass(frozen=True, slots=True)
class Pace:
    """The pace chart in words, drawings and figures. `forecast` is the end's band: low, likely, high."""

    said: str
    described: str
    drawings: tuple[Drawing, ...]
    rows: tuple[PaceRow, ...]
    forecast: tuple[Money, Money, Money] | None = None


@dataclass(frozen=True, slots=True)
class DayFigures:
    """The figures beside the total. The median is of the last `median_of` gifts."""

    today: Money
    today_gifts: int
    yesterday_gifts: int
    median: Money | None = None
    mean: Money | None = None
    median_of: int = 0
    needed_a_day: Money | None = None


@dataclass(frozen=True, slots=True)
class Card:
    """Something to do now: what, why, and where. `late` is for what should have been done already."""

    title: str
    text: str
    url: str
    late: bool = False


@dataclass(frozen=True, slots=True)
class Today:
    """The first page of the desk. `chosen` is the campaign at its head, none while there is no campaign."""

    finding: str
    timezone: str
    now: datetime
    lines: tuple[CampaignLine, ...]
    chosen: CampaignLine | None
    figures: DayFigures | None
    pace: Pace | None
    todo: tuple[Card, ...]
    latest: tuple[GiftRow, ...]
