"""Passkeys (WebAuthn Level 2): make one, prove one has it, take it away.

A challenge is signed, lives five minutes and is bound to the session for which it was drawn. Whatever succeeds renews
the session, so that no answer serves twice. The device must have verified its user (a finger, a face, a PIN).
"""

from __future__ import annotations

import ipaddress
import json
import secrets
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

import webauthn
from flask import current_app, request
from sqlalchemy import select
from sqlalchemy.orm import Session
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, options_to_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from config import Config
from crowdfund import clock, links
from crowdfund.accounts import service, sessions
from crowdfund.accounts.models import Account, Passkey
from crowdfund.accounts.sessions import SignedIn
from crowdfund.errors import Conflict, NotFound, Refusal
from crowdfund.headers import LOOPBACK, own_origins
from crowdfund.i18n import N_

PURPOSE = "passkey challenge"
CHALLENGE_LIFE = 300
CHALLENGE_BYTES = 32
LONGEST_NAME = 60
LONGEST_ANSWER = 20_000
MOST = 10

NOT_ACCEPTED = N_("This passkey was not accepted. Try again, or use a code.")
KEEP_ONE = N_("Keep one second step: set codes from your telephone, or another passkey, before this one goes.")
ENOUGH = N_("Ten passkeys are enough: remove one first.")
KNOWN = N_("This passkey is known already.")


@dataclass(frozen=True, slots=True)
class Listed:
    """A passkey, as its person sees it."""

    id: int
    name: str
    created_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Asked:
    """What the browser is asked, as JSON, and the signed challenge that comes back with its answer."""

    options: str
    challenge: str


def relying_party() -> str:
    """Name who asks: the platform's host. An address in figures cannot be one; on this machine it is "localhost"."""
    host = urlsplit(_config().public_url).hostname or ""
    return "localhost" if host in LOOPBACK else host


def are_possible() -> bool:
    """Say whether a browser can use passkeys at the address it came by."""
    try:
        ipaddress.ip_address(relying_party())
    except ValueError:
        return (urlsplit(request.host_url).hostname or "") == relying_party()
    return False


def list_of(session: Session, account_id: int) -> list[Listed]:
    """List an account's passkeys, the oldest first."""
    return [Listed(one.id, one.name, one.created_at, one.last_used_at) for one in _of(session, account_id)]


def ask_for_new(session: Session, person: SignedIn) -> Asked:
    """Ask the browser to make a passkey for a person. Refuses (409) an eleventh."""
    there = _of(session, person.account_id)
    if len(there) >= MOST:
        raise Conflict(ENOUGH)
    challenge = secrets.token_bytes(CHALLENGE_BYTES)
    options = webauthn.generate_registration_options(
        rp_id=relying_party(),
        rp_name=_config().platform_name,
        user_id=str(person.account_id).encode(),
        user_name=person.email,
        user_display_name=person.name,
        challenge=challenge,
        exclude_credentials=_descriptors(there),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
    )
    return Asked(options_to_json(options), _signed(person, challenge))


def keep_new(session: Session, person: SignedIn, name: str, answer: str, challenge: str) -> list[str]:
    """Keep the passkey that the browser made, and end the other sessions; give recovery codes if it is the first second factor.

    Refuses an answer to another challenge, from another site, without a verified user, and a passkey known already.
    """
    account = session.scalars(select(Account).where(Account.id == person.account_id).with_for_update()).one()
    first = not service.has_second_factor(session, account.id)
    try:
        made = webauthn.verify_registration_response(
            credential=_read(answer),
            expected_challenge=_unsigned(person, challenge),
            expected_rp_id=relying_party(),
            expected_origin=sorted(own_origins(_config().public_url)),
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError) as error:
        raise Refusal(NOT_ACCEPTED) from error
    credential_id = bytes_to_base64url(made.credential_id)
    if session.scalar(select(Passkey.id).where(Passkey.credential_id == credential_id)) is not None:
        raise Refusal(KNOWN, status=409)
    session.add(
        Passkey(
            account_id=account.id, credential_id=credential_id, sign_count=made.sign_count, name=name[:LONGEST_NAME],
            public_key=bytes_to_base64url(made.credential_public_key), created_at=clock.now(),
        )
    )  # fmt: skip
    sessions.end_all(session, account.id, "second factor changed", but=person.token_hash)
    return service.new_recovery_codes(session, account.id) if first else []


