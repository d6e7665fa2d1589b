"""By URL: every address that `flask routes --json` lists, in every role, with the real ids of both museums in every mix.

What is foreign is not there; what is one's own answers as documented; and no canary of the other museum is in any byte.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from crowdfund.accounts.rules import LIMITS, Limit
from crowdfund.pages import views
from crowdfund.tenancy import transaction
from tests.desk import form_token
from tests.factories import LATER, scope
from tests.receipts.conftest import MailKeeper
from tests.tenancy.houses import PUBLISHED, House, found_house, mails_of, named, open_desk, roles_for, said_by

pytestmark = pytest.mark.filterwarnings("ignore:.*sRGB2014.icc:pytest.PytestUnraisableExceptionWarning")

Route = dict[str, Any]
Houses = tuple[House, House]
# What a page answers its own people, where that is not 200: a change leads back to its page.
# A payment of no pledge may not be booked.
DOCUMENTED = {
    "dashboard.refund_gift": 303, "dashboard.accept_charge": 409, "dashboard.refund_charge": 303,
    "posters.add_place": 303, "shelf.keep_view_of_gifts": 422, "shelf.drop_view": 303, "people.keep_segment": 422,
    "person.put_phone": 303, "person.add_tag": 422, "person.drop_tag": 303, "person.write_note": 422, "person.drop_note": 303,
    "person.merge": 409, "person.separate": 409, "closing.statement": 404, "promises.home": 303,
}  # fmt: skip
DOCUMENTED |= {
    "person.put_address": 422,
    "doubles.merge_doubles": 409,
    "doubles.say_apart": 409,
    "doubles.ask_again": 303,
    "donor_files.bring_file": 422,
    "donor_files.map_file": 409,
    "donor_files.take_file_in": 422,
    "donor_files.take_file_back": 409,
    "donor_files.drop_file": 409,
    "donor_files.document": 404,
    "plaque_files.version": 404,  # none is signed
    "plaques.one_name": 303,  # no name is asked for
    "thanks.questions_file": 404,  # nobody is to be asked by letter
    "answers.question": 404,  # nor was asked: tests/thanks/test_desk.py
    "answers.note_answer": 404,
    "answers.take_answer_back": 404,
    "review.read": 404,
    "review.page": 404,
    "review.say": 404,
    "review.end": 404,
    "gallery.add": 422,
    "gallery.describe": 422,
    "versions.restore": 404,
    "rows.remove": 404,
    "showing.reward_picture": 404,  # of a reward that is not kept yet
    "showing.choose_picture": 404,
}
EDITED = ("review.", "editor.", "rows.", "papers.", "pieces.", "showing.", "steps.", "agreements.", "versions.")
NOWHERE = "no-such-museum"
REPORTS = ("pledges", "gifts", "ledger", "receipts", "mails", "audit", "wall", "outbox")


@pytest.fixture
def keeper(app: Flask) -> Iterator[MailKeeper]:
    before = app.extensions["mailer"]
    app.extensions["mailer"] = keeper = MailKeeper(app.extensions["config"], app.extensions["storage"])
    yield keeper
    app.extensions["mailer"] = before


@pytest.fixture
def houses(app: Flask, keeper: MailKeeper) -> Houses:
    views._cache.__init__()  # type: ignore[misc] # empties it, as a new process begins
    app.wsgi_app.forget()  # type: ignore[attr-defined] # the gate that keeps public pages
    return found_house("first-house", "Quatrebarbes"), found_house("second-house", "Zwingelstein")


@pytest.fixture
def routes(app: Flask) -> list[Route]:
    listed: list[Route] = json.loads(app.test_cli_runner().invoke(args=["routes", "--json"]).output)
    assert {rule.rule for rule in app.url_map.iter_rules()} == {route["rule"] for route in listed}
    return listed


# The doors of the desk: what their forms answer is told by their own tests.
DESK = ("promises.", "bank_page.", "statements.", "lines.", "cheques.", "counts.")
# At the desk of the conversation one form comes after the other: what is answered or published stays so.
TALK = {303, 409, 422}
# What is planted under the number of the house's gift: tests/after.py.
PLANTED = ("reward_id", "call_id", "letter_id", "rule_id", "gathering_id", "booking_id", "ambassador_id")
AFTER = ("rewards.", "thanks.", "gatherings.", "guests.", "bring.", "plaques.")


def _filled(route: Route, **values: Any) -> str:
    number = values.get("gift_id", PUBLISHED)
    given = {
        **dict.fromkeys(
            (
                "aside_id",
                "entry_id",
                "view_id",
                "file_id",
                "pair_id",
                "tag_id",
                "note_id",
                "merge_id",
                "question_id",
                "news_id",
                "document_id",
                "statement_id",
                "line_id",
                "cheque_id",
                "count_id",
            ),
            number,
        ),
        **dict.fromkeys(
            (
                "batch_id",
                "campaign_id",
                "link_id",
                "promise_id",
                "member_id",
                "invitation_id",
                "template_id",
                "mention_id",
            ),
            number + LATER,
        ),
        **dict.fromkeys(PLANTED, number),
        "pledge_id": 1,
        "number": 1,
        "receipt_id": 1,  # of whoever visits their own gifts: tests/me/test_gifts.py
        "lang": "fr",
        "destination": "connected",
        "filename": "css/base.css",
        "rest": "",
        "sheet": "it",
        "group": "bcdfghjk",
        "page": "who",
        "token": "x",
        "digest": "0" * 64,
        "file": "480.webp",
        "form": "csv",
        "picture_id": number,
        "part": "object",
        "listed": "rewards",
        "kind": "reward",
        "row_id": 0,
        **values,
    }
    return re.sub(r"<(?:[^:<>]+:)?(\w+)>", lambda found: str(given[found[1]]), route["rule"])


def _of(house: House) -> dict[str, object]:
    """What addresses name of a museum's."""
    return {
        "donor_id": house.donor_id,
        "other_id": house.donor_id,
        "gift_id": house.gift_id,
        "campaign": house.campaign,
        "place_id": house.place_id,
    }


