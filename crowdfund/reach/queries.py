"""Read what each way brought to a campaign: openings of short links, promises, gifts, people, money. Counts, no names."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crowdfund import clock
from crowdfund.campaigns.models import Campaign
from crowdfund.errors import NotFound
from crowdfund.gifts.models import Gift
from crowdfund.gifts.rules import Method
from crowdfund.i18n import N_, gettext
from crowdfund.money import Money
from crowdfund.pledges.models import Pledge
from crowdfund.reach.brought import names_of_ways
from crowdfund.reach.models import Place
from crowdfund.reach.rules import CARD, FEED, KIOSK, PICTURE, SCREEN, SHARE
from crowdfund.reach.service import openings_of
from crowdfund.reach.view import PlaceRow, WayRow

OWN_NAMES: Mapping[str, str] = {
    KIOSK: N_("Touch screen"),
    SCREEN: N_("Hall screen"),
    CARD: N_("Card on other sites"),
    PICTURE: N_("Picture on other sites"),
    FEED: N_("News feed"),
    SHARE: N_("Link passed on by a reader"),
}
NO_WAY = N_("Straight to the page, or a link of unknown origin")
BY_HAND = N_("Desk, box, cheque and transfer")
MOST_WAYS = 100
LATELY = timedelta(days=7)


def campaign_here(session: Session, slug: str) -> Campaign:
    """Find a campaign of the museum in scope. Raises NotFound."""
    if "\x00" in slug:
        raise NotFound
    campaign = session.scalars(select(Campaign).where(Campaign.slug == slug)).one_or_none()
    if campaign is None:
        raise NotFound
    return campaign


def campaigns_here(session: Session) -> list[Campaign]:
    """List the museum's campaigns that have a public page, those that run first."""
    return list(
        session.scalars(
            select(Campaign)
            .where(Campaign.state != "draft", Campaign.kind != "add_on")
            .order_by(Campaign.state != "live", Campaign.closes_at.desc())
        )
    )


def places_of(session: Session, campaign_id: int, public_url: str) -> tuple[PlaceRow, ...]:
    """List a campaign's places with their short links and openings."""
    opened = openings_of(session, campaign_id)
    lately = openings_of(session, campaign_id, clock.now().date() - LATELY)
    rows = session.scalars(select(Place).where(Place.campaign_id == campaign_id).order_by(Place.name, Place.id))
    return tuple(
        PlaceRow(
            one.id,
            one.name,
            one.way,
            typed_link(public_url, one.code),
            one.takes_cash,
            opened.get(one.id, 0),
            lately.get(one.id, 0),
        )
        for one in rows
    )


def typed_link(public_url: str, code: str) -> str:
    """Write a short link as people type it: without the scheme."""
    parts = urlsplit(public_url)
    return f"{parts.netloc}{parts.path}/c/{code}"


def place_here(session: Session, campaign_id: int, place_id: int) -> Place:
    """Find a place of a campaign. Raises NotFound."""
    place = session.scalars(select(Place).where(Place.id == place_id, Place.campaign_id == campaign_id)).one_or_none()
    if place is None:
        raise NotFound
    return place


def ways_of(session: Session, campaign: Campaign) -> tuple[WayRow, ...]:
    """Count by way, the most people first; promises are counted when made, gifts while they are not given back."""
    gifts = _gifts_by_way(session, campaign.id)
    promises = _promises_by_way(session, campaign.id)
    opened = openings_of(session, campaign.id)
    places = {one.way: one for one in session.scalars(select(Place).where(Place.campaign_id == campaign.id))}

    def row(name: str, openings: int | None, promised: int, found: Any) -> WayRow:
        money = Money(int(found.minor) if found else 0, campaign.currency)
        return WayRow(name, openings, promised, found.gifts if found else 0, found.donors if found else 0, money)

    rows = []
    named = names_of_ways(session, campaign.id)
    for channel in {*places, *(way for hand, way in (*promises, *gifts) if not hand)}:
        place = places.get(channel or "")
        openings = opened.get(place.id, 0) if place else None
        name = place.name if place else _named(channel, named)
        rows.append(row(name, openings, promises.get((False, channel), 0), gifts.get((False, channel))))
    if (True, None) in gifts or (True, None) in promises:
        rows.append(row(gettext(BY_HAND), None, promises.get((True, None), 0), gifts.get((True, None))))
    rows.sort(key=lambda one: (-one.donors, -one.gifts, -(one.openings or 0), one.name))
    return tuple(rows[:MOST_WAYS])


def _promises_by_way(session: Session, campaign_id: int) -> dict[tuple[bool, str | None], int]:
    by_hand = Pledge.channel.is_(None) & (Pledge.method != Method.CARD)
    statement = (
        select(by_hand, Pledge.channel, func.count())
        .where(Pledge.campaign_id == campaign_id)
        .group_by(by_hand, Pledge.channel)
    )
    return {(hand, channel): int(count) for hand, channel, count in session.execute(statement)}


def _gifts_by_way(session: Session, campaign_id: int) -> dict[tuple[bool, str | None], Any]:
    """Sum up gifts by whether they came by hand, that is by other means than a card and by no known way, and by way."""
    kept = Gift.amount_minor - Gift.refunded_minor - Gift.lost_minor
    stands = Gift.state.not_in(("refunded", "lost"))
    by_hand = Pledge.channel.is_(None) & (Gift.method != Method.CARD)
    statement = (
        select(
            by_hand.label("by_hand"),
            Pledge.channel,
            func.count().filter(stands).label("gifts"),
            func.count(func.distinct(Gift.donor_id)).filter(stands).label("donors"),
            func.coalesce(func.sum(kept), 0).label("minor"),
        )
        .outerjoin(Pledge, Pledge.id == Gift.pledge_id)
        .where(Gift.campaign_id == campaign_id)
        .group_by(by_hand, Pledge.channel)
    )
    return {(row.by_hand, row.channel): row for row in session.execute(statement)}


def _named(channel: str | None, ambassadors: Mapping[str, str]) -> str:
    if channel is None:
        return gettext(NO_WAY)
    if ambassadors.get(channel):
        return gettext("Ambassador: %(name)s", name=ambassadors[channel])
    return gettext(OWN_NAMES[channel]) if channel in OWN_NAMES else channel
