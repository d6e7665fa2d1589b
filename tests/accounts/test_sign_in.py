from __future__ import annotations

import re
from datetime import timedelta

import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from crowdfund import clock, links
from crowdfund.accounts import passwords, service, sessions
from crowdfund.accounts.current import sign_next
from crowdfund.accounts.models import Account, SignIn
from crowdfund.accounts.rules import Level
from crowdfund.links import digest
from crowdfund.tenancy import PlatformScope, transaction
from tests.desk import PASSWORD, code, enter, form_token, make_person, sign_in


@pytest.fixture
def person(app: Flask) -> int:
    return make_person("colette@example.org")


@pytest.fixture
def careful(app: Flask) -> int:
    return make_person("marthe@example.org", second_factor=True)


def cookie(client: FlaskClient) -> str:
    found = client.get_cookie("session")
    return found.value if found else ""


def rows(account_id: int) -> list[SignIn]:
    with transaction(PlatformScope()) as session:
        return list(session.scalars(select(SignIn).where(SignIn.account_id == account_id).order_by(SignIn.created_at)))


def test_password_alone_opens_a_session_where_no_second_factor_is_set(client: FlaskClient, person: int) -> None:
    answer = sign_in(client, "Colette@Example.org ")
    assert (answer.status_code, answer.location) == (303, "/staff/")
    assert [row.level for row in rows(person)] == ["full"]
    assert client.get("/account/").status_code == 200


def test_the_cookie_is_closed_to_scripts_and_other_sites_and_the_table_holds_its_hash(
    client: FlaskClient, person: int
) -> None:
    header = next(
        one
        for one in sign_in(client, "colette@example.org").headers.getlist("Set-Cookie")
        if one.startswith("session=")
    )
    for attribute in ("HttpOnly", "SameSite=Lax", "Path=/"):
        assert attribute in header
    assert "Domain" not in header
    (row,) = rows(person)
    assert row.token_hash == digest(cookie(client))
    assert cookie(client) not in str(vars(row))
    assert row.ip_prefix == "127.0.0.0/24"


def test_over_https_the_cookie_is_bound_to_the_host(
    client: FlaskClient, person: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(client.application.extensions["config"]), "secure", property(lambda _self: True))
    answer = client.get("/account/sign-in", base_url="https://127.0.0.1")
    (header,) = answer.headers.getlist("Set-Cookie")
    assert header.startswith("__Host-visit=")
    assert "Secure" in header
    assert "Path=/" in header


def test_half_a_sign_in_opens_nothing(client: FlaskClient, careful: int) -> None:
    answer = sign_in(client, "marthe@example.org")
    assert answer.location == "/account/sign-in/code"
    assert [row.level for row in rows(careful)] == ["password"]
    assert client.get("/account/").status_code == 303
    assert client.get("/staff/").location.startswith("/account/sign-in/code")
    assert client.post("/account/sessions/revoke", data={"all": "1"}).status_code == 401


def test_the_second_step_opens_a_new_session_under_a_new_token(client: FlaskClient, careful: int) -> None:
    sign_in(client, "marthe@example.org")
    half = cookie(client)
    token = form_token(client, "/account/sign-in/code")
    answer = client.post("/account/sign-in/code", data={"csrf_token": token, "code": code()})
    assert (answer.status_code, answer.location) == (303, "/staff/")
    assert cookie(client) != half
    with transaction(PlatformScope()) as session:
        assert sessions.load(session, half) is None
    assert client.get("/account/").status_code == 200


def finish(client: FlaskClient, typed: str) -> int:
    sign_in(client, "marthe@example.org")
    token = form_token(client, "/account/sign-in/code")
    return client.post("/account/sign-in/code", data={"csrf_token": token, "code": typed}).status_code


def test_a_code_serves_once_and_an_older_one_no_more(house: Flask, careful: int) -> None:
    shown = code()
    assert finish(house.test_client(), shown) == 303
    assert finish(house.test_client(), shown) == 422
    assert finish(house.test_client(), code(-1)) == 422


