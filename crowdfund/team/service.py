"""Invite, send again, withdraw, take up; let a colleague set a second factor anew after a day."""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from crowdfund import audit, clock
from crowdfund.accounts import service as accounts
from crowdfund.errors import Conflict, NotFound, Refusal
from crowdfund.institutions import service as members
from crowdfund.institutions.models import Member
from crowdfund.institutions.rules import Role, read_role
from crowdfund.links import digest
from crowdfund.outbox import publish
from crowdfund.team.models import FactorReset, Invitation
from crowdfund.team.rules import (
    ASKED_ALREADY,
    INVITATION_LIFE,
    INVITED_ALREADY,
    MEMBER_ALREADY,
    MOST_SENT,
    NO_FACTOR,
    NO_LONGER_OPEN,
    NOTHING_TO_STOP,
    OWN_RESET,
    RESET_DELAY,
    SENT_ENOUGH,
    is_open,
)
from crowdfund.team.tokens import invitation_token
from crowdfund.tenancy import museum_of


def invite(session: Session, email: str, name: str, role: str, *, locale: str, by: int) -> Invitation:
    """Offer a role to an address, for a week. Refuses (409) a member, and an address that has an open offer."""
    wanted = read_role(role)
    known = accounts.account_by_email(session, email)
    if known is not None and members.is_member(session, known.id):
        raise Refusal(MEMBER_ALREADY, field="email", status=409)
    before = session.scalars(_of_address(email).with_for_update()).one_or_none()
    now = clock.now()
    if before is not None:
        if before.expires_at > now:
            raise Refusal(INVITED_ALREADY, field="email", status=409)
        _end(before, now)
        session.flush()  # its address is free for the next
    key = uuid4()
    made = Invitation(
        key=key, token_hash=digest(invitation_token(museum_of(session), key)), email=email.lower(), name=name, role=wanted,
        locale=locale, times_sent=1, invited_by_id=by, invited_at=now, expires_at=now + INVITATION_LIFE,
    )  # fmt: skip
    session.add(made)
    session.flush()  # for its id
    audit.record(session, "invitation.made", f"invitation:{made.id}", role=wanted)
    _tell(session, made)
    return made


def send_again(session: Session, invitation_id: int) -> None:
    """Send an offer again under a new link, for another week; the link before opens nothing any more."""
    found = _waiting(session, invitation_id)
    if found.times_sent >= MOST_SENT:
        raise Conflict(SENT_ENOUGH)
    found.key = uuid4()
    found.token_hash = digest(invitation_token(museum_of(session), found.key))
    found.times_sent += 1
    found.expires_at = clock.now() + INVITATION_LIFE
    audit.record(session, "invitation.sent_again", f"invitation:{found.id}")
    _tell(session, found)


def withdraw(session: Session, invitation_id: int) -> None:
    """Take an offer back; its link opens nothing any more."""
    found = _waiting(session, invitation_id)
    _end(found, clock.now())
    audit.record(session, "invitation.withdrawn", f"invitation:{found.id}")


def open_invitation(session: Session, token: str, *, lock: bool = False) -> Invitation:
    """Find the offer a link opens. Raises NotFound when there is none, or it is over."""
    query = select(Invitation).where(Invitation.token_hash == digest(token))
    found = session.scalars(query.with_for_update() if lock else query).one_or_none()
    if found is None or not is_open(found.expires_at, found.accepted_at, found.withdrawn_at, clock.now()):
        raise NotFound
    return found


def take_up(session: Session, token: str, account_id: int) -> Member:
    """Make the invited person a member. Of two at once one wins; the other finds the link used up (404)."""
    found = open_invitation(session, token, lock=True)
    found.accepted_at, found.account_id, found.email = clock.now(), account_id, None
    member = members.add_member(session, account_id, found.role, invited_by_id=found.invited_by_id)
    audit.record(session, "invitation.accepted", f"invitation:{found.id}")
    tell_of_change(session, member, "joined", by=found.invited_by_id)
    return member


def change_role(session: Session, member_id: int, role: str, *, by: int) -> None:
    """Give a member another role; owners and the person are told. Raises NotFound, and refuses to lose the last owner."""
    member = _member(session, member_id)
    if member.role == read_role(role):
        return
    before = member.role
    changed = members.change_role(session, member.account_id, role)
    tell_of_change(session, changed, "role", by=by, before=before)


def remove(session: Session, member_id: int, *, by: int) -> None:
    """Let a member go, and end their sessions; owners and the person are told."""
    member = _member(session, member_id)
    members.remove_member(session, member.account_id)
    _stop_open(session, member.id, by)
    tell_of_change(session, member, "left", by=by, before=member.role)


