"""Read the museum's trail: pages of it, by person and by subject, and whether its chain holds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from crowdfund import books
from crowdfund.accounts.models import Account
from crowdfund.audit import AuditEntry
from crowdfund.dashboard.acts import act_in_words, actor_in_words, details_in_words, subject_in_words
from crowdfund.institutions.models import Member
from crowdfund.tenancy import museum_of

PAGE = 50
PERSON = "account:"


@dataclass(frozen=True, slots=True)
class Asked:
    """What of the trail is asked for. `before` is the number of the entry from which older ones are shown."""

    person: int | None = None
    subject: str = ""
    before: int | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One act in words. `detail` holds names of fields, numbers and codes, never identity."""

    seq: int
    at: datetime
    actor: str
    act: str
    subject: str
    code: str
    detail: str
    hash: str


@dataclass(frozen=True, slots=True)
class Trail:
    """One page. `older` is where the next begins; `breaks` is None while the chain was not verified."""

    entries: list[Entry]
    older: int | None
    head: int
    head_hash: str
    people: list[tuple[int, str]]
    breaks: list[str] | None


def read_trail(session: Session, asked: Asked, *, verify: bool) -> Trail:
    """Read a page, the newest first. Verifying recomputes every hash of the museum."""
    rows = session.scalars(_entries(session, asked).order_by(AuditEntry.seq.desc()).limit(PAGE + 1)).all()
    head = session.scalars(_of(session).order_by(AuditEntry.seq.desc()).limit(1)).one_or_none()
    names = _names(session, (row.actor for row in rows))
    entries = [_entry(row, names) for row in rows[:PAGE]]
    return Trail(
        entries, entries[-1].seq if len(rows) > PAGE else None, head.seq if head else 0, head.hash if head else "",
        _people(session), books.audit_breaks(session) if verify else None,
    )  # fmt: skip


def _of(session: Session) -> Select[AuditEntry]:
    return select(AuditEntry).where(AuditEntry.institution_id == museum_of(session))


def _entries(session: Session, asked: Asked) -> Select[AuditEntry]:
    found = _of(session)
    if asked.person is not None:
        found = found.where(AuditEntry.actor == f"{PERSON}{asked.person}")
    if asked.subject:
        found = found.where(
            or_(AuditEntry.subject == asked.subject, func.starts_with(AuditEntry.subject, f"{asked.subject}:"))
        )
    if asked.before is not None:
        found = found.where(AuditEntry.seq < asked.before)
    return found


def _entry(row: AuditEntry, names: dict[str, str]) -> Entry:
    return Entry(
        row.seq, row.at, actor_in_words(row.actor, names), act_in_words(row.action), subject_in_words(row.subject),
        row.subject, details_in_words(row.detail), row.hash,
    )  # fmt: skip


def _names(session: Session, actors: Iterable[str]) -> dict[str, str]:
    ids = {actor: int(actor.removeprefix(PERSON)) for actor in actors if actor.startswith(PERSON)}
    rows = session.execute(select(Account.id, Account.name).where(Account.id.in_(set(ids.values()))))
    names = {row.id: row.name for row in rows}
    return {actor: names.get(number, "") for actor, number in ids.items()}


def _people(session: Session) -> list[tuple[int, str]]:
    """List who ever worked here."""
    rows = session.execute(
        select(Account.id, Account.name)
        .join(Member, Member.account_id == Account.id)
        .where(Member.institution_id == museum_of(session))
        .order_by(Account.name, Account.id)
    )
    return [(row.id, row.name) for row in rows]
