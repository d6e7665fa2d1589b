"""Read what is owed: by campaign and reward, by donor, on a day; and what was kept, for the public."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Row, Select, and_, case, func, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from crowdfund import clock
from crowdfund.campaigns.models import Campaign, Reward
from crowdfund.campaigns.texts import said
from crowdfund.campaigns.view import picture_at
from crowdfund.donors.models import Donor
from crowdfund.errors import NotFound
from crowdfund.fulfilment.models import Counterpart, CounterpartStep
from crowdfund.fulfilment.rules import DUE, OWED, CounterpartState, is_given_by_itself
from crowdfund.fulfilment.view import (
    CampaignRewards,
    CounterpartList,
    CounterpartRow,
    Liability,
    OwedSum,
    RewardLine,
)
from crowdfund.gifts.mails import name_of
from crowdfund.money import Money
from crowdfund.pledges.models import Pledge
from crowdfund.pledges.wall import display_name
from crowdfund.tenancy import museum_of

PAGE = 100
TABS = {"owed": OWED, "given": (CounterpartState.HANDED_OVER,), "all": tuple(CounterpartState)}


def overview(session: Session, fallback: str) -> tuple[CampaignRewards, ...]:
    """List the rewards of every campaign that owes or offers some, those of running campaigns first. One statement."""
    counted = (
        select(
            Counterpart.reward_id,
            _count(Counterpart.state.in_(DUE)).label("due"),
            _count(Counterpart.state == CounterpartState.HANDED_OVER).label("given"),
            _count(Counterpart.state == CounterpartState.READY).label("ready"),
            _count(Counterpart.state == CounterpartState.IMPOSSIBLE).label("impossible"),
            _count(Counterpart.state.in_(OWED) & Donor.address_line.is_not(None)).label("addressed"),
        )
        .join(Donor, Donor.id == Counterpart.donor_id)
        .group_by(Counterpart.reward_id)
        .subquery()
    )
    found = session.execute(
        select(Campaign.id, Campaign.slug, Campaign.title.label("campaign"), Reward, *counted.c)
        .join(Reward, Reward.campaign_id == Campaign.id)
        .outerjoin(counted, counted.c.reward_id == Reward.id)
        .where(Campaign.state != "draft", Reward.state != "draft", Campaign.institution_id == museum_of(session))
        .order_by(Campaign.state != "live", Campaign.closes_at.desc(), Campaign.id, Reward.position, Reward.id)
    )
    lines: dict[int, list[RewardLine]] = {}
    heads: dict[int, tuple[str, str]] = {}
    for row in found:
        heads[row.id] = (said(row.campaign, fallback), row.slug)
        lines.setdefault(row.id, []).append(_line(row, fallback))
    return tuple(CampaignRewards(*heads[number], tuple(own)) for number, own in lines.items())


def _count(which: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count().filter(which)


def _line(row: Row[Any], fallback: str) -> RewardLine:
    reward: Reward = row.Reward
    return RewardLine(
        id=reward.id,
        title=said(reward.title, fallback),
        image=picture_at(reward.image, 80, 80).src if reward.image else "",
        fulfilment=reward.fulfilment,
        automatic=is_given_by_itself(reward.fulfilment, symbolic=reward.symbolic),
        due=row.due or 0,
        given=row.given or 0,
        ready=row.ready or 0,
        impossible=row.impossible or 0,
        addressed=row.addressed or 0,
        stock=reward.stock,
        claimed=reward.claimed,
    )


def reward_here(session: Session, reward_id: int) -> Reward:
    """Find a reward of the museum. Raises NotFound."""
    reward = session.get(Reward, (museum_of(session), reward_id))
    if reward is None or reward.state == "draft":
        raise NotFound
    return reward


def count_due(session: Session) -> int:
    """Count the rewards whose time has come."""
    due = (
        select(func.count(Counterpart.id)).join(Campaign, Campaign.id == Counterpart.campaign_id).where(time_has_come())
    )
    return session.scalar(due) or 0


def time_has_come() -> ColumnElement[bool]:
    """Say of a counterpart joined to its campaign that it is owed now: it is ready, or its campaign is over."""
    ready = Counterpart.state == CounterpartState.READY
    return and_(Counterpart.state.in_(OWED), or_(ready, Campaign.closes_at < clock.now()))


def page_of(session: Session, reward_id: int, tab: str, query: str = "", after: int = 0) -> CounterpartList:
    """Read a page of a reward's counterparts, by a part of the donor's name where one is asked for."""
    which = [Counterpart.reward_id == reward_id, Counterpart.state.in_(TABS[tab])]
    if query:
        whole = func.concat_ws(" ", Donor.first_name, Donor.last_name)
        names = (whole, Donor.company_name, Pledge.wall_name)
        which.append(or_(*(name.icontains(query, autoescape=True) for name in names)))
    found = session.scalar(_rows(func.count(), *which)) or 0
    rows = session.execute(_all(*which).where(Counterpart.id > after).order_by(Counterpart.id).limit(PAGE + 1)).all()
    return CounterpartList(
        rows=tuple(row_of(*one) for one in rows[:PAGE]),
        tab=tab,
        query=query,
        found=found,
        next_after=rows[PAGE - 1].Counterpart.id if len(rows) > PAGE else None,
    )


def _rows(*what: Any) -> Any:
    """Start a statement over counterparts, their donors and pledges: what it selects, then which rows."""
    return (
        select(what[0])
        .select_from(Counterpart)
        .join(Donor, Donor.id == Counterpart.donor_id)
        .join(Pledge, Pledge.id == Counterpart.pledge_id)
        .where(*what[1:])
    )


def _all(*which: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    return (
        select(Counterpart, Donor, Pledge)
        .join(Donor, Donor.id == Counterpart.donor_id)
        .join(Pledge, Pledge.id == Counterpart.pledge_id)
        .where(*which)
    )


def all_of(session: Session, reward_id: int, *states: CounterpartState) -> tuple[CounterpartRow, ...]:
    """List a reward's counterparts in some states (in all, where none is named), by the donor's name."""
    found = session.execute(
        _all(Counterpart.reward_id == reward_id, Counterpart.state.in_(states or tuple(CounterpartState))).order_by(
            func.lower(func.coalesce(Donor.company_name, Donor.last_name)), Donor.first_name, Counterpart.id
        )
    )
    return tuple(row_of(*one) for one in found)


def to_send(session: Session) -> tuple[CounterpartRow, ...]:
    """List all that goes by post and is owed, by country and postcode as the post likes it."""
    found = session.execute(
        _all(Counterpart.state.in_(OWED), Donor.address_line.is_not(None), Reward.fulfilment == "postal")
        .join(Reward, Reward.id == Counterpart.reward_id)
        .order_by(Donor.country, Donor.postcode, Donor.last_name, Counterpart.id)
    )
    return tuple(row_of(*one) for one in found)


def row_of(owed: Counterpart, donor: Donor, pledge: Pledge) -> CounterpartRow:
    """Show a counterpart with whose it is."""
    place = " ".join(part for part in (donor.postcode, donor.city) if part)
    return CounterpartRow(
        id=owed.id,
        gift_id=owed.gift_id,
        donor=name_of(donor),
        email=donor.email or "",
        address=tuple(part for part in (donor.address_line, place) if part) if donor.address_line else (),
        town=donor.city or "",
        country=donor.country or "",
        wall=display_name(pledge, donor) or "",
        dedication=pledge.dedication_name or "",
        dedication_kind=pledge.dedication_kind or "",
        state=owed.state,
        note=owed.note or "",
        made_at=owed.made_at,
        changed_at=owed.changed_at,
        reminded_at=owed.reminded_at,
    )


def liability(session: Session, on: date, zone: str, fallback: str) -> Liability:
    """Tell what was owed at the end of a day in the museum's time: the last step of each counterpart until then counts."""
    until = datetime.combine(on + timedelta(days=1), time(0), ZoneInfo(zone))
    last = (
        select(CounterpartStep.counterpart_id, CounterpartStep.after)
        .where(CounterpartStep.at < until)
        .order_by(CounterpartStep.counterpart_id, CounterpartStep.at.desc(), CounterpartStep.id.desc())
        .ext(distinct_on(CounterpartStep.counterpart_id))
        .subquery()
    )
    found = session.execute(
        select(
            Campaign.title,
            Reward.title,
            Counterpart.currency,
            func.count().label("count"),
            func.sum(Counterpart.value_minor).label("minor"),
        )
        .join(last, last.c.counterpart_id == Counterpart.id)
        .join(Reward, Reward.id == Counterpart.reward_id)
        .join(Campaign, Campaign.id == Counterpart.campaign_id)
        .where(last.c.after.in_(OWED))
        .group_by(
            Campaign.id, Campaign.state, Campaign.title, Reward.id, Reward.title, Counterpart.currency, Reward.position
        )
        .order_by(case((Campaign.state == "live", 0), else_=1), Campaign.id, Reward.position)
    )
    lines = tuple(
        OwedSum(said(campaign, fallback), said(reward, fallback), count, Money(int(minor), currency))
        for campaign, reward, currency, count, minor in found
    )
    sums: dict[str, Money] = {}
    for line in lines:
        sums[line.value.currency] = sums.get(line.value.currency, Money(0, line.value.currency)) + line.value
    return Liability(on, lines, tuple(sums.values()))
