"""Which museum a request is about, and what the person who sends it is there."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import BigInteger, Integer, Text, column, func, literal, select
from sqlalchemy.orm import Session

from crowdfund.i18n import LOCALES
from crowdfund.institutions.models import Institution


@dataclass(frozen=True, slots=True)
class Membership:
    """One museum that a person works for, and their role there."""

    institution_id: int
    slug: str
    name: str
    time_zone: str
    default_locale: str
    role: str


def memberships_of(session: Session, account_id: int) -> list[Membership]:
    """List the museums a person works for, by name.

    The database's function tells an account its own memberships and nothing else; no museum need be in scope.
    """
    mine = (
        func.memberships_of(literal(account_id, BigInteger))
        .table_valued(column("institution_id", Integer), column("role", Text))
        .alias("mine")
    )
    rows = session.execute(
        select(Institution, mine.c.role).join(mine, mine.c.institution_id == Institution.id).order_by(Institution.name)
    )
    return [Membership(one.id, one.slug, one.name, one.time_zone, one.default_locale, role) for one, role in rows]


def languages_of(session: Session, institution_id: int) -> list[str]:
    """List the languages a museum writes in, of those the pages know; its own comes first."""
    one = session.scalars(select(Institution).where(Institution.id == institution_id)).one()
    known = [locale for locale in one.locales if locale in LOCALES]
    return sorted(known, key=lambda locale: locale != one.default_locale)


def membership(session: Session, account_id: int, slug: str) -> Membership | None:
    """Give the person's membership of the museum with this slug; None when it is not theirs, or not there."""
    return next((one for one in memberships_of(session, account_id) if one.slug == slug), None)
