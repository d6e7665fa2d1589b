"""Check the signature of a notification: HMAC-SHA256 over time and body, in constant time, by any of several secrets.

Source: https://docs.stripe.com/webhooks#verify-manually
"""

from __future__ import annotations

import hashlib
import hmac

# Seconds a notification may be old, or ahead of us (the SDK's own check forgets the second).
TOLERANCE = 300
MOST_MARKS = 16


def is_genuine(body: bytes, header: str, secrets: tuple[str, ...], now: float) -> bool:
    """Say whether one of the secrets signed this body within the tolerance."""
    fields = [part.partition("=") for part in header.split(",")[:MOST_MARKS]]
    times = [value for name, _sep, value in fields if name.strip() == "t"]
    marks = [value.strip() for name, _sep, value in fields if name.strip() == "v1"]
    if len(times) != 1 or not times[0].isascii() or not times[0].isdigit() or len(times[0]) > 12:
        return False
    signed = times[0].encode() + b"." + body
    genuine = False
    for secret in secrets:
        expected = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest().encode()
        for mark in marks:
            genuine |= hmac.compare_digest(expected, mark.encode())
    return genuine and abs(now - int(times[0])) <= TOLERANCE
