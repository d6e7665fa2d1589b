"""Write to donors about an invitation and their places."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from crowdfund.gifts import mails
from crowdfund.invitations.models import Booking, Gathering
from crowdfund.invitations.rules import BookingState, GatheringState, visit_code, written_code
from crowdfund.invitations.view import GatheringMail
from crowdfund.mail import Mail
from crowdfund.pledges.models import Pledge
from crowdfund.tenancy import museum_of

KIND = "gathering"


def invited(session: Session, gathering_id: int, pledge_id: int) -> Mail | None:
    """Invite a donor; None when nobody can be written to, or it is no longer open."""
    museum = museum_of(session)
    gathering = session.get_one(Gathering, (museum, gathering_id))
    if gathering.state != GatheringState.OPEN:
        return None
    return _written(session, gathering, session.get_one(Pledge, (museum, pledge_id)), "invited", 0)


def changed(session: Session, booking_id: int, version: int) -> Mail | None:
    """Say how a booking stands now; None for a version that a later one has overtaken: that one writes."""
    museum = museum_of(session)
    booking = session.get_one(Booking, (museum, booking_id))
    if booking.version != version:
        return None
    gathering = session.get_one(Gathering, (museum, booking.gathering_id))
    step = {BookingState.BOOKED: "booked", BookingState.WAITING: "waiting"}.get(
        BookingState(booking.state), "cancelled"
    )
    return _written(session, gathering, session.get_one(Pledge, (museum, booking.pledge_id)), step, booking.people)


def _written(session: Session, gathering: Gathering, pledge: Pledge, step: str, people: int) -> Mail | None:
    whole = mails.around(session, gathering.campaign_id, pledge.donor_id, pledge.id)
    if whole is None:
        return None
    base = mails.content(KIND, whole, pledge.amount)
    content: Any = GatheringMail(
        kind=KIND,
        step=step,
        museum_name=base.museum_name,
        museum_address=base.museum_address,
        campaign_title=base.campaign_title,
        gift_url=base.gift_url,
        title=mails.in_their_words(whole, gathering.title),
        place=gathering.place,
        starts_at=gathering.starts_at,
        ends_at=gathering.ends_at,
        timezone=base.timezone,
        people=people,
        code=written_code(visit_code(pledge.token_hash)),
        wall=base.wall,
        called_off=gathering.state == GatheringState.CANCELLED,
    )
    return mails.written(content, whole)
