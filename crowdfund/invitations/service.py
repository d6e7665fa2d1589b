"""Plan gatherings, book places under their capacity, let people in at the door."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from crowdfund import audit, clock
from crowdfund.campaigns import service as campaigns
from crowdfund.campaigns.rules import CampaignState
from crowdfund.errors import Conflict, NotFound, Refusal
from crowdfund.gifts.models import Gift
from crowdfund.gifts.rules import GiftState
from crowdfund.i18n import N_
from crowdfund.invitations.models import Booking, Gathering
from crowdfund.invitations.rules import GATHERING_TRANSITIONS, BookingState, GatheringState, check_times, first_that_fit
from crowdfund.invitations.rules import TOO_LATE as BEGUN
from crowdfund.outbox import publish
from crowdfund.pledges import service as pledges
from crowdfund.pledges.models import Pledge
from crowdfund.pledges.rules import RewardState
from crowdfund.tenancy import museum_of

GIVEN_BACK = (GiftState.REFUNDED, GiftState.LOST)
PART = 40
NO_SUCH_REWARD = N_("This reward is not one of this campaign.")
NOT_OPEN = N_("Places can be booked once the invitation is open.")
NO_LONGER = N_("This invitation is no longer open.")
SMALLER = N_("%(people)s places are booked already: the room cannot be smaller.")
NO_LONGER_PLANNED = N_("This is no longer possible: look at the page again.")
PAST = N_("Choose a moment that is still to come.")


@dataclass(frozen=True, slots=True, kw_only=True)
class GatheringDetails:
    """A gathering as its museum plans it. Moments are UTC; `title` is `{locale: text}`."""

    kind: str
    title: Mapping[str, str]
    place: str
    starts_at: datetime
    ends_at: datetime
    capacity: int
    most_each: int
    reward_id: int | None = None


def plan_gathering(session: Session, campaign_id: int, details: GatheringDetails) -> Gathering:
    """Plan a gathering; nobody sees it before it is opened. Raises NotFound for a draft's campaign, Refusal."""
    campaign = campaigns.campaign_of(session, campaign_id)
    if campaign.state == CampaignState.DRAFT:
        raise NotFound
    _check(session, campaign_id, details)
    made = Gathering(campaign_id=campaign_id, state=GatheringState.PLANNED, **_columns(details))
    session.add(made)
    session.flush()  # for its id
    audit.record(session, "gathering.planned", f"gathering:{made.id}")
    return made


def change_gathering(session: Session, gathering_id: int, details: GatheringDetails) -> Gathering:
    """Change a gathering; a larger room lets those in who wait. Raises NotFound, Conflict, Refusal for one too small.

    Those who have booked are told when the moment or the place is another. Locks the gathering.
    """
    found = gathering_of(session, gathering_id, lock=True)
    if found.state == GatheringState.CANCELLED:
        raise Conflict(NO_LONGER_PLANNED)
    _check(session, found.campaign_id, details)
    booked = booked_people(session, gathering_id)
    if details.capacity < booked:
        raise Refusal(SMALLER, field="capacity", params={"people": booked})
    moved = (found.starts_at, found.place) != (details.starts_at, details.place)
    for name, value in _columns(details).items():
        setattr(found, name, value)
    session.flush()  # so that the free places are those of the new room
    if moved:
        for booking in _bookings(session, gathering_id, BookingState.BOOKED):
            _tell(session, booking)
    _let_wait_in(session, found)
    audit.record(session, "gathering.changed", f"gathering:{found.id}")
    return found


def _check(session: Session, campaign_id: int, details: GatheringDetails) -> None:
    check_times(details.starts_at, details.ends_at)
    if details.starts_at <= clock.now():
        raise Refusal(PAST, field="starts")
    if details.reward_id is not None:
        reward = campaigns.reward_of(session, details.reward_id)
        if reward is None or reward.campaign_id != campaign_id:
            raise Refusal(NO_SUCH_REWARD, field="reward")


def _columns(details: GatheringDetails) -> dict[str, object]:
    return {
        "kind": details.kind, "title": dict(details.title), "place": details.place, "starts_at": details.starts_at,
        "ends_at": details.ends_at, "capacity": details.capacity, "most_each": details.most_each, "reward_id": details.reward_id,
    }  # fmt: skip


