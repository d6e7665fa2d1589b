"""Tables of calls and letters of thanks. Notes are the museum's own and go when a donor is erased."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from crowdfund import clock
from crowdfund.database import Base
from crowdfund.tenancy import OwnedByInstitution, owned_key


class ThankCall(OwnedByInstitution, Base):
    """A donor to be called because of a gift."""

    __tablename__ = "thank_calls"
    __table_args__ = (
        UniqueConstraint("institution_id", "gift_id"),
        owned_key("gift_id", "gifts"),
        owned_key("donor_id", "donors"),
        owned_key("rule_id", "thank_rules"),
        Index("ix_thank_calls_donor_id", "institution_id", "donor_id"),
        Index("ix_thank_calls_due", "institution_id", "state", "due_at"),
    )

    gift_id: Mapped[int] = mapped_column(BigInteger)
    donor_id: Mapped[int] = mapped_column(BigInteger)
    rule_id: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str]  # rules.CallState
    due_at: Mapped[datetime]
    phone: Mapped[str | None]
    note: Mapped[str | None]
    called_by: Mapped[str | None]  # the name of who called
    called_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class LetterBatch(OwnedByInstitution, Base):
    """Letters printed together, numbered in the museum; printed again from the same rows."""

    __tablename__ = "letter_batches"
    __table_args__ = (UniqueConstraint("institution_id", "number"),)

    number: Mapped[int]
    state: Mapped[str]  # rules.BatchState
    window: Mapped[str]  # rules.Window
    letters: Mapped[int]
    made_by: Mapped[str]
    made_at: Mapped[datetime] = mapped_column(default=clock.now)
    sent_at: Mapped[datetime | None]


class ThankLetter(OwnedByInstitution, Base):
    """A letter of thanks on paper. What it said is kept from its printing on."""

    __tablename__ = "thank_letters"
    __table_args__ = (
        UniqueConstraint("institution_id", "gift_id"),
        owned_key("gift_id", "gifts"),
        owned_key("donor_id", "donors"),
        owned_key("rule_id", "thank_rules"),
        owned_key("batch_id", "letter_batches"),
        Index("ix_thank_letters_donor_id", "institution_id", "donor_id"),
        Index("ix_thank_letters_state", "institution_id", "state", "id"),
        Index("ix_thank_letters_batch", "institution_id", "batch_id"),
    )

    gift_id: Mapped[int] = mapped_column(BigInteger)
    donor_id: Mapped[int] = mapped_column(BigInteger)
    rule_id: Mapped[int | None] = mapped_column(BigInteger)
    batch_id: Mapped[int | None] = mapped_column(BigInteger)
    state: Mapped[str]  # rules.LetterState
    words: Mapped[str | None]
    signed_by: Mapped[str | None]
    signed_as: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
