"""What the pages of a plaque show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from crowdfund.plaques.layout import Sheet, Words
from crowdfund.plaques.looks import Look
from crowdfund.plaques.rules import Change, Plan


@dataclass(frozen=True, slots=True)
class Named:
    """A name of a plaque. `typed` is its donor's own; `filed` is what it is put in its place by; `at` is UTC."""

    key: str
    name: str
    typed: str
    kind: str
    gift_id: int
    minor: int  # kept of all its donor gave to the campaign
    at: datetime
    sort_word: str = ""
    filed: str = ""
    left_out: bool = False
    looks: tuple[Look, ...] = ()

    @property
    def corrected(self) -> bool:
        """Say whether it stands otherwise than its donor typed it."""
        return self.name != self.typed


@dataclass(frozen=True, slots=True)
class Part:
    """A section of the plaque: its heading, in the plaque's language, and its names in their order."""

    heading: str
    names: tuple[Named, ...]


@dataclass(frozen=True, slots=True)
class Proof:
    """A plaque as it would be cut now. `out` are names that somebody left out; `trouble` is why it cannot be set."""

    campaign_id: int
    code: str
    title: str
    currency: str
    ended: bool
    begun: bool
    plan: Plan
    words: Words
    parts: tuple[Part, ...]
    out: tuple[Named, ...]
    below: int  # names of gifts below the least amount
    sheets: tuple[Sheet, ...]
    trouble: str
    locks_on: date | None
    fixed: bool
    fingerprint: str

    @property
    def names(self) -> tuple[Named, ...]:
        """Give all names, in their order."""
        return tuple(name for part in self.parts for name in part.names)


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A signed version. `intact`: the bytes in the storage still have the hash that was signed; not known before one looks."""

    number: int
    names: int
    sheets: int
    sha256: str
    signed_name: str
    signed_as: str
    signed_at: datetime
    storage_key: str
    changes: tuple[Change, ...]  # against the version before
    intact: bool | None = None


@dataclass(frozen=True, slots=True)
class PlaqueRow:
    """A campaign in the list of plaques."""

    id: int
    title: str
    state: str
    promised: bool
    locks_on: date | None
    fixed: bool
    version: int
    signed_at: datetime | None


@dataclass(frozen=True, slots=True)
class CorrectionRow:
    """What was changed of a name, by whom."""

    what: str
    before: str
    after: str
    note: str
    by_name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PlaqueMail:
    """What a donor is written before names are fixed. `name` is how theirs stands; addresses are absolute."""

    kind: str
    museum_name: str
    museum_address: str
    campaign_title: str
    gift_url: str
    wall: str
    name: str
    locks_on: date
    signed_by: str = ""
    signed_as: str = ""
    picture_url: str = ""
