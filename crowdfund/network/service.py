"""Give and end seats in the network, and say who may look."""

from __future__ import annotations

from sqlalchemy.orm import Session

from crowdfund import clock
from crowdfund.accounts import service as accounts
from crowdfund.errors import NotFound
from crowdfund.institutions.current import memberships_of
from crowdfund.institutions.rules import Permission, allows
from crowdfund.network.models import NetworkSeat


def give_seat(session: Session, email: str) -> None:
    """Let an account see the museums side by side. Giving twice is once. Raises NotFound without an account."""
    account = accounts.account_by_email(session, email)
    if account is None:
        raise NotFound
    seat = session.get(NetworkSeat, account.id)
    if seat is None:
        session.add(NetworkSeat(account_id=account.id, given_at=clock.now()))
    else:
        seat.ended_at = None


def end_seat(session: Session, email: str) -> None:
    """Take a seat away. Raises NotFound without one."""
    account = accounts.account_by_email(session, email)
    seat = None if account is None else session.get(NetworkSeat, account.id)
    if seat is None or seat.ended_at is not None:
        raise NotFound
    seat.ended_at = clock.now()


def may_look(session: Session, account_id: int) -> bool:
    """Say whether an account may see the museums side by side: by its seat, or as who answers for one of them."""
    seat = session.get(NetworkSeat, account_id)
    if seat is not None and seat.ended_at is None:
        return True
    return any(allows(one.role, Permission.SEE_NETWORK) for one in memberships_of(session, account_id))
