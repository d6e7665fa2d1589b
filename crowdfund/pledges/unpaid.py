"""Look after pledges that are not paid: forgotten ones end, those whose money is looked at are held."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from crowdfund import clock
from crowdfund.pledges import service
from crowdfund.pledges.models import Pledge
from crowdfund.pledges.rules import FORGOTTEN_AFTER, PledgeState


def forgotten(session: Session, now: datetime) -> list[int]:
    """List the pledges nobody has paid within a day of being made or reopened, oldest first."""
    return list(
        session.scalars(
            select(Pledge.id)
            .where(
                Pledge.state == PledgeState.MADE,
                Pledge.method == "card",
                Pledge.held_at.is_(None),
                Pledge.created_at < now - FORGOTTEN_AFTER,
                or_(Pledge.reopened_at.is_(None), Pledge.reopened_at < now - FORGOTTEN_AFTER),
            )
            .order_by(Pledge.id)
            .limit(500)
        )
    )


def forget(session: Session, pledge_id: int, now: datetime) -> None:
    """Expire a pledge that `forgotten` has listed, unless its donor has come back meanwhile."""
    pledge = service.pledge_of(session, pledge_id, lock=True)
    if (pledge.reopened_at or pledge.created_at) < now - FORGOTTEN_AFTER:
        service.expire(session, pledge_id)


def let_go(session: Session, pledge_id: int) -> None:
    """End a pledge that was held: its money was given back, and nobody is reminded of it."""
    pledge = service.pledge_of(session, pledge_id, lock=True)
    if pledge.held_at is not None:
        pledge.held_at = None
        service.cancel(session, pledge_id)


def hold(session: Session, pledge_id: int) -> Pledge:
    """Note that money came which contradicts the pledge: it does not end, nor is it paid again, while staff decide."""
    pledge = service.pledge_of(session, pledge_id, lock=True)
    if pledge.state != PledgeState.PAID and pledge.held_at is None:
        pledge.held_at = clock.now()
    return pledge
