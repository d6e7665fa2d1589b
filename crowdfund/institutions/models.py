"""Tables of museums, issuers and members."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, Computed, ForeignKey, Identity, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from crowdfund import clock
from crowdfund.database import Base, currency_code, search_words
from crowdfund.tenancy import OwnedByInstitution, owned_key

TAKES_CARDS = "payment_account IS NOT NULL AND payment_account_state NOT IN ('restricted', 'blocked', 'deauthorized')"


class Institution(Base):
    """A museum, as the public knows it."""

    __tablename__ = "institutions"
    __table_args__ = (
        CheckConstraint("wall_hue BETWEEN 0 AND 360", name="wall_hue"),
        CheckConstraint("wall_chroma BETWEEN 0 AND 0.115", name="wall_chroma"),
        CheckConstraint("wall_shift BETWEEN -0.04 AND 0.03", name="wall_shift"),
    )

    id: Mapped[int] = mapped_column(Integer, Identity(), primary_key=True)
    code: Mapped[str] = mapped_column(String(8), unique=True)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    kind: Mapped[str]
    intro: Mapped[dict[str, str]]
    city: Mapped[str]
    region: Mapped[str]
    country: Mapped[str] = mapped_column(String(2))
    latitude: Mapped[float]
    longitude: Mapped[float]
    time_zone: Mapped[str]
    currency: Mapped[str] = currency_code()
    locales: Mapped[list[str]]
    default_locale: Mapped[str]
    contact_email: Mapped[str]
    opening: Mapped[dict[str, str]]
    facade: Mapped[str | None]  # a drawing in static/art, white and black glazes that stand on any wall
    wall_hue: Mapped[float]
    wall_chroma: Mapped[float]
    wall_shift: Mapped[float]
    words: Mapped[str] = search_words()
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class Issuer(OwnedByInstitution, Base):
    """The legal entity that is paid and signs the receipts."""

    __tablename__ = "issuers"
    __table_args__ = (
        UniqueConstraint("institution_id", "series"),
        UniqueConstraint("payment_account"),  # an account of the provider belongs to one museum
    )

    legal_name: Mapped[str]
    kind: Mapped[str]  # a key of tax.law.ISSUER_KINDS
    jurisdiction: Mapped[str] = mapped_column(String(2))
    registrations: Mapped[dict[str, str]]  # {"siren": …, "codice_fiscale": …}
    address_line: Mapped[str]
    postcode: Mapped[str]
    city: Mapped[str]
    country: Mapped[str] = mapped_column(String(2))
    purpose: Mapped[dict[str, str]]
    category: Mapped[dict[str, str]]
    legal_bases: Mapped[list[str]]
    stamp_duty_policy: Mapped[str | None]
    signatory_name: Mapped[str | None]
    signatory_quality: Mapped[str | None]
    signature_asset: Mapped[str | None]
    mandate_signed_on: Mapped[date | None]
    mandate_revoked_on: Mapped[date | None]
    accountant_agreed_on: Mapped[date | None]
    time_zone: Mapped[str]
    currency: Mapped[str] = currency_code()
    series: Mapped[str]  # prefix of the receipts' numbers
    payment_account: Mapped[str | None]  # the provider's account, acct_…
    payment_account_state: Mapped[str] = mapped_column(default="pending")
    takes_cards: Mapped[bool] = mapped_column(Computed(TAKES_CARDS, persisted=True))


class BankDetails(OwnedByInstitution, Base):
    """Where an issuer takes transfers and cheques, and whether the giving form offers them."""

    __tablename__ = "bank_details"
    __table_args__ = (
        UniqueConstraint("institution_id", "issuer_id"),
        owned_key("issuer_id", "issuers"),
        CheckConstraint("NOT takes_transfers OR (iban IS NOT NULL AND beneficiary IS NOT NULL)", name="transfers"),
        CheckConstraint(
            "NOT takes_cheques OR (cheque_order IS NOT NULL AND cheque_address IS NOT NULL)", name="cheques"
        ),
    )

    issuer_id: Mapped[int] = mapped_column(BigInteger)
    beneficiary: Mapped[str | None]
    iban: Mapped[str | None] = mapped_column(String(34))  # without spaces, its check figures right
    bic: Mapped[str | None] = mapped_column(String(11))
    cheque_order: Mapped[str | None]  # to whom a cheque is made out
    cheque_address: Mapped[str | None]  # where it is sent, line by line
    takes_transfers: Mapped[bool]
    takes_cheques: Mapped[bool]
    changed_by: Mapped[str]
    changed_at: Mapped[datetime] = mapped_column(default=clock.now)


class Member(OwnedByInstitution, Base):
    """A person of the museum's staff, and their role."""

    __tablename__ = "members"
    __table_args__ = (UniqueConstraint("institution_id", "account_id"),)

    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts.id"))
    role: Mapped[str]
    state: Mapped[str] = mapped_column(default="active")
    invited_by_id: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
