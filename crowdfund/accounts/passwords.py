"""Hash and verify passwords with argon2id, a few at a time: each hash takes 19 MiB and a tenth of a second.

Parameters: OWASP Password Storage Cheat Sheet, argon2id, m = 19 MiB, t = 2, p = 1.
"""

from __future__ import annotations

import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

PARALLEL_HASHES = 4
LONGEST_WAIT = 5.0
# Of a random password that nobody kept, with the same parameters: it takes the same time and matches nothing.
DUMMY_HASH = "$argon2id$v=19$m=19456,t=2,p=1$FutVfG4Uz9S0aJm41cf64g$LIKfSj+YoFQS9bF+5Aq8EU1OEMyGYKNCFnv1Y65qThk"

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_turns = threading.BoundedSemaphore(PARALLEL_HASHES)


class TooBusy(RuntimeError):
    """Too many passwords are being hashed at once; the person tries again."""


def hash_password(password: str) -> str:
    """Hash a password for the table. Raises TooBusy."""
    _take_turn()
    try:
        return _hasher.hash(password)
    finally:
        _turns.release()


def verify_password(stored: str | None, password: str) -> bool:
    """Compare a password with the stored hash.

    Without one (no such account) it is compared with a dummy, so that time tells nothing. Raises TooBusy.
    """
    _take_turn()
    try:
        _hasher.verify(stored or DUMMY_HASH, password)
    except (VerificationError, InvalidHashError):
        return False
    else:
        return stored is not None
    finally:
        _turns.release()


def is_outdated(stored: str) -> bool:
    """Say whether a hash was made with older parameters."""
    return _hasher.check_needs_rehash(stored)


def _take_turn() -> None:
    if not _turns.acquire(timeout=LONGEST_WAIT):
        raise TooBusy
