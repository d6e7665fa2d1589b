"""Signed-in sessions, kept on the server: the cookie holds a random token, the table its SHA-256."""

from __future__ import annotations

import hashlib
import ipaddress
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import exists, or_, select, update
from sqlalchemy.orm import Session

from crowdfund import clock
from crowdfund.accounts.models import Account, Passkey, SignIn
from crowdfund.accounts.rules import FRESH, LONGEST_PAUSE, LONGEST_SESSION, Level, session_ends
from crowdfund.links import digest

TOKEN_BYTES = 32
SEEN_AGAIN_AFTER = timedelta(seconds=20)  # a row is not written for each picture of a page
LONGEST_AGENT = 300
HAS_SECOND_FACTOR = or_(Account.totp_secret.is_not(None), exists().where(Passkey.account_id == Account.id))
BROWSERS = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("FxiOS/", "Firefox"), ("Chrome/", "Chrome"),
            ("CriOS/", "Chrome"), ("Safari/", "Safari"))  # fmt: skip
SYSTEMS = (("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Mac OS X", "macOS"),
           ("CrOS", "ChromeOS"), ("Linux", "Linux"))  # fmt: skip


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who is signed in, as the templates and Flask-Login know them."""

    account_id: int
    email: str
    name: str
    locale: str
    token_hash: str
    level: str
    has_second_factor: bool
    created_at: datetime
    authenticated_at: datetime
    pause: timedelta  # since they were last seen

    @property
    def is_authenticated(self) -> bool:
        """Say whether every factor was given."""
        return self.level in {Level.FULL, Level.STRICT}

    @property
    def is_active(self) -> bool:
        """Say that the account may sign in."""
        return True

    @property
    def is_anonymous(self) -> bool:
        """Say that somebody is there."""
        return False

    @property
    def is_fresh(self) -> bool:
        """Say whether they proved who they are a moment ago."""
        return clock.now() - self.authenticated_at <= FRESH

    def get_id(self) -> str:
        """Give the account's id, for Flask-Login."""
        return str(self.account_id)


@dataclass(frozen=True, slots=True)
class OpenSession:
    """One of a person's open sessions. `handle` names it in a form and opens nothing."""

    handle: str
    created_at: datetime
    last_seen_at: datetime
    ip_prefix: str
    user_agent: str
    current: bool

    @property
    def device(self) -> str:
        """Name where it is open, as a person would: "Firefox · Windows"."""
        return device_of(self.user_agent)


