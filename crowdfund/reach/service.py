"""Make places for posters, find what a short link leads to, count that it was opened."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from crowdfund import audit, clock
from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.rules import CampaignState
from crowdfund.errors import Conflict, NotFound, Refusal
from crowdfund.i18n import N_
from crowdfund.institutions.models import Institution
from crowdfund.reach.models import Opening, Place
from crowdfund.reach.rules import OWN_WAYS, draw_code, plain_code, way_of
from crowdfund.tenancy import museum_of

MOST_PLACES = 200
NAMELESS = N_("Give the place a name with letters or figures")
TAKEN = N_("There is a poster for this place already")
ENOUGH = N_("A campaign has 200 places at most")
STILL_DRAFT = N_("Posters are made when the campaign has its date: until then its page cannot be opened")


def make_place(session: Session, campaign_id: int, name: str, *, takes_cash: bool) -> Place:
    """Give a campaign's poster a place of its own, with the short link and the way by which its gifts are known.

    Raises NotFound, Conflict for a draft, Refusal for a name that says nothing or is taken.
    """
    campaign = session.scalars(select(Campaign).where(Campaign.id == campaign_id).with_for_update()).one_or_none()
    if campaign is None:
        raise NotFound
    if campaign.state == CampaignState.DRAFT:
        raise Conflict(STILL_DRAFT)
    way = way_of(name)
    if not way:
        raise Refusal(NAMELESS, field="name")
    known = session.execute(select(Place.way, Place.code)).all()
    mine = set(session.scalars(select(Place.way).where(Place.campaign_id == campaign_id)))
    if way in mine or way in OWN_WAYS:
        raise Refusal(TAKEN, field="name")
    if len(mine) >= MOST_PLACES:
        raise Refusal(ENOUGH, field="name")
    codes = {code for _way, code in known}
    code = draw_code(museum_of(session))
    while code in codes:
        code = draw_code(museum_of(session))
    place = Place(campaign_id=campaign_id, name=name, way=way, code=code, takes_cash=takes_cash)
    session.add(place)
    session.flush()  # for its id
    audit.record(session, "place.made", f"campaign:{campaign_id}", place=place.id, name=name)
    return place


def place_of_code(session: Session, typed: str) -> Place:
    """Find the place of a short link, within the museum in scope. Raises NotFound."""
    place = session.scalars(select(Place).where(Place.code == plain_code(typed))).one_or_none()
    if place is None:
        raise NotFound
    return place


def count_opening(session: Session, place: Place) -> None:
    """Count that a short link was opened today, in the museum's days. Nothing is kept of who opened it."""
    zone = session.scalars(select(Institution.time_zone).where(Institution.id == museum_of(session))).one()
    today = clock.now().astimezone(ZoneInfo(zone)).date()
    statement = insert(Opening).values(institution_id=museum_of(session), place_id=place.id, day=today, times=1)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=[Opening.institution_id, Opening.place_id, Opening.day], set_={"times": Opening.times + 1}
        )
    )


def openings_of(session: Session, campaign_id: int, since: date = date.min) -> dict[int, int]:
    """Count the openings of each place of a campaign, from a day on."""
    rows = session.execute(
        select(Opening.place_id, func.sum(Opening.times))
        .join(Place, Place.id == Opening.place_id)
        .where(Place.campaign_id == campaign_id, Opening.day > since)
        .group_by(Opening.place_id)
    )
    return {place_id: int(times) for place_id, times in rows}
