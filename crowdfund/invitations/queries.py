"""Read invitations: for the donor, for the desk, for the door; and what came of gifts in visits."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from crowdfund import clock
from crowdfund.campaigns.models import Campaign, CampaignTotal, Reward
from crowdfund.campaigns.texts import said
from crowdfund.donors.models import Donor
from crowdfund.gifts.mails import name_of
from crowdfund.gifts.models import Gift
from crowdfund.institutions.models import Institution
from crowdfund.invitations.models import Booking, Gathering, MuseumVisit
from crowdfund.invitations.rules import BookingState, GatheringState, read_code, visit_code, written_code
from crowdfund.invitations.service import booked_people, invited_by
from crowdfund.invitations.view import GatheringRow, GuestRow, InvitationCard, VisitFigures
from crowdfund.pledges.models import Pledge
from crowdfund.tenancy import museum_of

MOST_GUESTS = 1000


def invitations_of(session: Session, pledge: Pledge) -> tuple[InvitationCard, ...]:
    """List the gatherings that a gift opens and that are still to come, with what its donor booked."""
    museum = session.get_one(Institution, museum_of(session))
    found = session.scalars(
        select(Gathering)
        .where(
            Gathering.campaign_id == pledge.campaign_id,
            Gathering.state != GatheringState.PLANNED,
            Gathering.ends_at > clock.now(),
        )
        .order_by(Gathering.starts_at, Gathering.id)
    ).all()
    mine = {one.gathering_id: one for one in session.scalars(select(Booking).where(Booking.pledge_id == pledge.id))}
    invited = {
        one.id
        for one in found
        if session.scalars(select(Pledge.id).where(Pledge.id == pledge.id, *invited_by(one))).first() is not None
    }
    return tuple(_card(session, one, museum, mine.get(one.id)) for one in found if one.id in invited or one.id in mine)


def _card(session: Session, one: Gathering, museum: Institution, mine: Booking | None) -> InvitationCard:
    return InvitationCard(
        id=one.id,
        kind=one.kind,
        title=said(one.title, museum.default_locale),
        place=one.place,
        starts_at=one.starts_at,
        ends_at=one.ends_at,
        timezone=museum.time_zone,
        most_each=one.most_each,
        free=max(0, one.capacity - booked_people(session, one.id)),
        open=one.state == GatheringState.OPEN and one.starts_at > clock.now(),
        mine=mine.state if mine else "",
        people=mine.people if mine else 0,
    )


def gatherings(session: Session, fallback: str, gathering_id: int | None = None) -> tuple[GatheringRow, ...]:
    """List the museum's gatherings, those to come first; or one of them. One statement."""
    people = (
        select(
            Booking.gathering_id,
            func.coalesce(func.sum(Booking.people).filter(Booking.state == BookingState.BOOKED), 0).label("booked"),
            func.coalesce(func.sum(Booking.people).filter(Booking.state == BookingState.WAITING), 0).label("waiting"),
            func.coalesce(func.sum(Booking.came), 0).label("came"),
        )
        .group_by(Booking.gathering_id)
        .subquery()
    )
    statement = (
        select(Gathering, Campaign.title, Reward.title.label("reward"), *people.c)
        .join(Campaign, Campaign.id == Gathering.campaign_id)
        .outerjoin(Reward, Reward.id == Gathering.reward_id)
        .outerjoin(people, people.c.gathering_id == Gathering.id)
        .order_by(Gathering.ends_at < clock.now(), Gathering.starts_at, Gathering.id)
    )
    if gathering_id is not None:
        statement = statement.where(Gathering.id == gathering_id)
    return tuple(_gathering(row, fallback) for row in session.execute(statement))


def _gathering(row: Any, fallback: str) -> GatheringRow:
    one: Gathering = row.Gathering
    return GatheringRow(
        id=one.id,
        campaign=said(row.title, fallback),
        kind=one.kind,
        state=one.state,
        title=said(one.title, fallback),
        place=one.place,
        starts_at=one.starts_at,
        ends_at=one.ends_at,
        capacity=one.capacity,
        booked=int(row.booked or 0),
        waiting=int(row.waiting or 0),
        came=int(row.came or 0),
        reward=said(row.reward, fallback) if row.reward else "",
    )


def guests(session: Session, gathering_id: int, slug: str, query: str = "") -> tuple[GuestRow, ...]:
    """List who booked or waits, by name; narrowed by a part of a name or by a visit's code."""
    which = [Booking.gathering_id == gathering_id]
    code = read_code(query) if query else None
    if code is not None:
        which.append(func.left(Pledge.token_hash, len(code)) == code)
    elif query:
        whole = func.concat_ws(" ", Donor.first_name, Donor.last_name)
        which.append(or_(whole.icontains(query, autoescape=True), Donor.company_name.icontains(query, autoescape=True)))
    gift = select(func.max(Gift.id)).where(Gift.pledge_id == Pledge.id).correlate(Pledge).scalar_subquery()
    found = session.execute(
        select(Booking, Donor, Pledge.token_hash, gift.label("gift"))
        .join(Donor, Donor.id == Booking.donor_id)
        .join(Pledge, Pledge.id == Booking.pledge_id)
        .where(*which)
        .order_by(
            Booking.state != BookingState.BOOKED, Booking.state != BookingState.WAITING,
            func.lower(func.coalesce(Donor.last_name, Donor.company_name)), Donor.first_name, Booking.id,
        )
        .limit(MOST_GUESTS)
    )  # fmt: skip
    return tuple(
        GuestRow(
            id=booking.id,
            name=name_of(donor),
            code=written_code(visit_code(hashed)),
            people=booking.people,
            state=booking.state,
            came=booking.came,
            gift_url=f"/staff/{slug}/gifts/{gift_id}",
        )
        for booking, donor, hashed, gift_id in found
    )


def visit_figures(session: Session, fallback: str) -> tuple[VisitFigures, ...]:
    """Tell for each campaign how many donors came to see it: the number that a city councillor understands."""
    gave = (
        select(CampaignTotal.campaign_id, func.sum(CampaignTotal.supporters).label("donors"))
        .where(CampaignTotal.institution_id == museum_of(session))
        .group_by(CampaignTotal.campaign_id)
        .having(func.sum(CampaignTotal.supporters) > 0)
        .subquery()
    )
    came = (
        select(
            MuseumVisit.campaign_id,
            func.count(func.distinct(MuseumVisit.donor_id)).label("came"),
            func.count().label("visits"),
        )
        .group_by(MuseumVisit.campaign_id)
        .subquery()
    )
    found = session.execute(
        select(Campaign.title, Campaign.slug, gave.c.donors, came.c.came, came.c.visits)
        .join(gave, gave.c.campaign_id == Campaign.id)
        .outerjoin(came, came.c.campaign_id == Campaign.id)
        .where(Campaign.institution_id == museum_of(session))
        .order_by(Campaign.closes_at.desc(), Campaign.id)
    )
    return tuple(
        VisitFigures(said(title, fallback), slug, int(donors), people or 0, visits or 0)
        for title, slug, donors, people, visits in found
    )
