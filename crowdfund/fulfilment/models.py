"""Tables of what is owed for gifts, and of each step until it was given."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from crowdfund import clock
from crowdfund.database import Base, currency_code, minor
from crowdfund.tenancy import OwnedByInstitution, owned_key


class Counterpart(OwnedByInstitution, Base):
    """A reward that is owed for a gift. `value_minor` is its fair value when it was claimed: 0 for what is symbolic."""

    __tablename__ = "counterparts"
    __table_args__ = (
        UniqueConstraint("institution_id", "pledge_id"),
        owned_key("gift_id", "gifts"),
        owned_key("pledge_id", "pledges"),
        owned_key("reward_id", "rewards"),
        owned_key("campaign_id", "campaigns"),
        owned_key("donor_id", "donors"),
        CheckConstraint("value_minor >= 0", name="value"),
        Index("ix_counterparts_reward", "institution_id", "reward_id", "state", "id"),
        Index("ix_counterparts_gift", "institution_id", "gift_id"),
        Index("ix_counterparts_donor", "institution_id", "donor_id"),
    )

    gift_id: Mapped[int] = mapped_column(BigInteger)
    pledge_id: Mapped[int] = mapped_column(BigInteger)
    reward_id: Mapped[int] = mapped_column(BigInteger)
    campaign_id: Mapped[int] = mapped_column(BigInteger)
    donor_id: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str]  # rules.CounterpartState
    value_minor: Mapped[int] = minor()
    currency: Mapped[str] = currency_code()
    note: Mapped[str | None]  # why it is impossible or waived
    made_at: Mapped[datetime] = mapped_column(default=clock.now)
    changed_at: Mapped[datetime] = mapped_column(default=clock.now)
    reminded_at: Mapped[datetime | None]
    times_reminded: Mapped[int] = mapped_column(default=0)


class CounterpartStep(OwnedByInstitution, Base):
    """One step of a counterpart: what it became, when, by whom. `act` names what was marked in one go. Only grows."""

    __tablename__ = "counterpart_steps"
    __table_args__ = (
        owned_key("counterpart_id", "counterparts"),
        Index("ix_counterpart_steps_counterpart", "institution_id", "counterpart_id", "at", "id"),
        Index("ix_counterpart_steps_act", "institution_id", "act"),
    )

    counterpart_id: Mapped[int] = mapped_column(BigInteger)
    before: Mapped[str | None]  # none: it was promised here
    after: Mapped[str]
    act: Mapped[UUID]
    by: Mapped[str]  # as in the audit trail
    at: Mapped[datetime] = mapped_column(default=clock.now)


class RewardRecord(OwnedByInstitution, Base):
    """How many rewards of campaigns that are over a museum owed, and how many it has handed over: for the public."""

    __tablename__ = "reward_records"
    __table_args__ = (
        UniqueConstraint("institution_id"),
        CheckConstraint("due >= handed_over AND handed_over >= 0", name="counts"),
    )

    due: Mapped[int] = mapped_column(BigInteger)
    handed_over: Mapped[int] = mapped_column(BigInteger)
    counted_at: Mapped[datetime] = mapped_column(default=clock.now)