def _send(client: FlaskClient, method: str, path: str, token: str) -> Any:
    if method == "GET":
        return client.get(path)
    form = {"csrf_token": token, "reason": "asked by the donor", "amount": "1", "sure": "100", "request": str(uuid4())}
    return client.post(path, data=form | {"name": f"Shop {uuid4().hex[:8]}"})


def _staff(routes: list[Route]) -> list[tuple[Route, str]]:
    found = [
        (route, method) for route in routes if "museum" in route["parameters"] and route["door"] == "staff"
        for method in route["methods"]
    ]  # fmt: skip
    assert len(found) >= 6
    return found


def _expected(route: Route, method: str, *, own_museum: bool, own_gift: bool, allowed: bool) -> set[int]:  # noqa: PLR0911 - one for each kind of page
    if not own_museum:
        return {404}
    if not allowed:
        return {403}
    if any(name.endswith("_id") or name == "campaign" for name in route["parameters"]) and not own_gift:
        return {404}
    if method == "POST" and route["endpoint"].startswith(("talk.", "journal.", "closing.", "inbox.", *DESK, *AFTER)):
        return TALK | ({404} if "<int:cheque_id>" in route["rule"] else set())  # it went with its batch
    gone = {404} if method == "POST" and route["endpoint"].startswith("team.") else set()  # who was removed
    if (
        route["endpoint"] in {"promises.slip", "cheques.slip", "cheques.one_row"} or gone
    ):  # called off or dropped a moment ago
        return {200, 404} if not gone else TALK | gone
    if method == "POST" and route["endpoint"] not in DOCUMENTED and route["endpoint"].startswith(EDITED):
        return TALK
    return {DOCUMENTED.get(route["endpoint"], 200)}


@pytest.mark.timeout(900)  # every page of the desk, in every mix
def test_the_desk_shows_each_museum_to_its_own_people_and_to_nobody_else(
    app: Flask, houses: Houses, routes: list[Route]
) -> None:
    # What the first may not see of the second, the second may not see of the first: one rule holds both.
    own, other = houses
    asked = shown = 0
    roles = {role for route, _method in _staff(routes) for role in roles_for(route["permission"]) if role}
    desks = {role: open_desk(app, own, role) for role in roles}
    tokens = {role: form_token(desk, "/account/") for role, desk in desks.items()}
    for (route, method), slug, gift in itertools.product(_staff(routes), (own.slug, other.slug, NOWHERE), (own, other)):
        path = _filled(route, museum=slug, **_of(gift))
        right, wrong = roles_for(route["permission"])
        if slug != own.slug:
            wrong = None  # at a stranger's door the role is not looked at
        for role in filter(None, (right, wrong)):
            answer = _send(desks[role], method, path, tokens[role])
            expected = _expected(
                route, method, own_museum=slug == own.slug, own_gift=gift is own, allowed=role is not wrong
            )
            assert answer.status_code in expected, f"{role} {method} {path}"
            seen = named(said_by(answer), houses)
            assert seen <= ({own.slug} if answer.status_code in {200, 409, 422} else set()), f"{role} {method} {path}"
            asked, shown = asked + 1, shown + bool(seen)
    assert asked >= 100
    assert shown >= 3  # a list, a gift and a receipt: or the canaries prove nothing


def test_nobody_signed_in_sees_a_desk(client: FlaskClient, houses: Houses, routes: list[Route]) -> None:
    for route, method in _staff(routes):
        for house, gift in itertools.product(houses, houses):
            answer = _send(client, method, _filled(route, museum=house.slug, **_of(gift)), "forged")
            if method == "GET":
                assert (answer.status_code, answer.location.split("?")[0]) == (303, "/account/sign-in")
            else:
                assert answer.status_code == 401
            assert named(said_by(answer), houses) == set()


