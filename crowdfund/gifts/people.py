"""Count who gave and from where, for the public: in steps, and in cells that hide nobody.

A view reads one row. Counting reads a campaign's gifts, at most every ten minutes and when at least three are new, so that
neither the load nor the difference of two counts tells of one gift. Source: the platform's rules for privacy in public.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import and_, exists, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased

from crowdfund import clock
from crowdfund.campaigns.models import Campaign, CampaignTotal
from crowdfund.campaigns.rules import CampaignState
from crowdfund.donors.models import Donor
from crowdfund.gifts.models import CampaignPeople, Gift
from crowdfund.gifts.rules import GIVEN_BACK, LEAST_IN_A_CELL, merged
from crowdfund.tenancy import museum_of

STEP = 3  # contributions
RUNNING = (CampaignState.SCHEDULED, CampaignState.LIVE)


def due_counts(session: Session) -> list[int]:
    """List the campaigns to count anew: three contributions more or fewer than last time, or any once they are over."""
    counts = (
        select(CampaignTotal.campaign_id, func.sum(CampaignTotal.contributions).label("now"))
        .group_by(CampaignTotal.campaign_id)
        .subquery()
    )
    rows = session.execute(
        select(Campaign.id, Campaign.state, counts.c.now, CampaignPeople.counted)
        .join(counts, counts.c.campaign_id == Campaign.id)
        .outerjoin(CampaignPeople, CampaignPeople.campaign_id == Campaign.id)
        .order_by(Campaign.id)
    )
    return [row.id for row in rows if abs(int(row.now) - (row.counted or 0)) >= (STEP if row.state in RUNNING else 1)]


def count_people(session: Session, campaign_id: int) -> None:
    """Count a campaign's people anew, and write what may be known of them."""
    campaign = session.get_one(Campaign, (museum_of(session), campaign_id))
    contributions = session.scalar(
        select(func.coalesce(func.sum(CampaignTotal.contributions), 0)).where(CampaignTotal.campaign_id == campaign_id)
    )
    supporters, first_timers, median = _people(session, campaign_id)
    towns = _towns(session, campaign_id)
    listed, elsewhere = merged(towns)
    values: dict[str, Any] = {
        "counted": int(contributions or 0),
        "supporters": supporters,
        "first_timers": _told(first_timers, supporters),
        "towns": [{"town": town, "country": country, "people": people} for (town, country), people in listed.items()],
        "town_count": len(towns) if listed or elsewhere else 0,
        "elsewhere": elsewhere,
        "median_minor": median if supporters >= LEAST_IN_A_CELL else None,
        "currency": campaign.currency,
        "counted_at": clock.now(),
    }
    row = insert(CampaignPeople).values(institution_id=museum_of(session), campaign_id=campaign_id, **values)
    session.execute(row.on_conflict_do_update(index_elements=["institution_id", "campaign_id"], set_=values))


def _told(some: int, everybody: int) -> int:
    """Tell how many of all they are; nothing when they, or the others, are too few."""
    others = everybody - some
    return some if some >= LEAST_IN_A_CELL and (others == 0 or others >= LEAST_IN_A_CELL) else 0


def _people(session: Session, campaign_id: int) -> tuple[int, int, int | None]:
    """Count the donors and those who had never given to this museum, and find the middle gift (minor units)."""
    here = (
        select(Gift.donor_id, func.min(Gift.received_at).label("first"))
        .where(Gift.campaign_id == campaign_id, Gift.donor_id.is_not(None), Gift.state.not_in(GIVEN_BACK))
        .group_by(Gift.donor_id)
        .subquery()
    )
    earlier = aliased(Gift)
    before = exists().where(
        earlier.donor_id == here.c.donor_id,
        earlier.campaign_id != campaign_id,
        earlier.received_at < here.c.first,
        earlier.state.not_in(GIVEN_BACK),
    )
    supporters, known = session.execute(select(func.count(), func.count().filter(before)).select_from(here)).one()
    kept = Gift.amount_minor - Gift.refunded_minor - Gift.lost_minor
    median = session.scalar(
        select(func.percentile_disc(0.5).within_group(kept)).where(
            Gift.campaign_id == campaign_id, Gift.donor_id.is_not(None), Gift.state.not_in(GIVEN_BACK)
        )
    )
    return supporters, supporters - known, median


def _towns(session: Session, campaign_id: int) -> Mapping[tuple[str, str], int]:
    """Count donors by town, however its name is spelt; the spelling of most stands for all. Who told none is not counted."""
    givers = (
        select(Gift.donor_id)
        .where(Gift.campaign_id == campaign_id, Gift.donor_id.is_not(None), Gift.state.not_in(GIVEN_BACK))
        .distinct()
        .subquery()
    )
    people = func.count().label("people")
    rows = session.execute(
        select(func.mode().within_group(Donor.city), Donor.country, people)
        .join(givers, and_(givers.c.donor_id == Donor.id))
        .where(Donor.city.is_not(None), Donor.city != "")
        .group_by(func.folded(Donor.city), Donor.country)
        .order_by(people.desc(), func.min(Donor.city))
    )
    return {(town, country or ""): count for town, country, count in rows}
