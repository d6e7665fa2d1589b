"""Tables of gatherings, of places booked, and of visits."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from crowdfund import clock
from crowdfund.database import Base
from crowdfund.tenancy import OwnedByInstitution, owned_key


class Gathering(OwnedByInstitution, Base):
    """A visit, an evening, an unveiling, a donors' hour of a campaign. `reward_id` keeps it to those who chose that reward."""

    __tablename__ = "gatherings"
    __table_args__ = (
        owned_key("campaign_id", "campaigns"),
        owned_key("reward_id", "rewards"),
        CheckConstraint("capacity > 0 AND most_each > 0", name="capacity"),
        CheckConstraint("ends_at > starts_at", name="times"),
        Index("ix_gatherings_campaign", "institution_id", "campaign_id", "starts_at"),
    )

    campaign_id: Mapped[int] = mapped_column(BigInteger)
    reward_id: Mapped[int | None] = mapped_column(BigInteger)
    kind: Mapped[str]  # rules.GatheringKind
    state: Mapped[str]  # rules.GatheringState
    title: Mapped[dict[str, str]]
    place: Mapped[str]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    capacity: Mapped[int]  # people
    most_each: Mapped[int]  # people on one booking
    invited_at: Mapped[datetime | None]  # the last time mails left
    times_invited: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class Booking(OwnedByInstitution, Base):
    """Places for the donor of one gift at one gathering. `came` is how many of them the door has seen."""

    __tablename__ = "bookings"
    __table_args__ = (
        UniqueConstraint("institution_id", "gathering_id", "pledge_id"),
        owned_key("gathering_id", "gatherings"),
        owned_key("pledge_id", "pledges"),
        owned_key("donor_id", "donors"),
        CheckConstraint("people > 0 AND came >= 0", name="people"),
        Index("ix_bookings_pledge", "institution_id", "pledge_id"),
        Index("ix_bookings_donor", "institution_id", "donor_id"),
    )

    gathering_id: Mapped[int] = mapped_column(BigInteger)
    pledge_id: Mapped[int] = mapped_column(BigInteger)
    donor_id: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str]  # rules.BookingState
    people: Mapped[int]
    came: Mapped[int] = mapped_column(default=0)
    came_at: Mapped[datetime | None]
    asked_at: Mapped[datetime] = mapped_column(default=clock.now)  # its place on the waiting list
    version: Mapped[int] = mapped_column(default=1)  # of its mails


class MuseumVisit(OwnedByInstitution, Base):
    """A donor came on a day of the museum's calendar: by the door of a gathering, or by the code at the case."""

    __tablename__ = "museum_visits"
    __table_args__ = (
        Index("ix_museum_visits_donor_id", "institution_id", "donor_id"),
        UniqueConstraint("institution_id", "pledge_id", "day"),
        owned_key("campaign_id", "campaigns"),
        owned_key("pledge_id", "pledges"),
        owned_key("donor_id", "donors"),
        CheckConstraint("people > 0", name="people"),
        Index("ix_museum_visits_campaign", "institution_id", "campaign_id"),
    )

    campaign_id: Mapped[int] = mapped_column(BigInteger)
    pledge_id: Mapped[int] = mapped_column(BigInteger)
    donor_id: Mapped[int] = mapped_column(BigInteger)
    day: Mapped[date]
    people: Mapped[int]
    way: Mapped[str]  # door, case
    at: Mapped[datetime] = mapped_column(default=clock.now)
