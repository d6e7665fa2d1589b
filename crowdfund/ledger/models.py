"""Tables of the books. Append only: the database refuses to change or delete them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from crowdfund import clock
from crowdfund.database import Base, currency_code, minor
from crowdfund.tenancy import OwnedByInstitution, owned_key


class LedgerAccount(OwnedByInstitution, Base):
    """An account of one issuer's books: a campaign's fund, clearing, bank, cash, fees, disputes."""

    __tablename__ = "ledger_accounts"
    __table_args__ = (
        UniqueConstraint("institution_id", "code"),
        owned_key("issuer_id", "issuers"),
        Index("ix_ledger_accounts_campaign", "institution_id", "campaign_id"),
    )

    code: Mapped[str]
    kind: Mapped[str]  # rules.AccountKind
    issuer_id: Mapped[int] = mapped_column(BigInteger)
    # The fund's campaign. No foreign key: campaigns stand on a higher floor; the fund is made with its campaign.
    campaign_id: Mapped[int | None] = mapped_column(BigInteger)
    currency: Mapped[str] = currency_code()
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class LedgerTransaction(OwnedByInstitution, Base):
    """A balanced set of entries, posted once under its reference."""

    __tablename__ = "ledger_transactions"
    __table_args__ = (
        UniqueConstraint("institution_id", "reference"),
        owned_key("reverses_id", "ledger_transactions"),
    )

    reference: Mapped[str]
    memo: Mapped[str]
    booked_at: Mapped[datetime]
    # The database transaction that made it: entries can join it in no other.
    xid: Mapped[int] = mapped_column(BigInteger, server_default=text("(pg_current_xact_id()::text::bigint)"))
    reverses_id: Mapped[int | None] = mapped_column(BigInteger)


class LedgerEntry(OwnedByInstitution, Base):
    """One signed line: debits positive, credits negative, in minor units."""

    __tablename__ = "ledger_entries"
    __table_args__ = (
        owned_key("transaction_id", "ledger_transactions"),
        owned_key("account_id", "ledger_accounts"),
        CheckConstraint("amount_minor <> 0", name="not_zero"),
        Index("ix_ledger_entries_transaction", "institution_id", "transaction_id"),
        Index("ix_ledger_entries_account", "institution_id", "account_id", "id"),
    )

    transaction_id: Mapped[int] = mapped_column(BigInteger)
    account_id: Mapped[int] = mapped_column(BigInteger)
    amount_minor: Mapped[int] = minor()
    currency: Mapped[str] = currency_code()


class LedgerTotal(Base):
    """An account's balance, in shards kept by a trigger in the transaction of each entry.

    Reading a balance sums a handful of rows however many entries there are; writers seldom meet on one row.
    """

    __tablename__ = "ledger_totals"
    __table_args__ = (owned_key("account_id", "ledger_accounts"),)

    institution_id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    shard: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    balance_minor: Mapped[int] = minor()
    debit_minor: Mapped[int] = minor()  # the debits alone; the credits are what is between them and the balance
    entries: Mapped[int] = mapped_column(BigInteger)
