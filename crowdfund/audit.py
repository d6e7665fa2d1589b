"""The audit trail: who did what, chained by hashes.

The chain is made by the database (trigger `chain_audit`): each entry's hash covers the one before it, so that an edit or a
deletion shows; cutting off the tail shows against an anchor kept elsewhere (`flask audit verify --anchor`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from crowdfund import clock
from crowdfund.database import Base
from crowdfund.tenancy import museum_of, scope_of

# The trigger chains each row to the one before it, those of the same statement too.
WRITE = text("""
    INSERT INTO audit_entries (institution_id, seq, actor, action, subject, detail, at, prev_hash, hash)
    SELECT :museum, 0, :actor, action, subject, CAST(detail AS jsonb), at, '', ''
    FROM unnest(
      CAST(:actions AS text[]), CAST(:subjects AS text[]), CAST(:details AS text[]), CAST(:moments AS timestamptz[])
    ) WITH ORDINALITY AS act (action, subject, detail, at, place)
    ORDER BY place
""")


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


@dataclass(frozen=True, slots=True)
class Act:
    """What was done, to what, at a moment (UTC)."""

    action: str
    subject: str
    detail: Mapping[str, Any]
    at: datetime


def record(session: Session, action: str, subject: str, **detail: Any) -> None:
    """Write what was done to the trail. Holds the museum's chain until the transaction ends, so call it late."""
    record_all(session, [Act(action, subject, detail, clock.now())])


def record_all(session: Session, acts: Sequence[Act]) -> None:
    """Write several acts to the trail, in their order, each as `record` does."""
    session.flush()  # the rows they speak of come first
    if acts:
        session.connection().execute(WRITE, {
            "museum": museum_of(session),
            "actor": scope_of(session).actor,
            "actions": [act.action for act in acts],
            "subjects": [act.subject for act in acts],
            "details": [json.dumps(act.detail) for act in acts],
            "moments": [act.at for act in acts],
        })  # fmt: skip