def test_a_recovery_code_is_burnt(house: Flask, careful: int) -> None:
    with transaction(PlatformScope()) as session:
        codes = service.set_second_factor(session, careful, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    assert finish(house.test_client(), codes[3].upper()) == 303
    assert finish(house.test_client(), codes[3]) == 422
    with transaction(PlatformScope()) as session:
        assert service.recovery_codes_left(session, careful) == 7
        stored = session.get_one(Account, careful).recovery_hashes
    assert not set(codes) & set(stored)


def test_the_second_factors_secret_is_sealed_in_the_table(careful: int) -> None:
    with transaction(PlatformScope()) as session:
        stored = session.get_one(Account, careful).totp_secret
    assert stored is not None
    assert "JBSWY3DP" not in stored


def test_an_unknown_address_a_wrong_password_and_an_account_without_one_are_answered_alike(
    house: Flask, person: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with transaction(PlatformScope()) as session:
        service.add_account(session, "invited@example.org", "Invited", "en")
    compared: list[str] = []
    real = passwords._hasher.verify
    monkeypatch.setattr(passwords, "_hasher", _Watched(compared, real))
    answers = [
        sign_in(house.test_client(), email, "not the right words")
        for email in ("colette@example.org", "nobody@example.org", "invited@example.org")
    ]
    assert {answer.status_code for answer in answers} == {422}
    bodies = {
        answer.text.replace(email, "").split("<main", 1)[1].split("csrf_token", 1)[0]
        for answer, email in zip(
            answers, ("colette@example.org", "nobody@example.org", "invited@example.org"), strict=True
        )
    }
    assert len(bodies) == 1
    assert len(compared) == 3  # each took one hash's time
    assert compared[1] == compared[2] == passwords.DUMMY_HASH
    assert all(stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$") for stored in compared)


class _Watched:
    def __init__(self, compared: list[str], real: object) -> None:
        self.compared, self.real = compared, real

    def verify(self, stored: str, password: str) -> bool:
        self.compared.append(stored)
        return bool(self.real(stored, password))  # type: ignore[operator]


@pytest.mark.parametrize(
    "email", ["a\x00b@example.org", "\x00", "a" * 10_000, "\u202e@example.org", "%' OR 1=1 --", "ｃolette@example.org"]
)
def test_an_address_of_any_shape_is_answered_as_an_unknown_one(client: FlaskClient, person: int, email: str) -> None:
    assert sign_in(client, email).status_code == 422


def test_the_dummy_hash_is_made_with_the_parameters_of_the_others() -> None:
    assert not passwords.is_outdated(passwords.DUMMY_HASH)


def test_a_session_chosen_by_somebody_else_is_not_taken_over(client: FlaskClient, person: int) -> None:
    chosen = "a-token-that-the-attacker-knows-and-planted"
    client.set_cookie("session", chosen)
    sign_in(client, "colette@example.org")
    assert cookie(client) != chosen
    assert rows(person)[0].token_hash != digest(chosen)


def test_signing_in_again_ends_the_session_before(client: FlaskClient, app: Flask, person: int) -> None:
    sign_in(client, "colette@example.org")
    first = cookie(client)
    client.delete_cookie("session")
    token = form_token(client, "/account/sign-in")
    client.set_cookie("session", first)
    client.post("/account/sign-in", data={"csrf_token": token, "email": "colette@example.org", "password": PASSWORD})
    assert cookie(client) != first
    with transaction(PlatformScope()) as session:
        assert sessions.load(session, first) is None


def test_signing_out_ends_the_session_on_the_server(client: FlaskClient, person: int) -> None:
    sign_in(client, "colette@example.org")
    kept = cookie(client)
    answer = client.post("/account/sign-out", data={"csrf_token": form_token(client, "/account/")})
    assert answer.status_code == 303
    assert cookie(client) == ""
    client.set_cookie("session", kept)
    assert client.get("/account/").status_code == 303
    assert rows(person)[0].reason == "signed out"


def test_a_person_chooses_the_language_of_the_desk(app: Flask, person: int, careful: int) -> None:
    mine, colleague = enter(app, person), enter(app, careful)
    before = colleague.get("/account/").text
    token = form_token(mine, "/account/")
    for locale, said in (("it", "Il mio accesso"), ("en", "My sign-in"), ("fr", "Ma connexion")):
        assert mine.post("/account/language", data={"csrf_token": token, "locale": locale}).status_code == 303
        page = mine.get("/account/").text
        assert (f'<html lang="{locale}"' in page, said in page) == (True, True)
    assert mine.post("/account/language", data={"csrf_token": token, "locale": "de"}).status_code == 404
    assert mine.post("/account/language", data={"locale": "it"}).status_code == 400
    assert '<html lang="fr"' in mine.get("/account/").text
    assert colleague.get("/account/").text[:200] == before[:200]


def test_a_revoked_session_is_dead_at_once_and_nobody_elses(app: Flask, person: int, careful: int) -> None:
    mine, other, foreign = enter(app, person), enter(app, person), enter(app, careful)
    with transaction(PlatformScope()) as session:
        signed_in = sessions.load(session, cookie(mine))
        assert signed_in is not None
        handle = next(one.handle for one in sessions.list_open(session, signed_in) if not one.current)
        strangers = sessions.load(session, cookie(foreign))
        assert strangers is not None
        foreign_handle = sessions.handle_of(strangers.token_hash)
    token = form_token(mine, "/account/")
    revoke = "/account/sessions/revoke"
    assert mine.post(revoke, data={"csrf_token": token, "session": foreign_handle}).status_code == 404
    assert foreign.get("/account/").status_code == 200
    assert mine.post(revoke, data={"csrf_token": token, "session": handle}).status_code == 303
    assert other.get("/account/").status_code == 303
    assert mine.get("/account/").status_code == 200


def test_all_other_sessions_end_together(app: Flask, person: int) -> None:
    mine, others = enter(app, person), [enter(app, person) for _ in range(3)]
    mine.post("/account/sessions/revoke", data={"csrf_token": form_token(mine, "/account/"), "all": "1"})
    assert [one.get("/account/").status_code for one in others] == [303] * 3
    assert mine.get("/account/").status_code == 200


def test_a_new_password_ends_the_other_sessions(app: Flask, person: int) -> None:
    client = enter(app, person)
    with transaction(PlatformScope()) as session:
        service.set_password(session, person, passwords.hash_password("gravel pontoon wobbly"))
    assert client.get("/account/").status_code == 303


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Move the clock: `later[0] = 60` makes it a minute later."""
    seconds = [0.0]
    real = clock.now
    monkeypatch.setattr(clock, "now", lambda: real() + timedelta(seconds=seconds[0]))
    return seconds


@pytest.mark.parametrize(("pause", "status"), [(3500, 200), (7300, 303)])
def test_a_session_that_is_left_alone_ends(
    app: Flask, person: int, later: list[float], pause: int, status: int
) -> None:
    client = enter(app, person)
    later[0] = pause
    assert client.get("/account/").status_code == status


def test_a_session_in_use_ends_after_twelve_hours(app: Flask, person: int, later: list[float]) -> None:
    client = enter(app, person)
    for hour in range(1, 12):
        later[0] = hour * 3600
        assert client.get("/account/").status_code == 200
    later[0] = 12 * 3600 + 1
    assert client.get("/account/").status_code == 303


def test_half_a_sign_in_is_dropped_after_ten_minutes(client: FlaskClient, careful: int, later: list[float]) -> None:
    sign_in(client, "marthe@example.org")
    later[0] = 601
    assert client.get("/account/sign-in/code").location == "/account/sign-in"


@pytest.mark.parametrize(
    "path", ["/account/sign-in", "/account/sign-out", "/account/confirm", "/account/sessions/revoke"]
)
def test_a_form_without_its_token_is_refused(app: Flask, person: int, path: str) -> None:
    client = enter(app, person)
    data = {"email": "colette@example.org", "password": PASSWORD, "all": "1"}
    foreign = form_token(enter(app, person), "/account/")
    for token in ({}, {"csrf_token": ""}, {"csrf_token": "forged"}, {"csrf_token": foreign}):
        assert client.post(path, data=data | token).status_code == 400
    assert client.get("/account/").status_code == 200


def test_a_sign_in_form_made_for_another_browser_is_refused(house: Flask, person: int) -> None:
    stolen = form_token(house.test_client(), "/account/sign-in")
    victim = house.test_client()
    victim.get("/account/sign-in")
    data = {"csrf_token": stolen, "email": "colette@example.org", "password": PASSWORD}
    assert victim.post("/account/sign-in", data=data).status_code == 400


@pytest.mark.parametrize(
    "given",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "/staff/",
        "https:/evil.example",
    ],
)
def test_an_address_to_come_back_to_is_followed_only_when_we_signed_it(house: Flask, person: int, given: str) -> None:
    client = house.test_client()
    token = form_token(client, "/account/sign-in")
    data = {"csrf_token": token, "email": "colette@example.org", "password": PASSWORD, "next": given}
    assert client.post("/account/sign-in", data=data).location == "/staff/"


def test_a_signed_address_is_followed_and_one_signed_for_something_else_is_not(
    house: Flask, app: Flask, person: int
) -> None:
    secret = app.extensions["config"].secret_key
    for signed, location in (
        (sign_next("/staff/museum-1/gifts?q=rey"), "/staff/museum-1/gifts?q=rey"),
        (links.sign(secret, "invitation", "/staff/museum-1/books"), "/staff/"),
        (sign_next("//evil.example/"), "/staff/"),
        (sign_next("/\\evil.example/"), "/staff/"),
    ):
        assert sign_in(house.test_client(), "colette@example.org", next=signed).location == location


def test_tries_on_one_account_and_from_one_address_run_out(
    house: Flask, person: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "verify_password", lambda _stored, password: password == PASSWORD)
    client = house.test_client()
    token = form_token(client, "/account/sign-in")
    data = {"csrf_token": token, "email": "colette@example.org", "password": "wrong words entirely"}
    answers = [client.post("/account/sign-in", data=data) for _ in range(12)]
    assert [answer.status_code for answer in answers] == [422] * 10 + [429] * 2
    assert int(answers[-1].headers["Retry-After"]) > 0
    # Even the right password waits, from anywhere; another account from another address does not.
    right = data | {"password": PASSWORD}
    assert client.post("/account/sign-in", data=right, environ_base={"REMOTE_ADDR": "198.51.100.4"}).status_code == 429
    other = data | {"email": "somebody@example.org"}
    assert client.post("/account/sign-in", data=other, environ_base={"REMOTE_ADDR": "198.51.100.4"}).status_code == 422
    assert client.post("/account/sign-in", data=other).status_code == 429


def test_people_who_sign_in_rightly_do_not_use_up_their_budget(
    house: Flask, person: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "verify_password", lambda _stored, password: password == PASSWORD)
    assert {sign_in(house.test_client(), "colette@example.org").status_code for _ in range(15)} == {303}


def test_codes_cannot_be_guessed_in_a_row(client: FlaskClient, careful: int) -> None:
    sign_in(client, "marthe@example.org")
    token = form_token(client, "/account/sign-in/code")
    data = {"csrf_token": token, "code": "000000"}
    assert [client.post("/account/sign-in/code", data=data).status_code for _ in range(7)] == [422] * 5 + [429] * 2
    assert client.post("/account/sign-in/code", data=data | {"code": code()}).status_code == 429


def test_proving_who_one_is_renews_the_token_and_keeps_the_end_of_the_day(
    app: Flask, person: int, later: list[float]
) -> None:
    client = enter(app, person)
    before, begun = cookie(client), rows(person)[0].created_at
    later[0] = 3600
    token = form_token(client, "/account/confirm")
    assert client.post("/account/confirm", data={"csrf_token": token, "password": "not these words"}).status_code == 422
    assert client.post("/account/confirm", data={"csrf_token": token, "password": PASSWORD}).status_code == 303
    assert cookie(client) != before
    newest = next(row for row in rows(person) if row.ended_at is None)
    assert newest.created_at == begun
    assert newest.authenticated_at > begun


def test_setting_the_second_step_asks_for_a_right_code_and_shows_the_recovery_codes_once(
    app: Flask, person: int
) -> None:
    client, other = enter(app, person), enter(app, person)
    page = client.get("/account/second-factor").text
    fields = {name: re.search(rf'name="{name}" value="([^"]+)"', page)[1] for name in ("csrf_token", "setup")}  # type: ignore[index]
    secret = links.unsign(app.extensions["config"].secret_key, "second factor", fields["setup"], 60)[1]
    assert client.post("/account/second-factor", data=fields | {"code": "000000"}).status_code == 422
    answer = client.post("/account/second-factor", data=fields | {"code": pyotp.TOTP(secret).at(clock.now())})
    assert answer.status_code == 200
    assert len(re.findall(r"[a-z2-7]{4}(?:-[a-z2-7]{4}){3}", answer.text)) == 8
    assert other.get("/account/").status_code == 303
    with transaction(PlatformScope()) as session:
        found = service.credentials_of(session, "colette@example.org")
    assert found is not None
    assert found.has_second_factor


def test_a_set_up_made_for_another_account_is_refused(app: Flask, person: int, careful: int) -> None:
    client = enter(app, person)
    secret = app.extensions["config"].secret_key
    setup = links.sign(secret, "second factor", [careful, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"])
    data = {"csrf_token": form_token(client, "/account/second-factor"), "setup": setup, "code": code()}
    assert client.post("/account/second-factor", data=data).status_code == 404


def test_an_invitation_sets_the_first_password_once(client: FlaskClient, app: Flask) -> None:
    with transaction(PlatformScope()) as session:
        account_id = service.add_account(session, "new@example.org", "New Person", "en").id
    path = f"/account/invitation/{service.invitation_token(account_id)}"
    token = form_token(client, path)
    assert client.post(path, data={"csrf_token": token, "password": "new person 2026"}).status_code == 422
    assert client.post(path, data={"password": PASSWORD}).status_code == 400
    assert client.post(path, data={"csrf_token": token, "password": PASSWORD}).status_code == 303
    assert client.get(path).status_code == 404
    assert client.get(path + "x").status_code == 404
    assert sign_in(client, "new@example.org").status_code == 303


def test_pages_of_an_account_are_kept_by_no_cache_and_public_pages_set_no_cookie(
    client: FlaskClient, app: Flask, person: int
) -> None:
    assert client.get("/account/sign-in").headers["Cache-Control"] == "private, no-store"
    assert enter(app, person).get("/account/").headers["Cache-Control"] == "private, no-store"
    answer = enter(app, person).get("/fr/")
    assert "Set-Cookie" not in answer.headers
    assert "Cookie" not in answer.headers.get("Vary", "")


@pytest.mark.parametrize("value", ["", "x", "é" * 40, "a" * 5000, "../../etc"])
def test_a_cookie_of_any_shape_is_nobody(house: Flask, connection: object, value: str) -> None:
    client = house.test_client()
    assert client.get("/account/", headers={"Cookie": f"session={value}"}).status_code == 303


def test_the_page_speaks_the_language_asked_for(client: FlaskClient) -> None:
    assert '<html lang="it"' in client.get("/account/sign-in?lang=it").text
    assert '<html lang="en"' in client.get("/account/sign-in", headers={"Accept-Language": "en"}).text


def test_a_strict_session_takes_half_an_hour_of_silence(app: Flask, person: int, later: list[float]) -> None:
    client = enter(app, person, Level.STRICT)
    later[0] = 1700
    assert client.get("/account/").status_code == 200
    later[0] += 1810
    assert client.get("/account/").status_code == 303