def open_session(
    session: Session, account_id: int, level: Level, ip: str | None, user_agent: str, *, since: datetime | None = None
) -> str:
    """Open a session and give its token, drawn anew. `since` keeps the start of one that it continues."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    now = clock.now()
    session.add(
        SignIn(
            token_hash=digest(token),
            account_id=account_id,
            level=level,
            created_at=since or now,
            last_seen_at=now,
            authenticated_at=now,
            ip_prefix=ip_prefix(ip),
            user_agent=_printable(user_agent),
        )
    )
    return token


def load(session: Session, token: str) -> SignedIn | None:
    """Tell whose session a token opens, and note that they were seen; None when it is unknown, ended or too old."""
    row = session.execute(
        select(SignIn, Account, HAS_SECOND_FACTOR)
        .join(Account, Account.id == SignIn.account_id)
        .where(SignIn.token_hash == digest(token), SignIn.ended_at.is_(None))
    ).one_or_none()
    if row is None:
        return None
    sign_in, account, has_second_factor = row
    now = clock.now()
    if now >= session_ends(sign_in.level, sign_in.created_at, sign_in.last_seen_at):
        end(session, sign_in.token_hash, "expired")
        return None
    pause = now - sign_in.last_seen_at
    if pause > SEEN_AGAIN_AFTER:
        session.execute(
            update(SignIn)
            .where(SignIn.token_hash == sign_in.token_hash, SignIn.last_seen_at < now)
            .values(last_seen_at=now)
            .execution_options(synchronize_session=False)
        )
    return SignedIn(
        account_id=account.id,
        email=account.email,
        name=account.name,
        locale=account.locale,
        token_hash=sign_in.token_hash,
        level=sign_in.level,
        has_second_factor=has_second_factor,
        created_at=sign_in.created_at,
        authenticated_at=sign_in.authenticated_at,
        pause=pause,
    )


def renew(session: Session, signed_in: SignedIn, level: Level, ip: str | None, user_agent: str) -> str:
    """End a session and open its successor under a new token: the person has proved more of who they are."""
    end(session, signed_in.token_hash, "renewed")
    since = signed_in.created_at if signed_in.is_authenticated else None
    return open_session(session, signed_in.account_id, level, ip, user_agent, since=since)


def tighten(session: Session, token_hash: str) -> None:
    """Let a session end after a shorter pause from now on: its person is near the money."""
    session.execute(
        update(SignIn).where(SignIn.token_hash == token_hash, SignIn.level == Level.FULL).values(level=Level.STRICT)
    )


def end(session: Session, token_hash: str, reason: str) -> None:
    """End one session. Ending twice is once."""
    session.execute(
        update(SignIn)
        .where(SignIn.token_hash == token_hash, SignIn.ended_at.is_(None))
        .values(ended_at=clock.now(), reason=reason)
    )


def end_all(session: Session, account_id: int, reason: str, *, but: str | None = None) -> None:
    """End every session of an account, save the one whose token's hash is `but`."""
    session.execute(
        update(SignIn)
        .where(SignIn.account_id == account_id, SignIn.ended_at.is_(None), SignIn.token_hash != (but or ""))
        .values(ended_at=clock.now(), reason=reason)
    )


def list_open(session: Session, signed_in: SignedIn) -> list[OpenSession]:
    """List the person's open sessions, the one seen last first."""
    now = clock.now()
    rows = session.scalars(
        select(SignIn)
        .where(
            SignIn.account_id == signed_in.account_id,
            SignIn.ended_at.is_(None),
            SignIn.level != Level.PASSWORD,
            SignIn.created_at > now - LONGEST_SESSION,
            SignIn.last_seen_at > now - LONGEST_PAUSE,
        )
        .order_by(SignIn.last_seen_at.desc())
    )
    return [
        OpenSession(
            handle_of(row.token_hash),
            row.created_at,
            row.last_seen_at,
            row.ip_prefix,
            row.user_agent,
            row.token_hash == signed_in.token_hash,
        )
        for row in rows
        if now < session_ends(row.level, row.created_at, row.last_seen_at)
    ]


def revoke(session: Session, account_id: int, handle: str) -> bool:
    """End the person's session of this handle; False when they have none."""
    hashes = session.scalars(
        select(SignIn.token_hash).where(SignIn.account_id == account_id, SignIn.ended_at.is_(None))
    )
    for token_hash in hashes.all():
        if secrets.compare_digest(handle_of(token_hash).encode(), handle.encode()):
            end(session, token_hash, "revoked")
            return True
    return False


def handle_of(token_hash: str) -> str:
    """Name a session without telling its token's hash."""
    return hashlib.sha256(f"handle:{token_hash}".encode()).hexdigest()[:24]


def ip_prefix(ip: str | None) -> str:
    """Shorten an address to its network: /24 for IPv4, /48 for IPv6."""
    try:
        address = ipaddress.ip_address(ip or "")
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return str(ipaddress.ip_network(f"{address}/{24 if address.version == 4 else 48}", strict=False))


def device_of(user_agent: str) -> str:
    """Name a browser and its system from what it says of itself; what is unknown is shown as it came.

    The first mark counts: browsers claim to be those that came before them.
    """
    found = [next((name for mark, name in marks if mark in user_agent), "") for marks in (BROWSERS, SYSTEMS)]
    return " · ".join(name for name in found if name) or user_agent


def _printable(user_agent: str) -> str:
    return "".join(c for c in user_agent[:LONGEST_AGENT] if c.isprintable())
