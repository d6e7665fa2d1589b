"""The list of gifts: views that are kept, files that are taken away, and how few questions a page puts."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, event, select

from crowdfund import clock
from crowdfund.audit import AuditEntry
from crowdfund.crm.models import SavedView
from crowdfund.dashboard import files, queries
from crowdfund.dashboard.asked import read_asked
from crowdfund.dashboard.queries import list_gifts
from crowdfund.donors.models import Donor, DonorWord
from crowdfund.i18n import use_locale
from crowdfund.institutions.current import Membership
from crowdfund.institutions.rules import PERMISSIONS, Permission, Role
from crowdfund.tenancy import transaction
from tests.desk import enter, form_token, make_colleague
from tests.factories import make_campaign, make_donor, make_gift, make_institution, scope

NOW = datetime(2026, 6, 30, 12, 0, tzinfo=UTC)
MOST_QUERIES = 17


@pytest.fixture
def museum(app: Flask) -> Membership:
    museum_id = make_institution(slug="arvieres", name="Musée d’Arvières")
    return Membership(museum_id, "arvieres", "Musée d’Arvières", "Europe/Paris", "fr", Role.OWNER)


@pytest.fixture
def client(app: Flask, museum: Membership) -> FlaskClient:
    return enter(app, make_colleague(museum.institution_id, Role.OWNER, "owner@arvieres.example"))


@pytest.fixture
def token(client: FlaskClient) -> str:
    return form_token(client, "/account/")


@pytest.fixture
def gifts(museum: Membership) -> dict[str, int]:
    with transaction(scope(museum.institution_id)) as session:
        campaign = make_campaign(session, slug="work", title={"fr": "L’œuvre"})
        evil = make_donor(session, first_name="=HYPERLINK(1)", last_name="+Ré", email="evil@example.org", postcode="-1")
        return {
            "evil": make_gift(session, campaign, evil, received_at=NOW, amount_minor=123_456).id,
            "box": make_gift(session, campaign, donor_id=None, method="box", received_at=NOW - timedelta(hours=1)).id,
        }


def rows(answer: Any, separator: str = ",") -> list[list[str]]:
    return list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"), newline=""), delimiter=separator))


def test_the_file_holds_what_matches_and_runs_nothing(client: FlaskClient, token: str, gifts: dict[str, int]) -> None:
    answer = client.post("/staff/arvieres/gifts/export?q=evil", data={"csrf_token": token, "format": "csv"})
    assert answer.mimetype == "text/csv"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=arvieres-gifts-")
    assert answer.headers["Cache-Control"] == "private, no-store"
    [head, row] = rows(answer)
    told = dict(zip(head, row, strict=True))
    assert (told["No."], told["First name"], told["Last name"], told["Postcode"], told["Sum"]) == (
        str(gifts["evil"]), "'=HYPERLINK(1)", "'+Ré", "'-1", "1234.56",
    )  # fmt: skip
    assert (told["Received"], told["Receipt"], told["Campaign"]) == ("2026-06-30 14:00", "coming", "L’œuvre")


def test_a_workbook_is_whole(client: FlaskClient, token: str, gifts: dict[str, int]) -> None:
    answer = client.post("/staff/arvieres/gifts/export", data={"csrf_token": token, "format": "xlsx"})
    book = zipfile.ZipFile(io.BytesIO(answer.data))
    assert book.testzip() is None
    assert book.read("xl/worksheets/sheet1.xml").count(b"<row>") == 3


def test_the_file_goes_on_over_its_portions(
    client: FlaskClient, token: str, museum: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "PORTION", 7)
    with transaction(scope(museum.institution_id)) as session:
        campaign, donor = make_campaign(session), make_donor(session)
        made = [make_gift(session, campaign, donor, received_at=NOW - timedelta(seconds=n // 5)).id for n in range(21)]
    answer = client.post("/staff/arvieres/gifts/export", data={"csrf_token": token})
    assert sorted(int(row[0]) for row in rows(answer)[1:]) == sorted(made)


def test_who_took_a_file_is_in_the_trail_without_the_words_searched_for(
    client: FlaskClient, token: str, museum: Membership, gifts: dict[str, int]
) -> None:
    client.post("/staff/arvieres/gifts/export?q=Camille&method=card", data={"csrf_token": token})
    with transaction(scope(museum.institution_id)) as session:
        act = session.scalars(select(AuditEntry).where(AuditEntry.action == "gifts.exported")).one()
        assert act.actor.startswith("account:")
        assert act.detail == {"format": "csv", "filters": ["method", "q"]}


def test_a_file_needs_the_password_at_hand(
    client: FlaskClient, token: str, museum: Membership, gifts: dict[str, int]
) -> None:
    with clock.at(clock.now() + timedelta(minutes=20)):
        page = client.get("/staff/arvieres/gifts/export?method=card")
        assert "Confirm who you are to go on" in page.text
        assert "Download the file" not in page.text
        answer = client.post("/staff/arvieres/gifts/export", data={"csrf_token": token})
    assert (answer.status_code, answer.location.split("?")[0]) == (303, "/account/confirm")
    assert "Download the file" in client.get("/staff/arvieres/gifts/export").text
    assert client.post("/staff/arvieres/gifts/export", data={}).status_code in {400, 403}


def test_roles_that_may_not_export_are_refused(app: Flask, museum: Membership, gifts: dict[str, int]) -> None:
    for role in Role:
        browser = enter(app, make_colleague(museum.institution_id, role, f"{role}@x.example"))
        may = Permission.EXPORT in PERMISSIONS[role]
        assert browser.get("/staff/arvieres/gifts/export").status_code == (200 if may else 403)
        if Permission.READ_GIFTS in PERMISSIONS[role]:
            assert ("/gifts/export" in browser.get("/staff/arvieres/gifts").text) == may


def test_who_may_record_money_finds_from_the_gifts_where_one_is_entered(app: Flask, museum: Membership) -> None:
    forms = {f"/staff/arvieres/desk/{one}" for one in ("counts/new?kind=cash", "counts/new?kind=box", "cheques")}
    for role in Role:
        if Permission.READ_GIFTS not in PERMISSIONS[role]:
            continue
        browser = enter(app, make_colleague(museum.institution_id, role, f"{role}@x.example"))
        page = browser.get("/staff/arvieres/gifts").text
        found = {form for form in forms if f'href="{form}"' in page}
        assert found == (forms if Permission.RECORD_MONEY in PERMISSIONS[role] else set()), role
        assert {browser.get(form).status_code for form in found} <= {200}


def test_a_view_is_kept_shown_and_deleted(
    client: FlaskClient, token: str, museum: Membership, gifts: dict[str, int]
) -> None:
    answer = client.post("/staff/arvieres/gifts?method=box&q=secret", data={"csrf_token": token, "name": "Boxes"})
    assert (answer.status_code, answer.location) == (303, "/staff/arvieres/gifts?method=box")
    page = client.get(answer.location).text
    assert 'href="/staff/arvieres/gifts?method=box" aria-current="page">Boxes</a>' in page
    assert "Delete the view “Boxes”" in page
    with transaction(scope(museum.institution_id)) as session:
        view_id = session.scalars(select(SavedView.id)).one()
    gone = client.post(f"/staff/arvieres/views/{view_id}/drop", data={"csrf_token": token})
    assert (gone.status_code, gone.location) == (303, "/staff/arvieres/gifts")
    assert "Boxes" not in client.get("/staff/arvieres/gifts").text
    assert client.post(f"/staff/arvieres/views/{view_id}/drop", data={"csrf_token": token}).status_code == 404


@pytest.mark.parametrize(
    ("filters", "name", "status", "said"),
    [
        ("?method=box", "", 422, "Give the view a name."),
        ("?method=box", "x" * 61, 422, "This is too long"),
        ("?q=Camille", "People", 422, "There is nothing to keep"),
        ("?method=cheque", "Taken", 409, "There is a view of this name already."),
    ],
)
def test_a_view_that_cannot_be_kept_is_told_beside_its_field(
    client: FlaskClient, token: str, museum: Membership, filters: str, name: str, status: int, said: str
) -> None:
    with transaction(scope(museum.institution_id)) as session:
        session.add(SavedView(page="gifts", name="Taken", filters={"method": "card"}, saved_by="x"))
    answer = client.post(f"/staff/arvieres/gifts{filters}", data={"csrf_token": token, "name": name})
    assert answer.status_code == status
    assert said in answer.text
    assert "<title>Error — " in answer.text


def test_forty_views_are_enough(client: FlaskClient, token: str, museum: Membership) -> None:
    with transaction(scope(museum.institution_id)) as session:
        session.add_all(
            SavedView(page="gifts", name=f"View {n}", filters={"method": "card"}, saved_by="x") for n in range(40)
        )
    answer = client.post("/staff/arvieres/gifts?method=box", data={"csrf_token": token, "name": "One more"})
    assert (answer.status_code, "delete one first" in answer.text) == (409, True)


def test_many_are_told_as_more_than_what_was_counted(
    museum: Membership, gifts: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "COUNTED", 1)
    with transaction(scope(museum.institution_id)) as session, use_locale("en"):
        whole = list_gifts(session, museum, read_asked({}))
        some = list_gifts(session, museum, read_asked({"since": "2026-01-01"}))
        one = list_gifts(session, museum, read_asked({"method": "box"}))
    assert (whole.more, whole.total, len(whole.sums), len(whole.rows)) == (True, 1, 1, 2)  # the funds' balance
    assert (some.more, some.sums) == (True, ())
    assert (one.more, one.total, len(one.sums)) == (False, 1, 1)


def test_words_follow_the_donor(museum: Membership) -> None:
    def words(donor_id: int) -> set[str]:
        with transaction(scope(museum.institution_id)) as session:
            return set(session.scalars(select(DonorWord.word).where(DonorWord.donor_id == donor_id)))

    with transaction(scope(museum.institution_id)) as session:
        donor = make_donor(session, first_name="Élise-Anne", last_name="D’Œuvre", email="e.d@exemple.fr")
        donor_id = donor.id
    assert words(donor_id) == {"elise", "anne", "d", "oeuvre", "e", "exemple", "fr"}
    with transaction(scope(museum.institution_id)) as session:
        found = session.scalars(select(Donor).where(Donor.id == donor_id)).one()
        found.first_name = found.last_name = found.email = None
    assert words(donor_id) == set()


@pytest.mark.parametrize("name", ["مريم", "山田", "Ōe", "O'Neill"])
def test_names_of_any_script_are_found(museum: Membership, name: str) -> None:
    with transaction(scope(museum.institution_id)) as session, use_locale("en"):
        gift = make_gift(session, make_campaign(session), make_donor(session, last_name=name))
        assert [int(row.number) for row in list_gifts(session, museum, read_asked({"q": name})).rows] == [gift.id]


def test_the_list_puts_as_many_questions_for_fifty_rows_as_for_one(
    client: FlaskClient, museum: Membership, connection: Connection
) -> None:
    seen: list[str] = []

    def note(*given: Any) -> None:
        if not str(given[2]).startswith(("SAVEPOINT", "RELEASE", "SET", "SELECT set_config", "RESET")):
            seen.append(str(given[2]))

    client.get("/staff/arvieres/gifts")
    counts = []
    for many in (1, 60):
        with transaction(scope(museum.institution_id)) as session:
            campaign = make_campaign(session)
            for n in range(many):
                make_gift(session, campaign, received_at=NOW - timedelta(hours=n))
        seen.clear()
        event.listen(connection, "before_cursor_execute", note)
        client.get("/staff/arvieres/gifts?q=camille&since=2026-01-01")
        event.remove(connection, "before_cursor_execute", note)
        counts.append(len(seen))
    assert counts[0] == counts[1] <= MOST_QUERIES
