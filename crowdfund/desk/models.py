"""Tables of money that comes by itself: bank files and their lines, batches of cheques, counts."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, LargeBinary, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from crowdfund import clock
from crowdfund.database import Base, currency_code, minor
from crowdfund.money import Money
from crowdfund.tenancy import OwnedByInstitution, owned_key

TWO_PEOPLE = "approved_by IS NULL OR approved_by <> recorded_by"


class Statement(OwnedByInstitution, Base):
    """A file of the bank's. Its text is kept only until it is taken in or dropped."""

    __tablename__ = "statements"
    __table_args__ = (owned_key("issuer_id", "issuers"), Index("ix_statements_made", "institution_id", "created_at"))

    issuer_id: Mapped[int] = mapped_column(BigInteger)
    form: Mapped[str]  # camt, csv
    filename: Mapped[str]
    sha256: Mapped[str]
    account: Mapped[str]
    source: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    state: Mapped[str]  # rules.StatementState
    lines_new: Mapped[int] = mapped_column(default=0)
    lines_known: Mapped[int] = mapped_column(default=0)
    recorded_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    imported_at: Mapped[datetime | None]


class ColumnMap(OwnedByInstitution, Base):
    """How a museum's bank lays out its CSV: remembered by the file's head."""

    __tablename__ = "column_maps"
    __table_args__ = (UniqueConstraint("institution_id", "head_sha256"),)

    head_sha256: Mapped[str]
    columns: Mapped[dict[str, str]]  # field → name of the column
    changed_at: Mapped[datetime] = mapped_column(default=clock.now)


class BankLine(OwnedByInstitution, Base):
    """One credit on an issuer's account. The bank's own reference, or what it says and the how-manieth, makes it one."""

    __tablename__ = "bank_lines"
    __table_args__ = (
        UniqueConstraint("institution_id", "account", "key"),
        owned_key("statement_id", "statements"),
        owned_key("issuer_id", "issuers"),
        owned_key("pledge_id", "pledges"),
        owned_key("donor_id", "donors"),
        owned_key("campaign_id", "campaigns"),
        owned_key("gift_id", "gifts"),
        CheckConstraint("amount_minor > 0", name="amount"),
        CheckConstraint(TWO_PEOPLE, name="two_people"),
        CheckConstraint("state <> 'closed' OR (approved_by IS NOT NULL AND gift_id IS NOT NULL)", name="closed"),
        CheckConstraint("state NOT IN ('matched', 'closed') OR recorded_by IS NOT NULL", name="matched"),
        Index("ix_bank_lines_donor_id", "institution_id", "donor_id"),
        Index("ix_bank_lines_state", "institution_id", "state", "id"),
    )

    statement_id: Mapped[int] = mapped_column(BigInteger)
    issuer_id: Mapped[int] = mapped_column(BigInteger)
    account: Mapped[str]
    key: Mapped[str]
    booked_on: Mapped[date]
    amount_minor: Mapped[int] = minor()
    currency: Mapped[str] = currency_code()
    payer: Mapped[str]
    text: Mapped[str]
    state: Mapped[str]  # rules.LineState
    pledge_id: Mapped[int | None] = mapped_column(BigInteger)  # whose it is said to be: a promise,
    donor_id: Mapped[int | None] = mapped_column(BigInteger)  # or a donor,
    campaign_id: Mapped[int | None] = mapped_column(BigInteger)  # for a campaign
    wants_receipt: Mapped[bool] = mapped_column(default=False)
    note: Mapped[str | None]
    recorded_by: Mapped[str | None]  # who matched it
    matched_at: Mapped[datetime | None]
    approved_by: Mapped[str | None]
    approved_at: Mapped[datetime | None]
    gift_id: Mapped[int | None] = mapped_column(BigInteger)
    rounds: Mapped[int] = mapped_column(default=0)  # how often a gift of it was taken back

    @property
    def amount(self) -> Money:
        """Give the amount credited."""
        return Money(self.amount_minor, self.currency)


