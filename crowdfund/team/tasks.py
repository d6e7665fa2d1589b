"""The worker's door: send invitations, tell owners what changed, let the day of a reset be over."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session

from crowdfund import clock
from crowdfund.accounts.models import Account
from crowdfund.institutions.models import Member
from crowdfund.mail import Mail, send_once
from crowdfund.outbox import subscribes
from crowdfund.team import mails, service
from crowdfund.team.models import FactorReset, Invitation
from crowdfund.team.rules import FORGOTTEN_AFTER, is_open
from crowdfund.tenancy import OperatorScope, TaskScope, museum_of, transaction
from crowdfund.worker import sweeps_every


@subscribes("invitation.made", outside=True)
def send_invitation(scope: TaskScope, invitation_id: int, sending: int) -> None:
    """Send an invitation, unless it was sent again, taken up or withdrawn meanwhile."""

    def compose(session: Session) -> Mail | None:
        found = session.get_one(Invitation, (museum_of(session), invitation_id))
        if found.times_sent != sending or not is_open(
            found.expires_at, found.accepted_at, found.withdrawn_at, clock.now()
        ):
            return None
        return mails.invitation(session, found)

    send_once(scope, f"invitation:{invitation_id}:{sending}", compose)


@subscribes("team.changed", outside=True)
def tell_owners(scope: TaskScope, member_id: int, what: str, by_id: int, before: str, after: str) -> None:
    """Tell every owner, and the person concerned, who joined, left or has another role."""
    change = mails.Change(member_id, what, by_id, before, after)
    for account_id in _concerned(scope, member_id):
        _send(scope, f"team:{scope.outbox_id}:{account_id}", account_id, change)


@subscribes("team.reset_asked", outside=True)
def tell_of_reset(scope: TaskScope, reset_id: int) -> None:
    """Tell the owners and the person that a second factor will be set anew in a day, and how to stop it."""
    _tell_reset(scope, reset_id, "reset_asked")


@subscribes("team.reset_due")
def reset(session: Session, reset_id: int) -> None:
    """Take the second factor away, now that the day is over and nobody objected."""
    service.carry_out_reset(session, reset_id)


@subscribes("team.reset_done", outside=True)
def tell_of_reset_done(scope: TaskScope, reset_id: int) -> None:
    """Tell them that it was done."""
    _tell_reset(scope, reset_id, "reset_done")


@sweeps_every(timedelta(hours=12))
def forget_old_invitations(institution_id: int) -> None:
    """Forget the addresses of those who never came."""
    with transaction(OperatorScope(institution_id, "sweep")) as session:
        service.forget_old(session, clock.now() - FORGOTTEN_AFTER)


def _tell_reset(scope: TaskScope, reset_id: int, what: str) -> None:
    with transaction(scope) as session:
        found = session.get_one(FactorReset, (scope.institution_id, reset_id))
        change = mails.Change(found.member_id, what, found.asked_by_id, "", "", found.due_at)
    for account_id in _concerned(scope, change.member_id):
        _send(scope, f"{what}:{reset_id}:{account_id}", account_id, change)


def _concerned(scope: TaskScope, member_id: int) -> list[int]:
    with transaction(scope) as session:
        person = session.get_one(Member, (scope.institution_id, member_id)).account_id
        return sorted({person, *(owner.account_id for owner in service.owners(session))})


def _send(scope: TaskScope, key: str, account_id: int, change: mails.Change) -> None:
    def compose(session: Session) -> Mail:
        return mails.change(session, session.get_one(Account, account_id), change)

    send_once(scope, key, compose)
