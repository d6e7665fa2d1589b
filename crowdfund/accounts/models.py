"""Tables of those who sign in. They belong to no museum."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity
from sqlalchemy.orm import Mapped, mapped_column

from crowdfund import clock
from crowdfund.database import Base


class Account(Base):
    """Someone who signs in, anywhere."""

    __tablename__ = "accounts"
    __table_args__ = (CheckConstraint("email = lower(email)", name="email_lower"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    locale: Mapped[str]
    password_hash: Mapped[str | None]
    totp_secret: Mapped[str | None]
    totp_last_step: Mapped[int] = mapped_column(BigInteger, default=0)
    recovery_hashes: Mapped[list[str]] = mapped_column(default=list)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class Passkey(Base):
    """A key that the person's device or password manager holds for us (WebAuthn): a second factor beside, or instead of, codes."""

    __tablename__ = "passkeys"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    credential_id: Mapped[str] = mapped_column(unique=True)  # base64url, as is the key
    public_key: Mapped[str]
    sign_count: Mapped[int] = mapped_column(BigInteger)  # 0 for devices that do not count
    name: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    last_used_at: Mapped[datetime | None]


class SignIn(Base):
    """A signed-in session: the cookie's SHA-256 and what it may do."""

    __tablename__ = "sessions"

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    level: Mapped[str]  # password: the second factor is still due; full
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    authenticated_at: Mapped[datetime]
    ip_prefix: Mapped[str]
    user_agent: Mapped[str]
    ended_at: Mapped[datetime | None]
    reason: Mapped[str | None]


class Bucket(Base):
    """A leaky bucket: how full it is and when that was."""

    __tablename__ = "buckets"

    key: Mapped[str] = mapped_column(primary_key=True)
    level: Mapped[float]
    at: Mapped[datetime]
