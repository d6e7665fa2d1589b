"""What the pages show of thanks: frozen plain values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from crowdfund.money import Money


@dataclass(frozen=True, slots=True)
class CallRow:
    """A donor to call. `why` is the rule's name, `late` says that the 48 hours are over; moments are UTC."""

    id: int
    gift_id: int
    donor: str
    town: str
    phone: str
    locale: str
    amount: Money
    campaign: str
    received_at: datetime
    due_at: datetime
    late: bool
    state: str
    why: str
    note: str = ""
    called_by: str = ""
    called_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LetterRow:
    """A letter that waits. `reachable` says that there is an address to send it to."""

    id: int
    gift_id: int
    donor: str
    town: str
    locale: str
    amount: Money
    campaign: str
    received_at: datetime
    reachable: bool
    state: str
    why: str
    donor_id: int = 0


@dataclass(frozen=True, slots=True)
class AskedRow:
    """A donor to be asked on paper what becomes of a gift. `otherwise` is what happens without an answer."""

    gift_id: int
    donor_id: int
    donor: str
    town: str
    locale: str
    amount: Money
    campaign: str
    until: date
    otherwise: str
    reachable: bool
    posted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NotedRow:
    """An answer that the desk noted: `heard` says how it came, `target` to which work the gift goes, if to another."""

    gift_id: int
    donor: str
    amount: Money
    wish: str
    heard: str
    target: str


@dataclass(frozen=True, slots=True)
class BatchRow:
    """A batch of letters."""

    id: int
    number: int
    letters: int
    made_by: str
    made_at: datetime
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule of thanks. `amount` is the least gift it is for; empty words mean any."""

    id: int
    name: str
    amount: Money
    method: str
    turn: str
    locale: str
    words: dict[str, str]
    signed_by: str
    signed_as: str
    calls: bool
    letter: bool
