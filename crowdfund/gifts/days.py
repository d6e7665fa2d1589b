"""What came on each day of a campaign: whole days summed up beforehand, the days since then read from the gifts."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Date, Select, cast, func, or_, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from crowdfund import clock
from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.rules import CampaignState
from crowdfund.gifts.models import CampaignDay, Gift
from crowdfund.gifts.rules import GiftState
from crowdfund.tenancy import museum_of

# After this long a closed campaign's days hardly change any more, and nobody looks at its pace.
LOOKED_AT = timedelta(days=60)
KEPT = Gift.amount_minor - Gift.refunded_minor - Gift.lost_minor
GIVEN_BACK = (GiftState.REFUNDED, GiftState.LOST)


@dataclass(frozen=True, slots=True)
class DaySum:
    """One day (in the museum's time zone): how many gifts stand, and what the museum keeps of them (minor units)."""

    day: date
    gifts: int
    minor: int


def sum_up(session: Session, zone: ZoneInfo) -> None:
    """Sum up the whole days of the campaigns that are looked at, anew: late transfers and refunds change past days."""
    today = clock.now().astimezone(zone).date()
    looked_at = select(Campaign.id).where(
        or_(Campaign.state == CampaignState.LIVE, Campaign.closes_at > clock.now() - LOOKED_AT),
        Campaign.state.not_in([CampaignState.DRAFT, CampaignState.SCHEDULED]),
    )
    for campaign_id in session.scalars(looked_at.order_by(Campaign.id)).all():
        found = session.execute(
            _by_day(zone).where(Gift.campaign_id == campaign_id, Gift.received_at < _begin(today, zone))
        )
        rows = [
            {"institution_id": museum_of(session), "campaign_id": campaign_id, "day": day, "gifts": gifts, "kept_minor": int(kept)}
            for day, gifts, kept in found
        ]  # fmt: skip
        if rows:
            write = insert(CampaignDay).values(rows)
            session.execute(
                write.on_conflict_do_update(
                    index_elements=["institution_id", "campaign_id", "day"],
                    set_={"gifts": write.excluded.gifts, "kept_minor": write.excluded.kept_minor},
                    where=tuple_(CampaignDay.gifts, CampaignDay.kept_minor)
                    != tuple_(write.excluded.gifts, write.excluded.kept_minor),
                )
            )


def days_of(session: Session, campaign_ids: Collection[int], zone: ZoneInfo) -> dict[int, list[DaySum]]:
    """Read the days on which gifts came, by campaign, the first day first. Two statements, however many gifts."""
    found: dict[int, list[DaySum]] = {one: [] for one in campaign_ids}
    summed = session.execute(
        select(CampaignDay.campaign_id, CampaignDay.day, CampaignDay.gifts, CampaignDay.kept_minor)
        .where(CampaignDay.campaign_id.in_(campaign_ids))
        .order_by(CampaignDay.day)
    )
    for campaign_id, day, gifts, kept in summed:
        found[campaign_id].append(DaySum(day, gifts, kept))
    since = {one: _begin(days[-1].day + timedelta(days=1), zone) for one, days in found.items() if days}
    open_ended = [one for one in found if one not in since]
    wanted: list[ColumnElement[bool]] = [
        (Gift.campaign_id == one) & (Gift.received_at >= begin) for one, begin in since.items()
    ]
    if open_ended:
        wanted.append(Gift.campaign_id.in_(open_ended))
    if wanted:
        tail = _by_day(zone).add_columns(Gift.campaign_id).where(or_(*wanted)).group_by(Gift.campaign_id)
        for day, gifts, kept, campaign_id in session.execute(tail):
            found[campaign_id].append(DaySum(day, gifts, int(kept)))
    return found


def _by_day(zone: ZoneInfo) -> Select[*tuple[Any, ...]]:
    day = cast(func.timezone(zone.key, Gift.received_at), Date)
    standing = func.count().filter(Gift.state.not_in(GIVEN_BACK))
    return select(day, standing, func.sum(KEPT)).group_by(day).order_by(day)


def _begin(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
