"""Count the people whom ambassadors brought: donors whose gift came by their code, and stands. Never an amount."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crowdfund.ambassadors.models import Ambassador
from crowdfund.ambassadors.rules import way_of
from crowdfund.gifts.models import Gift
from crowdfund.gifts.rules import GiftState
from crowdfund.pledges.models import Pledge

GIVEN_BACK = (GiftState.REFUNDED, GiftState.LOST)


@dataclass(frozen=True, slots=True)
class BroughtRow:
    """An ambassador on the board at the desk."""

    id: int
    name: str
    code: str
    people: int
    goal: int
    off: bool
    since: datetime


def people_brought(session: Session, one: Ambassador) -> int:
    """Count who came with an ambassador; they themselves are none of them."""
    found = session.scalar(
        select(func.count(func.distinct(Gift.donor_id)))
        .join(Pledge, Pledge.id == Gift.pledge_id)
        .where(
            Pledge.campaign_id == one.campaign_id,
            Pledge.channel == way_of(one.code),
            Gift.state.not_in(GIVEN_BACK),
            Gift.donor_id != one.donor_id,
        )
    )
    return found or 0


def board(session: Session, campaign_id: int) -> tuple[BroughtRow, ...]:
    """List a campaign's ambassadors, the most people first. Two statements, however many there are."""
    came = session.execute(
        select(Pledge.channel, func.count(func.distinct(Gift.donor_id)))
        .join(Gift, Gift.pledge_id == Pledge.id)
        .join(Ambassador, Ambassador.campaign_id == Pledge.campaign_id)
        .where(
            Pledge.campaign_id == campaign_id,
            Pledge.channel == func.concat(way_of(""), Ambassador.code),
            Gift.state.not_in(GIVEN_BACK),
            Gift.donor_id != Ambassador.donor_id,
        )
        .group_by(Pledge.channel)
    )
    people = {channel: int(count) for channel, count in came}
    rows = [
        BroughtRow(
            one.id,
            one.name,
            one.code,
            people.get(way_of(one.code), 0),
            one.goal,
            one.off_at is not None,
            one.created_at,
        )
        for one in session.scalars(select(Ambassador).where(Ambassador.campaign_id == campaign_id))
    ]
    rows.sort(key=lambda one: (-one.people, one.since, one.id))
    return tuple(rows)


def names_of_ways(session: Session, campaign_id: int) -> dict[str, str]:
    """Name the ways of ambassadors for the report of where gifts come from."""
    found = session.execute(select(Ambassador.code, Ambassador.name).where(Ambassador.campaign_id == campaign_id))
    return {way_of(code): name for code, name in found}
