"""The worker's door: an ambassador who asked for it is told that people have come; what the ways brought is counted."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from crowdfund.ambassadors.models import Ambassador
from crowdfund.ambassadors.rules import code_of, worth_telling
from crowdfund.gifts import mails
from crowdfund.gifts.models import Gift
from crowdfund.mail import Mail, send_once
from crowdfund.outbox import subscribes
from crowdfund.pledges.models import Pledge
from crowdfund.reach.brought import people_brought
from crowdfund.reach.queries import count_ways, ways
from crowdfund.reckoning import EVERY, keep_large
from crowdfund.tenancy import TaskScope, museum_of, transaction
from crowdfund.worker import sweeps_every


@subscribes("gift.received", outside=True)
def tell_ambassador(scope: TaskScope, gift_id: int) -> None:
    """Tell how many people have come: the first ones one by one, then every fifth, and at the goal. Each number once."""
    with transaction(scope) as session:
        found = _ambassador(session, gift_id)
        people = people_brought(session, found) if found else 0
    if found is None or not worth_telling(people, found.goal):
        return
    send_once(scope, f"brought:{found.id}:{people}", lambda session: _brought(session, found.id, people))


def _ambassador(session: Session, gift_id: int) -> Ambassador | None:
    """Find who brought a gift's donor, if they are to be told."""
    gift = session.get_one(Gift, (museum_of(session), gift_id))
    if gift.pledge_id is None or gift.imported or gift.moved_from_id is not None:
        return None
    pledge = session.get_one(Pledge, (gift.institution_id, gift.pledge_id))
    code = code_of(pledge.channel)
    if code is None:
        return None
    found = session.scalars(
        select(Ambassador).where(Ambassador.campaign_id == pledge.campaign_id, Ambassador.code == code)
    ).one_or_none()
    return found if found and found.wants_mail and found.off_at is None else None


def _brought(session: Session, ambassador_id: int, people: int) -> Mail | None:
    one = session.get_one(Ambassador, (museum_of(session), ambassador_id))
    own = select(Pledge.id).where(Pledge.donor_id == one.donor_id, Pledge.campaign_id == one.campaign_id)
    pledge_id = session.scalars(own.order_by(Pledge.id).limit(1)).first()
    whole = mails.around(session, one.campaign_id, one.donor_id, pledge_id)
    if whole is None or whole.pledge is None or not one.wants_mail:
        return None
    content = replace(mails.content("brought", whole, whole.pledge.amount), people=people, goal=one.goal)
    return mails.written(content, whole)


@sweeps_every(EVERY)
def reckon_ways(institution_id: int) -> None:
    """Count the ways of the campaigns with very many gifts."""
    keep_large(institution_id, "ways of a campaign", ways, count_ways)
