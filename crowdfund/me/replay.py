"""Erase again, in a restored copy, who was erased after its backup was made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from crowdfund.conversation.models import Follower, Question
from crowdfund.donors.models import Donor
from crowdfund.me import door, erased, erasure
from crowdfund.me.visits import person_hash
from crowdfund.pledges.models import Group, Pledge, Reminder
from crowdfund.tenancy import MuseumScope, OperatorScope, transaction

Column = InstrumentedAttribute[str] | InstrumentedAttribute[str | None]
# Where a museum keeps the addresses of donors and of those who only left one.
KEPT: tuple[Column, ...] = (
    Donor.email, Follower.email, Question.asker_email, Reminder.email, Group.organiser_email, Pledge.dedication_email,
)  # fmt: skip


@dataclass(slots=True)
class Again:
    """How many people were erased again, and how many wait for the worker: a payment of theirs was being opened."""

    erased: int = 0
    waiting: int = 0


def erase_again(since: datetime) -> Again:
    """Erase, museum by museum, whoever the journal names since a moment (UTC). Doing it twice is once. Sends nothing."""
    gone = erased.since(since)
    done: set[str] = set()
    waiting: set[str] = set()
    if gone:
        for scope, addresses in list(door.at_each(_addresses, _scope)):
            for email in sorted(one for one in addresses if person_hash(one) in gone):
                (done if _erased(scope, email) else waiting).add(email)
    return Again(len(done - waiting), len(waiting))


def _scope(museum: int) -> MuseumScope:
    return OperatorScope(museum, "erased after the backup")


def _addresses(session: Session) -> set[str]:
    found: set[str] = set()
    for column in KEPT:
        known: ColumnElement[bool] = column.is_not(None)
        found.update(str(email) for email in session.scalars(select(column).where(known).distinct()))
    return found


def _erased(scope: MuseumScope, email: str) -> bool:
    """Erase at one museum; False when a payment under way forbids it yet: the wish is written down for the worker."""
    try:
        with transaction(scope) as session:
            erasure.at_museum(session, email)
    except erasure.StillPaying:
        with transaction(scope) as session:
            locale = session.scalar(select(Donor.locale).where(Donor.email == email).limit(1)) or "fr"
            erasure.ask(session, email, locale, by="operator")
        return False
    return True
