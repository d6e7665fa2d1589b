"""What a donor's page of one gift shows: frozen plain values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from crowdfund.campaigns.view import MuseumLabel, Picture, Progress
from crowdfund.desk.ways import WayToPay
from crowdfund.money import Money
from crowdfund.plaques.view import PlaqueNotice
from crowdfund.pledges.view import CountryChoice
from crowdfund.qr import Drawn

GiftState = Literal[
    "processing",
    "held",  # money came that is not what was asked: a person of the museum decides
    "paid",
    "failed",
    "expired",
    "refunded",
    "partly_refunded",
    "disputed",
    "cancelled",
    "announced",  # a transfer or a cheque is expected
]
ReceiptState = Literal["not_wanted", "coming", "issued", "held", "replaced", "cancelled", "none"]


@dataclass(frozen=True, slots=True)
class ReceiptQuestions:
    """What a donor may still tell for the receipt. `country` is the one picked before anybody chose."""

    url: str
    countries: tuple[CountryChoice, ...]
    country: str
    for_company: bool
    asks_tax_number: bool


@dataclass(frozen=True, slots=True)
class HowToPay:
    """How an announced gift is paid; `code` is what a bank's app scans, with the Swiss cross laid over it where `cross`."""

    way: WayToPay
    slip_url: str
    code: Drawn | None = None
    cross: bool = False
    until: date | None = None  # the last day on which it is awaited; what comes later is taken, too


@dataclass(frozen=True, slots=True)
class NextReward:
    """A reward that the gift reaches with `missing` more."""

    title: str
    missing: Money
    url: str


@dataclass(frozen=True, slots=True)
class ShareCard:
    """The card of a gift: where its form is sent; its public page and pictures, once the donor has made it."""

    form_url: str
    page_url: str = ""
    wide_url: str = ""
    square_url: str = ""
    shows_amount: bool = False


@dataclass(frozen=True, slots=True)
class GiftPage:
    """One gift as its donor sees it by the unguessable link.

    `receipt_reason` is a translated sentence when the receipt is held or none is given. `wall_choice` is what is
    shown now. `retry_url` pays the same attempt again. `rank` counts donors up to this one.
    """

    museum: MuseumLabel
    campaign_title: str
    campaign_url: str
    picture: Picture
    progress: Progress
    first_name: str
    amount: Money
    state: GiftState
    given_at: datetime | None
    timezone: str
    charged: Money
    email_shown: str = ""
    contact: str = ""  # where the museum is written to
    erased: bool = False  # who gave is forgotten: nothing more is promised
    rank: int | None = None
    refunded: Money | None = None
    refunded_on: date | None = None
    reward: str = ""
    receipt_state: ReceiptState = "not_wanted"
    receipt_number: str = ""
    receipt_url: str = ""
    receipt_reason: str = ""
    receipt_check_url: str = ""
    wall_choice: Literal["short", "other", "anonymous"] = "anonymous"
    wall_short: str = ""  # first name and initial, or a company's name
    by_company: bool = False
    wall_name: str = ""
    plaque: PlaqueNotice | None = None
    message: str = ""
    town: str = ""  # shown beside the name; empty: none is
    dedication_shown: bool = True
    wall_from: datetime | None = None  # the name is shown from then on: names appear in steps
    words_wait: bool = False  # for a reader of the museum
    has_piece: bool = False
    wall_reward: bool = False  # the reward is the name on the wall
    in_all: Money | None = None  # with what this gift adds to
    cost: Money | None = None  # after tax
    change_url: str = ""
    receipt_questions: ReceiptQuestions | None = None
    retry_url: str = ""
    how_to_pay: HowToPay | None = None
    share_url: str = ""
    share_code: Drawn | None = None  # of the link, to be read from this screen
    decision_on: date | None = None
    live: bool = True
    dedication: Literal["honour", "memory", ""] = ""
    dedicated_to: str = ""
    card_url: str = ""
    more_url: str = ""
    ahead: NextReward | None = None
    share_card: ShareCard | None = None
    change_mind_url: str = ""
    again_url: str = ""  # it has ended unpaid: another one may be begun with the same answers
    calendar_url: str = ""
    opening: str = ""
    invitations_url: str = ""
    invited: bool = False
    bring_url: str = ""
    visit_code: str = ""
    choice_url: str = ""  # the purchase came to nothing: what becomes of the gift may be chosen
