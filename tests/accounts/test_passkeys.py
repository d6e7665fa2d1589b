"""Passkeys with an authenticator of software: made, used, removed, and every answer that must not pass."""

from __future__ import annotations

import hashlib
import html
import json
import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import cbor2
import itsdangerous
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url

from crowdfund import clock
from crowdfund.accounts import service
from crowdfund.accounts.models import Passkey
from crowdfund.accounts.rules import Level
from crowdfund.tenancy import PlatformScope, transaction
from tests.desk import PASSWORD, enter, form_token, make_person, sign_in

AT = "http://localhost:8000"
PRESENT, VERIFIED, ATTESTED = 1, 4, 64


@dataclass
class Authenticator:
    """A device that holds one key. Its faults are ordered by changing its fields."""

    origin: str = AT
    flags: int = PRESENT | VERIFIED
    count: int = 0
    step: int = 1
    rp: str = "localhost"
    ident: bytes = b"a device's own number"
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def _client(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}).encode()

    def _data(self, more: bytes = b"", flags: int = 0) -> bytes:
        self.count += self.step
        return (
            hashlib.sha256(self.rp.encode()).digest()
            + bytes([self.flags | flags])
            + struct.pack(">I", self.count)
            + more
        )

    def _answer(self, response: dict[str, str]) -> str:
        ident = bytes_to_base64url(self.ident)
        return json.dumps({"id": ident, "rawId": ident, "type": "public-key", "response": response})

    def make(self, asked: dict[str, Any]) -> str:
        point = self.key.public_key().public_numbers()
        cose = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")})
        held = bytes(16) + struct.pack(">H", len(self.ident)) + self.ident + cose
        attested = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": self._data(held, ATTESTED)})
        client = self._client("webauthn.create", asked["challenge"])
        return self._answer(
            {"clientDataJSON": bytes_to_base64url(client), "attestationObject": bytes_to_base64url(attested)}
        )

    def prove(self, asked: dict[str, Any]) -> str:
        client, data = self._client("webauthn.get", asked["challenge"]), self._data()
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer({
            "clientDataJSON": bytes_to_base64url(client), "authenticatorData": bytes_to_base64url(data),
            "signature": bytes_to_base64url(signature),
        })  # fmt: skip


