"""Tables of one museum's donors."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Computed, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from crowdfund import clock
from crowdfund.database import Base
from crowdfund.tenancy import OwnedByInstitution, owned_key


class Donor(OwnedByInstitution, Base):
    """One museum's record of a giver. The only place of identity beside the receipts' snapshots."""

    __tablename__ = "donors"
    __table_args__ = (
        CheckConstraint("kind IN ('individual', 'company')", name="kind"),
        Index("ix_donors_email", "institution_id", "email", "merged_into_id"),
        Index("ix_donors_postcode", "institution_id", "postcode"),
        Index("ix_donors_city", "institution_id", "city"),
        Index(
            "ix_donors_twin",
            "institution_id",
            "twin_key",
            "merged_into_id",
            postgresql_where=text("twin_key IS NOT NULL"),
        ),
        Index(
            "ix_donors_merged", "institution_id", "merged_into_id", postgresql_where=text("merged_into_id IS NOT NULL")
        ),
        Index(
            "ix_donors_never_gave",
            "institution_id",
            "id",
            postgresql_where=text("NOT gave AND merged_into_id IS NULL AND erased_at IS NULL"),
        ),
        owned_key("merged_into_id", "donors"),
    )

    kind: Mapped[str]
    first_name: Mapped[str | None]
    last_name: Mapped[str | None]
    company_name: Mapped[str | None]
    company_number: Mapped[str | None]
    legal_form: Mapped[str | None]
    email: Mapped[str | None]  # lower case; none for a donor at the desk
    address_line: Mapped[str | None]
    postcode: Mapped[str | None]
    city: Mapped[str | None]
    country: Mapped[str | None] = mapped_column(String(2))
    tax_number: Mapped[str | None]
    phone: Mapped[str | None]  # told at the desk or by the donor; never shown
    merged_into_id: Mapped[int | None] = mapped_column(BigInteger)  # the record that stands for the same person
    locale: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    erased_at: Mapped[datetime | None]
    # A gift of theirs, or of a record they stand for, was not given back. Written by triggers alone.
    gave: Mapped[bool] = mapped_column(server_default=text("false"), deferred=True)
    # The postcode and the bones of the name's words, in their order: equal for those who may be one person.
    twin_key: Mapped[str | None] = mapped_column(
        Text(collation="C"),
        Computed("twin_key(first_name, last_name, company_name, postcode)", persisted=True),
        deferred=True,
    )


class ErasedAddress(OwnedByInstitution, Base):
    """An address that was erased here, as the SHA-256 that sent mails keep too: nobody brings it back by a file."""

    __tablename__ = "erased_addresses"
    __table_args__ = (UniqueConstraint("institution_id", "to_hash"),)

    to_hash: Mapped[str]
    at: Mapped[datetime] = mapped_column(default=clock.now)


class DonorWord(OwnedByInstitution, Base):
    """A word of a donor's names or address, folded, as the table's trigger keeps it: found by its beginning."""

    __tablename__ = "donor_words"
    __table_args__ = (
        owned_key("donor_id", "donors", ondelete="CASCADE"),
        Index("ix_donor_words_word", "institution_id", "word", "donor_id"),
        Index("ix_donor_words_donor", "institution_id", "donor_id"),
    )

    donor_id: Mapped[int] = mapped_column(BigInteger)
    word: Mapped[str] = mapped_column(Text(collation="C"))


class Consent(OwnedByInstitution, Base):
    """What a donor said yes to, in which words, when and where."""

    __tablename__ = "consents"
    __table_args__ = (
        owned_key("donor_id", "donors"),
        Index("ix_consents_donor", "institution_id", "donor_id"),
    )

    donor_id: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str]  # news_museum, news_network
    wording: Mapped[str]
    locale: Mapped[str]
    source: Mapped[str]
    given_at: Mapped[datetime] = mapped_column(default=clock.now)
    withdrawn_at: Mapped[datetime | None]