def _reported(house: House) -> dict[str, list[str]]:
    with transaction(scope(house.id)) as session:
        return {
            view: sorted(str(tuple(row)) for row in session.execute(text(f"SELECT * FROM reporting.{view}")))
            for view in REPORTS
        }


def test_what_is_tried_from_outside_leaves_no_trace_in_a_museums_reports(
    app: Flask, houses: Houses, routes: list[Route]
) -> None:
    own, other = houses
    desk, before = open_desk(app, own, roles_for("refund")[0]), _reported(other)
    token = form_token(desk, "/account/")
    for route, method in _staff(routes):
        for slug, house in ((other.slug, other), (other.slug, own), (own.slug, other)):
            _send(desk, method, _filled(route, museum=slug, **_of(house)), token)
    assert _reported(other) == before
    refunded = _reported(own)
    _send(desk, "POST", f"/staff/{own.slug}/gifts/{own.gift_id}/refund", token)
    assert _reported(own) != refunded  # the same request to one's own gift is seen here


def test_public_addresses_of_one_museum_do_not_open_anothers_campaign(
    client: FlaskClient, houses: Houses, routes: list[Route]
) -> None:
    own, other = houses
    # a group's page is found by its code besides: tests/gifts/test_groups.py
    rules = [
        route
        for route in routes
        if set(route["parameters"]) - {"lang"} == {"museum", "campaign"} and route["door"] == "public"
    ]
    assert len(rules) >= 4
    for route in rules:
        for method in route["methods"]:
            assert (
                client.open(_filled(route, museum=own.slug, campaign=other.campaign), method=method).status_code == 404
            )
            answer = client.open(_filled(route, museum=own.slug, campaign=own.campaign), method=method)
            assert answer.status_code in ({200} if method == "GET" else {422, 400})


def test_every_page_that_is_open_to_all_names_no_donor(
    app: Flask, client: FlaskClient, houses: Houses, routes: list[Route]
) -> None:
    """Both donors are anonymous on the wall. Whoever asks, signed in somewhere or not, sees neither."""
    pages = [route for route in routes if route["door"] not in {"staff", "token"} and "GET" in route["methods"]]
    assert len(pages) > 15
    for house, browser in itertools.product(houses, (client, open_desk(app, houses[0], roles_for("enter")[0]))):
        for route in pages:
            path = _filled(route, museum=house.slug, campaign=house.campaign, token="x", short=house.short)
            answer = browser.get(path, query_string={"q": house.canary, "name": house.canary, "near": house.canary})
            assert answer.status_code < 500 or path == "/health/ready", path
            assert named(said_by(answer), houses) <= {house.slug}, path  # a question is repeated to who asked it
            assert named(said_by(browser.get(path)), houses) == set(), path


def test_a_link_opens_its_own_gift_and_with_another_museums_number_none(
    client: FlaskClient, houses: Houses, routes: list[Route], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(LIMITS, "gift_page_ip", Limit(10_000, 600, closed=False))  # more doors than one reader opens
    rules = [(route, method) for route in routes if route["door"] == "token" for method in route["methods"]]
    assert {route["rule"].count("<") for route, _method in rules} == {2}
    for own, other in (houses, houses[::-1]):
        page = f"/fr/gifts/{own.token}"
        assert named(said_by(client.get(page)), houses) == {own.slug}
        assert named(said_by(client.get(f"{page}/receipt.pdf")), houses) == {own.slug}
        assert client.get(f"/fr/receipts/{own.code}").status_code == 200
        assert named(said_by(client.get(f"/fr/receipts/{own.code}")), houses) == set()
        for route, method in rules:
            for museum in (other.id, 0, own.id + 4096):
                token, code = (f"{museum:x}-{drawn.partition('-')[2]}" for drawn in (own.token, own.code))
                answer = client.open(_filled(route, token=token, code=code), method=method, data={"wall": "short"})
                assert answer.status_code == 404, f"{method} {route['rule']} {museum}"
                assert named(said_by(answer), houses) == set()


def test_mails_and_what_they_carry_name_their_own_museums_donor(keeper: MailKeeper, houses: Houses) -> None:
    for own in houses:
        sent = mails_of(keeper, own)
        assert len(sent) == 2  # thanks, and the receipt
        assert [named(mail, houses) for mail in sent] == [{own.slug}] * 2


def test_the_canaries_are_found_however_they_are_wrapped(houses: Houses) -> None:
    own, other = houses
    for hidden in (f"<b>{own.canary}</b>", own.canary.upper(), f'{{"donor": "Zoé{own.canary}"}}'):
        assert named(hidden, houses) == {own.slug}
    assert named(f"Zwingel-\nstein and {own.canary}", houses) == {own.slug, other.slug}
