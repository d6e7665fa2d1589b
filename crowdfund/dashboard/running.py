"""How the museum's campaigns stand: their live totals, the days on which money came, the sizes of the last gifts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from statistics import mean, pstdev
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Date, Row, and_, cast, func, or_, select
from sqlalchemy.orm import Session

from crowdfund import clock
from crowdfund.campaigns.models import Campaign, CampaignTotal
from crowdfund.campaigns.rules import CampaignState, FundingModel
from crowdfund.dashboard.pace import Shape, shape_of_past, usual_shape
from crowdfund.gifts.days import GIVEN_BACK, DaySum, days_of
from crowdfund.gifts.models import Gift
from crowdfund.ledger.models import LedgerAccount, LedgerTotal
from crowdfund.pledges.models import Pledge
from crowdfund.pledges.rules import PledgeState

LAST_GIFTS = 1000  # what the median and the spread are taken from
LEAST_PAST = 30  # gifts of a past campaign whose course says something
MOST_PAST = 12
SPREAD = 1.5  # of gifts around their mean, before there are enough to tell
STILL_SHOWN = timedelta(days=30)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Course:
    """How a campaign has run so far. Sums are minor units; `time` is the share of its length that is over."""

    row: Row[Any]
    days: tuple[DaySum, ...]
    total: int
    gifts: int
    time: float
    length: float
    actual: tuple[tuple[float, int], ...]
    spread: float
    last: tuple[int, ...]

    @property
    def usual(self) -> Shape:
        """Give the pace to aim at."""
        return usual_shape(self.length)


def campaigns(session: Session) -> list[Row[Any]]:
    """Read the campaigns of the desk's first page with their live totals: those that run, open soon, or ended lately."""
    raised, of = _raised(), _totals()
    found: Any = session.execute(
        select(
            Campaign.id, Campaign.slug, Campaign.title, Campaign.state, Campaign.funding_model, Campaign.currency,
            Campaign.goal_minor, Campaign.opens_at, Campaign.closes_at, Campaign.followers, raised.label("raised"),
            func.coalesce(of.c.supporters, 0).label("supporters"), func.coalesce(of.c.promised, 0).label("promised"),
        )
        .outerjoin(of, and_(of.c.institution_id == Campaign.institution_id, of.c.campaign_id == Campaign.id))
        .where(
            or_(
                Campaign.state.in_([CampaignState.LIVE, CampaignState.SCHEDULED]),
                and_(
                    Campaign.state.in_([CampaignState.SUCCEEDED, CampaignState.ENDED]),
                    Campaign.closes_at > clock.now() - STILL_SHOWN,
                ),
            )
        )
        .order_by(Campaign.state != CampaignState.LIVE, Campaign.goal_minor.is_(None), Campaign.closes_at, Campaign.id)
    )  # fmt: skip
    return list(found.all())


def _raised() -> Any:
    """Give the balance of a campaign's fund (minor units), for a statement that selects from campaigns."""
    return (
        select(func.coalesce(-func.sum(LedgerTotal.balance_minor), 0))
        .join(
            LedgerAccount,
            and_(
                LedgerAccount.institution_id == LedgerTotal.institution_id, LedgerAccount.id == LedgerTotal.account_id
            ),
        )
        .where(
            LedgerAccount.institution_id == Campaign.institution_id,
            LedgerAccount.campaign_id == Campaign.id,
            LedgerAccount.kind == "fund",
        )
        .scalar_subquery()
    )


def _totals() -> Any:
    totals = select(
        CampaignTotal.institution_id,
        CampaignTotal.campaign_id,
        func.sum(CampaignTotal.supporters).label("supporters"),
        func.sum(CampaignTotal.promised_minor).label("promised"),
    ).group_by(CampaignTotal.institution_id, CampaignTotal.campaign_id)
    return totals.subquery()


def promises(row: Row[Any]) -> bool:
    """Say whether a campaign's money is promised first and taken later."""
    return bool(row.funding_model != FundingModel.KEEP)


