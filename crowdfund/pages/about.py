"""Say who stands behind the platform and how it behaves: plain pages, filled from the settings."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app, render_template
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from config import Config
from crowdfund.errors import NotFound
from crowdfund.institutions.models import Institution, Issuer
from crowdfund.money import Money
from crowdfund.pages.lists import fee_example

PAGES = ("who", "promise", "fees", "privacy", "accessibility")
EXAMPLE = Money(5000, "EUR")


@dataclass(frozen=True, slots=True)
class Member:
    """A museum of the platform and the legal entity that signs its receipts."""

    slug: str
    name: str
    issuer: str


def about(session: Session, page: str) -> str:
    """Write one of the pages. Raises NotFound."""
    if page not in PAGES:
        raise NotFound
    config: Config = current_app.extensions["config"]
    return render_template(
        f"about/{page}.html",
        page=page,
        pages=PAGES,
        operator=config.operator,
        museums=_members(session) if page == "who" else (),
        example=fee_example(EXAMPLE),
    )


def _members(session: Session) -> list[Member]:
    rows = session.execute(
        select(Institution.slug, Institution.name, func.min(Issuer.legal_name))
        .outerjoin(Issuer, Issuer.institution_id == Institution.id)
        .group_by(Institution.id, Institution.slug, Institution.name)
        .order_by(Institution.name)
    )
    return [Member(slug, name, issuer or "") for slug, name, issuer in rows]
