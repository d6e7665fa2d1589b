"""Tables of what a museum knows of its donors beside their gifts, and of the views it keeps of its lists."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from crowdfund import clock
from crowdfund.database import Base, currency_code, minor
from crowdfund.tenancy import OwnedByInstitution, owned_key


class SavedView(OwnedByInstitution, Base):
    """Filters of a list under a name, for everybody at the museum's desk. The words searched for are not kept."""

    __tablename__ = "saved_views"
    __table_args__ = (UniqueConstraint("institution_id", "page", "name"),)

    page: Mapped[str]  # gifts, donors
    name: Mapped[str]
    filters: Mapped[dict[str, str]]
    saved_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class DonorStanding(OwnedByInstitution, Base):
    """What a person gave in all, in one currency, under the record that stands for them. Written by triggers alone."""

    __tablename__ = "donor_standings"
    __table_args__ = (
        UniqueConstraint("institution_id", "donor_id", "currency"),
        owned_key("donor_id", "donors", ondelete="CASCADE"),
        Index("ix_donor_standings_last", "institution_id", "last_at", "donor_id"),
        Index("ix_donor_standings_kept", "institution_id", "kept_minor"),
    )

    donor_id: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = currency_code()
    gifts: Mapped[int] = mapped_column(BigInteger)  # that were not given back
    kept_minor: Mapped[int] = minor()
    largest_minor: Mapped[int] = minor()
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]


class DonorTag(OwnedByInstitution, Base):
    """A word by which the museum groups its donors."""

    __tablename__ = "donor_tags"
    __table_args__ = (
        UniqueConstraint("institution_id", "donor_id", "tag"),
        owned_key("donor_id", "donors", ondelete="CASCADE"),
        Index("ix_donor_tags_tag", "institution_id", "tag", "donor_id"),
    )

    donor_id: Mapped[int] = mapped_column(BigInteger)
    tag: Mapped[str]


class DonorNote(OwnedByInstitution, Base):
    """What somebody of the museum wrote down about a donor: a note, a call, a letter, a visit."""

    __tablename__ = "donor_notes"
    __table_args__ = (
        owned_key("donor_id", "donors", ondelete="CASCADE"),
        Index("ix_donor_notes_donor", "institution_id", "donor_id", "at"),
    )

    donor_id: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str]  # rules.NoteKind
    text: Mapped[str]
    written_by: Mapped[str]
    at: Mapped[datetime] = mapped_column(default=clock.now)


class DonorMerge(OwnedByInstitution, Base):
    """Two records said to be one person: what moved below the record that is kept, so that undoing restores it exactly."""

    __tablename__ = "donor_merges"
    __table_args__ = (
        owned_key("kept_id", "donors"),
        owned_key("merged_id", "donors"),
        Index("ix_donor_merges_merged_id", "institution_id", "merged_id"),
        Index("ix_donor_merges_kept", "institution_id", "kept_id"),
    )

    kept_id: Mapped[int] = mapped_column(BigInteger)
    merged_id: Mapped[int] = mapped_column(BigInteger)
    moved: Mapped[list[int]]  # the merged record and those that had been merged into it
    merged_by: Mapped[str]
    merged_at: Mapped[datetime] = mapped_column(default=clock.now)
    undone_at: Mapped[datetime | None]


class DonorApart(OwnedByInstitution, Base):
    """Two records that look alike and were said to be two people; the lower number first."""

    __tablename__ = "donor_aparts"
    __table_args__ = (
        UniqueConstraint("institution_id", "lower_id", "higher_id"),
        owned_key("lower_id", "donors", ondelete="CASCADE"),
        owned_key("higher_id", "donors", ondelete="CASCADE"),
        CheckConstraint("lower_id < higher_id", name="two"),
        Index("ix_donor_aparts_higher_id", "institution_id", "higher_id"),
    )

    lower_id: Mapped[int] = mapped_column(BigInteger)
    higher_id: Mapped[int] = mapped_column(BigInteger)
    said_by: Mapped[str]
    said_at: Mapped[datetime] = mapped_column(default=clock.now)


class DoublesCount(OwnedByInstitution, Base):
    """How many pairs of records may be one person, as they were counted last: the day's page reads it and does not count."""

    __tablename__ = "doubles_counts"
    __table_args__ = (UniqueConstraint("institution_id"),)

    found: Mapped[int]
    counted_at: Mapped[datetime]
