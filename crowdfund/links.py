"""Links that open one thing: tokens that cannot be guessed, and signed values that expire."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

from itsdangerous import BadSignature, URLSafeTimedSerializer

TOKEN_BYTES = 16


class BadLink(ValueError):
    """The token or signature is not ours, or has expired."""


def token_for(secret: str, purpose: str, institution_id: int, subject: str) -> str:
    """Derive the token that opens `subject`: the museum's number, then 128 bits nobody can guess.

    It is derived, not stored, so that a mail written later can carry it; the table keeps `digest(token)` only.
    """
    message = f"{purpose}\x1f{institution_id}\x1f{subject}".encode()
    drawn = hmac.new(secret.encode(), message, hashlib.sha256).digest()[:TOKEN_BYTES]
    return f"{institution_id:x}-{base64.b32encode(drawn).decode().rstrip('=').lower()}"


def institution_of(token: str) -> int:
    """Read the museum's number from a token. Raises BadLink."""
    museum, dash, drawn = token.partition("-")
    if not dash or len(drawn) != 26 or not drawn.isascii() or not drawn.isalnum() or len(museum) > 6:
        raise BadLink
    try:
        return int(museum, 16)
    except ValueError as error:
        raise BadLink from error


def digest(token: str) -> str:
    """Give what is stored of a token: its SHA-256, in hex."""
    return hashlib.sha256(token.encode()).hexdigest()


def sign(secret: str, purpose: str, value: Any) -> str:
    """Sign a JSON value for one purpose."""
    return str(URLSafeTimedSerializer(secret, salt=purpose).dumps(value))


def unsign(secret: str, purpose: str, signed: str, max_age: int) -> Any:
    """Read a signed value not older than `max_age` seconds. Raises BadLink."""
    try:
        return URLSafeTimedSerializer(secret, salt=purpose).loads(signed, max_age=max_age)
    except BadSignature as error:
        raise BadLink from error
