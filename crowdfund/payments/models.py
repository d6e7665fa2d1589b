"""Tables of what was asked of the payment provider and what it told us."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from crowdfund import clock
from crowdfund.database import Base, currency_code, minor
from crowdfund.tenancy import OwnedByInstitution, owned_key


class Checkout(OwnedByInstitution, Base):
    """One try to pay a pledge on the provider's page."""

    __tablename__ = "checkouts"
    __table_args__ = (
        UniqueConstraint("institution_id", "pledge_id", "number"),
        UniqueConstraint("institution_id", "session"),
        owned_key("pledge_id", "pledges"),
        Index("ix_checkouts_open", "institution_id", "state", "expires_at"),
    )

    pledge_id: Mapped[int] = mapped_column(BigInteger)
    number: Mapped[int]  # first try 1; after it expired, 2 …
    account: Mapped[str]
    state: Mapped[str]  # rules.CheckoutState
    amount_minor: Mapped[int] = minor()
    currency: Mapped[str] = currency_code()
    session: Mapped[str | None]  # the provider's id
    url: Mapped[str | None]
    expires_at: Mapped[datetime]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class ProviderCall(OwnedByInstitution, Base):
    """A request that changes something at the provider, its parameters frozen: it can be sent again byte for byte."""

    __tablename__ = "provider_calls"
    __table_args__ = (
        UniqueConstraint("institution_id", "key"),
        Index("ix_provider_calls_state", "institution_id", "state", "sent_at"),
        Index("ix_provider_calls_subject", "institution_id", "subject"),
    )

    key: Mapped[str]
    operation: Mapped[str]  # checkout, expire, refund
    account: Mapped[str]
    params: Mapped[dict[str, Any]]
    state: Mapped[str]  # rules.CallState
    subject: Mapped[str]  # "checkout:12", "refund:7"
    object_id: Mapped[str | None]
    request_id: Mapped[str | None]
    http_status: Mapped[int | None]
    error: Mapped[str | None]
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    sent_at: Mapped[datetime | None]


class ProviderEvent(OwnedByInstitution, Base):
    """A notification from the provider, as it came. A hint only: the object is fetched again."""

    __tablename__ = "provider_events"
    __table_args__ = (
        UniqueConstraint("institution_id", "event"),
        Index("ix_provider_events_waiting", "institution_id", "state", "received_at"),
        Index("ix_provider_events_object", "institution_id", "object_id"),
    )

    event: Mapped[str]
    account: Mapped[str]
    type: Mapped[str]
    object_id: Mapped[str]
    created_at: Mapped[datetime]
    received_at: Mapped[datetime] = mapped_column(default=clock.now)
    processed_at: Mapped[datetime | None]
    state: Mapped[str]  # rules.EventState
    attempts: Mapped[int] = mapped_column(default=0)
    note: Mapped[str | None]
    via: Mapped[str]  # webhook, cursor


class StrayEvent(Base):
    """A well-signed notification of no museum: unknown account, or the other mode. Stored, never applied."""

    __tablename__ = "stray_events"

    event: Mapped[str] = mapped_column(primary_key=True)
    account: Mapped[str | None]
    type: Mapped[str]
    reason: Mapped[str]
    livemode: Mapped[bool] = mapped_column(Boolean)
    created_at: Mapped[datetime]
    received_at: Mapped[datetime] = mapped_column(default=clock.now)


class QuarantinedCharge(OwnedByInstitution, Base):
    """Money at the provider that does not match what we asked for. Staff decide; it is never a gift by itself."""

    __tablename__ = "quarantined_charges"
    __table_args__ = (
        UniqueConstraint("institution_id", "charge"),
        Index("ix_quarantined_charges_state", "institution_id", "state", "id"),
    )

    charge: Mapped[str]
    account: Mapped[str]
    payment: Mapped[str | None]
    pledge_id: Mapped[int | None] = mapped_column(BigInteger)
    amount_minor: Mapped[int] = minor()
    currency: Mapped[str] = currency_code()
    reason: Mapped[str]
    state: Mapped[str] = mapped_column(default="open")  # rules.AsideState
    refund_request: Mapped[UUID | None]  # names the refund that staff have asked for
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    resolved_at: Mapped[datetime | None]


class EventCursor(OwnedByInstitution, Base):
    """How far the provider's list of events has been read, for each account."""

    __tablename__ = "event_cursors"
    __table_args__ = (UniqueConstraint("institution_id", "account"),)

    account: Mapped[str]
    read_until: Mapped[datetime]
