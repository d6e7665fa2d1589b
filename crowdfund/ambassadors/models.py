"""The table of ambassadors: a name that they chose to show, a goal in people, and nothing about money."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from crowdfund import clock
from crowdfund.database import Base
from crowdfund.tenancy import OwnedByInstitution, owned_key


class Ambassador(OwnedByInstitution, Base):
    """A donor who brings others to a campaign. Switched off, the code leads to the campaign and counts no longer."""

    __tablename__ = "ambassadors"
    __table_args__ = (
        UniqueConstraint("institution_id", "code"),
        UniqueConstraint("institution_id", "campaign_id", "donor_id"),
        owned_key("campaign_id", "campaigns"),
        owned_key("donor_id", "donors"),
        CheckConstraint("goal > 0", name="goal"),
        Index("ix_ambassadors_donor", "institution_id", "donor_id"),
    )

    campaign_id: Mapped[int] = mapped_column(BigInteger)
    donor_id: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str]
    goal: Mapped[int]
    code: Mapped[str]
    wants_mail: Mapped[bool]  # asked to be told when people have come
    locale: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    off_at: Mapped[datetime | None]
