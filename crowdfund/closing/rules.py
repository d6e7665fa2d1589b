"""What must be settled before a campaign's statement, and what a statement is. Pure: no database, no web."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from crowdfund.campaigns.rules import CampaignState

ENDED = frozenset({CampaignState.SUCCEEDED, CampaignState.ENDED, CampaignState.WITHDRAWN})


class Point(StrEnum):
    """What is looked at before the statement, in the order of the page."""

    OPEN_PLEDGES = "open_pledges"  # promised, the money not yet here
    SET_ASIDE = "set_aside"  # payments that contradict what was asked
    REFUNDS = "refunds"  # asked for, not yet gone
    DISPUTES = "disputes"  # the donor's bank has called the money back
    FEES = "fees"  # the provider has not told them yet
    CHOICES = "choices"  # donors were asked what becomes of their gifts, and it is not done yet
    DESK_MONEY = "desk_money"  # matched or counted by one person, not yet approved by another
    RECEIPTS = "receipts"  # held for a person to decide
    PLAQUE = "plaque"  # promised or announced, not yet signed


# A statement over these would be wrong tomorrow; what is promised and receipts that are held do not change its sums.
BLOCKING = frozenset({Point.SET_ASIDE, Point.REFUNDS, Point.DISPUTES, Point.FEES, Point.CHOICES, Point.DESK_MONEY})


class Step(StrEnum):
    """What becomes of the work after its campaign, in the order it usually happens."""

    PAID = "paid"  # to the seller; the amount is the invoice's
    LICENCE = "licence"
    TRANSPORT = "transport"
    RESTORED = "restored"
    SHOWN = "shown"
    SURPLUS = "surplus"  # what was decided of the money beyond the price


@dataclass(frozen=True, slots=True)
class Finding:
    """How many of a kind are open."""

    point: Point
    count: int

    @property
    def blocks(self) -> bool:
        """Say whether the statement has to wait for it."""
        return self.count > 0 and self.point in BLOCKING


def has_ended(state: str) -> bool:
    """Say whether a campaign takes no more gifts."""
    return state in ENDED


def canonical(body: Mapping[str, Any]) -> bytes:
    """Write a statement the one way its hash is taken of: JSON in UTF-8, keys in order, no spaces (RFC 8785 in spirit)."""
    return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def digest(body: Mapping[str, Any]) -> str:
    """Give the SHA-256 of a statement, or of a step, in hexadecimal."""
    return hashlib.sha256(canonical(body)).hexdigest()
