"""Look after pledges that are not paid: forgotten ones end, those whose money is looked at are held."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from crowdfund import clock
from crowdfund.pledges import service
from crowdfund.pledges.models import Pledge
from crowdfund.pledges.rules import ANNOUNCED, AWAITED_FOR, FORGOTTEN_AFTER, PledgeState

# How long the money of a pledge is waited for, by its means of payment.
WAITED = ((("card",), FORGOTTEN_AFTER), (ANNOUNCED, AWAITED_FOR))


def forgotten(session: Session, now: datetime) -> list[int]:
    """List the pledges nobody has paid in time, oldest first: within a day of being made or reopened, or as announced."""
    return list(
        session.scalars(
            select(Pledge.id)
            .where(
                Pledge.state == PledgeState.MADE,
                Pledge.held_at.is_(None),
                or_(*(_overdue(methods, now - waited) for methods, waited in WAITED)),
            )
            .order_by(Pledge.id)
            .limit(500)
        )
    )


def _overdue(methods: tuple[str, ...], before: datetime) -> ColumnElement[bool]:
    return and_(
        Pledge.method.in_(methods),
        Pledge.created_at < before,
        or_(Pledge.reopened_at.is_(None), Pledge.reopened_at < before),
    )


def forget(session: Session, pledge_id: int, now: datetime) -> None:
    """Expire a pledge that `forgotten` has listed, unless its donor has come back meanwhile."""
    pledge = service.pledge_of(session, pledge_id, lock=True)
    waited = next((long for methods, long in WAITED if pledge.method in methods), None)
    if waited is not None and (pledge.reopened_at or pledge.created_at) < now - waited:
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
