"""What the pages of many works show: the front page, the list of works, a museum. Frozen plain values."""

from __future__ import annotations

from dataclasses import dataclass

from crowdfund.campaigns.view import MuseumLabel, WorkCard
from crowdfund.money import Money
from crowdfund.pages.view.campaign import FeeExample


@dataclass(frozen=True, slots=True)
class MuseumPlace:
    """A museum on the map. Degrees as decimal text are not needed: `latitude` and `longitude` in thousandths."""

    museum: MuseumLabel
    latitude: int
    longitude: int
    works: int = 0
    distance_km: int | None = None


@dataclass(frozen=True, slots=True)
class Home:
    """The front page. `raised` has one sum per currency.

    `works` still need gifts and take them, `waiting` counts them all; `beside` are those that have their sum, cannot take
    any now, or are announced. `least` and `most` are the lowest and the highest of the smallest gifts that works take.
    """

    rail: tuple[WorkCard, ...]
    works: tuple[WorkCard, ...]
    museums: tuple[MuseumPlace, ...]
    donors: int
    raised: tuple[Money, ...]
    acquired: int
    since: int
    least: Money | None = None
    most: Money | None = None
    fee_example: FeeExample | None = None
    latest: WorkCard | None = None
    latest_text: str = ""
    waiting: int = 0
    beside: tuple[WorkCard, ...] = ()


@dataclass(frozen=True, slots=True)
class OtherPlace:
    """Another place that a visitor may have meant."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Loosened:
    """The same question with one condition less, and how many works it finds."""

    label: str
    url: str
    works: int


@dataclass(frozen=True, slots=True)
class Discovery:
    """The list of works and how it was asked for. `place` is how `near` was understood."""

    works: tuple[WorkCard, ...]
    total: int
    museums: tuple[MuseumLabel, ...]
    places: tuple[MuseumPlace, ...] = ()
    query: str = ""
    near: str = ""
    place: str = ""
    other_places: tuple[OtherPlace, ...] = ()
    state: str = ""
    museum: str = ""
    sort: str = ""
    loosened: tuple[Loosened, ...] = ()
    previous_url: str = ""
    next_url: str = ""


@dataclass(frozen=True, slots=True)
class MuseumPage:
    """A museum and its track record. `receipt_issuer` is the legal entity that signs the receipts."""

    museum: MuseumLabel
    text: str
    live: tuple[WorkCard, ...] = ()
    scheduled: tuple[WorkCard, ...] = ()
    ended: tuple[WorkCard, ...] = ()
    acquired: int = 0
    donors: int = 0
    raised: tuple[Money, ...] = ()
    website: str = ""
    receipt_issuer: str = ""
    rewards_kept: int | None = None  # per cent of those promised in campaigns that are over; None while too few
    answer_hours: int | None = None  # the median; None while too few questions were answered
    facade: str = ""  # a drawing below static/, or empty
