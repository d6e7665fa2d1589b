"""Tables of plaques: how one is made, its names as they were fixed and corrected, and its signed versions, which never change."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from crowdfund import clock
from crowdfund.database import Base, minor
from crowdfund.plaques.rules import Plan, Section
from crowdfund.tenancy import OwnedByInstitution, owned_key


class Plaque(OwnedByInstitution, Base):
    """The plaque of a campaign."""

    __tablename__ = "plaques"
    __table_args__ = (
        UniqueConstraint("institution_id", "campaign_id"),
        owned_key("campaign_id", "campaigns"),
        CheckConstraint("columns > 0 AND line_mm > 0", name="measures"),
        CheckConstraint("least_minor > 0", name="least"),
    )

    campaign_id: Mapped[int] = mapped_column(BigInteger)
    size: Mapped[str]  # a key of rules.SIZES
    columns: Mapped[int]
    line_mm: Mapped[int]
    order_by: Mapped[str]  # rules.OrderBy
    locale: Mapped[str]  # of the headings and of the order
    heading: Mapped[dict[str, str]]
    caption: Mapped[dict[str, str]]  # none: the work's title, maker and date
    least_minor: Mapped[int | None] = minor()
    sections: Mapped[list[dict[str, Any]]]  # [{"from_minor": …, "heading": {…}}], the highest first
    counts_others: Mapped[bool]
    locks_on: Mapped[date | None]  # donors may change their names until this day is over, where the museum is
    frozen_at: Mapped[datetime | None]  # the names are those of this moment
    reminded_at: Mapped[datetime | None]  # donors were told that the day is near
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    changed_at: Mapped[datetime] = mapped_column(default=clock.now)

    @property
    def plan(self) -> Plan:
        """Give how it is made."""
        return Plan(
            size=self.size,
            columns=self.columns,
            line_mm=self.line_mm,
            order_by=self.order_by,
            locale=self.locale,
            heading=self.heading,
            caption=self.caption,
            least_minor=self.least_minor,
            sections=tuple(Section(one["from_minor"], one["heading"]) for one in self.sections),
            counts_others=self.counts_others,
        )


class PlaqueName(OwnedByInstitution, Base):
    """What is kept of one name beside its donor's choice: how it was fixed, corrected, filed. Goes with its donor."""

    __tablename__ = "plaque_names"
    __table_args__ = (
        UniqueConstraint("institution_id", "plaque_id", "pledge_id"),
        UniqueConstraint("institution_id", "plaque_id", "group_id"),
        owned_key("plaque_id", "plaques"),
        owned_key("pledge_id", "pledges"),
        owned_key("group_id", "groups"),
        CheckConstraint("pledge_id IS NOT NULL OR group_id IS NOT NULL", name="whose"),
        Index("ix_plaque_names_pledge", "institution_id", "pledge_id"),
    )

    plaque_id: Mapped[int] = mapped_column(BigInteger)
    pledge_id: Mapped[int | None] = mapped_column(BigInteger)
    group_id: Mapped[int | None] = mapped_column(BigInteger)
    frozen: Mapped[str | None]  # as the donor had chosen it when the names were fixed; none: not named then
    corrected: Mapped[str | None]  # as the donor asked for it since
    sort_word: Mapped[str | None]  # set by hand
    left_out: Mapped[bool] = mapped_column(default=False, server_default=false())


class PlaqueCorrection(OwnedByInstitution, Base):
    """What was changed of a name by hand: from what, to what, by whom, why. The trail holds its number and hashes."""

    __tablename__ = "plaque_corrections"
    __table_args__ = (
        owned_key("name_id", "plaque_names"),
        Index("ix_plaque_corrections_name", "institution_id", "name_id"),
    )

    name_id: Mapped[int] = mapped_column(BigInteger)
    what: Mapped[str]  # name, sort_word, left_out
    before: Mapped[str]
    after: Mapped[str]
    note: Mapped[str]
    by_name: Mapped[str]
    at: Mapped[datetime] = mapped_column(default=clock.now)


class PlaqueVersion(OwnedByInstitution, Base):
    """A signed plaque: the bytes that went to the engraver, by their hash."""

    __tablename__ = "plaque_versions"
    __table_args__ = (
        UniqueConstraint("institution_id", "plaque_id", "number"),
        owned_key("plaque_id", "plaques"),
        CheckConstraint("number > 0", name="number"),
    )

    plaque_id: Mapped[int] = mapped_column(BigInteger)
    number: Mapped[int]
    fingerprint: Mapped[str]  # of what it says and how it is set
    storage_key: Mapped[str]
    sha256: Mapped[str]  # of the bytes of the PDF
    size_bytes: Mapped[int]
    names: Mapped[int]
    sheets: Mapped[int]
    signed_by_id: Mapped[int] = mapped_column(BigInteger)
    signed_name: Mapped[str]
    signed_as: Mapped[str]
    signed_at: Mapped[datetime] = mapped_column(default=clock.now)


class PlaqueLine(OwnedByInstitution, Base):
    """A name of a signed version. It stays as it was engraved; whose it was is forgotten with the donor."""

    __tablename__ = "plaque_lines"
    __table_args__ = (
        UniqueConstraint("institution_id", "version_id", "position"),
        owned_key("version_id", "plaque_versions"),
        owned_key("pledge_id", "pledges"),
        owned_key("group_id", "groups"),
        Index("ix_plaque_lines_pledge", "institution_id", "pledge_id"),
    )

    version_id: Mapped[int] = mapped_column(BigInteger)
    position: Mapped[int]
    pledge_id: Mapped[int | None] = mapped_column(BigInteger)
    group_id: Mapped[int | None] = mapped_column(BigInteger)
    heading: Mapped[str]
    name: Mapped[str]

    @property
    def key(self) -> str:
        """Name whose line it is; empty for a donor who was erased."""
        return name_key(self.pledge_id, self.group_id)


def name_key(pledge_id: int | None, group_id: int | None) -> str:
    """Write whose name it is: "p12" of a pledge, "g3" of a group."""
    return f"p{pledge_id}" if pledge_id is not None else f"g{group_id}" if group_id is not None else ""
