"""What a campaign may be and become. Pure: no database, no web."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum


class CampaignState(StrEnum):
    """Where a campaign stands."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    LIVE = "live"
    SUCCEEDED = "succeeded"  # closed at or above its goal
    ENDED = "ended"  # closed below it
    WITHDRAWN = "withdrawn"  # the seller or the museum withdrew


class FundingModel(StrEnum):
    """What happens below the goal."""

    KEEP = "keep"
    ALL_OR_NOTHING = "all_or_nothing"
    THRESHOLD = "threshold"


TRANSITIONS: dict[CampaignState, frozenset[CampaignState]] = {
    CampaignState.DRAFT: frozenset({CampaignState.SCHEDULED, CampaignState.LIVE}),
    CampaignState.SCHEDULED: frozenset({CampaignState.DRAFT, CampaignState.LIVE, CampaignState.WITHDRAWN}),
    CampaignState.LIVE: frozenset({CampaignState.SUCCEEDED, CampaignState.ENDED, CampaignState.WITHDRAWN}),
    CampaignState.SUCCEEDED: frozenset({CampaignState.WITHDRAWN}),
    CampaignState.ENDED: frozenset(),
    CampaignState.WITHDRAWN: frozenset(),
}

PUBLISHED = frozenset(CampaignState) - {CampaignState.DRAFT}


def is_open(state: str, opens_at: datetime, closes_at: datetime, now: datetime) -> bool:
    """Say whether gifts are welcome at this moment (UTC)."""
    return state == CampaignState.LIVE and opens_at <= now < closes_at
