"""What the network's page shows."""

from __future__ import annotations

from dataclasses import dataclass

from crowdfund.campaigns.view import Progress
from crowdfund.money import Money
from crowdfund.network.rules import Sign


@dataclass(frozen=True, slots=True)
class Notice:
    """Something a museum could be asked about; `count` is None for few, and where a count says nothing."""

    sign: Sign
    count: int | None
    title: str  # of the campaign, where it is about one
    url: str  # at the museum's own desk, which opens to its own people


@dataclass(frozen=True, slots=True)
class CampaignRow:
    """One campaign of a museum. `supporters` is None for fewer than five."""

    title: str
    url: str
    state: str
    progress: Progress
    days: int | None
    supporters: int | None
    spark: tuple[int, ...]  # heights of fourteen days, in per cent of the best; days with few gifts are flat


@dataclass(frozen=True, slots=True)
class MuseumRow:
    """One museum of the network."""

    slug: str
    name: str
    city: str
    campaigns: tuple[CampaignRow, ...]
    notices: tuple[Notice, ...]


@dataclass(frozen=True, slots=True)
class Lesson:
    """What a museum has learnt and shares."""

    museum: str
    campaign: str
    locale: str
    went_well: str
    went_badly: str
    advice: str


@dataclass(frozen=True, slots=True)
class Network:
    """The museums side by side."""

    museums: tuple[MuseumRow, ...]
    running: int
    ended: int
    bought: int
    sums: tuple[Money, ...]
    supporters: int
    lessons: tuple[Lesson, ...]
