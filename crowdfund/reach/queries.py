"""Read what each way brought to a campaign: openings of short links, promises, gifts, people, money. Counts, no names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
from crowdfund.reach.view import PlaceRow, WayRow, Ways
from crowdfund.reckoning import lines_of, reckoned

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


def ways_of(session: Session, campaign: Campaign) -> Ways:
    """Count by way, the most people first; promises are counted when made, gifts while they are not given back."""
    sums = reckoned(
        session, ways(campaign.id), lines_of(session, campaign.id), lambda: count_ways(session, campaign.id)
    )
    counted = {(one["by_hand"], one["channel"]): one for one in sums.figures}
    opened = openings_of(session, campaign.id)
    places = {one.way: one for one in session.scalars(select(Place).where(Place.campaign_id == campaign.id))}

    def row(name: str, openings: int | None, found: Mapping[str, Any]) -> WayRow:
        money = Money(found.get("minor", 0), campaign.currency)
        return WayRow(name, openings, found.get("promises", 0), found.get("gifts", 0), found.get("donors", 0), money)

    rows = []
    named = names_of_ways(session, campaign.id)
    for channel in {*places, *(way for hand, way in counted if not hand)}:
        place = places.get(channel or "")
        openings = opened.get(place.id, 0) if place else None
        rows.append(row(place.name if place else _named(channel, named), openings, counted.get((False, channel), {})))
    if (True, None) in counted:
        rows.append(row(gettext(BY_HAND), None, counted[True, None]))
    rows.sort(key=lambda one: (-one.donors, -one.gifts, -(one.openings or 0), one.name))
    return Ways(tuple(rows[:MOST_WAYS]), None if sums.fresh else sums.at)


def ways(campaign_id: int) -> str:
    """Name what `reckoning` keeps of a campaign's ways."""
    return f"ways:{campaign_id}"


def count_ways(session: Session, campaign_id: int) -> list[dict[str, Any]]:
    """Count promises, gifts and people and sum what is kept (minor units) by way, as JSON holds them.

    `by_hand` are those that came by other means than a card and by no known way.
    """
    found: dict[tuple[bool, str | None], dict[str, Any]] = {}
    for rows in (_promises_by_way(session, campaign_id), _gifts_by_way(session, campaign_id)):
        for hand, channel, figures in rows:
            found.setdefault((hand, channel), {"by_hand": hand, "channel": channel}).update(figures)
    return list(found.values())


def _promises_by_way(session: Session, campaign_id: int) -> Iterator[tuple[bool, str | None, dict[str, int]]]:
    by_hand = Pledge.channel.is_(None) & (Pledge.method != Method.CARD)
    statement = (
        select(by_hand, Pledge.channel, func.count())
        .where(Pledge.campaign_id == campaign_id)
        .group_by(by_hand, Pledge.channel)
    )
    for hand, channel, count in session.execute(statement):
        yield hand, channel, {"promises": int(count)}


def _gifts_by_way(session: Session, campaign_id: int) -> Iterator[tuple[bool, str | None, dict[str, int]]]:
    kept = Gift.amount_minor - Gift.refunded_minor - Gift.lost_minor
    stands = Gift.state.not_in(("refunded", "lost"))
    by_hand = Pledge.channel.is_(None) & (Gift.method != Method.CARD)
    statement = (
        select(
            by_hand,
            Pledge.channel,
            func.count().filter(stands),
            func.count(func.distinct(Gift.donor_id)).filter(stands),
            func.coalesce(func.sum(kept), 0),
        )
        .outerjoin(Pledge, Pledge.id == Gift.pledge_id)
        .where(Gift.campaign_id == campaign_id)
        .group_by(by_hand, Pledge.channel)
    )
    for hand, channel, gifts, donors, minor in session.execute(statement):
        yield hand, channel, {"gifts": int(gifts), "donors": int(donors), "minor": int(minor)}


def _named(channel: str | None, ambassadors: Mapping[str, str]) -> str:
    if channel is None:
        return gettext(NO_WAY)
    if ambassadors.get(channel):
        return gettext("Ambassador: %(name)s", name=ambassadors[channel])
    return gettext(OWN_NAMES[channel]) if channel in OWN_NAMES else channel
