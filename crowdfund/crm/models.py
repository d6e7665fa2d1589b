"""Tables of the views that a museum keeps of its lists."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from crowdfund import clock
from crowdfund.database import Base
from crowdfund.tenancy import OwnedByInstitution


class SavedView(OwnedByInstitution, Base):
    """Filters of a list under a name, for everybody at the museum's desk. The words searched for are not kept."""

    __tablename__ = "saved_views"
    __table_args__ = (UniqueConstraint("institution_id", "page", "name"),)

    page: Mapped[str]  # gifts, donors
    name: Mapped[str]
    filters: Mapped[dict[str, str]]
    saved_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