def gathering_of(session: Session, gathering_id: int, *, lock: bool = False) -> Gathering:
    """Find a gathering; `lock` holds it until the transaction ends. Raises NotFound."""
    held = {"key_share": True} if lock else None
    found = session.get(Gathering, (museum_of(session), gathering_id), with_for_update=held, populate_existing=lock)
    if found is None:
        raise NotFound
    return found


def open_gathering(session: Session, gathering_id: int) -> Gathering:
    """Let places be booked from now on. Raises NotFound, Conflict."""
    return _move(session, gathering_id, GatheringState.OPEN)


def cancel_gathering(session: Session, gathering_id: int) -> Gathering:
    """Cancel a gathering and every place of it; who had booked or waits is written to. Raises NotFound, Conflict."""
    found = _move(session, gathering_id, GatheringState.CANCELLED)
    for booking in _bookings(session, gathering_id, BookingState.BOOKED, BookingState.WAITING):
        _become(session, booking, BookingState.CANCELLED)
    return found


def _move(session: Session, gathering_id: int, state: GatheringState) -> Gathering:
    found = gathering_of(session, gathering_id, lock=True)
    if state not in GATHERING_TRANSITIONS[GatheringState(found.state)]:
        raise Conflict(NO_LONGER_PLANNED)
    found.state = state
    audit.record(session, f"gathering.{state}", f"gathering:{found.id}")
    return found


def invite(session: Session, gathering_id: int) -> int:
    """Write to every invited donor who has no place yet, each once; tell how many. Raises Conflict when it is not open."""
    found = gathering_of(session, gathering_id, lock=True)
    if found.state != GatheringState.OPEN or found.starts_at <= clock.now():
        raise Conflict(NOT_OPEN)
    asked = select(Booking.donor_id).where(Booking.gathering_id == gathering_id)
    one_each = (
        select(func.max(Pledge.id))
        .where(*invited_by(found), Pledge.donor_id.not_in(asked))
        .group_by(Pledge.donor_id)
        .order_by(func.max(Pledge.id))
    )
    people = list(session.scalars(one_each))
    found.invited_at, found.times_invited = clock.now(), found.times_invited + 1
    for start in range(0, len(people), PART):
        part = people[start : start + PART]
        publish(
            session, "gathering.invited", key=f"{found.id}:{found.times_invited}:{part[0]}",
            gathering_id=found.id, pledge_ids=part,
        )  # fmt: skip
    audit.record(session, "gathering.invited", f"gathering:{found.id}", count=len(people))
    return len(people)


def invited_by(gathering: Gathering) -> Sequence[ColumnElement[bool]]:
    """Say which pledges a gathering is for: those whose gift is kept, of this campaign, with its reward if it has one."""
    kept = select(Gift.pledge_id).where(
        Gift.campaign_id == gathering.campaign_id, Gift.pledge_id.is_not(None), Gift.state.not_in(GIVEN_BACK)
    )
    which = [Pledge.campaign_id == gathering.campaign_id, Pledge.id.in_(kept)]
    if gathering.reward_id is not None:
        which += [Pledge.reward_id == gathering.reward_id, Pledge.reward_state == RewardState.CLAIMED]
    return which


def is_invited(session: Session, gathering: Gathering, pledge: Pledge) -> bool:
    """Say whether a gift opens a gathering."""
    return session.scalars(select(Pledge.id).where(Pledge.id == pledge.id, *invited_by(gathering))).first() is not None


def book(session: Session, gathering_id: int, pledge: Pledge, people: int) -> Booking:
    """Take places, or change how many; who does not fit waits. Of two who ask for the last place exactly one gets it.

    Locks the gathering. Raises NotFound for who is not invited, Conflict when it has begun or is not open.
    """
    gathering = _open_for(session, gathering_id, pledge)
    booking = session.scalars(
        select(Booking).where(Booking.gathering_id == gathering_id, Booking.pledge_id == pledge.id)
    ).one_or_none()
    others = booked_people(session, gathering_id, but=booking.id if booking else None)
    fits = people <= gathering.capacity - others
    state = BookingState.BOOKED if fits else BookingState.WAITING
    if booking is None:
        booking = Booking(
            gathering_id=gathering_id, pledge_id=pledge.id, donor_id=pledge.donor_id, state=state, people=people,
            asked_at=clock.now(),
        )  # fmt: skip
        session.add(booking)
        session.flush()  # its id names the fact
        _tell(session, booking)
        return booking
    if (booking.state, booking.people) == (state, people):
        return booking
    if booking.state == BookingState.CANCELLED:
        booking.asked_at = clock.now()  # who comes back stands at the end of the list
    if booking.state == BookingState.BOOKED and not fits:
        raise Conflict(N_("So many places are no longer free. Your booking stays as it was."))
    booking.people = people
    _become(session, booking, state)
    _let_wait_in(session, gathering)
    return booking


