"""List what a person is invited to at one museum: what is to come, and where they were."""

from __future__ import annotations

from collections.abc import Collection

from flask import current_app, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from config import Config
from crowdfund import clock, qr
from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.texts import said
from crowdfund.gifts.models import Gift
from crowdfund.gifts.rules import GIVEN_BACK
from crowdfund.institutions.models import Institution
from crowdfund.invitations.models import Booking, Gathering
from crowdfund.invitations.queries import invitations_of
from crowdfund.invitations.rules import BookingState, GatheringState, visit_code, written_code
from crowdfund.invitations.view import InvitationCard
from crowdfund.me.view import Evening, Invited
from crowdfund.pledges import service as pledges
from crowdfund.pledges.models import Pledge

MOST_PAST = 20


def invited_to(session: Session, museum: Institution, donors: Collection[int]) -> tuple[Invited, ...]:
    """List the gatherings to come that a person's gifts open, one for each gathering: the gift it was booked by comes first."""
    to_come = select(Gathering.campaign_id).where(
        Gathering.state != GatheringState.PLANNED, Gathering.ends_at > clock.now()
    )
    kept = select(Gift.pledge_id).where(Gift.donor_id.in_(donors), Gift.state.not_in(GIVEN_BACK))
    found = session.scalars(
        select(Pledge).where(Pledge.id.in_(kept), Pledge.campaign_id.in_(to_come)).order_by(Pledge.id)
    ).all()
    lines = [_invited(session, museum, pledge, card) for pledge in found for card in invitations_of(session, pledge)]
    lines.sort(key=lambda line: line.card.mine not in {"booked", "waiting"})  # stable
    first = {line.card.id: line for line in reversed(lines)}
    return tuple(sorted(first.values(), key=lambda line: line.card.starts_at))


def _invited(session: Session, museum: Institution, pledge: Pledge, card: InvitationCard) -> Invited:
    token, code = pledges.gift_token(pledge), visit_code(pledge.token_hash)
    config: Config = current_app.extensions["config"]
    campaign = session.get_one(Campaign, (pledge.institution_id, pledge.campaign_id))
    return Invited(
        card=card,
        museum=museum.name,
        slug=museum.slug,
        work=said(campaign.title, museum.default_locale),
        page_url=f"{url_for('invited.invitations', token=token)}#g-{card.id}",
        calendar_url=url_for("invited.calendar", token=token, g=card.id),
        give_up_url=url_for("me.give_up", museum=museum.slug, pledge_id=pledge.id),
        code=written_code(code),
        drawn=qr.draw(f"{config.public_url}/staff/{museum.slug}/gatherings/{card.id}?q={code}"),
    )


def evenings(session: Session, museum: Institution, donors: Collection[int]) -> tuple[Evening, ...]:
    """List the gatherings that are over and that a person had booked, the latest first."""
    rows = session.execute(
        select(Gathering, Booking)
        .join(Booking, Booking.gathering_id == Gathering.id)
        .where(
            Booking.donor_id.in_(donors),
            Booking.state == BookingState.BOOKED,
            Gathering.ends_at <= clock.now(),
            Gathering.state != GatheringState.CANCELLED,
        )
        .order_by(Gathering.starts_at.desc())
        .limit(MOST_PAST)
    )
    return tuple(
        Evening(
            said(one.title, museum.default_locale), museum.name, one.kind, one.starts_at, museum.time_zone, booking.came
        )
        for one, booking in rows
    )
