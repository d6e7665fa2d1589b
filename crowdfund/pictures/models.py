"""The table of pictures. Their files are in the storage, under the hash of what they show."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from crowdfund import clock
from crowdfund.database import Base
from crowdfund.tenancy import OwnedByInstitution


class Picture(OwnedByInstitution, Base):
    """A picture of a museum's, as it was drawn anew from what was uploaded. `alt` is `{locale: text}`."""

    __tablename__ = "pictures"
    __table_args__ = (
        UniqueConstraint("institution_id", "digest"),
        CheckConstraint("focus_x BETWEEN 0 AND 100 AND focus_y BETWEEN 0 AND 100", name="focus"),
    )

    digest: Mapped[str]
    width: Mapped[int]
    height: Mapped[int]
    widths: Mapped[list[int]]
    alt: Mapped[dict[str, str]]
    credit: Mapped[str] = mapped_column(default="")
    focus_x: Mapped[int] = mapped_column(default=50)  # what matters most, in percents from the left
    focus_y: Mapped[int] = mapped_column(default=50)  # and from the top
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
