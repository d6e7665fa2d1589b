"""What the pages of the team show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Colleague:
    """A member of the museum. `reset_due` says when their second factor may be set anew, if somebody asked for it."""

    id: int
    account_id: int
    name: str
    email: str
    role: str
    since: datetime
    has_second_factor: bool
    is_me: bool
    reset_due: datetime | None


@dataclass(frozen=True, slots=True)
class Offer:
    """An invitation that is not taken up yet."""

    id: int
    name: str
    email: str
    role: str
    expires_at: datetime
    expired: bool
    times_sent: int


@dataclass(frozen=True, slots=True)
class Team:
    """Everybody, and who is expected."""

    colleagues: list[Colleague]
    offers: list[Offer]