class Browser:
    """A browser at localhost, where a passkey may be used."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def asked(self, path: str) -> tuple[dict[str, Any], dict[str, str]]:
        """Load a page; give what it asks of the device, and the hidden fields that go back."""
        page = self.client.get(path, base_url=AT)
        found = re.search(r'data-options="([^"]+)"', page.text)
        assert found is not None, page.text
        fields = {name: html.unescape(re.search(rf'name="{name}" value="([^"]+)"', page.text)[1])  # type: ignore[index]
                  for name in ("csrf_token", "challenge")}  # fmt: skip
        return json.loads(html.unescape(found[1])), fields

    def send(self, path: str, answer: str, fields: dict[str, str], **more: str) -> Any:
        return self.client.post(path, data=fields | {"credential": answer} | more, base_url=AT)

    def make(self, device: Authenticator, **more: str) -> Any:
        options, fields = self.asked("/account/passkeys/new")
        return self.send("/account/passkeys/new", device.make(options), fields, **more)


@pytest.fixture
def person(app: Flask) -> int:
    return make_person("colette@example.org")


@pytest.fixture
def device() -> Authenticator:
    return Authenticator()


@pytest.fixture
def with_key(app: Flask, person: int, device: Authenticator) -> int:
    assert Browser(enter(app, person)).make(device).status_code == 200
    return person


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    real, moved = clock.now, [timedelta()]
    monkeypatch.setattr(clock, "now", lambda: real() + moved[0])
    signer = itsdangerous.TimestampSigner.get_timestamp
    monkeypatch.setattr(
        itsdangerous.TimestampSigner, "get_timestamp", lambda self: signer(self) + int(moved[0].total_seconds())
    )

    def move(**by: float) -> None:
        moved[0] += timedelta(**by)

    yield move
    moved[0] = timedelta()


def keys(account_id: int) -> list[Passkey]:
    with transaction(PlatformScope()) as session:
        return list(session.scalars(select(Passkey).where(Passkey.account_id == account_id).order_by(Passkey.id)))


def half(app: Flask, account_id: int) -> Browser:
    """Give a browser that has taken the first step of signing in."""
    return Browser(enter(app, account_id, Level.PASSWORD))


def prove(
    browser: Browser, device: Authenticator, page: str = "/account/sign-in/code", to: str = "/account/sign-in/passkey"
) -> Any:
    options, fields = browser.asked(page)
    return browser.send(to, device.prove(options), fields)


def test_the_first_passkey_brings_recovery_codes_and_ends_other_sessions(
    app: Flask, person: int, device: Authenticator
) -> None:
    elsewhere, browser = enter(app, person), Browser(enter(app, person))
    made = browser.make(device, name="My telephone")
    assert made.status_code == 200
    codes = re.findall(r'<li class="code">([a-z2-7-]+)</li>', made.text)
    assert len(codes) == 8
    assert elsewhere.get("/account/").status_code == 303
    assert browser.client.get("/account/").status_code == 200
    (key,) = keys(person)
    assert (key.name, key.sign_count) == ("My telephone", 1)
    assert "My telephone" in browser.client.get("/account/", base_url=AT).text
    second = Authenticator(ident=b"another device")
    assert browser.make(second).status_code == 303  # no new codes: those kept still serve
    assert len(keys(person)) == 2
    there = app.test_client()
    assert sign_in(there, "colette@example.org").location == "/account/sign-in/code"
    token = form_token(there, "/account/sign-in/code")
    assert there.post("/account/sign-in/code", data={"csrf_token": token, "code": codes[0]}).status_code == 303


def test_password_and_passkey_sign_in_under_a_new_token(app: Flask, with_key: int, device: Authenticator) -> None:
    client = app.test_client()
    sign_in(client, "colette@example.org", PASSWORD)
    before = client.get_cookie("session")
    answer = prove(Browser(client), device)
    assert (answer.status_code, answer.location) == (303, "/staff/")
    after = client.get_cookie("session")
    assert before is not None
    assert after is not None
    assert before.value != after.value
    assert client.get("/account/").status_code == 200
    assert keys(with_key)[0].sign_count == 2


FAULTS: dict[str, Callable[[Authenticator], None]] = {
    "wrong origin": lambda one: setattr(one, "origin", "http://localhost.evil.example"),
    "wrong site": lambda one: setattr(one, "rp", "evil.example"),
    "no user verification": lambda one: setattr(one, "flags", PRESENT),
    "nobody present": lambda one: setattr(one, "flags", VERIFIED),
    "counter going back": lambda one: setattr(one, "count", -1),
    "counter standing still": lambda one: setattr(one, "step", 0),
    "another key": lambda one: setattr(one, "key", ec.generate_private_key(ec.SECP256R1())),
    "an unknown device": lambda one: setattr(one, "ident", b"never seen"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_proof_opens_nothing(app: Flask, with_key: int, device: Authenticator, fault: str) -> None:
    browser = half(app, with_key)
    kept = device.count
    FAULTS[fault](device)
    answer = prove(browser, device)
    assert answer.location.startswith("/account/sign-in/code")
    assert "passkey=refused" in answer.location
    assert "This passkey was not accepted" in browser.client.get(answer.location, base_url=AT).text
    assert browser.client.get("/account/").status_code == 303
    assert keys(with_key)[0].sign_count == kept


@pytest.mark.parametrize(
    "fault", [name for name in FAULTS if not name.startswith(("counter", "another", "an unknown"))]
)
def test_a_faulty_registration_keeps_nothing(app: Flask, person: int, device: Authenticator, fault: str) -> None:
    FAULTS[fault](device)
    answer = Browser(enter(app, person)).make(device)
    assert answer.status_code == 422
    assert "This passkey was not accepted" in answer.text
    assert keys(person) == []


def test_a_stale_challenge_is_refused(
    app: Flask, with_key: int, device: Authenticator, later: Callable[..., None]
) -> None:
    browser = half(app, with_key)
    options, fields = browser.asked("/account/sign-in/code")
    answer = device.prove(options)
    later(seconds=301)
    assert "passkey=refused" in browser.send("/account/sign-in/passkey", answer, fields).location


def test_a_challenge_of_another_session_is_refused(app: Flask, with_key: int, device: Authenticator) -> None:
    options, theirs = half(app, with_key).asked("/account/sign-in/code")
    browser = half(app, with_key)
    _options, mine = browser.asked("/account/sign-in/code")
    answer = browser.send("/account/sign-in/passkey", device.prove(options), mine | {"challenge": theirs["challenge"]})
    assert "passkey=refused" in answer.location


def test_an_answer_serves_once(app: Flask, with_key: int, device: Authenticator) -> None:
    device.step = 0  # a device that does not count
    device.count = 0
    with transaction(PlatformScope()) as session:
        session.scalars(select(Passkey)).one().sign_count = 0
    browser = half(app, with_key)
    options, fields = browser.asked("/account/sign-in/code")
    answer = device.prove(options)
    stolen = browser.client.get_cookie("session")
    assert browser.send("/account/sign-in/passkey", answer, fields).location == "/staff/"
    assert stolen is not None
    thief = app.test_client()
    thief.set_cookie("session", stolen.value)
    again = Browser(thief).send("/account/sign-in/passkey", answer, fields)
    assert again.location.startswith("/account/sign-in")
    assert thief.get("/account/").status_code == 303


@pytest.mark.parametrize("answer", ["", "{", "[]", "null", '{"id": 1}', "x" * 20_001, '{"id":"\\u0000"}'])
def test_no_answer_at_all_is_refused_in_words(app: Flask, with_key: int, answer: str) -> None:
    browser = half(app, with_key)
    _options, fields = browser.asked("/account/sign-in/code")
    assert "passkey=refused" in browser.send("/account/sign-in/passkey", answer, fields).location
    whole = Browser(enter(app, with_key))
    _options, fields = whole.asked("/account/passkeys/new")
    assert whole.send("/account/passkeys/new", answer, fields).status_code == 422


def test_guessing_is_bounded(app: Flask, with_key: int) -> None:
    browser = half(app, with_key)
    _options, fields = browser.asked("/account/sign-in/code")
    codes = [browser.send("/account/sign-in/passkey", "{}", fields).status_code for _ in range(6)]
    assert codes == [303] * 5 + [429]


def test_a_known_passkey_is_not_kept_twice(app: Flask, with_key: int, device: Authenticator) -> None:
    other = make_person("marthe@example.org", second_factor=True)
    answer = Browser(enter(app, other)).make(device)
    assert answer.status_code == 409
    assert keys(other) == []


def test_a_passkey_confirms_in_place_of_the_password(
    app: Flask, with_key: int, device: Authenticator, later: Callable[..., None]
) -> None:
    browser = Browser(enter(app, with_key))
    later(minutes=11)
    assert browser.client.get("/account/passkeys/new", base_url=AT).location.startswith("/account/confirm")
    assert prove(browser, device, "/account/confirm", "/account/confirm/passkey").status_code == 303
    assert browser.client.get("/account/passkeys/new", base_url=AT).status_code == 200


def test_one_is_removed_and_the_last_second_step_is_kept(app: Flask, with_key: int) -> None:
    browser = Browser(enter(app, with_key))
    token = form_token(browser.client, "/account/")

    def remove(number: int) -> int:
        return int(browser.client.post(f"/account/passkeys/{number}/remove", data={"csrf_token": token}).status_code)

    (only,) = keys(with_key)
    assert remove(only.id) == 409
    with transaction(PlatformScope()) as session:
        service.set_second_factor(session, with_key, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", keep=None)
    browser = Browser(enter(app, with_key))
    token = form_token(browser.client, "/account/")
    assert remove(only.id) == 303
    assert keys(with_key) == []
    assert remove(only.id) == 404


def test_nobody_removes_anothers(app: Flask, with_key: int) -> None:
    other = enter(app, make_person("marthe@example.org", second_factor=True))
    (key,) = keys(with_key)
    token = form_token(other, "/account/")
    assert other.post(f"/account/passkeys/{key.id}/remove", data={"csrf_token": token}).status_code == 404
    assert len(keys(with_key)) == 1


def test_where_the_address_is_a_number_there_are_codes(app: Flask, with_key: int) -> None:
    def at_number(level: Level) -> FlaskClient:
        cookie = enter(app, with_key, level).get_cookie("session")
        assert cookie is not None
        client = app.test_client()
        client.set_cookie("session", cookie.value, domain="127.0.0.1")
        return client

    there = "http://127.0.0.1:8000"  # which cannot be a passkey's site
    page = at_number(Level.PASSWORD).get("/account/sign-in/code", base_url=there).text
    assert "Recovery code" in page
    assert "data-passkey" not in page
    assert at_number(Level.FULL).get("/account/passkeys/new", base_url=there).status_code == 404


def test_a_name_that_cannot_be_kept_is_told_beside_its_field(app: Flask, person: int, device: Authenticator) -> None:
    answer = Browser(enter(app, person)).make(device, name="x" * 61)
    assert answer.status_code == 422
    assert 'id="e-name"' in answer.text
    assert keys(person) == []


def test_the_key_is_stored_as_it_came(with_key: int, device: Authenticator) -> None:
    (key,) = keys(with_key)
    assert base64url_to_bytes(key.credential_id) == device.ident