def ask_for_proof(session: Session, person: SignedIn) -> Asked | None:
    """Ask the browser to prove that its person has a passkey; None where there is none, or the address allows none."""
    there = _of(session, person.account_id)
    if not there or not are_possible():
        return None
    challenge = secrets.token_bytes(CHALLENGE_BYTES)
    options = webauthn.generate_authentication_options(
        rp_id=relying_party(),
        challenge=challenge,
        allow_credentials=_descriptors(there),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return Asked(options_to_json(options), _signed(person, challenge))


def is_proved(session: Session, person: SignedIn, answer: str, challenge: str) -> bool:
    """Say whether an answer proves it. A counter that does not go on betrays a copy: refused. Locks the passkey's row."""
    try:
        read = _read(answer)
        one = session.scalars(
            select(Passkey)
            .where(Passkey.account_id == person.account_id, Passkey.credential_id == str(read.get("id", "")))
            .with_for_update()
        ).one_or_none()
        if one is None:
            return False
        proved = webauthn.verify_authentication_response(
            credential=read,
            expected_challenge=_unsigned(person, challenge),
            expected_rp_id=relying_party(),
            expected_origin=sorted(own_origins(_config().public_url)),
            credential_public_key=base64url_to_bytes(one.public_key),
            credential_current_sign_count=one.sign_count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError):
        return False
    one.sign_count, one.last_used_at = proved.new_sign_count, clock.now()
    return True


def remove(session: Session, person: SignedIn, passkey_id: int) -> None:
    """Take a passkey away and end the other sessions. Raises NotFound; refuses (409) to take the last second factor."""
    account = session.scalars(select(Account).where(Account.id == person.account_id).with_for_update()).one()
    there = _of(session, account.id)
    found = next((one for one in there if one.id == passkey_id), None)
    if found is None:
        raise NotFound
    if len(there) == 1 and account.totp_secret is None:
        raise Conflict(KEEP_ONE)
    session.delete(found)
    sessions.end_all(session, account.id, "second factor changed", but=person.token_hash)


def _of(session: Session, account_id: int) -> list[Passkey]:
    return list(session.scalars(select(Passkey).where(Passkey.account_id == account_id).order_by(Passkey.id)))


def _descriptors(there: list[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=base64url_to_bytes(one.credential_id)) for one in there]


def _signed(person: SignedIn, challenge: bytes) -> str:
    return links.sign(_config().secret_key, PURPOSE, [person.token_hash, bytes_to_base64url(challenge)])


def _unsigned(person: SignedIn, challenge: str) -> bytes:
    """Read a challenge of ours. Raises BadLink, a ValueError, when it is too old or was drawn for another session."""
    whose, drawn = links.unsign(_config().secret_key, PURPOSE, challenge, CHALLENGE_LIFE)
    if whose != person.token_hash:
        raise links.BadLink
    return base64url_to_bytes(drawn)


def _read(answer: str) -> dict[str, object]:
    """Read a browser's answer. Raises ValueError for what is none."""
    if len(answer) > LONGEST_ANSWER:
        raise ValueError("too long")
    read = json.loads(answer)
    if not isinstance(read, dict):
        raise ValueError("no object")  # noqa: TRY004 - told apart from no other answer
    if not str(read.get("id", "")).isprintable():
        raise ValueError("no number of a passkey")
    return read


def _config() -> Config:
    config: Config = current_app.extensions["config"]
    return config
