"""The trail in words: who, when, what; by person and subject; whether its chain holds."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from crowdfund import audit
from crowdfund.dashboard.acts import ACTS, FAMILIES
from crowdfund.institutions.rules import Role
from crowdfund.team.trail import PAGE
from crowdfund.tenancy import StaffScope, transaction
from tests.desk import enter, make_colleague
from tests.factories import make_institution, scope

RECORDED = re.compile(r'(?:\brecord|\bAct)\(\s*(?:session,\s*)?f?"([a-z_]+)\.([a-z_]*)')


@pytest.fixture
def museum(app: Flask) -> int:
    return make_institution(slug="saules")


@pytest.fixture
def owner(app: Flask, museum: int) -> FlaskClient:
    account_id = make_colleague(museum, Role.OWNER, "owner@example.org")
    with transaction(StaffScope(museum, account_id)) as session:
        audit.record(session, "gift.refund_requested", "gift:12", amount_minor=5000)
        audit.record(session, "gift.refund_requested", "gift:120")
    with transaction(scope(museum)) as session:
        audit.record(session, "receipt.issued", "SAU-2026-7")
    return enter(app, account_id)


def rows(page: str) -> list[str]:
    return re.findall(r'<tr role="row"><th role="rowheader".*?</tr>', page, re.DOTALL)


def test_acts_are_told_in_words_newest_first(owner: FlaskClient) -> None:
    page = owner.get("/staff/saules/audit").text
    found = rows(page)
    assert len(found) == 3
    assert "issued a receipt" in found[0]
    assert "the operator (test)" in found[0]
    assert "Person owner" in found[2]
    assert "asked to give a gift back" in found[2]
    assert "gift 12" in found[2]
    assert "amount 50.00" in found[2]


def test_it_is_filtered_by_person_and_by_subject(app: Flask, owner: FlaskClient) -> None:
    page = owner.get("/staff/saules/audit").text
    number = re.search(r'<option value="(\d+)">Person owner', page)
    assert number is not None
    assert len(rows(owner.get(f"/staff/saules/audit?person={number[1]}").text)) == 2
    assert len(rows(owner.get("/staff/saules/audit?subject=gift:12").text)) == 1
    assert len(rows(owner.get("/staff/saules/audit?subject=gift").text)) == 2
    assert len(rows(owner.get("/staff/saules/audit?subject=SAU-2026-7").text)) == 1
    nothing = owner.get(f"/staff/saules/audit?subject=nothing%00&person={number[1]}")
    assert "Nothing was done that fits." in nothing.text
    for wrong in ("person=x", "before=-1", f"before={'9' * 30}", f"before={'9' * 5000}", "person=%F0"):
        assert owner.get(f"/staff/saules/audit?{wrong}").status_code == 200


def test_older_entries_are_a_page_away(owner: FlaskClient, museum: int) -> None:
    with transaction(scope(museum)) as session:
        for number in range(PAGE):
            audit.record(session, "question.answered", f"question:{number}")
    first = owner.get("/staff/saules/audit").text
    older = re.search(r'href="([^"]+before=\d+)"', first)
    assert older is not None
    assert len(rows(first)) == PAGE
    assert len(rows(owner.get(older[1]).text)) == 3


def test_the_chain_is_verified_when_asked(owner: FlaskClient) -> None:
    assert "Unbroken" not in owner.get("/staff/saules/audit").text
    assert "Unbroken" in owner.get("/staff/saules/audit?verify=1").text


def test_a_broken_chain_is_told(owner: FlaskClient, museum: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crowdfund.books.audit_breaks", lambda _session: ["2", "3"])
    page = owner.get("/staff/saules/audit?verify=1").text
    assert "Broken" in page
    assert "2, 3" in page


@pytest.mark.parametrize("role", list(Role))
def test_those_who_answer_for_it_read_it(app: Flask, museum: int, role: Role) -> None:
    client = enter(app, make_colleague(museum, role, "here@example.org"))
    may = role in {Role.OWNER, Role.DIRECTOR, Role.FINANCE, Role.AUDITOR}
    assert client.get("/staff/saules/audit").status_code == (200 if may else 403)
    assert ('href="/staff/saules/audit"' in client.get("/staff/saules/team").text) is may


def test_every_act_has_words() -> None:
    house = Path(__file__).parent.parent.parent / "crowdfund"
    said = {found.groups() for path in house.rglob("*.py") for found in RECORDED.finditer(path.read_text())}
    assert len(said) > 30
    unknown = {f"{kind}.{act}" for kind, act in said if f"{kind}.{act}" not in ACTS and kind not in FAMILIES}
    assert unknown == set()


def test_a_long_list_is_told_by_its_beginning(owner: FlaskClient, museum: int) -> None:
    with transaction(scope(museum)) as session:
        audit.record(session, "campaign.edited", "campaign:1", fields=[f"field.{n}" for n in range(9)], revision=3)
    page = owner.get("/staff/saules/audit").text
    assert "fields field.0, field.1, field.2, field.3, field.4 (+4) · version 3" in page
