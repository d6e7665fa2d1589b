"""What the page of one campaign shows: frozen plain values, filled by queries and formatted by the templates.

Texts written by a museum are already in the page's language (or carry `lang`); texts of the interface are gettext's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from markupsafe import Markup

from crowdfund.campaigns.view import (
    AmountChoice,
    FundingModel,
    MuseumLabel,
    Phase,
    Picture,
    Progress,
    TaxRelief,
    TierRow,
    WorkCard,
)
from crowdfund.conversation.view import Conversation
from crowdfund.money import Money
from crowdfund.pages.view.pieces import Assembly


@dataclass(frozen=True, slots=True)
class PlanPart:
    """A source of the financing plan. `mine` marks what donors bring (one part received, one promised)."""

    label: str
    amount: Money
    kind: Literal["firm", "conditional", "received", "promised", "announced", "missing"]


@dataclass(frozen=True, slots=True)
class StoryBlock:
    """A part of the story: cleaned text, a picture with its caption, or a quotation."""

    kind: Literal["text", "figure", "quote"]
    text: Markup | str = ""
    picture: Picture | None = None
    title: str = ""
    caption: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class Milestone:
    """A staged goal."""

    amount: Money
    title: str
    text: str
    state: Literal["reached", "current", "to_come", "surplus"]
    reached_on: date | None = None
    missing: Money | None = None


@dataclass(frozen=True, slots=True)
class Purchase:
    """Who sells the work, at what price, where it comes from, why it belongs here, and what becomes of more money than was asked for."""

    price: Money | None = None
    seller: str = ""
    provenance: str = ""
    surplus: str = ""
    why_here: str = ""


@dataclass(frozen=True, slots=True)
class BudgetLine:
    """Where a part of the money goes."""

    label: str
    amount: Money
    note: str = ""


@dataclass(frozen=True, slots=True)
class FeeExample:
    """What becomes of one gift: `given` = `work` + `bank` + `platform`."""

    given: Money
    work: Money
    bank: Money
    platform: Money


@dataclass(frozen=True, slots=True)
class TaxOption:
    """One answer to "where do you pay your taxes": `share` is given back, in hundredths of a percent, on `conditions`."""

    code: str
    label: str
    share: int
    picked: bool = False
    conditions: str = ""


@dataclass(frozen=True, slots=True)
class Calculator:
    """The real-cost calculator: the amount asked about and the answer for the picked option."""

    amount: Money
    net: Money
    options: tuple[TaxOption, ...]
    error: str = ""
    typed: str | None = None

    @property
    def back(self) -> Money:
        """Tell what the tax office gives back."""
        return self.amount - self.net

    @property
    def kept(self) -> int:
        """Tell the whole percents that remain with the donor."""
        return self.net.minor * 100 // self.amount.minor if self.amount else 100


@dataclass(frozen=True, slots=True)
class WallName:
    """A name as its donor typed it, with what they wish beside it. `new` underlines the latest ones."""

    name: str
    new: bool = False
    lang: str = ""
    town: str = ""
    dedication: str = ""
    memory: bool = False  # in memory of, not in honour of


@dataclass(frozen=True, slots=True)
class WallWords:
    """A donor's words, after moderation."""

    text: str
    by: str
    lang: str = ""


@dataclass(frozen=True, slots=True)
class Wall:
    """The donors: at most a page of names, oldest first. `shown` names exist in all; `found` answers a search."""

    donors: int
    anonymous: int
    shown: int
    names: tuple[WallName, ...]
    words: tuple[WallWords, ...] = ()
    query: str = ""
    more_url: str = ""
    to_come: bool = False  # a name waits for the next ten minutes


@dataclass(frozen=True, slots=True)
class Town:
    """A town of at least five supporters. `country` is named where it is not the museum's."""

    name: str
    people: int
    country: str = ""


@dataclass(frozen=True, slots=True)
class People:
    """Who gave, as numbers: each is 0 or None where it would be of too few. `elsewhere` merges the small towns."""

    supporters: int
    first_timers: int = 0
    towns: tuple[Town, ...] = ()
    town_count: int = 0
    elsewhere: int = 0
    median: Money | None = None


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of the gifts of one kind."""

    gifts: int
    amount: Money


@dataclass(frozen=True, slots=True)
class WhatBecame:
    """What became of the gifts of a campaign that came to nothing; `words` are the museum's reason.

    A kind is None where there is none, or where telling them apart would tell of somebody. `until` is the last day on which
    donors choose, while they do; `otherwise` is what happens without an answer.
    """

    words: str = ""
    gifts: int = 0
    back: Fate | None = None
    moved: Fate | None = None
    waiting: Fate | None = None
    kept: Fate | None = None
    gone_from: date | None = None
    gone_until: date | None = None
    until: date | None = None
    otherwise: str = ""


@dataclass(frozen=True, slots=True)
class TimelineEvent:
    """A step after the end. `kind` is paid, licence, transport, restored, shown, surplus or none; `amount` what it cost."""

    title: str
    text: str
    on: date | None
    done: bool
    kind: str = ""
    amount: Money | None = None


@dataclass(frozen=True, slots=True)
class Paper:
    """A document to download. `lang` is the paper's own language where it is not the page's."""

    title: str
    kind: str
    dated_on: date
    size_bytes: int
    url: str
    lang: str = ""


@dataclass(frozen=True, slots=True)
class CampaignPage:
    """Everything on the page of one campaign.

    `deadline` and `opens_at` are UTC; `timezone` is the museum's. `fallback` is the museum's sentence on what happens
    below the goal when the model's own sentence does not say it all. `outcome` tells the end in the museum's words. `way` is the
    code of the poster or link that led here.
    `takes_gifts` says whether there is a way to give; where there is none the page names `contact`, the museum's address for mail.
    `early`: shown to friends before it is public. `draft`: shown to its museum alone. `shown_in`: the language that stands in.
    """

    museum: MuseumLabel
    slug: str
    title: str
    lede: str
    object_lines: tuple[str, ...]
    picture: Picture
    url: str
    give_url: str
    totals_url: str
    phase: Phase
    model: FundingModel
    progress: Progress
    donors: int
    days_left: int | None
    timezone: str
    deadline: datetime | None
    opens_at: datetime | None
    minimum: Money
    amounts: tuple[AmountChoice, ...]
    threshold: Money | None = None
    fallback: str = ""
    purchase: Purchase | None = None
    outcome: str = ""
    ended_on: date | None = None
    promised: Money | None = None
    announced: Money | None = None
    relief: TaxRelief | None = None
    receipt: str = ""  # the answer to whether one comes, and when
    calculator: Calculator | None = None
    plan: tuple[PlanPart, ...] = ()
    plan_total: Money | None = None
    assembly: Assembly | None = None
    story: tuple[StoryBlock, ...] = ()
    milestones: tuple[Milestone, ...] = ()
    tiers: tuple[TierRow, ...] = ()
    budget: tuple[BudgetLine, ...] = ()
    fee_example: FeeExample | None = None
    wall: Wall | None = None
    talk: Conversation | None = None
    early: bool = False
    draft: bool = False
    shown_in: str = ""
    timeline: tuple[TimelineEvent, ...] = ()
    papers: tuple[Paper, ...] = ()
    people: People | None = None
    others: tuple[WorkCard, ...] = ()
    became: WhatBecame | None = None
    joint: bool = False  # held by several museums: their counts are added up
    way: str = ""
    takes_gifts: bool = True
    contact: str = ""
