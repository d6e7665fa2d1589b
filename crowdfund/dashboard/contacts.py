"""Calls, letters and visits of one donor, as the lists of thanks and of invitations know them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.texts import said
from crowdfund.i18n import gettext as _
from crowdfund.i18n import ngettext
from crowdfund.institutions.current import Membership
from crowdfund.invitations.door import CASE
from crowdfund.invitations.models import Booking, Gathering, MuseumVisit
from crowdfund.money import Money
from crowdfund.thanks.models import LetterBatch, ThankCall, ThankLetter

LISTED = 100


@dataclass(frozen=True, slots=True)
class Happening:
    """Something between donor and museum. `kind` is a code the template names."""

    at: datetime
    kind: str
    text: str
    url: str = ""
    amount: Money | None = None
    by: str = ""
    drop_url: str = ""


def contacts(session: Session, museum: Membership, ids: Sequence[int]) -> Iterator[Happening]:
    """Tell of the calls of thanks, the letters on paper and the visits of these records. Four statements."""
    yield from _calls(session, museum, ids)
    yield from _letters(session, museum, ids)
    yield from _visits(session, museum, ids)


def _calls(session: Session, museum: Membership, ids: Sequence[int]) -> Iterator[Happening]:
    found = session.scalars(
        select(ThankCall)
        .where(ThankCall.donor_id.in_(ids), ThankCall.called_at.is_not(None))
        .order_by(ThankCall.called_at.desc())
        .limit(LISTED)
    )
    for one in found:
        if one.called_at is not None:
            url = f"/staff/{museum.slug}/gifts/{one.gift_id}"
            yield Happening(one.called_at, f"call_{one.state}", one.note or "", url, by=one.called_by or "")


def _letters(session: Session, museum: Membership, ids: Sequence[int]) -> Iterator[Happening]:
    found = session.execute(
        select(ThankLetter, LetterBatch)
        .join(LetterBatch, LetterBatch.id == ThankLetter.batch_id)
        .where(ThankLetter.donor_id.in_(ids))
        .order_by(LetterBatch.made_at.desc())
        .limit(LISTED)
    )
    for letter, batch in found:
        kind = "letter_sent" if batch.sent_at else "letter_printed"
        text = _("Batch %(number)s", number=batch.number)
        if letter.signed_by:
            text += " · " + _("signed by %(name)s", name=letter.signed_by)
        url = f"/staff/{museum.slug}/thanks/letters/{batch.id}"
        yield Happening(batch.sent_at or batch.made_at, kind, text, url, by=batch.made_by)


def _visits(session: Session, museum: Membership, ids: Sequence[int]) -> Iterator[Happening]:
    """Tell who came to a gathering, and who came otherwise: one who was let in with a place is told once."""
    zone, told = ZoneInfo(museum.time_zone), set[tuple[int, date]]()
    came = session.execute(
        select(Booking, Gathering.title)
        .join(Gathering, Gathering.id == Booking.gathering_id)
        .where(Booking.donor_id.in_(ids), Booking.came_at.is_not(None))
        .order_by(Booking.came_at.desc())
        .limit(LISTED)
    )
    for booking, title in came:
        if booking.came_at is None:
            continue
        told.add((booking.pledge_id, booking.came_at.astimezone(zone).date()))
        text = f"{said(title, museum.default_locale)} · {_people(booking.came)}"
        url = f"/staff/{museum.slug}/gatherings/{booking.gathering_id}"
        yield Happening(booking.came_at, "came", text, url)
    visits = session.execute(
        select(MuseumVisit, Campaign.title)
        .join(Campaign, Campaign.id == MuseumVisit.campaign_id)
        .where(MuseumVisit.donor_id.in_(ids))
        .order_by(MuseumVisit.at.desc())
        .limit(LISTED)
    )
    for visit, title in visits:
        if (visit.pledge_id, visit.day) not in told:
            kind = "visit_case" if visit.way == CASE else "visit_door"
            yield Happening(visit.at, kind, f"{said(title, museum.default_locale)} · {_people(visit.people)}")


def _people(count: int) -> str:
    return ngettext("%(n)s person", "%(n)s people", count)