class Batch(OwnedByInstitution, Base):
    """Cheques paid in together, on one numbered deposit slip."""

    __tablename__ = "batches"
    __table_args__ = (
        UniqueConstraint("institution_id", "attempt"),
        UniqueConstraint("institution_id", "issuer_id", "number"),
        owned_key("issuer_id", "issuers"),
        CheckConstraint(TWO_PEOPLE, name="two_people"),
        CheckConstraint("state <> 'closed' OR approved_by IS NOT NULL", name="closed"),
        CheckConstraint("state NOT IN ('counted', 'closed') OR (number IS NOT NULL AND recorded_by IS NOT NULL)", name="counted"),
        Index("ix_batches_state", "institution_id", "state", "id"),
    )  # fmt: skip

    attempt: Mapped[UUID]
    issuer_id: Mapped[int] = mapped_column(BigInteger)
    number: Mapped[int | None]  # of the deposit slip: 1 to n for each issuer
    currency: Mapped[str] = currency_code()
    state: Mapped[str]  # rules.BatchState
    opened_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    recorded_by: Mapped[str | None]  # who counted it
    counted_at: Mapped[datetime | None]
    approved_by: Mapped[str | None]
    approved_at: Mapped[datetime | None]
    accountant_reference: Mapped[str | None]


class Cheque(OwnedByInstitution, Base):
    """One cheque: whose it is, how much, and what is printed on it."""

    __tablename__ = "cheques"
    __table_args__ = (
        Index("ix_cheques_donor_id", "institution_id", "donor_id"),
        UniqueConstraint("institution_id", "attempt"),
        owned_key("batch_id", "batches"),
        owned_key("pledge_id", "pledges"),
        owned_key("donor_id", "donors"),
        owned_key("campaign_id", "campaigns"),
        owned_key("gift_id", "gifts"),
        CheckConstraint("amount_minor > 0", name="amount"),
        CheckConstraint(TWO_PEOPLE, name="two_people"),
        CheckConstraint("approved_by IS NULL OR approved_by IS DISTINCT FROM corrected_by", name="corrected"),
        CheckConstraint("state = 'recorded' OR (approved_by IS NOT NULL AND gift_id IS NOT NULL)", name="closed"),
        Index("ix_cheques_batch", "institution_id", "batch_id", "id"),
    )

    attempt: Mapped[UUID]
    batch_id: Mapped[int] = mapped_column(BigInteger)
    pledge_id: Mapped[int | None] = mapped_column(BigInteger)
    donor_id: Mapped[int] = mapped_column(BigInteger)
    campaign_id: Mapped[int] = mapped_column(BigInteger)
    amount_minor: Mapped[int] = minor()
    currency: Mapped[str] = currency_code()
    number: Mapped[str]
    bank: Mapped[str]
    received_on: Mapped[date]  # handed over, or its letter arrived: the law dates the gift by it
    handed: Mapped[bool]
    wants_receipt: Mapped[bool]
    state: Mapped[str]  # rules.ChequeState
    recorded_by: Mapped[str]
    corrected_by: Mapped[str | None]  # the last who did
    approved_by: Mapped[str | None]
    gift_id: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    @property
    def amount(self) -> Money:
        """Give the amount."""
        return Money(self.amount_minor, self.currency)


class Count(OwnedByInstitution, Base):
    """Cash or tickets counted by two people: one anonymous gift, without a receipt."""

    __tablename__ = "counts"
    __table_args__ = (
        UniqueConstraint("institution_id", "attempt"),
        owned_key("campaign_id", "campaigns"),
        owned_key("gift_id", "gifts"),
        CheckConstraint("total_minor > 0 AND units > 0", name="amount"),
        CheckConstraint(TWO_PEOPLE, name="two_people"),
        CheckConstraint("state <> 'closed' OR (approved_by IS NOT NULL AND gift_id IS NOT NULL)", name="closed"),
        Index("ix_counts_state", "institution_id", "state", "id"),
    )

    attempt: Mapped[UUID]
    kind: Mapped[str]  # rules.CountKind
    campaign_id: Mapped[int] = mapped_column(BigInteger)
    place: Mapped[str]  # which box, which till
    day: Mapped[date]
    sheet: Mapped[dict[str, int]] = mapped_column(JSONB)  # minor units of one → how many
    total_minor: Mapped[int] = minor()
    currency: Mapped[str] = currency_code()
    units: Mapped[int]
    state: Mapped[str]  # rules.CountState
    recorded_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    approved_by: Mapped[str | None]
    approved_at: Mapped[datetime | None]
    gift_id: Mapped[int | None] = mapped_column(BigInteger)

    @property
    def total(self) -> Money:
        """Give the sum."""
        return Money(self.total_minor, self.currency)
