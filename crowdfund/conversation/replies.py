"""Answers that a museum gives again and again, kept as beginnings for the next one."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from crowdfund import clock
from crowdfund.conversation.models import ReplyTemplate
from crowdfund.errors import NotFound
from crowdfund.tenancy import museum_of


def templates(session: Session) -> Sequence[ReplyTemplate]:
    """List the museum's beginnings, by language and title."""
    return session.scalars(
        select(ReplyTemplate).order_by(ReplyTemplate.locale, ReplyTemplate.title, ReplyTemplate.id)
    ).all()


def template_of(session: Session, template_id: int) -> ReplyTemplate:
    """Find one. Raises NotFound."""
    found = session.get(ReplyTemplate, (museum_of(session), template_id))
    if found is None:
        raise NotFound
    return found


def keep(session: Session, *, locale: str, title: str, text: str) -> ReplyTemplate:
    """Keep a beginning; one of the same title and language is written anew."""
    found = session.scalars(
        select(ReplyTemplate).where(ReplyTemplate.locale == locale, ReplyTemplate.title == title)
    ).one_or_none()
    if found is None:
        found = ReplyTemplate(locale=locale, title=title)
        session.add(found)
    found.text, found.changed_at = text, clock.now()
    session.flush()  # for its id
    return found


def drop(session: Session, template_id: int) -> None:
    """Throw one away. Raises NotFound."""
    session.delete(template_of(session, template_id))
