"""What leaves the site about a campaign: frozen plain values, drawn and formatted by others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from crowdfund.campaigns.view import AmountChoice, MuseumLabel, Phase, Picture, Progress
from crowdfund.i18n import date as day_in_words
from crowdfund.i18n import gettext, money, ngettext, number
from crowdfund.institutions.colours import Wall
from crowdfund.money import Money


@dataclass(frozen=True, slots=True)
class Appeal:
    """A published campaign as it is shown elsewhere, in the page's language. `closes_at` is UTC.

    `home` is the museum's own language, `version` changes with every change of its texts.
    """

    museum: MuseumLabel
    slug: str
    title: str
    lede: str
    picture: Picture
    phase: Phase
    progress: Progress
    donors: int
    days_left: int | None
    opens_on: date
    ended_on: date
    closes_at: datetime
    minimum: Money
    amounts: tuple[AmountChoice, ...]
    wall: Wall
    home: str
    version: int
    last_name: str = ""
    takes_gifts: bool = True

    @property
    def gives(self) -> bool:
        """Say whether a gift can be made now, so that no button leads to a refusal."""
        return self.phase == "live" and self.takes_gifts

    @property
    def path(self) -> str:
        """Tell where its page is, after the language: "arvieres/hirondelles"."""
        return f"{self.museum.slug}/{self.slug}"

    def page(self, lang: str) -> str:
        """Tell the address of its page in a language."""
        return f"/{lang}/{self.path}/"

    @property
    def headline(self) -> str:
        """Say the one thing that a label says first: the sum, or what became of it."""
        if self.phase == "scheduled":
            return gettext("Opens on %(day)s", day=day_in_words(self.opens_on, "day"))
        if self.phase == "succeeded":
            return ngettext("Bought by %(n)s supporter", "Bought by %(n)s supporters", self.donors)
        if self.phase == "withdrawn":
            return gettext("Withdrawn from sale")
        return money(self.progress.raised)

    @property
    def line(self) -> str:
        """Say the line below it: of how much, by how many; never who gave what."""
        raised, goal = self.progress.raised, self.progress.goal
        if self.phase == "scheduled":
            return gettext("%(goal)s are to be found.", goal=money(goal)) if goal else ""
        if self.phase == "succeeded":
            return gettext("%(raised)s raised", raised=money(raised))
        if self.phase == "withdrawn":
            return gettext("Every gift was given back or moved.") if not raised.minor else gettext("Its donors choose.")
        if not self.donors:
            return gettext("of %(goal)s raised", goal=money(goal)) if goal else gettext("raised")
        if goal is None:
            return ngettext("raised by %(n)s supporter", "raised by %(n)s supporters", self.donors)
        return ngettext(
            "of %(goal)s raised by %(n)s supporter",
            "of %(goal)s raised by %(n)s supporters",
            self.donors,
            goal=money(goal),
        )

    @property
    def shows_bar(self) -> bool:
        """Say whether the bar tells something."""
        return self.progress.goal is not None and self.phase in {"live", "succeeded", "failed"}

    @property
    def in_words(self) -> str:
        """Say the whole in one sentence, for those who do not see the picture."""
        parts = (self.title, self.museum.name, f"{self.headline} {self.line}".strip())
        return ". ".join(part.rstrip(".") for part in parts) + "."

    @property
    def days_in_words(self) -> str:
        """Say how long is left; nothing when it does not run."""
        if self.days_left is None:
            return ""
        return ngettext("%(n)s day", "%(n)s days", self.days_left) if self.days_left else gettext("last day")


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """A place on the staff's page. `url` is its short link as people type it, `lately` counts the openings of the last week."""

    id: int
    name: str
    way: str
    url: str
    takes_cash: bool
    openings: int
    lately: int = 0


@dataclass(frozen=True, slots=True)
class Ways:
    """What each way brought. `reckoned_at` (UTC) is None where it was counted for this page; else the worker did."""

    rows: tuple[WayRow, ...]
    reckoned_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class WayRow:
    """What one way brought: openings of its short link (None where there is none), promises, gifts, people, money kept."""

    name: str
    openings: int | None
    promises: int
    gifts: int
    donors: int
    money: Money

    @property
    def gifts_in_words(self) -> str:
        """Write the number of gifts."""
        return number(self.gifts)
