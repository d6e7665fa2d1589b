"""People at the desk: accounts that can sign in, browsers that are signed in, and what a form carries."""

from __future__ import annotations

import re
from typing import Any

import pyotp
from flask import Flask
from flask.testing import FlaskClient

from crowdfund import clock
from crowdfund.accounts import service, sessions
from crowdfund.accounts.rules import Level
from crowdfund.tenancy import PlatformScope, transaction
from tests.factories import make_member, scope

PASSWORD = "herons over the viaduct"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


def make_person(email: str, *, second_factor: bool = False, **given: Any) -> int:
    """Open an account that signs in with PASSWORD, and SECRET's codes where it has a second factor."""
    with transaction(PlatformScope()) as session:
        account = service.add_account(
            session,
            email,
            given.pop("name", "Colette Vautrin"),
            given.pop("locale", "en"),
            password=PASSWORD,
            totp_secret=SECRET if second_factor else None,
        )
        return account.id


def make_colleague(institution_id: int, role: str, email: str) -> int:
    """Open an account with a second factor and no password, and make it a member of a museum."""
    with transaction(PlatformScope()) as session:
        account_id = service.add_account(session, email, f"Person {role}", "en", totp_secret=SECRET).id
    with transaction(scope(institution_id)) as session:
        make_member(session, account_id, role)
    return account_id


def enter(app: Flask, account_id: int, level: Level = Level.FULL) -> FlaskClient:
    """Give a browser with an open session, without the slow hash of a sign-in."""
    with transaction(PlatformScope()) as session:
        token = sessions.open_session(session, account_id, level, "192.0.2.7", "Test browser")
    client = app.test_client()
    client.set_cookie("session", token)
    return client


def form_token(client: FlaskClient, path: str) -> str:
    """Load a page and read its form's token."""
    found = _TOKEN.search(client.get(path).text)
    assert found is not None, f"no form on {path}"
    return found[1]


def code(steps: int = 0) -> str:
    """Give the code that the person's app shows now, or some steps away."""
    return pyotp.TOTP(SECRET).at(int(clock.now().timestamp()) + 30 * steps)


def sign_in(client: FlaskClient, email: str, password: str = PASSWORD, **more: str) -> Any:
    """Send the first step of signing in as a browser does."""
    token = form_token(client, "/account/sign-in")
    return client.post("/account/sign-in", data={"csrf_token": token, "email": email, "password": password, **more})
