"""Visits of donors, kept on the server: the cookie holds a random token, the table its SHA-256."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from flask import current_app
from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from config import Config
from crowdfund import clock
from crowdfund.links import digest
from crowdfund.me.models import DonorLink, DonorVisit
from crowdfund.me.rules import LINK_LIFE, LONGEST_PAUSE, LONGEST_VISIT, SEEN_AGAIN_AFTER, visit_ends

TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who is visiting their own gifts."""

    email: str
    token_hash: str

    @property
    def context(self) -> str:
        """Give what the forms of this visit are bound to."""
        return f"me:{self.token_hash}"


def person_hash(email: str) -> str:
    """Name a person without telling their address."""
    config: Config = current_app.extensions["config"]
    return hmac.new(config.secret_key.encode(), f"person\x1f{email.lower()}".encode(), hashlib.sha256).hexdigest()


def open_visit(session: Session, email: str) -> str:
    """Open a visit and give its token."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    now = clock.now()
    session.add(
        DonorVisit(
            token_hash=digest(token), person_hash=person_hash(email), email=email, created_at=now, last_seen_at=now
        )
    )
    return token


def load(session: Session, token: str) -> Visitor | None:
    """Tell whose visit a token opens, and note that they were seen; None when it is unknown, ended or too old."""
    visit = session.get(DonorVisit, digest(token))
    if visit is None or visit.ended_at is not None or visit.email is None:
        return None
    now = clock.now()
    if now >= visit_ends(visit.created_at, visit.last_seen_at):
        end(session, visit.token_hash, "expired")
        return None
    if now - visit.last_seen_at > SEEN_AGAIN_AFTER:
        visit.last_seen_at = now
    return Visitor(visit.email, visit.token_hash)


def end(session: Session, token_hash: str, reason: str) -> None:
    """End one visit. Ending twice is once."""
    _end(session, DonorVisit.token_hash == token_hash, reason)


def end_all(session: Session, email: str, reason: str) -> None:
    """End every visit of a person, in whatever browser."""
    _end(session, DonorVisit.person_hash == person_hash(email), reason)


def _end(session: Session, which: object, reason: str) -> None:
    session.execute(
        update(DonorVisit)
        .where(which, DonorVisit.ended_at.is_(None))  # type: ignore[arg-type] # a condition on the table
        .values(ended_at=clock.now(), reason=reason, email=None)
        .execution_options(synchronize_session="fetch")
    )


def forget_old(session: Session) -> None:
    """End the visits nobody came back to, and forget the links that can no longer be used."""
    now = clock.now()
    late = or_(DonorVisit.created_at <= now - LONGEST_VISIT, DonorVisit.last_seen_at <= now - LONGEST_PAUSE)
    _end(session, late, "expired")
    session.execute(
        delete(DonorLink).where(DonorLink.asked_at <= now - LINK_LIFE).execution_options(synchronize_session=False)
    )


def open_visits(session: Session, email: str) -> list[DonorVisit]:
    """List a person's visits that have not ended."""
    mine = select(DonorVisit).where(DonorVisit.person_hash == person_hash(email), DonorVisit.ended_at.is_(None))
    return list(session.scalars(mine.order_by(DonorVisit.created_at)))
