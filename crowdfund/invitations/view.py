"""What the pages show of gatherings: frozen plain values. Moments are UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class InvitationCard:
    """A gathering as an invited donor sees it, with what they booked. `mine` is booked, waiting, cancelled or empty."""

    id: int
    kind: str
    title: str
    place: str
    starts_at: datetime
    ends_at: datetime
    timezone: str
    most_each: int
    free: int
    open: bool
    mine: str = ""
    people: int = 0


@dataclass(frozen=True, slots=True)
class GatheringRow:
    """A gathering at the desk, with its counts of people."""

    id: int
    campaign: str
    kind: str
    state: str
    title: str
    place: str
    starts_at: datetime
    ends_at: datetime
    capacity: int
    booked: int
    waiting: int
    came: int
    reward: str = ""

    @property
    def free(self) -> int:
        """Count the places that are left."""
        return max(0, self.capacity - self.booked)


@dataclass(frozen=True, slots=True)
class GuestRow:
    """One booking on the guest list."""

    id: int
    name: str
    code: str
    people: int
    state: str
    came: int
    gift_url: str


@dataclass(frozen=True, slots=True)
class VisitFigures:
    """How many donors of a campaign came, of how many, and how many visits for 100 donors (rounded down)."""

    campaign: str
    slug: str
    donors: int
    came: int
    visits: int

    @property
    def per_hundred(self) -> int:
        """Tell the visits for each hundred donors."""
        return 100 * self.visits // self.donors if self.donors else 0


@dataclass(frozen=True, slots=True)
class GatheringMail:
    """What the mails of an invitation say. Addresses are absolute; `step` is invited, booked, waiting or cancelled."""

    kind: str
    step: str
    museum_name: str
    museum_address: str
    campaign_title: str
    gift_url: str
    title: str
    place: str
    starts_at: datetime
    ends_at: datetime
    timezone: str
    people: int
    code: str
    wall: str
    called_off: bool = False
    signed_by: str = ""
    picture_url: str = ""
