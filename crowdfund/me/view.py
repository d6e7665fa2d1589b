"""What a donor's own pages show: frozen plain values, formatted by the templates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from crowdfund.campaigns.view import WorkCard
from crowdfund.desk.ways import WayToPay
from crowdfund.invitations.view import InvitationCard
from crowdfund.money import Money
from crowdfund.plaques.view import PlaqueNotice
from crowdfund.qr import Drawn

GiftStanding = Literal["paid", "partly_refunded", "refunded", "disputed", "promised", "announced"]
ReceiptStanding = Literal["none", "coming", "issued", "held", "suspended", "cancelled"]


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    """The receipt of a gift. `reason` is a translated sentence where there is none, or not yet."""

    standing: ReceiptStanding = "none"
    number: str = ""
    url: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class WallLine:
    """How a gift is shown on the wall: `name` is empty for who stays anonymous; no `url`, no change."""

    name: str = ""
    dedication: str = ""
    url: str = ""
    memory: bool = False


@dataclass(frozen=True, slots=True)
class DedicationLine:
    """To whom a gift is dedicated, and where its words are corrected."""

    name: str
    memory: bool
    url: str


@dataclass(frozen=True, slots=True)
class GiftLine:
    """One gift, or a promise whose money is still to come.

    `cost` is what it costs after tax, by its receipt.
    """

    work: WorkCard
    given_on: date
    standing: GiftStanding
    amount: Money
    kept: Money
    receipt: ReceiptLine
    wall: WallLine | None
    cost: Money | None = None
    reward: str = ""
    url: str = ""
    choice_url: str = ""  # the purchase came to nothing: what becomes of it may be chosen
    choose_by: date | None = None
    way: WayToPay | None = None  # announced: how it is paid
    slip_url: str = ""
    dedication: DedicationLine | None = None


@dataclass(frozen=True, slots=True)
class Proof:
    """When a consent was given, in which words and where, and when it ended. `where` is a translated phrase."""

    words: str
    language: str
    where: str
    given_at: datetime
    withdrawn_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """A consent and whether it is in force. `name` is its form field, `label` the words shown, kept as proof."""

    name: str
    label: str
    given: bool
    timezone: str
    proofs: tuple[Proof, ...] = ()


@dataclass(frozen=True, slots=True)
class Invited:
    """A gathering to come that a gift opens. The code is read at the door, or said there."""

    card: InvitationCard
    museum: str
    slug: str
    work: str
    page_url: str
    calendar_url: str
    give_up_url: str
    code: str
    drawn: Drawn


@dataclass(frozen=True, slots=True)
class Evening:
    """A gathering that is over; `came` is how many people the door has seen."""

    title: str
    museum: str
    kind: str
    starts_at: datetime
    timezone: str
    came: int


@dataclass(frozen=True, slots=True)
class AtMuseum:
    """What one museum knows of an address, read in its own scope."""

    slug: str
    museum: str
    person: str
    gifts: tuple[GiftLine, ...]
    journal: Choice
    network: tuple[Proof, ...]
    invited: tuple[Invited, ...] = ()
    evenings: tuple[Evening, ...] = ()


@dataclass(frozen=True, slots=True)
class MePage:
    """All gifts of an address, the newest first. Sums have one entry per currency."""

    person: str
    email: str
    gifts: tuple[GiftLine, ...]
    given: tuple[Money, ...]
    cost: tuple[Money, ...]
    since: int | None
    choices: tuple[Choice, ...]
    csrf_token: str
    invited: tuple[Invited, ...] = ()  # to come, the next one first
    evenings: tuple[Evening, ...] = ()  # over, the latest first

    @property
    def works(self) -> int:
        """Count the works helped with what is kept."""
        return len({gift.work.url for gift in self.gifts if gift.standing != "refunded"})


@dataclass(frozen=True, slots=True)
class WallPage:
    """What is shown of one gift, and may be changed."""

    work: WorkCard
    short: str
    values: dict[str, str]
    action: str
    csrf_token: str
    dedication_kind: str = ""
    dedication_name: str = ""
    plaque: PlaqueNotice | None = None
    dedication_url: str = ""


@dataclass(frozen=True, slots=True)
class DedicationPage:
    """To whom a gift is dedicated, and what may still be corrected of it. `told` is where the mail to that person stands."""

    work: WorkCard
    values: dict[str, str]
    action: str
    csrf_token: str
    contact: str
    told: Literal["none", "waits", "left", "came_back"] = "none"
    told_on: date | None = None
    closed: Literal["", "made", "given_back"] = ""  # too late, and why


@dataclass(frozen=True, slots=True)
class ErasePage:
    """What erasing would touch: gifts and receipts stay, receipts that still wait would never come."""

    email: str
    museums: tuple[str, ...]
    gifts: int
    receipts: int
    waiting: int
    csrf_token: str
