"""Who sends this request: the session's cookie, read once, on Flask-Login's request loader."""

from __future__ import annotations

import secrets
from typing import Any, cast

from flask import Flask, Request, Response, current_app, g, request
from flask.sessions import NullSession, SessionInterface
from flask_login import LoginManager, current_user

from config import Config
from crowdfund import links
from crowdfund.accounts import sessions
from crowdfund.accounts.rules import LONGEST_SESSION
from crowdfund.accounts.sessions import SignedIn
from crowdfund.i18n import set_locale
from crowdfund.tenancy import PlatformScope, transaction

SESSION_COOKIE = "session"
VISIT_COOKIE = "visit"  # binds the sign-in form to the browser before there is a session
NEXT_PURPOSE = "next"
NEXT_LIFE = 3600


class _NoFlaskSession(SessionInterface):
    """Keep Flask's own cookie session out: nothing reads it, nothing writes it, no page varies by it."""

    def open_session(self, app: Flask, request: Request) -> NullSession:  # noqa: ARG002
        return NullSession()

    def save_session(self, app: Flask, session: Any, response: Response) -> None:
        """Write nothing."""


def register(app: Flask, config: Config) -> None:  # noqa: ARG001 - each part of the roof is told the settings
    """Let Flask-Login ask us who is there, and only on pages that want to know."""
    manager = LoginManager()
    manager.session_protection = None
    manager.request_loader(load_signed_in)
    # Not init_app: it would look at the session after every request, and every public page would vary by cookie.
    app.login_manager = manager  # type: ignore[attr-defined]
    app.session_interface = _NoFlaskSession()


def load_signed_in(incoming: Request) -> SignedIn | None:
    """Tell who is signed in by the request's cookie, whatever factors are still due."""
    token = incoming.cookies.get(cookie_name(SESSION_COOKIE), "")
    if not token or len(token) > 100:
        return None
    with transaction(PlatformScope()) as session:
        signed_in = sessions.load(session, token)
    if signed_in is not None:
        set_locale(signed_in.locale)
    return signed_in


def somebody() -> SignedIn | None:
    """Give who has begun to sign in, with or without the second factor; None when nobody has."""
    user = current_user._get_current_object()  # noqa: SLF001 - the way Flask-Login offers
    return user if isinstance(user, SignedIn) else None


def signed_in_person() -> SignedIn | None:
    """Give who is wholly signed in; None when nobody is, or the second factor is still due."""
    person = somebody()
    return person if person is not None and person.is_authenticated else None


def cookie_name(plain: str) -> str:
    """Name a cookie: `__Host-` keeps it to this host and to HTTPS, where there is HTTPS."""
    return f"__Host-{plain}" if _config().secure else plain


def set_session_cookie(response: Response, token: str) -> None:
    """Hand the browser its session's token."""
    _set_cookie(response, SESSION_COOKIE, token, int(LONGEST_SESSION.total_seconds()))


def drop_session_cookie(response: Response) -> None:
    """Take the session's token from the browser."""
    response.delete_cookie(
        cookie_name(SESSION_COOKIE), path="/", secure=_config().secure, httponly=True, samesite="Lax"
    )


def visit_context() -> str:
    """Give the hash that binds a form to a browser without a session; a new browser is marked by `mark_visit`."""
    if "visit" not in g:
        given = request.cookies.get(cookie_name(VISIT_COOKIE), "")
        g.visit_is_new = not 20 <= len(given) <= 100
        g.visit = secrets.token_urlsafe(24) if g.visit_is_new else given
    return links.digest(g.visit)


def mark_visit(response: Response) -> Response:
    """Hand a new browser the value its forms are bound to."""
    if g.get("visit_is_new"):
        _set_cookie(response, VISIT_COOKIE, g.visit, None)
    return response


def sign_next(path: str) -> str:
    """Sign the address to come back to; an unsigned one is never followed."""
    return links.sign(_config().secret_key, NEXT_PURPOSE, path)


def read_next(signed: str | None) -> str | None:
    """Read an address that we signed; None for anything else."""
    if not signed:
        return None
    try:
        path = links.unsign(_config().secret_key, NEXT_PURPOSE, signed, NEXT_LIFE)
    except links.BadLink:
        return None
    if not isinstance(path, str) or not path.startswith("/") or path.startswith("//") or "\\" in path:
        return None
    return path


def _set_cookie(response: Response, name: str, value: str, max_age: int | None) -> None:
    response.set_cookie(
        cookie_name(name), value, max_age=max_age, path="/", secure=_config().secure, httponly=True, samesite="Lax"
    )


def _config() -> Config:
    return cast("Config", current_app.extensions["config"])
