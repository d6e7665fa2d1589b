"""What the pages of an ended campaign show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from crowdfund.campaigns.texts import said
from crowdfund.campaigns.view import MuseumLabel, WorkCard
from crowdfund.closing.rules import Finding
from crowdfund.money import Money


@dataclass(frozen=True, slots=True)
class EndedRow:
    """A campaign in the list: it has ended, or may be ended."""

    id: int
    title: str
    state: str
    closes_at: datetime
    received: Money
    goal: Money | None
    signed_at: datetime | None


@dataclass(frozen=True, slots=True)
class MethodSums:
    """What came by one way of giving. `kept` is gross less refunds and lost disputes."""

    method: str
    gifts: int
    gross: Money
    given_back: Money
    fees: Money
    kept: Money


@dataclass(frozen=True, slots=True)
class Counterpart:
    """A reward and how many are owed of it; `value` is the sum of their fair values."""

    titles: Mapping[str, str]  # {locale: title}
    count: int
    value: Money

    @property
    def title(self) -> str:
        """Name the reward in the page's language."""
        title: str = said(self.titles, next(iter(self.titles), ""))
        return title


@dataclass(frozen=True, slots=True)
class Figures:
    """What a campaign came to, at a moment."""

    by_method: tuple[MethodSums, ...]
    total: MethodSums
    supporters: int
    contributions: int
    median: Money | None
    receipts: int
    receipted: Money
    counterparts: tuple[Counterpart, ...]


@dataclass(frozen=True, slots=True)
class StatementRow:
    """A signed statement, and what is not in it: `late` is gross, `given_back` has refunds and lost disputes since."""

    number: int
    sha256: str
    taken_at: datetime
    signed_name: str
    signed_as: str
    kept: Money
    late_gifts: int
    late: Money
    given_back: Money


@dataclass(frozen=True, slots=True)
class StepRow:
    """A step on the way of the work, as its page shows it."""

    on: date
    title: str
    text: str
    amount: Money | None
    mark: str  # what names it to be taken away


@dataclass(frozen=True, slots=True)
class LessonsText:
    """What the museum learnt."""

    went_well: str = ""
    went_badly: str = ""
    advice: str = ""
    shared: bool = False
    written_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """The donors were asked until a day: how many questions, and how they were answered so far."""

    until: date
    otherwise: str
    questions: int
    refund: int
    move: int
    keep: int
    silent: int
    done: int


@dataclass(frozen=True, slots=True)
class Target:
    """A work that a gift may move to; `no_receipt` where its gifts open no tax relief."""

    id: int
    work: WorkCard
    no_receipt: bool = False


@dataclass(frozen=True, slots=True)
class ChoicePage:
    """What a donor is asked about one gift.

    `wish` is the answer so far, `heard` how it came where the desk noted it, `otherwise` what happens without one, `outcome`
    what was done; `target` is the work of the answer. `answerable` says whether it may still be changed. `receipt` says that
    one was wished for.
    """

    museum: MuseumLabel
    title: str
    url: str
    gift_url: str
    withdrawn: bool
    words: str
    amount: Money
    given_on: date
    until: date
    otherwise: str
    answers: tuple[str, ...]
    targets: tuple[Target, ...]
    answerable: bool
    wish: str = ""
    heard: str = ""
    target_id: int | None = None
    target: str = ""
    outcome: str = ""
    receipt: bool = False
    reward: str = ""
    named: bool = False
    dedicated_to: str = ""


@dataclass(frozen=True, slots=True)
class Ending:
    """Everything about one campaign's end.

    `reckoned_at` (UTC) is None where the figures were summed up for this page; else the worker did, within the hour.
    """

    id: int
    title: str
    state: str
    closes_at: datetime
    url: str
    locales: tuple[str, ...]
    goal: Money | None
    findings: tuple[Finding, ...]
    figures: Figures
    statements: tuple[StatementRow, ...]
    steps: tuple[StepRow, ...]
    lessons: LessonsText
    asked: Asked | None = None
    reckoned_at: datetime | None = None

    @property
    def blocked(self) -> bool:
        """Say whether something has to be settled before a statement."""
        return any(one.blocks for one in self.findings)
