"""Proof that a form was made by us for this browser: the token of every form, bound to the browser's cookie."""

from __future__ import annotations

from flask import request

from crowdfund.errors import Refusal
from crowdfund.forms import STALE, form_token, token_age

FIELD = "csrf_token"


def csrf_token(context: str) -> str:
    """Give the token for a form; `context` is the hash of what the browser's cookie holds."""
    return form_token(f"browser:{context}")


def check_csrf(context: str) -> None:
    """Make sure the request's form carries the token made for this browser. Raises Refusal (400)."""
    if token_age(f"browser:{context}", request.form.get(FIELD, "")) is None:
        raise Refusal(STALE, status=400)
