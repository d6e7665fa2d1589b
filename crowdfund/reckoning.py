"""Figures over every gift, for pages that may not wait for them: where there are very many the worker reckons them every hour.

Where there are few, as in nearly every museum, a page reckons by itself and is always fresh. What somebody signs is never
taken from here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import UniqueConstraint, func, select
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from crowdfund import clock
from crowdfund.database import Base
from crowdfund.ledger.models import LedgerAccount, LedgerTotal
from crowdfund.ledger.rules import AccountKind
from crowdfund.tenancy import OperatorScope, OwnedByInstitution, museum_of, transaction

MANY = 100_000  # lines in the books, of a campaign's fund or of a whole museum
EVERY = timedelta(hours=1)
TOO_OLD = 3 * EVERY  # the worker has not come round: what it last saw is not shown as if it had
BOOKS = "books"  # the subject of a museum's books


class Reckoning(OwnedByInstitution, Base):
    """Figures as they were at a moment."""

    __tablename__ = "reckonings"
    __table_args__ = (UniqueConstraint("institution_id", "subject"),)

    subject: Mapped[str]  # "books", "ending:12", "ways:12"
    figures: Mapped[Any] = mapped_column(JSONB)
    reckoned_at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Reckoned:
    """Figures, and the moment (UTC) they are of; `fresh` where they were reckoned for whoever asks."""

    figures: Any
    at: datetime
    fresh: bool


def reckoned(session: Session, subject: str, lines: int, reckon: Callable[[], Any]) -> Reckoned:
    """Give the figures of a subject with so many lines in the books: reckoned now, or as the worker last did.

    `reckon` gives them as JSON holds them. Where the worker has not come round they are reckoned now, however many there are.
    """
    if lines > MANY:
        kept = session.execute(
            select(Reckoning.figures, Reckoning.reckoned_at).where(
                Reckoning.subject == subject, Reckoning.reckoned_at > clock.now() - TOO_OLD
            )
        ).one_or_none()
        if kept is not None:
            return Reckoned(kept.figures, kept.reckoned_at, fresh=False)
    return Reckoned(reckon(), clock.now(), fresh=True)


def keep(session: Session, subject: str, figures: Any) -> None:
    """Keep the figures of a subject, as of now."""
    write = insert(Reckoning).values(
        institution_id=museum_of(session), subject=subject, figures=figures, reckoned_at=clock.now()
    )
    session.execute(
        write.on_conflict_do_update(
            index_elements=["institution_id", "subject"],
            set_={"figures": write.excluded.figures, "reckoned_at": write.excluded.reckoned_at},
        )
    )


def keep_large(
    institution_id: int, reason: str, subject: Callable[[int], str], reckon: Callable[[Session, int], Any]
) -> None:
    """Reckon and keep the figures of each large campaign of a museum, each in a transaction of its own, for a stated reason."""
    scope = OperatorScope(institution_id, reason)
    with transaction(scope) as session:
        large = large_campaigns(session, subject)
    for campaign_id in large:
        with transaction(scope) as session:
            keep(session, subject(campaign_id), reckon(session, campaign_id))


def lines_of(session: Session, campaign_id: int | None = None) -> int:
    """Count the lines of a campaign's fund, or of all the museum's books, from the totals."""
    lines = select(func.coalesce(func.sum(LedgerTotal.entries), 0)).where(
        LedgerTotal.institution_id == museum_of(session)
    )
    if campaign_id is not None:
        fund = select(LedgerAccount.id).where(
            LedgerAccount.campaign_id == campaign_id, LedgerAccount.kind == AccountKind.FUND
        )
        lines = lines.where(LedgerTotal.account_id.in_(fund))
    return int(session.scalars(lines).one())


def has_long_books(session: Session) -> bool:
    """Say whether the museum's books are checked beforehand."""
    return lines_of(session) > MANY


def large_campaigns(session: Session, subject: Callable[[int], str]) -> list[int]:
    """List the campaigns whose figures are reckoned beforehand, those that have waited longest first.

    A worker may be ended before it comes to the last: the next time begins with that one.
    """
    found = [
        int(campaign_id)
        for campaign_id in session.scalars(
            select(LedgerAccount.campaign_id)
            .join(
                LedgerTotal,
                (LedgerTotal.institution_id == LedgerAccount.institution_id)
                & (LedgerTotal.account_id == LedgerAccount.id),
            )
            .where(LedgerAccount.kind == AccountKind.FUND, LedgerAccount.campaign_id.is_not(None))
            .group_by(LedgerAccount.campaign_id)
            .having(func.sum(LedgerTotal.entries) > MANY)
            .order_by(LedgerAccount.campaign_id)
        )
        if campaign_id is not None
    ]
    last = select(Reckoning.subject, Reckoning.reckoned_at).where(
        Reckoning.subject.in_([subject(one) for one in found])
    )
    done = {name: at.timestamp() for name, at in session.execute(last)}
    return sorted(found, key=lambda one: done.get(subject(one), 0.0))