def course(session: Session, row: Row[Any], zone: ZoneInfo) -> Course:
    """Read how one campaign has run so far, and how its last gifts spread."""
    days = days_of(session, [row.id], zone)[row.id]
    if promises(row):
        days = _together(days, _promised(session, row.id, zone))
    total = int(row.raised) + (int(row.promised) if promises(row) else 0)
    now = min(clock.now(), row.closes_at)
    length = row.closes_at - row.opens_at
    last = _last_amounts(session, row)
    return Course(
        row=row,
        days=tuple(days),
        total=total,
        gifts=sum(one.gifts for one in days),
        time=min(1.0, max(0.0, (now - row.opens_at) / length)),
        length=length / DAY,
        actual=_actual(days, row.opens_at, row.closes_at, now, zone, total),
        spread=pstdev(last) / mean(last) if len(last) >= LEAST_PAST else SPREAD,
        last=last,
    )


def past_shapes(session: Session, zone: ZoneInfo) -> list[Shape]:
    """Give the shapes of the museum's own campaigns that are over and had gifts enough."""
    over = session.execute(
        select(Campaign.id, Campaign.opens_at, Campaign.closes_at)
        .where(Campaign.state.in_([CampaignState.SUCCEEDED, CampaignState.ENDED]), Campaign.goal_minor.is_not(None))
        .order_by(Campaign.closes_at.desc())
        .limit(MOST_PAST)
    ).all()
    days = days_of(session, [one.id for one in over], zone) if over else {}
    shapes = []
    for one in over:
        if sum(day.gifts for day in days[one.id]) >= LEAST_PAST:
            total = sum(day.minor for day in days[one.id])
            sums = _actual(days[one.id], one.opens_at, one.closes_at, one.closes_at, zone, total)
            shapes.append(shape_of_past(sums))
    return [shape for shape in shapes if shape is not None]


def _actual(
    days: Sequence[DaySum], opens: datetime, closes: datetime, now: datetime, zone: ZoneInfo, total: int
) -> tuple[tuple[float, int], ...]:
    """Add the days up, each until its end; the last point is the live total, now."""
    points, so_far = [(0.0, 0)], 0
    for one in days:
        so_far += one.minor
        end = datetime.combine(one.day + DAY, time(), zone).astimezone(UTC)
        if opens < end < now:
            points.append(((end - opens) / (closes - opens), so_far))
    points.append((min(1.0, max(0.0, (now - opens) / (closes - opens))), total))
    return tuple(points)


def _promised(session: Session, campaign_id: int, zone: ZoneInfo) -> list[DaySum]:
    day = cast(func.timezone(zone.key, Pledge.created_at), Date)
    found = session.execute(
        select(day, func.count(), func.sum(Pledge.amount_minor))
        .where(Pledge.campaign_id == campaign_id, Pledge.state.in_([PledgeState.PROMISED, PledgeState.DUE]))
        .group_by(day)
    )
    return [DaySum(on, count, int(minor)) for on, count, minor in found]


def _together(some: Sequence[DaySum], others: Sequence[DaySum]) -> list[DaySum]:
    sums: dict[date, tuple[int, int]] = {}
    for one in (*some, *others):
        gifts, minor = sums.get(one.day, (0, 0))
        sums[one.day] = (gifts + one.gifts, minor + one.minor)
    return [DaySum(day, *sums[day]) for day in sorted(sums)]


def _last_amounts(session: Session, row: Row[Any]) -> tuple[int, ...]:
    """Read the last amounts given by people (boxes and tickets count many at once)."""
    if promises(row):
        rows = (
            select(Pledge.amount_minor)
            .where(Pledge.campaign_id == row.id, Pledge.state.in_([PledgeState.PROMISED, PledgeState.DUE, PledgeState.PAID]))
            .order_by(Pledge.id.desc())
        )  # fmt: skip
    else:
        rows = (
            select(Gift.amount_minor)
            .where(Gift.campaign_id == row.id, Gift.units == 1, Gift.state.not_in(GIVEN_BACK))
            .order_by(Gift.received_at.desc(), Gift.id.desc())
        )
    return tuple(session.scalars(rows.limit(LAST_GIFTS)))