def give_up(session: Session, gathering_id: int, pledge: Pledge) -> Booking:
    """Give places back: those who wait get them. Twice is once. Raises NotFound, Conflict when it has begun."""
    gathering = _open_for(session, gathering_id, pledge)
    booking = session.scalars(
        select(Booking).where(Booking.gathering_id == gathering_id, Booking.pledge_id == pledge.id)
    ).one_or_none()
    if booking is None:
        raise NotFound
    if booking.state != BookingState.CANCELLED:
        _become(session, booking, BookingState.CANCELLED)
        _let_wait_in(session, gathering)
    return booking


def _open_for(session: Session, gathering_id: int, pledge: Pledge) -> Gathering:
    gathering = gathering_of(session, gathering_id, lock=True)
    if gathering.state == GatheringState.PLANNED or not is_invited(session, gathering, pledge):
        raise NotFound
    if gathering.state != GatheringState.OPEN:
        raise Conflict(NO_LONGER)
    if gathering.starts_at <= clock.now():
        raise Conflict(BEGUN)
    return gathering


def booked_people(session: Session, gathering_id: int, but: int | None = None) -> int:
    """Count the places that are taken, those of one booking aside."""
    taken = select(func.coalesce(func.sum(Booking.people), 0)).where(
        Booking.gathering_id == gathering_id, Booking.state == BookingState.BOOKED
    )
    if but is not None:
        taken = taken.where(Booking.id != but)
    return int(session.scalar(taken) or 0)


def _let_wait_in(session: Session, gathering: Gathering) -> None:
    session.flush()  # so that the places just given back are free
    waiting = {one.id: one for one in _bookings(session, gathering.id, BookingState.WAITING)}
    free = gathering.capacity - booked_people(session, gathering.id)
    for booking_id in first_that_fit({number: one.people for number, one in waiting.items()}, free):
        _become(session, waiting[booking_id], BookingState.BOOKED)


def _bookings(session: Session, gathering_id: int, *states: BookingState) -> Sequence[Booking]:
    """List bookings in the order of asking."""
    return session.scalars(
        select(Booking)
        .where(Booking.gathering_id == gathering_id, Booking.state.in_(states))
        .order_by(Booking.asked_at, Booking.id)
    ).all()


def _become(session: Session, booking: Booking, state: BookingState) -> None:
    booking.state = state
    booking.version += 1
    _tell(session, booking)


def _tell(session: Session, booking: Booking) -> None:
    """State that a booking stands otherwise than it did; the donor is written to."""
    moment = clock.now().isoformat()
    publish(
        session, "booking.changed", key=f"{booking.id}:{booking.version}:{moment}",
        booking_id=booking.id, version=booking.version,
    )  # fmt: skip


def follow_gift(session: Session, gift_id: int) -> None:
    """Give back the places of a gift of which nothing is kept."""
    gift = session.get_one(Gift, (museum_of(session), gift_id))
    if gift.pledge_id is None or gift.state not in GIVEN_BACK:
        return
    pledge = pledges.pledge_of(session, gift.pledge_id)
    held = select(Booking.gathering_id).where(
        Booking.pledge_id == pledge.id, Booking.state != BookingState.CANCELLED, Booking.came == 0
    )
    for gathering_id in session.scalars(held.order_by(Booking.gathering_id)).all():
        gathering = gathering_of(session, gathering_id, lock=True)
        for booking in _bookings(session, gathering_id, BookingState.BOOKED, BookingState.WAITING):
            if booking.pledge_id == pledge.id:
                _become(session, booking, BookingState.CANCELLED)
        _let_wait_in(session, gathering)
