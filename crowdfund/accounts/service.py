"""Accounts: open them, set and check passwords and second factors.

The slow hash is never computed inside a transaction: doors hash first and call with the result.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import current_app
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from crowdfund import clock, links
from crowdfund.accounts import sealing, second_factor, sessions
from crowdfund.accounts.models import Account, Passkey
from crowdfund.accounts.passwords import hash_password
from crowdfund.accounts.rules import check_password
from crowdfund.errors import NotFound, Refusal
from crowdfund.i18n import N_, supported

EMAIL_TAKEN = N_("There is an account with this e-mail already")
INVITATION = "invitation"
INVITATION_LIFE = 7 * 86400
WRONG_CODE = N_("This code is not right, or was used already. Type the one your app shows now.")


@dataclass(frozen=True, slots=True)
class Credentials:
    """What is compared at sign-in, read beforehand so that nothing is hashed inside a transaction."""

    account_id: int
    password_hash: str | None
    has_second_factor: bool


def add_account(
    session: Session, email: str, name: str, locale: str, *, password: str | None = None, totp_secret: str | None = None
) -> Account:
    """Open an account. Without a password it waits for its invitation to be taken up. Raises Refusal."""
    address = email.strip().lower()
    if session.scalar(select(Account.id).where(Account.email == address)) is not None:
        raise Refusal(EMAIL_TAKEN, field="email", status=409)
    if password is not None:
        check_password(password, (address, name))
    account = Account(
        email=address,
        name=name,
        locale=supported(locale),
        recovery_hashes=[],
        totp_last_step=0,
        totp_secret=None,
        password_hash=None if password is None else hash_password(password),
        created_at=clock.now(),
    )
    session.add(account)
    session.flush()  # the seal of the second factor is tied to the row's id
    if totp_secret is not None:
        set_second_factor(session, account.id, totp_secret)
    return account


def credentials_of(session: Session, email: str) -> Credentials | None:
    """Read what is compared at sign-in; None when nobody has this address."""
    account = account_by_email(session, email)
    return None if account is None else _credentials(session, account)


def credentials_by_id(session: Session, account_id: int) -> Credentials:
    """Read what is compared when a person proves again who they are."""
    return _credentials(session, session.get_one(Account, account_id))


def _credentials(session: Session, account: Account) -> Credentials:
    return Credentials(account.id, account.password_hash, has_second_factor(session, account.id))


def has_second_factor(session: Session, account_id: int) -> bool:
    """Say whether an account has codes or a passkey beside its password."""
    return bool(session.scalar(select(sessions.HAS_SECOND_FACTOR).where(Account.id == account_id)))


def account_by_email(session: Session, email: str) -> Account | None:
    """Find an account by its address; no address holds signs that cannot be shown."""
    if not email.strip().isprintable():
        return None
    return session.scalars(select(Account).where(Account.email == email.strip().lower())).one_or_none()


def set_password(session: Session, account_id: int, password_hash: str, *, keep: str | None = None) -> None:
    """Set a password, hashed beforehand, and end every other session of the account."""
    session.get_one(Account, account_id).password_hash = password_hash
    sessions.end_all(session, account_id, "password changed", but=keep)


def rehash(session: Session, account_id: int, password_hash: str) -> None:
    """Keep the same password under the newest parameters."""
    session.get_one(Account, account_id).password_hash = password_hash


def set_second_factor(session: Session, account_id: int, secret: str, *, keep: str | None = None) -> list[str]:
    """Require codes of this secret from now on, end the other sessions, and give eight recovery codes, shown once."""
    account = session.get_one(Account, account_id)
    account.totp_secret = sealing.seal(_key(), _place(account_id), secret)
    account.totp_last_step = 0
    sessions.end_all(session, account_id, "second factor changed", but=keep)
    return new_recovery_codes(session, account_id)


def new_recovery_codes(session: Session, account_id: int) -> list[str]:
    """Draw eight recovery codes, shown once; those before open nothing any more."""
    codes = second_factor.new_recovery_codes()
    session.get_one(Account, account_id).recovery_hashes = [second_factor.recovery_hash(code) for code in codes]
    return codes


def has_codes(session: Session, account_id: int) -> bool:
    """Say whether an account's telephone shows codes for it."""
    return session.get_one(Account, account_id).totp_secret is not None


def drop_second_factor(session: Session, account_id: int) -> None:
    """Take codes, passkeys and recovery codes away and end every session: the person sets a second factor anew."""
    account = session.scalars(select(Account).where(Account.id == account_id).with_for_update()).one()
    account.totp_secret, account.totp_last_step, account.recovery_hashes = None, 0, []
    session.execute(delete(Passkey).where(Passkey.account_id == account_id))
    sessions.end_all(session, account_id, "second factor reset")


def take_code(session: Session, account_id: int, code: str, now: datetime | None = None) -> bool:
    """Accept a code of the app once, or burn a recovery code; False when it is wrong or was used.

    Locks the account's row.
    """
    account = session.scalars(select(Account).where(Account.id == account_id).with_for_update()).one()
    typed = "".join(code.split())
    if account.totp_secret is not None:
        secret = sealing.unseal(_key(), _place(account_id), account.totp_secret)
        step = second_factor.matching_step(secret, typed, now or clock.now(), account.totp_last_step)
        if step is not None:
            return _use_step(session, account_id, step)
    hashed = second_factor.recovery_hash(typed)
    if hashed not in account.recovery_hashes:
        return False
    account.recovery_hashes = [one for one in account.recovery_hashes if one != hashed]
    return True


def _use_step(session: Session, account_id: int, step: int) -> bool:
    """Mark the step as used; False when somebody else was quicker."""
    used = session.execute(
        update(Account)
        .where(Account.id == account_id, Account.totp_last_step < step)
        .values(totp_last_step=step)
        .returning(Account.id)
        .execution_options(synchronize_session=False)
    )
    return used.one_or_none() is not None


def speak(session: Session, account_id: int, locale: str) -> None:
    """Speak to a person in another language from now on, on pages and in mails."""
    session.get_one(Account, account_id).locale = supported(locale)


def recovery_codes_left(session: Session, account_id: int) -> int:
    """Count the recovery codes that are not burnt."""
    return len(session.get_one(Account, account_id).recovery_hashes)


def _key() -> str:
    return str(current_app.extensions["config"].secret_key)


def _place(account_id: int) -> str:
    return f"accounts|totp_secret|{account_id}"


def invitation_token(account_id: int, password_hash: str | None = None) -> str:
    """Sign the link by which an invited person chooses a password: once, within a week."""
    return links.sign(_key(), INVITATION, [account_id, links.digest(password_hash or "")])


def invited(session: Session, token: str) -> Account:
    """Give the account of an invitation, its row locked. Raises NotFound: not ours, too old, or taken up already."""
    try:
        account_id, stamp = links.unsign(_key(), INVITATION, token, INVITATION_LIFE)
    except (links.BadLink, ValueError) as error:
        raise NotFound from error
    account = session.scalars(select(Account).where(Account.id == account_id).with_for_update()).one_or_none()
    if account is None or stamp != links.digest(account.password_hash or ""):
        raise NotFound
    return account
