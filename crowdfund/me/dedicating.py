"""Let donors correct to whom their gifts are dedicated, as long as nothing was made that bears the words."""

from __future__ import annotations

from typing import Literal

from flask import url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from crowdfund.campaigns.models import Reward
from crowdfund.errors import Conflict, NotFound
from crowdfund.fulfilment.models import Counterpart
from crowdfund.fulfilment.rules import CounterpartState
from crowdfund.gifts import dedications
from crowdfund.gifts.models import Gift
from crowdfund.gifts.rules import GIVEN_BACK
from crowdfund.i18n import N_, local_date
from crowdfund.institutions.models import Institution
from crowdfund.me import queries
from crowdfund.me.lines import PROMISED, work_of
from crowdfund.me.view import DedicationPage
from crowdfund.pledges import service as pledges
from crowdfund.pledges.models import Pledge
from crowdfund.pledges.rules import PledgeState
from crowdfund.tenancy import museum_of

TOO_LATE = N_("The words of this dedication cannot be changed any more.")
MADE = (CounterpartState.READY, CounterpartState.HANDED_OVER)


def dedication_page(session: Session, email: str, pledge_id: int, csrf_token: str) -> DedicationPage:
    """Read the dedication of one gift. Raises NotFound for another's gift, and for one that is dedicated to nobody."""
    pledge = _dedicated(session, email, pledge_id)
    museum = session.get_one(Institution, museum_of(session))
    told = dedications.notice_of(session, pledge)
    return DedicationPage(
        work=work_of(session, pledge.campaign_id),
        values={
            "dedication_kind": pledge.dedication_kind or "",
            "dedication_name": pledge.dedication_name or "",
            "dedication_email": pledge.dedication_email or "",
        },
        action=url_for("dedicated.correct", museum=museum.slug, pledge_id=pledge.id),
        csrf_token=csrf_token,
        contact=museum.contact_email,
        told=told.standing,
        told_on=local_date(told.at, museum.time_zone) if told.at else None,
        closed=_closed(session, pledge),
    )


def correct(session: Session, email: str, pledge_id: int, kind: str, name: str, address: str) -> None:
    """Correct a dedication at its donor's wish. Raises NotFound, and Conflict once it is too late."""
    pledge = pledges.pledge_of(session, pledge_id, lock=True)  # first: an erasure under way is waited for
    _dedicated(session, email, pledge_id)
    if _closed(session, pledge):
        raise Conflict(TOO_LATE)
    dedications.correct(session, pledge, kind, name, address)


def _dedicated(session: Session, email: str, pledge_id: int) -> Pledge:
    pledge, _donor = queries.pledge_of(session, email, pledge_id, alone=False)
    if not pledge.dedication_name:
        raise NotFound
    return pledge


def _closed(session: Session, pledge: Pledge) -> Literal["", "made", "given_back"]:
    """Say why the words stay as they are: they are on what the museum had made, or nothing of the gift is kept."""
    made = (
        select(Counterpart.id)
        .join(Reward, Reward.id == Counterpart.reward_id)
        .where(Counterpart.pledge_id == pledge.id, Counterpart.state.in_(MADE), Reward.fulfilment == "wall")
    )
    if session.scalars(made.limit(1)).first() is not None:
        return "made"
    return "" if _stands(session, pledge) else "given_back"


def _stands(session: Session, pledge: Pledge) -> bool:
    if pledge.state != PledgeState.PAID:
        awaited = pledge.state == PledgeState.MADE and pledge.reference is not None
        return awaited or pledge.state in PROMISED
    kept = select(Gift.id).where(Gift.pledge_id == pledge.id, Gift.state.not_in(GIVEN_BACK))
    return session.scalars(kept.limit(1)).first() is not None
