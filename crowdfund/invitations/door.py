"""At the door and at the case: who came, counted once a day; the gift becomes a visit."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from crowdfund import audit, clock
from crowdfund.errors import Conflict, NotFound, Refusal
from crowdfund.i18n import N_
from crowdfund.institutions.models import Institution
from crowdfund.invitations.models import Booking, MuseumVisit
from crowdfund.invitations.rules import CODE_SIGNS, BookingState, read_code
from crowdfund.pledges.models import Pledge
from crowdfund.pledges.rules import PledgeState
from crowdfund.tenancy import museum_of

NO_PLACE = N_("This booking was cancelled or waits: book a place first.")
IN_ALREADY = N_("They are in already.")
NO_SUCH_CODE = N_("No gift has this code. It stands in your mail and on your gift’s page: eight letters and figures.")
DOOR, CASE = "door", "case"


def let_in(session: Session, gathering_id: int, booking_id: int, people: int) -> Booking:
    """Note that so many people of a booking are in, and count the visit. Raises NotFound, Conflict for the second scan."""
    booking = _held(session, gathering_id, booking_id)
    if booking.state != BookingState.BOOKED:
        raise Conflict(NO_PLACE)
    if booking.came:
        raise Conflict(IN_ALREADY)
    booking.came, booking.came_at = people, clock.now()
    pledge = session.get_one(Pledge, (booking.institution_id, booking.pledge_id))
    count_visit(session, pledge, people, DOOR)
    audit.record(session, "door.in", f"booking:{booking.id}", people=people)
    return booking


def undo_let_in(session: Session, gathering_id: int, booking_id: int) -> Booking:
    """Take back that somebody is in: the wrong row was touched. Raises NotFound."""
    booking = _held(session, gathering_id, booking_id)
    if booking.came:
        session.execute(
            delete(MuseumVisit).where(
                MuseumVisit.pledge_id == booking.pledge_id, MuseumVisit.day == _today(session), MuseumVisit.way == DOOR
            )
        )
        booking.came, booking.came_at = 0, None
        audit.record(session, "door.undone", f"booking:{booking.id}")
    return booking


def _held(session: Session, gathering_id: int, booking_id: int) -> Booking:
    found = session.get(Booking, (museum_of(session), booking_id), with_for_update=True, populate_existing=True)
    if found is None or found.gathering_id != gathering_id:
        raise NotFound
    return found


def pledge_of_code(session: Session, typed: str) -> Pledge:
    """Find the gift of a visit's code. Raises Refusal when there is none, or more than one begins so."""
    code = read_code(typed)
    if code is not None:
        # a range, not LIKE: the unique index on the hashes serves it
        after = f"{int(code, 16) + 1:0{CODE_SIGNS}x}" if code != "f" * CODE_SIGNS else "g"
        found = session.scalars(
            select(Pledge)
            .where(Pledge.token_hash >= code, Pledge.token_hash < after, Pledge.state == PledgeState.PAID)
            .limit(2)
        ).all()
        if len(found) == 1:
            return found[0]
    raise Refusal(NO_SUCH_CODE, field="code")


def count_visit(session: Session, pledge: Pledge, people: int, way: str) -> bool:
    """Count that a gift's donor came today, in the museum's days; False when that was counted already."""
    made = session.execute(
        insert(MuseumVisit)
        .values(
            institution_id=museum_of(session),
            campaign_id=pledge.campaign_id,
            pledge_id=pledge.id,
            donor_id=pledge.donor_id,
            day=_today(session),
            people=people,
            way=way,
            at=clock.now(),
        )
        .on_conflict_do_nothing(index_elements=["institution_id", "pledge_id", "day"])
        .returning(MuseumVisit.id)
    )
    return made.scalar_one_or_none() is not None


def _today(session: Session) -> date:
    zone = session.get_one(Institution, museum_of(session)).time_zone
    return clock.now().astimezone(ZoneInfo(zone)).date()
