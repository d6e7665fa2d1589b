"""Tables of a donor's own way in. They belong to no museum: one address may have given to several."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Identity, Index
from sqlalchemy.orm import Mapped, mapped_column

from crowdfund import clock
from crowdfund.database import Base


class DonorLink(Base):
    """A link somebody asked for. Its row goes with the link's life, or at once when the address is nobody's."""

    __tablename__ = "donor_links"
    __table_args__ = (Index("ix_donor_links_email", "email"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    key: Mapped[UUID]  # what the token is derived from
    token_hash: Mapped[str] = mapped_column(unique=True)
    email: Mapped[str]
    asked_at: Mapped[datetime] = mapped_column(default=clock.now)
    used_at: Mapped[datetime | None]


class DonorVisit(Base):
    """A donor's visit: the cookie's SHA-256 and whose it is. The address is forgotten when the visit ends."""

    __tablename__ = "donor_visits"
    __table_args__ = (Index("ix_donor_visits_person", "person_hash"),)

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    person_hash: Mapped[str]  # keyed: it names nobody without the platform's secret
    email: Mapped[str | None]
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    reason: Mapped[str | None]


class Erasure(Base):
    """A wish to be erased, kept until every museum has followed it; the address goes with the last mail."""

    __tablename__ = "erasures"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    email: Mapped[str | None]
    locale: Mapped[str]
    asked_by: Mapped[str]  # donor, operator
    written_from: Mapped[int] = mapped_column(
        ForeignKey("institutions.id")
    )  # the museum whose post takes the last mail
    asked_at: Mapped[datetime] = mapped_column(default=clock.now)
    done_at: Mapped[datetime | None]
