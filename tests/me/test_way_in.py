"""The link: the same answer for everybody, once, for a day; the visit it opens."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, event, select, text

from crowdfund.headers import SHOWN_AGAIN
from crowdfund.links import digest
from crowdfund.me import door, service, visits
from crowdfund.me.models import DonorLink, DonorVisit
from crowdfund.outbox import OutboxRow
from crowdfund.tenancy import DonorScope, PlatformScope, transaction
from tests import factories
from tests.me.conftest import EMAIL, OTHER, Town, ask, csrf, enter, link_in, post
from tests.receipts.conftest import MailKeeper


def links() -> list[DonorLink]:
    with transaction(PlatformScope()) as session:
        return list(session.scalars(select(DonorLink)))


def test_the_answer_is_the_same_for_an_unknown_address(town: Town, client: FlaskClient, mails: MailKeeper) -> None:
    known, unknown = ask(client, EMAIL), ask(client, "nobody@example.org")
    assert known.status_code == unknown.status_code == 303
    assert known.headers["Location"] == unknown.headers["Location"] == "/fr/me/sent"
    assert dict(known.headers).keys() == dict(unknown.headers).keys()
    assert "Set-Cookie" not in known.headers
    post(town.first.id)
    assert [message["To"] for _key, message in mails.kept] == ["Camille Rey <camille@example.org>"]


def test_the_database_does_the_same_work_for_an_unknown_address(
    town: Town, client: FlaskClient, connection: Connection
) -> None:
    work: dict[str, list[str]] = {}
    for email in (EMAIL, "nobody@example.org"):
        said = work.setdefault(email, [])
        listener = lambda _c, _cursor, statement, *_rest, said=said: said.append(statement)  # noqa: E731
        event.listen(connection, "before_cursor_execute", listener)
        ask(client, email)
        event.remove(connection, "before_cursor_execute", listener)
    assert len(work[EMAIL]) > 5
    known, unknown = ([one for one in said if "SAVEPOINT" not in one] for said in work.values())  # the test's own
    assert known == unknown


def test_visits_are_seen_by_the_auditor_and_name_nobody(town: Town, client: FlaskClient, mails: MailKeeper) -> None:
    enter(client, town, mails)
    with transaction(PlatformScope()) as session:
        rows = session.execute(text("SELECT * FROM reporting.sessions WHERE ended_at IS NULL")).mappings().all()
        assert visits.person_hash(EMAIL) in [row["account_hash"] for row in rows]
        assert EMAIL not in str(rows)


def test_one_mail_goes_out_in_the_donors_language_however_many_museums(
    town: Town, client: FlaskClient, mails: MailKeeper
) -> None:
    with town.second.open() as session:
        for donor in session.scalars(select(type(town.donors(EMAIL)[0])).filter_by(email=EMAIL)):
            donor.locale = "it"
    ask(client, EMAIL, "en")
    post(town.first.id)
    post(town.first.id)  # the courier may bring a fact twice
    assert len(mails.kept) == 1
    assert link_in(mails).startswith("/it/me/link/")


def test_an_address_that_never_gave_is_forgotten(town: Town, client: FlaskClient) -> None:
    ask(client, "nobody@example.org")
    post(town.first.id)
    assert links() == []


def test_the_fact_names_the_link_and_nobody(town: Town, client: FlaskClient) -> None:
    ask(client, EMAIL)
    with transaction(factories.scope(door.museums()[0])) as session:
        facts = session.scalars(select(OutboxRow).where(OutboxRow.topic == "me.link_asked")).all()
    assert {name for fact in facts for name in fact.payload} == {"link_id"}
    assert all(EMAIL not in fact.key for fact in facts)


def test_the_token_is_hashed_at_rest_and_stands_in_no_table(town: Town, client: FlaskClient, mails: MailKeeper) -> None:
    ask(client, EMAIL)
    post(town.first.id)
    token = link_in(mails).rpartition("/")[2]
    [row] = links()
    assert row.token_hash == digest(token)
    assert token not in str(row.__dict__)


def test_a_mail_scanner_uses_nothing_up(town: Town, client: FlaskClient, mails: MailKeeper) -> None:
    ask(client, EMAIL)
    post(town.first.id)
    link = link_in(mails)
    for method in ("GET", "HEAD", "GET"):
        seen = client.open(link, method=method)
        assert seen.status_code == 200
        assert "Set-Cookie" not in seen.headers
        assert seen.headers["Cache-Control"] == "private, no-store"
        assert seen.headers["Referrer-Policy"] == "no-referrer"
    assert client.post(link, data={"csrf_token": csrf(client.get(link))}).status_code == 303


def test_the_button_opens_a_visit_and_works_once(
    house: Flask, town: Town, client: FlaskClient, mails: MailKeeper
) -> None:
    ask(client, EMAIL)
    post(town.first.id)
    link = link_in(mails)
    token = csrf(client.get(link))
    used = client.post(link, data={"csrf_token": token})
    assert (used.status_code, used.headers["Location"]) == (303, "/fr/me/")
    cookie = used.headers["Set-Cookie"]
    assert cookie.startswith("me=")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie
    thief = house.test_client()
    again = thief.post(link, data={"csrf_token": token})
    assert again.status_code == 404
    assert "Set-Cookie" not in again.headers
    stopped = thief.get(link)
    assert stopped.status_code == 404
    assert "Ce lien a déjà servi" in stopped.text
    assert EMAIL not in stopped.text
    # The person's own second tab, with the same button, is led on, and says so.
    led = client.post(link, data={"csrf_token": token}).headers["Location"]
    assert led == client.get(link).headers["Location"] == "/fr/me/?link=used"
    assert "Le lien que vous avez ouvert a déjà servi" in client.get(led).text
    lost = client.get(link[:-1])
    assert lost.status_code == 404
    assert "Ce lien n’ouvre plus rien" in lost.text
    assert "sont déjà ouverts" in lost.text


def test_a_link_is_too_old_after_a_day(
    town: Town, client: FlaskClient, mails: MailKeeper, later: Callable[..., None]
) -> None:
    ask(client, EMAIL)
    post(town.first.id)
    link = link_in(mails)
    token = csrf(client.get(link))
    later(hours=23, minutes=59)
    assert client.get(link).status_code == 200
    later(minutes=2)
    old = client.get(link)
    assert old.status_code == 404
    assert "Ce lien est trop ancien" in old.text
    assert 'action="/fr/me/"' in old.text
    assert client.post(link, data={"csrf_token": token}).status_code in {404, 422}


@pytest.mark.parametrize("token", ["0-aaaaaaaaaaaaaaaaaaaaaaaaaa", "x", "a" * 10_000, "0%00", "1-…"])
def test_a_made_up_token_opens_nothing(client: FlaskClient, town: Town, token: str) -> None:
    assert client.get(f"/fr/me/link/{token}").status_code == 404
    assert client.post(f"/fr/me/link/{token}", data={"csrf_token": "x"}).status_code in {404, 422}


def test_a_link_of_one_does_not_take_the_button_of_another(town: Town, client: FlaskClient, mails: MailKeeper) -> None:
    ask(client, EMAIL)
    ask(client, OTHER)
    post(town.first.id)
    first, second = (message.get_body(("plain",)).get_content() for _key, message in mails.kept)  # type: ignore[union-attr]
    assert first != second
    link = link_in(mails)
    assert client.post(link, data={"csrf_token": "made up"}).status_code == 422
    with transaction(PlatformScope()) as session:
        assert service.opens(session, link.rpartition("/")[2])


def test_the_visit_is_hashed_and_ends_after_a_pause(
    town: Town, client: FlaskClient, mails: MailKeeper, later: Callable[..., None]
) -> None:
    enter(client, town, mails)
    assert "Camille" in client.get("/fr/me/").text
    with transaction(PlatformScope()) as session:
        visit = session.scalars(select(DonorVisit)).one()
    cookie = client.get_cookie("me")
    assert cookie is not None
    assert visit.token_hash == digest(cookie.value)
    assert EMAIL not in visit.person_hash
    later(minutes=29)
    assert "Camille" in client.get("/fr/me/").text
    later(minutes=31)
    assert "Camille" not in client.get("/fr/me/").text
    with transaction(PlatformScope()) as session:
        ended = session.scalars(select(DonorVisit)).one()
        assert (ended.email, ended.reason) == (None, "expired")


def test_no_visit_outlasts_its_longest_time(
    town: Town, client: FlaskClient, mails: MailKeeper, later: Callable[..., None]
) -> None:
    enter(client, town, mails)
    for _turn in range(9):
        later(minutes=27)
        client.get("/fr/me/")
    assert "Camille" not in client.get("/fr/me/").text


@pytest.mark.parametrize("everywhere", ["", "1"])
def test_signing_out_ends_one_visit_or_all(
    house: Flask, town: Town, client: FlaskClient, mails: MailKeeper, everywhere: str
) -> None:
    other = house.test_client()
    enter(client, town, mails)
    enter(other, town, mails)
    page = client.get("/fr/me/")
    client.post("/fr/me/sign-out", data={"csrf_token": csrf(page), "everywhere": everywhere})
    assert "Camille" not in client.get("/fr/me/").text
    assert ("Camille" in other.get("/fr/me/").text) == (not everywhere)


def test_a_form_of_another_visit_is_refused(house: Flask, town: Town, client: FlaskClient, mails: MailKeeper) -> None:
    other = house.test_client()
    enter(client, town, mails)
    enter(other, town, mails, OTHER)
    token = csrf(other.get("/fr/me/"))
    for address in ("sign-out", "consents", "export", "erase"):
        assert client.post(f"/fr/me/{address}", data={"csrf_token": token, "understood": "1"}).status_code == 422
    assert "Camille" in client.get("/fr/me/").text


def test_who_is_not_there_is_led_to_the_question(town: Town, client: FlaskClient) -> None:
    for method, address in (("GET", "erase"), ("POST", "erase"), ("POST", "export"), ("GET", "wall/x/1")):
        answer = client.open(f"/fr/me/{address}", method=method)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/fr/me/")


@pytest.mark.parametrize(
    "email", ["", "no", "a@b", "x" * 10_000, "a\x00@example.org", "a@example.org\nBcc: b@example.org"]
)
def test_what_is_no_address_is_said_and_kept(town: Town, client: FlaskClient, email: str) -> None:
    answer = ask(client, email)
    assert answer.status_code == 422
    assert answer.headers["Cache-Control"] == SHOWN_AGAIN
    assert "Erreur" in answer.text
    assert links() == []


def test_an_address_is_not_written_to_without_end(town: Town, client: FlaskClient) -> None:
    for email in (EMAIL, "nobody@example.org"):
        answers = [ask(client, email).status_code for _turn in range(5)]
        assert answers == [303, 303, 303, 303, 429]


def test_a_link_is_used_once_however_many_hands_press(town: Town, client: FlaskClient, mails: MailKeeper) -> None:
    with transaction(DonorScope(town.first.id)) as session:
        link = service.ask_link(session, EMAIL)
        token = service.link_token(link.key)
    used = []
    for _turn in range(2):
        with transaction(PlatformScope()) as session:
            try:
                used.append(service.use_link(session, token))
            except Exception as error:  # noqa: BLE001 - counted
                used.append(type(error).__name__)
    assert used == [EMAIL, "NotFound"]


def test_old_links_and_visits_are_forgotten(
    town: Town, client: FlaskClient, mails: MailKeeper, later: Callable[..., None]
) -> None:
    enter(client, town, mails)
    later(hours=25)
    with transaction(PlatformScope()) as session:
        visits.forget_old(session)
    assert links() == []
    with transaction(PlatformScope()) as session:
        assert session.scalars(select(DonorVisit)).one().email is None
