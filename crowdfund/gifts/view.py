"""What the staff's pages show of gifts: frozen plain values, formatted by the templates."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from crowdfund.gifts.rules import KNOWN_BY_DAY

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

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

    @property
    def by_day(self) -> bool:
        """Say whether only the day is known on which it came."""
        return self.method in KNOWN_BY_DAY


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
    more: bool = False  # than `total`, which the count stopped at
    asked: Mapping[str, str] = field(default_factory=dict)  # the filters, as an address carries them
    export_url: str = ""


@dataclass(frozen=True, slots=True)
class StoryEvent:
    """One moment in the life of a gift: what happened, who or what did it, and its proof (an id, a number, a hash).

    `quote` are the words of a person, as written; `said_by` says whose. `asks` says that the donor may still answer.
    """

    at: datetime
    title: str
    text: str = ""
    actor: str = ""
    proof: str = ""
    tone: Tone = ""
    amount: Money | None = None
    quote: str = ""
    said_by: str = ""
    asks: bool = False


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
    donor_url: str = ""
    complete_url: str = ""  # where what a receipt waits for is written


@dataclass(frozen=True, slots=True)
class GiftMail:
    """What the mails to a donor say. Addresses are absolute; sentences are in the donor's language already.

    `kind` is the template's name. `picture_url` is a JPEG or PNG of 600 pixels' width, which comes with the mail (`cid:`)
    or lies on our site, or empty. `receipt` says what becomes of the receipt: "attached", "coming", "held", "not_wanted",
    "none"; `receipt_reason` says why it is late or why there is none. `signed_by` and `signed_as` are a person of the
    museum, `wall` is its colour (#rrggbb). `facts` are labels and values, for a small table.
    """

    kind: str
    museum_name: str
    museum_address: str
    campaign_title: str
    campaign_url: str
    gift_url: str
    first_name: str
    amount: Money
    given_at: datetime | None = None
    timezone: str = "UTC"
    signed_by: str = ""
    signed_as: str = ""
    picture_url: str = ""
    picture_alt: str = ""
    picture_height: int = 300
    wall: str = "#3d3a35"
    rank: int | None = None
    missing: Money | None = None
    relief_percent: int | None = None
    relief: Money | None = None
    net: Money | None = None
    reward: str = ""
    receipt: Literal["attached", "coming", "held", "not_wanted", "none"] = "not_wanted"
    receipt_reason: str = ""
    receipt_number: str = ""
    receipt_kilobytes: int = 0
    old_number: str = ""
    refunded: Money | None = None
    other_amount: Money | None = None
    retry_url: str = ""
    keep_url: str = ""
    change_url: str = ""
    refund_url: str = ""
    answer_by: date | None = None
    wants_news: bool = False
    giver: str = ""
    dedication: str = ""
    dedicated_to: str = ""
    in_all: Money | None = None  # with the gift that this one adds to
    own_words: str = ""  # of the museum's rule of thanks
    fulfilment: str = ""  # of the reward: postal, pick_up …
    opening: str = ""
    people: int = 0  # brought by an ambassador, of a goal
    goal: int = 0
    method: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    otherwise: str = ""  # rules.Wish: what happens to the gift without an answer
    withdrawn: bool = False  # the work, from sale
    moved_to: str = ""  # the work that the gift went to
    moved_url: str = ""
