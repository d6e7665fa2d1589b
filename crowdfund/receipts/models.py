"""Tables of tax receipts. An issued receipt's fields and bytes never change; only its state does."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from crowdfund import clock
from crowdfund.database import Base, currency_code, minor
from crowdfund.tenancy import OwnedByInstitution, owned_key


class ReceiptCounter(OwnedByInstitution, Base):
    """The last number given, for each issuer, series and year."""

    __tablename__ = "receipt_counters"
    __table_args__ = (
        UniqueConstraint("institution_id", "issuer_id", "series", "year"),
        owned_key("issuer_id", "issuers"),
    )

    issuer_id: Mapped[int] = mapped_column(BigInteger)
    series: Mapped[str]
    year: Mapped[int]
    last: Mapped[int]


class Receipt(OwnedByInstitution, Base):
    """A numbered document that states a gift."""

    __tablename__ = "receipts"
    __table_args__ = (
        UniqueConstraint("institution_id", "issuer_id", "series", "year", "number"),
        UniqueConstraint("institution_id", "code_hash"),
        owned_key("issuer_id", "issuers"),
        owned_key("replaces_id", "receipts"),
        CheckConstraint("amount_minor > 0 AND number > 0", name="amount"),
        CheckConstraint("(sha256 IS NULL) = (storage_key IS NULL)", name="stored"),
        Index("ix_receipts_state", "institution_id", "state", postgresql_where=text("state <> 'issued'")),
        Index("ix_receipts_unwritten", "institution_id", "id", postgresql_where=text("sha256 IS NULL")),
    )

    issuer_id: Mapped[int] = mapped_column(BigInteger)
    series: Mapped[str]
    year: Mapped[int]
    number: Mapped[int]
    state: Mapped[str]  # rules.ReceiptState
    donor_kind: Mapped[str]
    form: Mapped[str]
    amount_minor: Mapped[int] = minor()
    currency: Mapped[str] = currency_code()
    gift_date: Mapped[date]
    issued_at: Mapped[datetime]
    locale: Mapped[str]
    snapshot: Mapped[dict[str, Any]]  # everything that is printed, as it was at issue
    code_hash: Mapped[str]  # of the code in the QR
    replaces_id: Mapped[int | None] = mapped_column(BigInteger)
    sha256: Mapped[str | None]  # of the stored bytes, once rendered
    storage_key: Mapped[str | None]
    rendered_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    close_reason: Mapped[str | None]


class ReceiptGift(OwnedByInstitution, Base):
    """Which gifts a receipt states. A gift has one live receipt at most."""

    __tablename__ = "receipt_gifts"
    __table_args__ = (
        owned_key("receipt_id", "receipts"),
        owned_key("gift_id", "gifts"),
        UniqueConstraint("institution_id", "receipt_id", "gift_id"),
        Index("ix_receipt_gifts_gift", "institution_id", "gift_id"),
        Index("uq_receipt_gifts_live", "institution_id", "gift_id", unique=True, postgresql_where=text("live")),
    )

    receipt_id: Mapped[int] = mapped_column(BigInteger)
    gift_id: Mapped[int] = mapped_column(BigInteger)
    amount_minor: Mapped[int] = minor()
    live: Mapped[bool]


class ReceiptHold(OwnedByInstitution, Base):
    """Why a gift has no receipt yet: data or certainty is missing, a person decides."""

    __tablename__ = "receipt_holds"
    __table_args__ = (
        UniqueConstraint("institution_id", "gift_id"),
        owned_key("gift_id", "gifts"),
        Index("ix_receipt_holds_open", "institution_id", "outcome", postgresql_where=text("released_at IS NULL")),
    )

    gift_id: Mapped[int] = mapped_column(BigInteger)
    outcome: Mapped[str]  # hold: somebody must act; none: the law gives no receipt
    reason: Mapped[str]  # a reason code of tax.law
    held_at: Mapped[datetime] = mapped_column(default=clock.now)
    released_at: Mapped[datetime | None]
