"""What a page shows of a work and its campaign: frozen plain values, formatted by the templates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import date

    from crowdfund.money import Money

Phase = Literal["scheduled", "live", "succeeded", "failed", "withdrawn"]
FundingModel = Literal["keep", "all_or_nothing", "threshold"]
Hanging = Literal["hung", "framed", "standing"]

TRAVEL = 9650  # the dot comes to rest at 96.5 % of the bar's width, in hundredths of a percent
FULL = 10_000
STANDING = frozenset({"hirondelles.svg", "viole.svg", "mammouth.svg", "oiseau-chanteur.svg", "boite-a-musique.svg"})


def width(share: int) -> str:
    """Write hundredths of a percent as an SVG length: 6602 is "66.02%"."""
    return f"{share // 100}.{share % 100:02d}%"


def hanging_of(image: str) -> Hanging:
    """Tell how a picture is shown: paintings in a frame, things standing or on the wire."""
    if image in STANDING:
        return "standing"
    return "framed" if image.endswith("webp") else "hung"


@dataclass(frozen=True, slots=True)
class Picture:
    """An image: `src` is a path below static/ ("art/viole.svg") or an address that starts with "/"."""

    src: str
    width: int
    height: int
    alt: str = ""
    srcset: str = ""
    sizes: str = ""
    hanging: Hanging = "hung"

    @property
    def tall(self) -> bool:
        """Say whether it is clearly higher than wide."""
        return self.height * 10 > self.width * 12


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a collection is. `goal` is None when a campaign has none."""

    raised: Money
    goal: Money | None

    @property
    def percent(self) -> int:
        """Tell the whole percents reached: 99 until the last cent has come."""
        return self.raised.minor * 100 // self.goal.minor if self.goal else 0

    @property
    def reached(self) -> bool:
        """Say whether the goal is met."""
        return self.goal is not None and self.raised.minor >= self.goal.minor

    @property
    def exceeded(self) -> bool:
        """Say whether more than the goal has come."""
        return self.goal is not None and self.raised.minor > self.goal.minor

    @property
    def missing(self) -> Money | None:
        """Tell what is missing to the goal, None when nothing is."""
        return self.goal - self.raised if self.goal is not None and not self.reached else None

    @property
    def head(self) -> str:
        """Place the red dot, as an SVG length."""
        return self.at(self.raised)

    def at(self, amount: Money) -> str:
        """Place an amount on the bar, as an SVG length."""
        if self.goal is None or self.goal.minor <= 0:
            return width(0)
        return width(max(0, min(amount.minor * TRAVEL // self.goal.minor, TRAVEL)))

    @property
    def arc(self) -> int:
        """Tell the percents of a ring that are drawn, at most 100."""
        return min(self.percent, 100)


@dataclass(frozen=True, slots=True)
class MuseumLabel:
    """A museum as a card names it. `slug` is also its theme."""

    slug: str
    name: str
    town: str
    url: str


@dataclass(frozen=True, slots=True)
class SeeIt:
    """Where an acquired work is to be seen: from which day, whether it is there, when its museum is open."""

    on: date | None
    there: bool
    opening: str


@dataclass(frozen=True, slots=True)
class WorkCard:
    """A campaign on a wall of others. `days_left` counts whole days, 0 on the last one; `see` is said once acquired."""

    museum: MuseumLabel
    title: str
    caption: str
    url: str
    picture: Picture
    progress: Progress
    phase: Phase
    donors: int = 0
    days_left: int | None = None
    opens_on: date | None = None
    ended_on: date | None = None
    distance_km: int | None = None
    see: SeeIt | None = None


@dataclass(frozen=True, slots=True)
class AmountChoice:
    """One suggested amount. `net` is what it costs after tax, None when nothing comes back."""

    amount: Money
    net: Money | None = None
    picked: bool = False

    @property
    def typed(self) -> str:
        """Give the amount as the form sends it: "50" or "12.50"."""
        text = str(self.amount.decimal)
        return text.removesuffix(".00").removesuffix(".000")


@dataclass(frozen=True, slots=True)
class TierRow:
    """A reward on the shelf. `left` and `stock` are None when there is no limit; `sent_by` is how it reaches the donor."""

    id: int
    title: str
    text: str
    amount: Money
    url: str
    net: Money | None = None
    picture: Picture | None = None
    left: int | None = None
    stock: int | None = None
    sent_by: str = ""

    @property
    def sold_out(self) -> bool:
        """Say whether none is left."""
        return self.left == 0


@dataclass(frozen=True, slots=True)
class TaxRelief:
    """What the law gives back for a gift, in the words of the campaign's country.

    `law` is short ("Art Bonus"), `place` completes "in …" ("France"), `conditions` is a translated sentence or two
    with their source. `share` is in hundredths of a percent: 6600 is 66 %.
    """

    share: int
    place: str
    law: str
    conditions: str

    @property
    def percent(self) -> int:
        """Tell the relief in whole percents."""
        return self.share // 100
