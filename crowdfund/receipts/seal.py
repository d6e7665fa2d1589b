"""A seal for each file: an Ed25519 signature under the platform's key, kept beside the bytes.

The hash in the database tells that a file is the one that was issued; the seal tells it even to someone who doubts the
database. Keys come from SIGNING_KEYS: the first one seals, all of them verify, so that a key can be rolled.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

PURPOSE = b"receipt seal\x1f"


def make(signing_key: str, number: str, sha256: str) -> bytes:
    """Seal a receipt's number and the hash of its file: the signature in hex."""
    return _key(signing_key).sign(_message(number, sha256)).hex().encode()


def holds(signing_keys: Iterable[str], number: str, sha256: str, seal: bytes) -> bool:
    """Say whether one of the keys made this seal."""
    try:
        signature = bytes.fromhex(seal.decode("ascii"))
    except ValueError:
        return False
    for signing_key in signing_keys:
        try:
            _key(signing_key).public_key().verify(signature, _message(number, sha256))
        except InvalidSignature:
            continue
        return True
    return False


def _key(signing_key: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(PURPOSE + signing_key.encode()).digest())


def _message(number: str, sha256: str) -> bytes:
    return f"{number}\x1f{sha256}".encode()
