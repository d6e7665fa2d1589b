"""What a page shows of a work and its campaign: frozen plain values, formatted by the templates."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from crowdfund.pictures.rules import WIDTHS, address, sources

if TYPE_CHECKING:
    from datetime import date

    from crowdfund.money import Money

Phase = Literal["scheduled", "live", "succeeded", "failed", "withdrawn"]
FundingModel = Literal["keep", "all_or_nothing", "threshold"]
Hanging = Literal["hung", "framed", "standing"]

TRAVEL = 9650  # the dot comes to rest at 96.5 % of the bar's width, in hundredths of a percent
FULL = 10_000
UPLOADED = re.compile(r"pictures/([0-9a-f]{64})/([0-9]+)x([0-9]+)")
IN_A_PAGE = "(max-width: 60rem) 92vw, 44rem"
STANDING = frozenset({"hirondelles.svg", "viole.svg", "mammouth.svg", "oiseau-chanteur.svg", "boite-a-musique.svg"})


def width(share: int) -> str:
    """Write hundredths of a percent as an SVG length: 6602 is "66.02%"."""
    return f"{share // 100}.{share % 100:02d}%"


def hanging_of(image: str) -> Hanging:
    """Tell how a picture is shown: paintings in a frame, things standing or on the wire."""
    if image in STANDING:
        return "standing"
    return "framed" if image.endswith("webp") or UPLOADED.fullmatch(image) else "hung"


def reference(digest: str, width: int, height: int) -> str:
    """Write down an uploaded picture where otherwise the name of a drawing stands."""
    return f"pictures/{digest}/{width}x{height}"


@dataclass(frozen=True, slots=True)
class Picture:
    """An image: `src` is a path below static/ ("art/viole.svg") or an address that starts with "/".

    An uploaded one has the same pixels in newer types (`avif`, `webp`, as `srcset`), and the point that matters most, in percents.
    """

    src: str
    width: int
    height: int
    alt: str = ""
    srcset: str = ""
    sizes: str = ""
    hanging: Hanging = "hung"
    avif: str = ""
    webp: str = ""
    focus: tuple[int, int] = (50, 50)

    @property
    def focus_class(self) -> str:
        """Name the style that keeps the point that matters in view where the picture is cut: in steps of a tenth."""
        x, y = (round(one / 10) for one in self.focus)
        return "" if (x, y) == (5, 5) else f"focus-x{x} focus-y{y}"

    @property
    def tall(self) -> bool:
        """Say whether it is clearly higher than wide."""
        return self.height * 10 > self.width * 12


def picture_at(image: str, width: int | None, height: int | None, alt: str = "") -> Picture:
    """Give a picture by what a table says of it: the name of a drawing, or the reference of an uploaded one."""
    found = UPLOADED.fullmatch(image)
    if found is None:
        return Picture(f"art/{image}", width or 80, height or 80, alt=alt, hanging=hanging_of(image))
    return uploaded(found[1], int(found[2]), int(found[3]), alt)


def uploaded(digest: str, width: int, height: int, alt: str = "", focus: tuple[int, int] = (50, 50)) -> Picture:
    """Give an uploaded picture: for old browsers a JPEG of middle size, for the others the fitting one of several."""
    widths = [*(one for one in WIDTHS if one < width), width]
    return Picture(
        address(digest, widths[min(1, len(widths) - 1)], "jpg"),
        width,
        height,
        alt=alt,
        srcset=sources(digest, widths, "jpg"),
        sizes=IN_A_PAGE,
        hanging="framed",
        avif=sources(digest, widths, "avif"),
        webp=sources(digest, widths, "webp"),
        focus=focus,
    )


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
    """A campaign on a wall of others. `days_left` counts whole days, 0 on the last one; `see` is said once acquired.

    `takes_gifts` says whether there is a way to give to it now, `least` how small a gift may be. A joint campaign's sums are
    those of all its museums together, `raised` what they have received.
    """

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
    takes_gifts: bool = False
    least: Money | None = None
    raised: Money | None = None

    @property
    def waits(self) -> bool:
        """Say whether it still needs gifts and takes them."""
        return self.takes_gifts and not self.progress.reached


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
