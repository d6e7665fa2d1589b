"""The audit trail of some subjects, with the names of the people who acted."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from crowdfund.accounts.models import Account
from crowdfund.audit import AuditEntry
from crowdfund.dashboard.acts import actor_in_words
from crowdfund.tenancy import museum_of


def trail_of(session: Session, subjects: Collection[str]) -> list[tuple[AuditEntry, str]]:
    """Read what the museum's trail says of these subjects, oldest first: each entry, and who acted in words."""
    entries = session.scalars(
        select(AuditEntry)
        .where(AuditEntry.institution_id == museum_of(session), AuditEntry.subject.in_(subjects))
        .order_by(AuditEntry.seq)
    ).all()
    names = names_of(session, (entry.actor for entry in entries))
    return [(entry, actor_in_words(entry.actor, names)) for entry in entries]


def people_of(session: Session, actors: Iterable[str]) -> dict[str, str]:
    """Say in words who these actors are: a person of the museum by name, the house itself."""
    names = names_of(session, actors := list(actors))
    return {actor: actor_in_words(actor, names) for actor in actors}


def names_of(session: Session, actors: Iterable[str]) -> dict[str, str]:
    """Name the people among these actors, by what the trail calls them."""
    ids = {actor: int(actor.removeprefix("account:")) for actor in actors if actor.startswith("account:")}
    if not ids:
        return {}
    names = dict(session.execute(select(Account.id, Account.name).where(Account.id.in_(set(ids.values())))).all())
    return {actor: names.get(account_id, "") for actor, account_id in ids.items()}
