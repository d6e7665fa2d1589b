"""Seal small secrets before they are stored: AES-256-GCM, tied to the row, with a key kept outside the database."""

from __future__ import annotations

import base64
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

VERSION = "1"
NONCE = 12


class SealBroken(ValueError):
    """The stored value was not sealed by us for this row."""


def seal(secret_key: str, place: str, value: str) -> str:
    """Seal a value for one place ("accounts|totp_secret|12"): moved to another row it does not open."""
    nonce = os.urandom(NONCE)
    sealed = _cipher(secret_key).encrypt(nonce, value.encode(), place.encode())
    return f"{VERSION}.{base64.urlsafe_b64encode(nonce + sealed).decode()}"


def unseal(secret_key: str, place: str, sealed: str) -> str:
    """Open a sealed value. Raises SealBroken."""
    version, dot, body = sealed.partition(".")
    if version != VERSION or not dot:
        raise SealBroken(place)
    try:
        raw = base64.urlsafe_b64decode(body)
        return _cipher(secret_key).decrypt(raw[:NONCE], raw[NONCE:], place.encode()).decode()
    except (ValueError, InvalidTag) as error:
        raise SealBroken(place) from error


def _cipher(secret_key: str) -> AESGCM:
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"crowdfund sealing 1").derive(secret_key.encode())
    return AESGCM(key)
