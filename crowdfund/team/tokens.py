"""The token of an invitation."""

from __future__ import annotations

from uuid import UUID

from flask import current_app

from config import Config
from crowdfund.links import token_for

PURPOSE = "invitation"


def invitation_token(museum: int, key: UUID) -> str:
    """Give the token of an invitation: derived, so that the mail written later can carry it."""
    config: Config = current_app.extensions["config"]
    return token_for(config.secret_key, PURPOSE, museum, str(key))
