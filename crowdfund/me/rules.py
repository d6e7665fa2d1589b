"""How long a link and a visit last. Pure: no database, no web."""

from __future__ import annotations

from datetime import datetime, timedelta

LINK_LIFE = timedelta(hours=24)
LONGEST_VISIT = timedelta(hours=4)
LONGEST_PAUSE = timedelta(minutes=30)
SEEN_AGAIN_AFTER = timedelta(seconds=20)  # a row is not written for each page


def link_ends(asked_at: datetime) -> datetime:
    """Tell until when a link may be used."""
    return asked_at + LINK_LIFE


def visit_ends(created_at: datetime, last_seen_at: datetime) -> datetime:
    """Tell when a visit ends by itself if nobody comes back."""
    return min(created_at + LONGEST_VISIT, last_seen_at + LONGEST_PAUSE)