def tell_of_change(session: Session, member: Member, what: str, *, by: int, before: str = "") -> None:
    """State that the team has changed, for the owners' mails."""
    publish(
        session, "team.changed", key=f"{member.id}:{what}:{clock.now().isoformat()}", member_id=member.id, what=what,
        by_id=by, before=before, after=str(member.role),
    )  # fmt: skip


def ask_reset(session: Session, member_id: int, *, by: int) -> FactorReset:
    """Start the day after which a member may set a second factor anew. The person and the owners are told at once."""
    member = _member(session, member_id)
    if member.account_id == by:
        raise Conflict(OWN_RESET)
    if not accounts.has_second_factor(session, member.account_id):
        raise Conflict(NO_FACTOR)
    if open_reset(session, member.id) is not None:
        raise Conflict(ASKED_ALREADY)
    now = clock.now()
    made = FactorReset(member_id=member.id, asked_by_id=by, asked_at=now, due_at=now + RESET_DELAY)
    session.add(made)
    session.flush()  # for its id
    audit.record(session, "second_factor.reset_asked", f"member:{member.id}")
    publish(session, "team.reset_asked", key=str(made.id), reset_id=made.id)
    publish(session, "team.reset_due", key=str(made.id), delay=RESET_DELAY, reset_id=made.id)
    return made


def stop_reset(session: Session, member_id: int, *, by: int) -> None:
    """Stop it before the day is over: an owner objects, or the person has their second factor after all."""
    if not _stop_open(session, _member(session, member_id).id, by):
        raise Conflict(NOTHING_TO_STOP)
    audit.record(session, "second_factor.reset_stopped", f"member:{member_id}")


def carry_out_reset(session: Session, reset_id: int) -> FactorReset | None:
    """Take the second factor away once the day is over; None when it was stopped, was done, or the member has left."""
    found = session.scalars(select(FactorReset).where(FactorReset.id == reset_id).with_for_update()).one_or_none()
    if found is None or found.done_at is not None or found.stopped_at is not None or clock.now() < found.due_at:
        return None
    member = session.get_one(Member, (museum_of(session), found.member_id))
    if member.state != "active":
        return None
    accounts.drop_second_factor(session, member.account_id)
    found.done_at = clock.now()
    audit.record(session, "second_factor.reset", f"member:{member.id}")
    publish(session, "team.reset_done", key=str(found.id), reset_id=found.id)
    return found


def is_mine(session: Session, member_id: int, account_id: int) -> bool:
    """Say whether a membership is this account's. Raises NotFound when there is none of this number."""
    return _member(session, member_id).account_id == account_id


def open_reset(session: Session, member_id: int) -> FactorReset | None:
    """Find what waits for its day to be over."""
    return session.scalars(_open_resets(member_id)).one_or_none()


def forget_old(session: Session, before: datetime) -> None:
    """End offers that ran out before a moment (UTC): the address was kept to be invited, and nobody came."""
    over = select(Invitation).where(
        Invitation.expires_at < before, Invitation.accepted_at.is_(None), Invitation.withdrawn_at.is_(None)
    )
    for found in session.scalars(over.with_for_update()):
        _end(found, clock.now())


def _of_address(email: str) -> Select[Invitation]:
    return select(Invitation).where(
        Invitation.email == email.lower(), Invitation.accepted_at.is_(None), Invitation.withdrawn_at.is_(None)
    )


def _open_resets(member_id: int) -> Select[FactorReset]:
    return select(FactorReset).where(
        FactorReset.member_id == member_id, FactorReset.done_at.is_(None), FactorReset.stopped_at.is_(None)
    )


def _stop_open(session: Session, member_id: int, by: int) -> bool:
    found = session.scalars(_open_resets(member_id).with_for_update()).one_or_none()
    if found is not None:
        found.stopped_at, found.stopped_by_id = clock.now(), by
    return found is not None


def _waiting(session: Session, invitation_id: int) -> Invitation:
    found = session.scalars(select(Invitation).where(Invitation.id == invitation_id).with_for_update()).one_or_none()
    if found is None:
        raise NotFound
    if found.accepted_at is not None or found.withdrawn_at is not None:
        raise Conflict(NO_LONGER_OPEN)
    return found


def _end(found: Invitation, now: datetime) -> None:
    found.withdrawn_at, found.email = now, None


def _member(session: Session, member_id: int) -> Member:
    found = session.scalars(select(Member).where(Member.id == member_id, Member.state == "active")).one_or_none()
    if found is None:
        raise NotFound
    return found


def _tell(session: Session, made: Invitation) -> None:
    publish(
        session, "invitation.made", key=f"{made.id}:{made.times_sent}", invitation_id=made.id, sending=made.times_sent
    )


def owners(session: Session) -> list[Member]:
    """List the museum's owners."""
    return list(session.scalars(select(Member).where(Member.role == Role.OWNER, Member.state == "active")))
