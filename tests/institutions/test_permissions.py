"""Who may open which page of the staff, in which museum: every view, every role, both museums."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from crowdfund import clock
from crowdfund.accounts import service as accounts
from crowdfund.accounts.models import SignIn
from crowdfund.accounts.rules import Level
from crowdfund.audit import AuditEntry
from crowdfund.errors import Refusal
from crowdfund.gifts.models import Refund
from crowdfund.institutions import service
from crowdfund.institutions.current import memberships_of
from crowdfund.institutions.models import Member
from crowdfund.institutions.rules import PERMISSIONS, Permission, Role, allows
from crowdfund.payments.models import QuarantinedCharge
from crowdfund.reach.service import make_place
from crowdfund.tenancy import PlatformScope, transaction
from tests.after import plant
from tests.desk import enter, form_token, make_colleague
from tests.factories import (
    LATER,
    make_account,
    make_campaign,
    make_checkout,
    make_desk,
    make_gift,
    make_institution,
    make_known,
    make_member,
    make_pledge,
    make_talk,
    make_team,
    scope,
)

TOLD = {
    "answer": "Yes.", "name": "Solène", "role": "curator", "locale": "fr", "title": "Found", "text": "It was found.",
    "approved": "1", "note": "Friends", "opens": (clock.now() + timedelta(days=3)).strftime("%Y-%m-%dT12:00"),
}  # fmt: skip
CHANGES = (
    {
        "answer_question",
        "set_question_aside",
        "take_question_back",
        "set_opening",
        "make_link",
        "revoke_link",
        "begin",
        "save",
        "publish",
        "drop",
        "correct",
        "close",
        "withdraw",
        "sign",
        "tell_step",
        "take_step_back",
        "write_lessons",
        "show_words",
        "keep_words_back",
        "look_again",
        "keep_reply",
        "drop_reply",
        "add_mention",
        "remove_mention",
        "invite",
        "send_again",
        "change_role",
        "remove",
        "ask_reset",
        "stop_reset",
    }
    | {
        "add",
        "describe",
        "choose_picture",
        "ask",
        "end",
        "say",
        "say_state",
        "note_decision",
        "agree",
        "schedule",
        "unschedule",
        "remove",
        "restore",
    }
    | {"refund_gift", "accept_charge", "refund_charge", "add_place"}
)  # views that change something
CHANGES |= {
    "add_promise",
    "call_off",
    "change",
    "bring",
    "map_columns",
    "take_in",
    "drop",
    "match_sure",
    "approve",
    "match",
}
CHANGES |= {
    "new_gift",
    "set_aside",
    "undo",
    "take_back",
    "begin_batch",
    "add_row",
    "remove_row",
    "count",
    "reopen",
    "returned",
}
CHANGES |= {"add_count", "confirm"}
CHANGES |= {"file_document", "move", "replace"}
CHANGES |= {"keep_pieces", "add_piece", "divide", "paste", "draw_on"}
CHANGES |= {"set_up", "set_lock", "sign_plaque", "correct_name"}
CHANGES |= {"keep_view_of_gifts", "drop_view", "keep_segment", "export_gifts", "export_people"}
CHANGES |= {
    "correct_row",
    "put_address",
    "put_phone",
    "add_tag",
    "drop_tag",
    "write_note",
    "drop_note",
    "merge",
    "separate",
}
CHANGES |= {"merge_doubles", "say_apart", "ask_again"}
CHANGES |= {"bring_file", "map_file", "take_file_in", "take_file_back", "drop_file"}
CHANGES |= {"mark", "undo", "remind", "add_rule", "change_rule", "note_call", "print_letters", "move_letter", "sent"}
CHANGES |= {"posted", "note_answer", "take_answer_back"}
CHANGES |= {"plan", "change", "open_places", "invite", "cancel", "let_in", "let_out", "walk_in", "switch"}


DESK = ("promises.", "bank_page.", "statements.", "lines.", "cheques.", "counts.")  # doors of the desk


AFTER = ("rewards.", "thanks.", "gatherings.", "guests.", "bring.", "plaques.")  # what follows a gift: tests/after.py


KNOWN = ("shelf.", "people.", "person.", "donor_files.", "doubles.")  # what is noted of donors


EDITED = (
    "gallery.",
    "review.",
    "editor.",
    "rows.",
    "papers.",
    "pieces.",
    "showing.",
    "steps.",
    "agreements.",
    "versions.",
)


@dataclass(frozen=True)
class Museum:
    """A museum with one gift, one payment set aside, and a place for a poster."""

    id: int
    slug: str
    gift_id: int
    campaign: str
    place_id: int


# Where the numbers begin that all else is planted under: no row that took the next number, a donor say, bears one by chance.
FAR = 10**8


def make_museum(slug: str) -> Museum:
    museum = make_institution(slug=slug, name=slug.title())
    with transaction(scope(museum)) as session:
        campaign = make_campaign(session)
        pledge = make_pledge(session, campaign, state="paid")
        make_checkout(session, pledge)
        gift = make_gift(session, campaign, pledge_id=pledge.id, id=FAR + museum)
        session.add(  # under the gift's number, so that one address finds either
            QuarantinedCharge(id=gift.id, charge=f"ch_aside_{gift.id}", account="acct_test", pledge_id=pledge.id,
                              amount_minor=5000, currency="EUR", reason="paid_twice")
        )  # fmt: skip
        place = make_place(session, campaign.id, "Hall", takes_cash=True)
        make_talk(session, gift.id)
        make_desk(session, campaign, gift.id)
        make_team(session, gift.id)
        make_known(session, gift.id)
        plant(session, gift, pledge, "Friends")
        return Museum(museum, slug, gift.id, campaign.slug, place.id)


@pytest.fixture
def own(app: Flask) -> Museum:
    return make_museum("own-museum")


@pytest.fixture
def other(app: Flask) -> Museum:
    return make_museum("other-museum")


def views(app: Flask) -> Iterator[tuple[str, str, str, Any]]:
    """List endpoint, rule, method and permission of each page below /staff/<museum>/."""
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/staff/<museum>"):
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield rule.endpoint, rule.rule, method, getattr(app.view_functions[rule.endpoint], "permission", None)


def address(rule: str, slug: str, shown: Museum, gift_id: int | None = None) -> str:
    number = gift_id or shown.gift_id
    path = rule.replace("<museum>", slug)
    path = re.sub(
        r"<int:(gift|aside|question|news|picture|document|entry|statement|line|cheque|count)_id>",
        str(number),
        path,
    )
    path = re.sub(
        r"<int:(batch|campaign|link|promise|member|invitation|template|mention|donor|other|view|tag|note|merge|file|pair)_id>",
        str(number + LATER),
        path,
    )
    path = re.sub(r"<int:(reward|call|letter|rule|gathering|booking|ambassador)_id>", str(number), path)
    path = path.replace("<campaign>", shown.campaign).replace("<int:place_id>", str(gift_id or shown.place_id))
    path = (
        path.replace("<any(fr, it, en):sheet>", "it")
        .replace("<int:number>", "1")
        .replace("<any(pdf, csv, xlsx):form>", "csv")
    )
    path = path.replace("<any(object, story, money):part>", "object").replace("<any(plan, rewards):listed>", "plan")
    path = (
        path.replace("<any(source, stage, reward):kind>", "reward").replace("<int:row_id>", "0").replace("<token>", "x")
    )
    assert "<" not in path, f"say here what {rule} needs"
    return path


def send(client: FlaskClient, method: str, path: str, token: str) -> int:
    if method == "GET":
        return client.get(path).status_code
    form = {
        "csrf_token": token,
        "reason": "asked by the donor",
        "amount": "1",
        "sure": "100",
        "request": str(uuid4()),
    } | TOLD
    return client.post(path, data=form | {"name": f"Shop {uuid4().hex[:8]}"}).status_code


# How a page answers those who may see it, where that is not 200, or 303 after a change.
ANSWERS = {
    "dashboard.receipt_of_gift": {404},  # none is stored
    "closing.statement": {404},  # nor is one signed
    "plaque_files.version": {404},
    "plaques.one_name": {303},  # no name is asked for
    "cheques.slip": {404},
    "cheques.one_row": {200, 303, 404},  # it may have been taken out, or its batch dropped, by another role before
    "donor_files.document": {404},
    "journal.begin": {422},  # no campaign is named
    "dashboard.accept_charge": {409},  # the rules forbid it: its pledge is paid
    "exports.export_gifts": {200},
    "exports.export_people": {200},
    "dashboard.home": {200, 303},  # who may not read gifts is led on
    "promises.home": {303},
}


ASKED = {"answers.question", "answers.note_answer", "answers.take_answer_back"}
ROWS = {"cheques.returned", "cheques.remove_row", "cheques.correct_row"}


def reached(endpoint: str, method: str) -> set[int]:  # noqa: PLR0911 - one for each kind of page
    """Tell how a page answers those who may see it."""
    # Nobody asked; there is no such reward; nobody is to be asked by letter.
    if endpoint in {"review.read", "review.page", "showing.reward_picture", "thanks.questions_file", *ASKED}:
        return {404}
    if method == "POST" and endpoint.startswith(EDITED):  # a row, a version or a file that is not there, among others
        return {303, 404, 409, 422}
    # It has not ended and no step is named; what a form of the desk answers is told by its own tests.
    if endpoint.startswith(("closing.", "inbox.", *DESK, *KNOWN, *AFTER)) and method == "POST":
        return {303, 409, 422} | ({404} if endpoint in ROWS else set())  # it was taken out before
    if endpoint.startswith("team.") and method == "POST":
        # No address is typed; who was removed is not there any more; there is nothing to stop, and not by everybody.
        return {404, 409} | ({403} if endpoint == "team.stop_reset" else {303, 422})
    if endpoint in ANSWERS:
        return ANSWERS[endpoint]
    if endpoint.startswith(("talk.", "journal.")) and method == "POST":  # what is answered stays so
        return {303, 409}
    return {303} if method == "POST" else {200}


def test_every_page_below_a_museum_asks_for_a_permission(house: Flask) -> None:
    found = [(endpoint, permission) for endpoint, _rule, _method, permission in views(house)]
    assert len(found) >= 6
    assert all(isinstance(permission, Permission) for _endpoint, permission in found)
    assert {endpoint.split(".")[1] for endpoint, _rule, method, _p in views(house) if method != "GET"} == CHANGES


@pytest.mark.parametrize("role", list(Role))
def test_a_role_opens_its_pages_in_its_museum_and_nothing_anywhere_else(
    app: Flask, own: Museum, other: Museum, role: Role
) -> None:
    client = enter(app, make_colleague(own.id, role, "here@example.org"))
    token = form_token(client, "/account/")
    for endpoint, rule, method, permission in views(app):
        here = address(rule, own.slug, own)
        expected = reached(endpoint, method) if permission in PERMISSIONS[role] else {403}
        assert send(client, method, here, token) in expected, f"{role} {method} {here}"
        there = address(rule, other.slug, other)
        assert send(client, method, there, token) == 404, f"{role} {method} {there}"


def test_a_number_that_is_anothers_or_nobodys_is_not_there_even_for_the_owner(
    app: Flask, own: Museum, other: Museum
) -> None:
    """Whose a number is does not depend on the role that asks; tests/tenancy/test_crawl.py mixes the rest."""
    client = enter(app, make_colleague(own.id, Role.OWNER, "here@example.org"))
    token = form_token(client, "/account/")
    for _endpoint, rule, method, _permission in views(app):
        paths = [address(rule, other.slug, own), address(rule, "no-such-museum", own)]
        if "_id" in rule or "<campaign>" in rule:
            paths.append(address(rule, own.slug, other))
        if "_id" in rule:
            paths.append(address(rule, own.slug, own, 2**62))
        for path in paths:
            assert send(client, method, path, token) == 404, f"{method} {path}"


def test_the_same_pages_are_open_to_the_other_museums_own_people(app: Flask, own: Museum, other: Museum) -> None:
    client = enter(app, make_colleague(other.id, Role.OWNER, "there@example.org"))
    token = form_token(client, "/account/")
    for endpoint, rule, method, _permission in views(app):
        assert send(client, method, address(rule, other.slug, other), token) in reached(endpoint, method)


def test_a_museum_that_is_anothers_answers_as_one_that_is_not_there(app: Flask, own: Museum, other: Museum) -> None:
    client = enter(app, make_colleague(own.id, Role.FINANCE, "here@example.org"))

    def page(path: str) -> tuple[int, str, list[str]]:
        answer = client.get(path)
        text = answer.text.replace(answer.headers["X-Request-Id"], "")
        return (
            answer.status_code,
            text.replace(other.slug, "x").replace("no-such-museum", "x"),
            sorted(answer.headers.keys()),
        )

    assert page(f"/staff/{other.slug}/gifts") == page("/staff/no-such-museum/gifts")
    assert page(f"/staff/{other.slug}/gifts/{other.gift_id}") == page(f"/staff/no-such-museum/gifts/{other.gift_id}")


def test_nobody_signed_in_is_sent_to_sign_in_and_refused_when_changing(
    client: FlaskClient, app: Flask, own: Museum
) -> None:
    for _endpoint, rule, method, _permission in views(app):
        for slug in (own.slug, "no-such-museum"):
            path = address(rule, slug, own)
            if method == "GET":
                answer = client.get(path + "?q=rey")
                assert (answer.status_code, answer.location.split("?")[0]) == (303, "/account/sign-in")
            else:
                assert client.post(path).status_code == 401


def test_half_signed_in_is_not_signed_in(app: Flask, own: Museum) -> None:
    client = enter(app, make_colleague(own.id, Role.OWNER, "half@example.org"), Level.PASSWORD)
    answer = client.get(f"/staff/{own.slug}/gifts")
    assert (answer.status_code, answer.location.split("?")[0]) == (303, "/account/sign-in/code")
    assert client.post(f"/staff/{own.slug}/gifts/{own.gift_id}/refund").status_code == 401


@pytest.mark.parametrize("token", [None, "", "forged", "foreign"])
def test_a_change_without_this_sessions_token_is_refused_and_changes_nothing(
    app: Flask, own: Museum, token: str | None
) -> None:
    client = enter(app, make_colleague(own.id, Role.FINANCE, "here@example.org"))
    if token == "foreign":
        token = form_token(enter(app, make_colleague(own.id, Role.FINANCE, "colleague@example.org")), "/account/")
    form = {"reason": "x", "request": str(uuid4())} | ({} if token is None else {"csrf_token": token})
    assert client.post(f"/staff/{own.slug}/gifts/{own.gift_id}/refund", data=form).status_code == 400
    with transaction(scope(own.id)) as session:
        assert session.scalars(select(Refund)).all() == []


def test_a_person_of_two_museums_is_what_they_are_in_each(app: Flask, own: Museum, other: Museum) -> None:
    account_id = make_colleague(own.id, Role.FINANCE, "both@example.org")
    with transaction(scope(other.id)) as session:
        make_member(session, account_id, Role.DESK)
    client = enter(app, account_id)
    assert client.get(f"/staff/{own.slug}/books").status_code == 200
    assert client.get(f"/staff/{other.slug}/books").status_code == 403
    assert client.get(f"/staff/{other.slug}/gifts/{other.gift_id}").status_code == 200
    assert client.get(f"/staff/{other.slug}/gifts/{own.gift_id}").status_code == 404
    page = client.get("/staff/")
    assert page.status_code == 200
    assert f"/staff/{own.slug}/" in page.text
    assert f"/staff/{other.slug}/" in page.text


def test_the_first_page_goes_to_the_one_museum_and_the_desk_to_its_day(app: Flask, own: Museum) -> None:
    client = enter(app, make_colleague(own.id, Role.DESK, "desk@example.org"))
    assert client.get("/staff/").location == f"/staff/{own.slug}/"
    assert client.get(f"/staff/{own.slug}/").status_code == 200
    page = client.get(f"/staff/{own.slug}/gifts").text
    assert f'href="/staff/{own.slug}/books"' not in page  # a door that is closed is not shown


def test_who_has_left_is_a_stranger(app: Flask, own: Museum) -> None:
    account_id = make_colleague(own.id, Role.DIRECTOR, "gone@example.org")
    client = enter(app, account_id)
    assert client.get(f"/staff/{own.slug}/gifts").status_code == 200
    with transaction(scope(own.id)) as session:
        service.remove_member(session, account_id)
    assert client.get(f"/staff/{own.slug}/gifts").status_code == 303  # the session died with the membership
    assert enter(app, account_id).get(f"/staff/{own.slug}/gifts").status_code == 404


def test_a_changed_role_ends_the_sessions(app: Flask, own: Museum) -> None:
    account_id = make_colleague(own.id, Role.FINANCE, "less@example.org")
    client = enter(app, account_id)
    assert client.get(f"/staff/{own.slug}/books").status_code == 200
    with transaction(scope(own.id)) as session:
        service.change_role(session, account_id, "desk")
    assert client.get(f"/staff/{own.slug}/books").status_code == 303
    assert enter(app, account_id).get(f"/staff/{own.slug}/books").status_code == 403


@pytest.mark.parametrize("role", list(Role))
def test_every_role_needs_a_second_factor(app: Flask, own: Museum, role: Role) -> None:
    account_id = make_account(locale="en")
    with transaction(scope(own.id)) as session:
        make_member(session, account_id, role)
    client = enter(app, account_id)
    answer = client.get(f"/staff/{own.slug}/team")
    assert (answer.status_code, answer.location.split("?")[0]) == (303, "/account/second-factor")
    token = form_token(client, "/account/")
    assert client.post(f"/staff/{own.slug}/team/invite", data={"csrf_token": token}).status_code == 403


@pytest.mark.parametrize(("role", "status"), [(Role.FINANCE, 303), (Role.DIRECTOR, 200)])
def test_roles_near_the_money_are_signed_out_after_half_an_hour_of_silence(
    app: Flask, own: Museum, monkeypatch: pytest.MonkeyPatch, role: Role, status: int
) -> None:
    account_id = make_colleague(own.id, role, "pause@example.org")
    fresh, used = enter(app, account_id), enter(app, account_id)
    assert used.get(f"/staff/{own.slug}/books").status_code == 200
    real = clock.now
    monkeypatch.setattr(clock, "now", lambda: real() + timedelta(minutes=31))
    assert used.get(f"/staff/{own.slug}/books").status_code == status
    assert fresh.get(f"/staff/{own.slug}/books").status_code == status
    if status == 303:
        with transaction(PlatformScope()) as session:
            assert {row.reason for row in session.scalars(select(SignIn).where(SignIn.account_id == account_id))} == {
                "expired"
            }


def test_giving_money_back_asks_again_who_is_there(app: Flask, own: Museum, monkeypatch: pytest.MonkeyPatch) -> None:
    client = enter(app, make_colleague(own.id, Role.FINANCE, "stale@example.org"))
    token = form_token(client, "/account/")
    real = clock.now
    monkeypatch.setattr(clock, "now", lambda: real() + timedelta(minutes=11))
    answer = client.post(
        f"/staff/{own.slug}/gifts/{own.gift_id}/refund",
        data={"csrf_token": token, "reason": "x", "request": str(uuid4())},
    )
    assert answer.location.startswith("/account/confirm?next=")
    assert "/account/confirm?next=" in client.get(f"/staff/{own.slug}/gifts/{own.gift_id}").text
    with transaction(scope(own.id)) as session:
        assert session.scalars(select(Refund)).all() == []


def test_pages_of_the_staff_are_kept_by_no_cache(app: Flask, own: Museum) -> None:
    client = enter(app, make_colleague(own.id, Role.OWNER, "owner@example.org"))
    for path in (
        "/staff/",
        f"/staff/{own.slug}/gifts",
        f"/staff/{own.slug}/gifts/{own.gift_id}",
        f"/staff/{own.slug}/books",
        "/staff/no-such-museum/gifts",
    ):
        assert "no-store" in client.get(path).headers["Cache-Control"]


def test_the_table_of_roles_is_whole() -> None:
    assert set(PERMISSIONS) == set(Role)
    assert PERMISSIONS[Role.OWNER] == frozenset(Permission)
    assert Permission.REFUND not in PERMISSIONS[Role.AUDITOR] | PERMISSIONS[Role.DESK] | PERMISSIONS[Role.CURATOR]
    assert all(Permission.ENTER in found for found in PERMISSIONS.values())
    assert not allows("superuser", Permission.ENTER)
    assert not allows("", Permission.ENTER)


def test_the_database_tells_an_account_its_own_memberships_only(app: Flask, own: Museum, other: Museum) -> None:
    mine = make_colleague(own.id, Role.DESK, "mine@example.org")
    make_colleague(other.id, Role.OWNER, "theirs@example.org")
    with transaction(PlatformScope()) as session:
        assert [(one.slug, one.role) for one in memberships_of(session, mine)] == [(own.slug, "desk")]
        assert memberships_of(session, 2**40) == []


def test_an_invited_person_gets_an_account_and_a_link_and_an_old_hand_only_the_role(
    app: Flask, own: Museum, other: Museum
) -> None:
    with transaction(scope(own.id)) as session:
        first = service.invite_member(session, "Agathe@Example.org", "Agathe", "desk", locale="it")
        found = accounts.account_by_email(session, "agathe@example.org")
        assert found is not None
        assert (found.locale, found.password_hash) == ("it", None)
        found.password_hash = "set"  # she took the invitation up
    with transaction(scope(other.id)) as session:
        second = service.invite_member(session, "agathe@example.org", "Agathe", "curator")
    assert first.token is not None
    assert second.token is None
    assert first.account_id == second.account_id


@pytest.mark.parametrize("role", ["", "superuser", "OWNER"])
def test_an_unknown_role_is_refused(app: Flask, own: Museum, role: str) -> None:
    with pytest.raises(Refusal), transaction(scope(own.id)) as session:
        service.invite_member(session, "agathe@example.org", "Agathe", role)


def test_a_member_is_added_once_and_comes_back_after_leaving(app: Flask, own: Museum) -> None:
    account_id = make_account()
    with transaction(scope(own.id)) as session:
        service.add_member(session, account_id, "desk")
    with pytest.raises(Refusal), transaction(scope(own.id)) as session:
        service.add_member(session, account_id, "owner")
    with transaction(scope(own.id)) as session:
        service.remove_member(session, account_id)
        service.add_member(session, account_id, "curator")
        (row,) = session.scalars(select(Member).where(Member.account_id == account_id))
        assert (row.role, row.state) == ("curator", "active")


def test_the_last_owner_stays(app: Flask, own: Museum) -> None:
    first, second = (make_colleague(own.id, Role.OWNER, f"owner{n}@example.org") for n in (1, 2))
    with transaction(scope(own.id)) as session:
        service.change_role(session, first, "director")
    for change in (lambda s: service.change_role(s, second, "desk"), lambda s: service.remove_member(s, second)):
        with pytest.raises(Refusal), transaction(scope(own.id)) as session:
            change(session)


def test_changes_of_roles_are_in_the_trail(app: Flask, own: Museum) -> None:
    account_id = make_colleague(own.id, Role.DESK, "desk@example.org")
    with transaction(scope(own.id)) as session:
        service.change_role(session, account_id, "finance")
        service.remove_member(session, account_id)
        found = session.scalars(
            select(AuditEntry).where(AuditEntry.institution_id == own.id).order_by(AuditEntry.seq)
        ).all()
    found = [entry for entry in found if entry.action.startswith("member.")]
    assert [entry.action for entry in found] == ["member.role_changed", "member.left"]
    assert found[0].detail == {"before": "desk", "after": "finance"}


def test_a_museum_is_founded_once_under_an_address_that_can_be_reached(app: Flask) -> None:
    details = service.MuseumDetails(
        code="VAL",
        slug="valdaine",
        name="Jardin de Valdaine",
        kind="municipal",
        city="Valdaine",
        region="Drôme",
        country="FR",
        contact_email="jardin@example.org",
        latitude=44.5,
        longitude=5.0,
    )
    with transaction(PlatformScope()) as session:
        museum = service.add_institution(session, details)
        assert [one.slug for one in service.list_institutions(session)].count("valdaine") == 1
    with pytest.raises(Refusal), transaction(PlatformScope()) as session:
        service.add_institution(session, details)
    for slug in ("campaigns", "gifts"):
        with pytest.raises(Refusal), transaction(PlatformScope()) as session:
            service.add_institution(session, replace(details, code="X", slug=slug))
    with transaction(scope(museum.id)) as session:
        issuer = service.add_issuer(
            session,
            service.IssuerDetails(
                legal_name="Ville de Valdaine",
                kind="collectivite",
                jurisdiction="FR",
                registrations={"siren": "217300656"},
                address_line="1 rue",
                postcode="26000",
                city="Valdaine",
                country="FR",
                series="VAL",
                purpose={},
                category={},
                legal_bases=["200"],
            ),
        )
        assert issuer.institution_id == museum.id


def test_an_account_of_the_provider_belongs_to_one_museum(app: Flask) -> None:
    details = service.IssuerDetails(
        legal_name="Ville de Valdaine", kind="collectivite", jurisdiction="FR", registrations={"siren": "217300656"},
        address_line="1 rue", postcode="26000", city="Valdaine", country="FR", series="VAL", purpose={}, category={},
        legal_bases=["200"], payment_account="acct_taken",
    )  # fmt: skip
    with transaction(scope(make_institution())) as session:
        service.add_issuer(session, details)
    with (
        pytest.raises(Refusal, match="paid into this account") as refusal,
        transaction(scope(make_institution())) as session,
    ):
        service.add_issuer(session, details)
    assert (refusal.value.field, refusal.value.status) == ("payment_account", 409)
    with transaction(scope(make_institution())) as session:
        service.add_issuer(session, replace(details, payment_account=None))
