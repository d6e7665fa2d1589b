"""Tables of the places where a poster hangs, and how often its link was opened: days and numbers, nobody's traces."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from crowdfund import clock
from crowdfund.database import Base
from crowdfund.tenancy import OwnedByInstitution, owned_key


class Place(OwnedByInstitution, Base):
    """A place with a poster of its own: the hall, a tram stop, a shop. `way` is what its gifts carry as channel."""

    __tablename__ = "places"
    __table_args__ = (
        UniqueConstraint("institution_id", "code"),
        UniqueConstraint("institution_id", "campaign_id", "way"),
        owned_key("campaign_id", "campaigns"),
    )

    campaign_id: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str]
    way: Mapped[str]
    code: Mapped[str]
    takes_cash: Mapped[bool]  # a box or the desk is near: the poster says so
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class Opening(OwnedByInstitution, Base):
    """How often a place's short link was opened on one day of the museum's calendar."""

    __tablename__ = "openings"
    __table_args__ = (
        UniqueConstraint("institution_id", "place_id", "day"),
        owned_key("place_id", "places"),
        CheckConstraint("times > 0", name="times"),
    )

    place_id: Mapped[int] = mapped_column(BigInteger)
    day: Mapped[date]
    times: Mapped[int]
