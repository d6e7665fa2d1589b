"""The second factor: codes of six digits by the clock (RFC 6238), and recovery codes on paper."""

from __future__ import annotations

import base64
import hashlib
import secrets
from datetime import datetime

import pyotp

from crowdfund.accounts.rules import RECOVERY_CODES

STEP = 30
DRIFT = 1  # a clock may be one step off


def new_secret() -> str:
    """Draw a secret for the person's app: 160 bits in base32."""
    return pyotp.random_base32()


def setup_uri(secret: str, email: str, platform: str) -> str:
    """Give the address that an authenticator app reads from a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=platform)


def matching_step(secret: str, code: str, now: datetime, after_step: int) -> int | None:
    """Tell which step of the clock the code is for; None when it is for none, or for one already used."""
    if len(code) != 6 or not code.isascii() or not code.isdigit():
        return None
    current = int(now.timestamp()) // STEP
    clock_codes = pyotp.TOTP(secret)
    found = None
    for step in range(current - DRIFT, current + DRIFT + 1):  # all are compared: time tells nothing
        if secrets.compare_digest(clock_codes.generate_otp(step), code) and step > after_step:
            found = step
    return found


def new_recovery_codes() -> list[str]:
    """Draw the codes for the day the phone is lost: 80 bits each, four groups of four."""
    drawn = (base64.b32encode(secrets.token_bytes(10)).decode().lower() for _ in range(RECOVERY_CODES))
    return ["-".join(code[i : i + 4] for i in range(0, 16, 4)) for code in drawn]


def recovery_hash(code: str) -> str:
    """Give what is stored of a recovery code, however it was typed. 80 random bits need no slow hash."""
    plain = "".join(c for c in code.lower() if c.isalnum())
    return hashlib.sha256(plain.encode()).hexdigest()
