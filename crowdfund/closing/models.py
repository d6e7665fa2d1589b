"""Tables of how campaigns ended. A final statement never changes; a later one takes its place."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from crowdfund import clock
from crowdfund.database import Base
from crowdfund.tenancy import OwnedByInstitution, owned_key


class FinalStatement(OwnedByInstitution, Base):
    """What a campaign came to, as somebody of the museum has signed it."""

    __tablename__ = "final_statements"
    __table_args__ = (
        UniqueConstraint("institution_id", "campaign_id", "number"),
        owned_key("campaign_id", "campaigns"),
        CheckConstraint("number > 0", name="number"),
    )

    campaign_id: Mapped[int] = mapped_column(BigInteger)
    number: Mapped[int]  # 1 for the first; money that came late makes a second one
    body: Mapped[dict[str, Any]]  # the figures, in minor units
    sha256: Mapped[str]  # of `rules.canonical(body)`
    taken_at: Mapped[datetime]  # the figures are those of this moment
    signed_by_id: Mapped[int] = mapped_column(BigInteger)
    signed_name: Mapped[str]
    signed_as: Mapped[str]


class Lessons(OwnedByInstitution, Base):
    """What a museum learnt from a campaign; the other museums read it where it says so."""

    __tablename__ = "lessons"
    __table_args__ = (UniqueConstraint("institution_id", "campaign_id"), owned_key("campaign_id", "campaigns"))

    campaign_id: Mapped[int] = mapped_column(BigInteger)
    went_well: Mapped[str]
    went_badly: Mapped[str]
    advice: Mapped[str]
    shared: Mapped[bool] = mapped_column(default=False)
    written_by_id: Mapped[int] = mapped_column(BigInteger)
    written_at: Mapped[datetime] = mapped_column(default=clock.now)
