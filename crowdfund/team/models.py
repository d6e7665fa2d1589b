"""Tables of invitations, and of wishes to start a lost second factor anew."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from crowdfund import clock
from crowdfund.database import Base
from crowdfund.tenancy import OwnedByInstitution, owned_key

OPEN_INVITATION = text("accepted_at IS NULL AND withdrawn_at IS NULL")


class Invitation(OwnedByInstitution, Base):
    """A role offered to an address. The address is forgotten once the offer is taken up or withdrawn."""

    __tablename__ = "invitations"
    __table_args__ = (
        UniqueConstraint("institution_id", "token_hash"),
        Index("uq_invitations_open", "institution_id", "email", unique=True, postgresql_where=OPEN_INVITATION),
    )

    key: Mapped[UUID]  # what the token is derived from; drawn anew each time it is sent
    token_hash: Mapped[str]
    email: Mapped[str | None]  # lower case
    name: Mapped[str]
    role: Mapped[str]
    locale: Mapped[str]
    times_sent: Mapped[int] = mapped_column(default=1)
    invited_by_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts.id"))
    invited_at: Mapped[datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    account_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("accounts.id"))


class FactorReset(OwnedByInstitution, Base):
    """A colleague's wish that a member may set a second factor anew: it waits a day, in which anybody may object."""

    __tablename__ = "factor_resets"
    __table_args__ = (
        owned_key("member_id", "members"),
        Index(
            "uq_factor_resets_open", "institution_id", "member_id", unique=True,
            postgresql_where=text("done_at IS NULL AND stopped_at IS NULL"),
        ),
    )  # fmt: skip

    member_id: Mapped[int] = mapped_column(BigInteger)
    asked_by_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts.id"))
    asked_at: Mapped[datetime] = mapped_column(default=clock.now)
    due_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    stopped_at: Mapped[datetime | None]
    stopped_by_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("accounts.id"))
