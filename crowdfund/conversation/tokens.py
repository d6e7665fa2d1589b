"""The links in our mails: derived from what the tables hold, so that a mail written later can carry them."""

from __future__ import annotations

import hashlib
from uuid import UUID

from flask import current_app

from config import Config
from crowdfund.links import token_for


def _config() -> Config:
    config: Config = current_app.extensions["config"]
    return config


def follow_token(institution_id: int, key: UUID) -> str:
    """Give the token by which a follower confirms, and stops."""
    return token_for(_config().secret_key, "follow", institution_id, str(key))


def stop_token(institution_id: int, occasion: str, address_hash: str) -> str:
    """Give the token that stops what one mail of a mailing belongs to."""
    return token_for(_config().secret_key, "stop", institution_id, f"{occasion}\x1f{address_hash}")


def address_hash(institution_id: int, email: str) -> str:
    """Name an address on a museum's mailings: nobody can guess back from it without our secret."""
    drawn = token_for(_config().secret_key, "address", institution_id, email.lower())
    return hashlib.sha256(drawn.encode()).hexdigest()


def absolute(path: str) -> str:
    """Give the whole address of a path."""
    return f"{_config().public_url}{path}"
