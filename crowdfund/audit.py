"""The audit trail: who did what, chained by hashes.

The chain is made by the database (trigger `chain_audit`): each entry's hash covers the one before it, so that an edit or a
deletion shows; cutting off the tail shows against an anchor kept elsewhere (`flask audit verify --anchor`).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from crowdfund import clock
from crowdfund.database import Base
from crowdfund.tenancy import museum_of, scope_of


class AuditEntry(Base):
    """One act. `detail` names fields and hashes, never identity."""

    __tablename__ = "audit_entries"
    __table_args__ = (Index("ix_audit_entries_subject", "institution_id", "subject"),)

    institution_id: Mapped[int] = mapped_column(ForeignKey("institutions.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    actor: Mapped[str]
    action: Mapped[str]
    subject: Mapped[str]
    detail: Mapped[dict[str, Any]]
    at: Mapped[datetime]
    prev_hash: Mapped[str]
    hash: Mapped[str]


def record(session: Session, action: str, subject: str, **detail: Any) -> None:
    """Write what was done to the trail. Holds the museum's chain until the transaction ends, so call it late."""
    session.flush()  # the rows it speaks of come first
    session.execute(
        insert(AuditEntry).values(
            institution_id=museum_of(session),
            seq=0,
            actor=scope_of(session).actor,
            action=action,
            subject=subject,
            detail=detail,
            at=clock.now(),
            prev_hash="",
            hash="",
        )
    )
