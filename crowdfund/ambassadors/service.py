"""Become an ambassador, change what is shown, switch the code off and on."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from crowdfund import audit, clock
from crowdfund.ambassadors.models import Ambassador
from crowdfund.ambassadors.rules import draw_code, is_code
from crowdfund.campaigns import service as campaigns
from crowdfund.campaigns.rules import is_open
from crowdfund.errors import Conflict, NotFound
from crowdfund.i18n import N_
from crowdfund.tenancy import museum_of

CLOSED = N_("This campaign is over: nobody can be brought along any more.")


@dataclass(frozen=True, slots=True)
class Wish:
    """What an ambassador chose: the name that is shown, how many people, whether to be told by mail, the language."""

    name: str
    goal: int
    wants_mail: bool
    locale: str


def become(session: Session, campaign_id: int, donor_id: int, wish: Wish) -> Ambassador:
    """Make a donor an ambassador of a campaign, or change what was chosen; switched off, the code comes back on.

    Locks the campaign, so that two forms sent at once make one. Raises Conflict when the campaign is over.
    """
    campaign = campaigns.campaign_of(session, campaign_id, lock=True)
    if not is_open(campaign.state, campaign.opens_at, campaign.closes_at, clock.now()):
        raise Conflict(CLOSED)
    found = ambassador_of(session, campaign_id, donor_id)
    if found is None:
        found = Ambassador(campaign_id=campaign_id, donor_id=donor_id, code=_new_code(session))
        session.add(found)
    found.name, found.goal = wish.name, wish.goal
    found.wants_mail, found.locale, found.off_at = wish.wants_mail, wish.locale, None
    session.flush()  # for its id
    audit.record(session, "ambassador.set_up", f"ambassador:{found.id}")
    return found


def _new_code(session: Session) -> str:
    known = set(session.scalars(select(Ambassador.code)))
    code = draw_code()
    while code in known:
        code = draw_code()
    return code


def ambassador_of(session: Session, campaign_id: int, donor_id: int) -> Ambassador | None:
    """Find what a donor has set up for a campaign."""
    return session.scalars(
        select(Ambassador).where(Ambassador.campaign_id == campaign_id, Ambassador.donor_id == donor_id)
    ).one_or_none()


def by_code(session: Session, campaign_id: int | None, typed: str) -> Ambassador:
    """Find the ambassador of a code, of one campaign or of any (None), switched off or not. Raises NotFound."""
    found = None
    if is_code(typed):
        found = session.scalars(select(Ambassador).where(Ambassador.code == typed.lower())).one_or_none()
    if found is None or campaign_id not in {None, found.campaign_id}:
        raise NotFound
    return found


def switch(session: Session, ambassador_id: int, *, on: bool) -> Ambassador:
    """Switch a code off, or on again. Raises NotFound."""
    found = session.get(Ambassador, (museum_of(session), ambassador_id), with_for_update={"key_share": True})
    if found is None:
        raise NotFound
    found.off_at = None if on else found.off_at or clock.now()
    audit.record(session, "ambassador.on" if on else "ambassador.off", f"ambassador:{found.id}")
    return found


def forget_donor(session: Session, donor_id: int) -> None:
    """Switch off the codes of a donor who wishes to be erased, and forget the name."""
    for one in session.scalars(select(Ambassador).where(Ambassador.donor_id == donor_id)):
        one.name, one.wants_mail, one.off_at = "", False, one.off_at or clock.now()
