"""Tables of what comes before an opening: changes, decisions, yeses, and what partner museums say of a draft."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from crowdfund import clock
from crowdfund.database import Base
from crowdfund.tenancy import OwnedByInstitution, owned_key


class Change(OwnedByInstitution, Base):
    """One change that a person of the museum made: each field with what it was and what it became. Never changed."""

    __tablename__ = "campaign_changes"
    __table_args__ = (
        UniqueConstraint("institution_id", "campaign_id", "number"),
        owned_key("campaign_id", "campaigns"),
    )

    campaign_id: Mapped[int] = mapped_column(BigInteger)
    number: Mapped[int]
    account_id: Mapped[int | None] = mapped_column(BigInteger)  # none: the platform itself
    name: Mapped[str]  # who, as they were called then
    note: Mapped[str]  # why; asked for once the campaign is live
    fields: Mapped[dict[str, Any]]  # {name of the field: [before, after]}
    made_at: Mapped[datetime] = mapped_column(default=clock.now)


class Decision(OwnedByInstitution, Base):
    """A decision that a campaign rests on: the commission's advice, the council's act. The latest of a kind counts."""

    __tablename__ = "campaign_decisions"
    __table_args__ = (
        owned_key("campaign_id", "campaigns"),
        Index("ix_campaign_decisions_campaign", "institution_id", "campaign_id"),
    )

    campaign_id: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str]  # promises.DecisionKind
    reference: Mapped[str]
    dated_on: Mapped[date]
    account_id: Mapped[int | None] = mapped_column(BigInteger)
    noted_at: Mapped[datetime] = mapped_column(default=clock.now)


class Approval(OwnedByInstitution, Base):
    """Somebody's yes to what a campaign says, as it stood at a revision. The latest of a part counts."""

    __tablename__ = "campaign_approvals"
    __table_args__ = (
        owned_key("campaign_id", "campaigns"),
        Index("ix_campaign_approvals_campaign", "institution_id", "campaign_id"),
    )

    campaign_id: Mapped[int] = mapped_column(BigInteger)
    part: Mapped[str]  # promises.Approver
    name: Mapped[str]
    agreed_on: Mapped[date]
    document: Mapped[str]  # where it is written: a mail, a minute, a signed sheet
    revision: Mapped[int]
    account_id: Mapped[int | None] = mapped_column(BigInteger)  # who noted it
    noted_at: Mapped[datetime] = mapped_column(default=clock.now)


class Review(OwnedByInstitution, Base):
    """A partner museum that was asked to read a campaign before it opens, by a link for its own people."""

    __tablename__ = "campaign_reviews"
    __table_args__ = (UniqueConstraint("institution_id", "token_hash"), owned_key("campaign_id", "campaigns"))

    campaign_id: Mapped[int] = mapped_column(BigInteger)
    guest_id: Mapped[int] = mapped_column(ForeignKey("institutions.id"))  # the museum that reads
    key: Mapped[UUID] = mapped_column(default=uuid4)  # the token is derived from it
    token_hash: Mapped[str]
    asked_at: Mapped[datetime] = mapped_column(default=clock.now)
    closed_at: Mapped[datetime | None]


class Remark(OwnedByInstitution, Base):
    """What a guest said of a draft. Never changed."""

    __tablename__ = "campaign_remarks"
    __table_args__ = (
        owned_key("campaign_id", "campaigns"),
        owned_key("review_id", "campaign_reviews"),
        Index("ix_campaign_remarks_campaign", "institution_id", "campaign_id"),
    )

    campaign_id: Mapped[int] = mapped_column(BigInteger)
    review_id: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str]  # the person's and their museum's
    text: Mapped[str]
    made_at: Mapped[datetime] = mapped_column(default=clock.now)
