"""Read the team."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from crowdfund import clock
from crowdfund.accounts.models import Account
from crowdfund.accounts.sessions import HAS_SECOND_FACTOR
from crowdfund.institutions.models import Member
from crowdfund.institutions.rules import Role
from crowdfund.team.models import FactorReset, Invitation
from crowdfund.team.view import Colleague, Offer, Team

RANK = {role: place for place, role in enumerate(Role)}


def read_team(session: Session, me: int) -> Team:
    """List the members by role and name, and the open invitations, the newest first."""
    waiting = session.execute(
        select(FactorReset.member_id, FactorReset.due_at).where(
            FactorReset.done_at.is_(None), FactorReset.stopped_at.is_(None)
        )
    )
    resets = {row.member_id: row.due_at for row in waiting}
    rows = session.execute(
        select(Member, Account, HAS_SECOND_FACTOR)
        .join(Account, Account.id == Member.account_id)
        .where(Member.state == "active")
    ).all()
    colleagues = [
        Colleague(
            member.id, account.id, account.name, account.email, member.role, member.created_at, has_second_factor,
            account.id == me, resets.get(member.id),
        )
        for member, account, has_second_factor in rows
    ]  # fmt: skip
    colleagues.sort(key=lambda one: (RANK.get(Role(one.role), len(RANK)), one.name.casefold(), one.id))
    return Team(colleagues, _offers(session))


def _offers(session: Session) -> list[Offer]:
    now = clock.now()
    found = session.scalars(
        select(Invitation)
        .where(Invitation.accepted_at.is_(None), Invitation.withdrawn_at.is_(None))
        .order_by(Invitation.id.desc())
    )
    return [
        Offer(one.id, one.name, one.email or "", one.role, one.expires_at, one.expires_at <= now, one.times_sent)
        for one in found
    ]
