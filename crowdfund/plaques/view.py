"""What donors are told of a plaque."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class PlaqueNotice:
    """Until when a name may change (the end of this day, where the museum is), or that it is fixed."""

    locks_on: date
    fixed: bool
