"""A museum's donors: segments, the record, and merges that can be undone to the letter."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, event, select, text, update
from sqlalchemy.orm import Session

from crowdfund.crm import merging, service
from crowdfund.crm.models import DonorMerge, DonorNote, DonorStanding, DonorTag
from crowdfund.crm.rules import Alike, alike, phone_number
from crowdfund.donors import service as donors
from crowdfund.donors.models import Donor
from crowdfund.errors import Conflict, NotFound, Refusal
from crowdfund.gifts.models import Gift
from crowdfund.institutions.rules import PERMISSIONS, Permission, Role
from crowdfund.mail import SentMail
from crowdfund.me import erasure
from crowdfund.outbox import OutboxRow
from tests.crm.conftest import opened
from tests.desk import enter, form_token, make_colleague
from tests.factories import make_campaign, make_donor, make_gift

NOW = datetime(2026, 6, 30, 12, 0, tzinfo=UTC)
MOST_QUERIES = {"/staff/arvieres/donors?q=camille&gave=once": 22, "person": 30}
TABLES = (
    "donors",
    "gifts",
    "consents",
    "pledges",
    "receipts",
    "donor_words",
    "donor_standings",
    "donor_tags",
    "donor_notes",
)


@pytest.fixture
def town(museum: int) -> dict[str, int]:
    """Four donors: one who gave twice, one once, one never, one who gave it all back."""
    with opened(museum) as session:
        work = make_campaign(session, slug="work")
        other = make_campaign(session, slug="other")
        rey = make_donor(
            session, first_name="Camille", last_name="Rey", email="rey@exemple.fr", city="Aix", locale="it"
        )
        huart = make_donor(session, first_name="Viviane", last_name="Huart", email="huart@exemple.fr")
        never = make_donor(session, first_name="Noé", last_name="Jamais", email="noe@exemple.fr")
        back = make_donor(session, first_name="Paul", last_name="Rendu", email="paul@exemple.fr")
        make_gift(session, work, rey, amount_minor=3000, received_at=NOW - timedelta(days=40))
        make_gift(session, other, rey, amount_minor=9000, received_at=NOW)
        make_gift(session, work, huart, amount_minor=5000, received_at=NOW - timedelta(days=90))
        gone = make_gift(session, work, back, amount_minor=5000)
        gone.state, gone.refunded_minor = "refunded", 5000
        session.flush()
        donors.record_consent(session, huart.id, "news_museum", wording="Yes", locale="fr", source="form")
        donors.record_consent(session, never.id, "news_museum", wording="Yes", locale="fr", source="form")
        donors.withdraw_consent(session, never.id, "news_museum")
        service.add_tag(session, never.id, "friends")
        return {"rey": rey.id, "huart": huart.id, "never": never.id, "back": back.id}


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("", ["back", "never", "huart", "rey"]),
        ("q=camille", ["rey"]),
        ("q=hua+viv", ["huart"]),
        ("q=%25", []),
        ("gave=once", ["huart"]),
        ("gave=again", ["rey"]),
        ("gave=never", ["back", "never"]),
        ("gave=often", ["back", "never", "huart", "rey"]),
        ("above=100", ["rey"]),
        ("above=50", ["huart", "rey"]),
        ("above=much", ["back", "never", "huart", "rey"]),
        ("since=2026-06-01", ["back", "rey"]),
        ("campaign=other", ["rey"]),
        ("campaign=none", []),
        ("language=it", ["rey"]),
        ("consent=news_museum", ["huart"]),
        ("consent=news_network", []),
        ("town=Aix", ["rey"]),
        ("tag=friends", ["never"]),
        ("tag=foes", []),
        ("gave=once&language=it", []),
        ("q=%00&after=x", ["back", "never", "huart", "rey"]),
    ],
)
def test_a_segment_finds_what_it_says(
    client: FlaskClient, town: dict[str, int], asked: str, expected: list[str]
) -> None:
    page = client.get(f"/staff/arvieres/donors?{asked}")
    assert page.status_code == 200
    places = {name: page.text.find(f'href="/staff/arvieres/donors/{number}"') for name, number in town.items()}
    assert sorted((name for name, at in places.items() if at > 0), key=places.__getitem__) == expected


def test_pages_follow_one_another(client: FlaskClient, museum: int) -> None:
    with opened(museum) as session:
        made = {make_donor(session).id for _n in range(53)}
    first = client.get("/staff/arvieres/donors").text
    assert "53 donors" in first
    after = min(number for number in made if f'/donors/{number}"' in first)
    second = client.get(f"/staff/arvieres/donors?after={after}").text
    assert {number for number in made if f'/donors/{number}"' in second} == {n for n in made if n < after}
    assert "First page" in second


def standing(session: Session, donor_id: int) -> tuple[int, int] | None:
    one = session.execute(
        select(DonorStanding.gifts, DonorStanding.kept_minor).where(DonorStanding.donor_id == donor_id)
    ).one_or_none()
    return None if one is None else (one.gifts, one.kept_minor)


def test_what_a_donor_gave_follows_each_gift_and_refund(museum: int, town: dict[str, int]) -> None:
    with opened(museum) as session:
        assert standing(session, town["rey"]) == (2, 12_000)
        assert standing(session, town["back"]) == (0, 0)
        gift = session.scalars(select(Gift).where(Gift.donor_id == town["huart"])).one()
        gift.state, gift.refunded_minor = "partly_refunded", 1000
        session.flush()
        assert standing(session, town["huart"]) == (1, 4000)
        gift.state, gift.refunded_minor = "received", 0
        session.flush()
        assert standing(session, town["huart"]) == (1, 5000)


def everything(session: Session) -> dict[str, list[str]]:
    return {
        table: sorted(str(row) for row in session.execute(text(f"SELECT to_jsonb(t) - 'id' || jsonb_build_object('key', "
        f"CASE WHEN '{table}' IN ('donor_standings', 'donor_words') THEN 0 ELSE t.id END) FROM {table} t")))
        for table in TABLES
    }  # fmt: skip


def test_a_merge_changes_no_gift_and_undoing_it_restores_every_row(museum: int, town: dict[str, int]) -> None:
    with opened(museum) as session:
        before = everything(session)
        gifts = session.execute(select(Gift.id, Gift.donor_id).order_by(Gift.id)).all()
    with opened(museum) as session:
        first = merging.merge(session, town["huart"], town["never"]).id
    with opened(museum) as session:
        second = merging.merge(session, town["rey"], town["huart"]).id
        assert standing(session, town["rey"]) == (3, 17_000)
        assert standing(session, town["huart"]) is None
        assert session.execute(select(Gift.id, Gift.donor_id).order_by(Gift.id)).all() == gifts
        assert [one.id for one in service.records_of_person(session, town["rey"])] == sorted(
            (town["rey"], town["huart"], town["never"])
        )
    with opened(museum) as session, pytest.raises(Conflict, match="undo the later merge first"):
        merging.undo(session, town["huart"], first)
    with opened(museum) as session:
        merging.undo(session, town["rey"], second)
    with opened(museum) as session:
        merging.undo(session, town["huart"], first)
        assert everything(session) == before
        assert session.scalars(select(DonorMerge.undone_at)).all().count(None) == 0
    with opened(museum) as session, pytest.raises(Conflict, match="undone already"):
        merging.undo(session, town["huart"], first)


def test_who_stands_for_a_giver_has_given_as_long_as_the_merge_stands(
    client: FlaskClient, museum: int, town: dict[str, int]
) -> None:
    with opened(museum) as session:
        merge = merging.merge(session, town["never"], town["huart"]).id
    never = f'href="/staff/arvieres/donors/{town["never"]}"'
    assert never not in client.get("/staff/arvieres/donors?gave=never").text
    with opened(museum) as session:
        merging.undo(session, town["never"], merge)
    assert never in client.get("/staff/arvieres/donors?gave=never").text


def test_a_gift_after_a_merge_counts_for_the_person(museum: int, town: dict[str, int]) -> None:
    with opened(museum) as session:
        merging.merge(session, town["rey"], town["huart"])
        huart = session.scalars(select(Donor).where(Donor.id == town["huart"])).one()
        make_gift(session, make_campaign(session), huart, amount_minor=700)
        assert standing(session, town["rey"]) == (4, 17_700)


def test_two_records_are_merged_once_and_never_in_a_circle(museum: int, town: dict[str, int]) -> None:
    with opened(museum) as session:
        merging.merge(session, town["rey"], town["huart"])
    for kept, merged in (("rey", "rey"), ("rey", "huart"), ("huart", "rey"), ("never", "huart")):
        with opened(museum) as session, pytest.raises(Conflict):
            merging.merge(session, town[kept], town[merged])
    with opened(museum) as session, pytest.raises(NotFound):
        merging.merge(session, town["rey"], 10**12)
    with opened(museum) as session, pytest.raises(NotFound):
        merging.undo(session, town["rey"], 10**12)


def test_a_merged_person_is_found_by_what_any_record_says(
    client: FlaskClient, museum: int, town: dict[str, int]
) -> None:
    with opened(museum) as session:
        merging.merge(session, town["rey"], town["huart"])
    for asked in ("q=viviane", "consent=news_museum", "gave=again", "above=170"):
        page = client.get(f"/staff/arvieres/donors?{asked}").text
        assert f'href="/staff/arvieres/donors/{town["rey"]}"' in page, asked
        assert f'href="/staff/arvieres/donors/{town["huart"]}"' not in page
    answer = client.get(f"/staff/arvieres/donors/{town['huart']}")
    assert (answer.status_code, answer.location) == (303, f"/staff/arvieres/donors/{town['rey']}")
    whole = client.get(answer.location).text
    for words in ("rey@exemple.fr", "huart@exemple.fr", "separate again", "3 gifts, €170"):
        assert words in whole


@pytest.mark.parametrize(
    ("one", "other", "email", "place", "why"),
    [
        (("Camille", "Rey", ""), ("X", "Y", ""), True, False, Alike.EMAIL),
        (("Camille", "Rey", ""), ("camille", "REY", ""), False, True, Alike.NAME_AND_PLACE),
        (("Rey", "Camille", ""), ("Camille", "Réy", ""), False, True, Alike.NAME_AND_PLACE),
        (("Camille", "Rey", ""), ("Camile", "Rey", ""), False, True, Alike.NEAR_NAME),
        (("Camille", "Rey", ""), ("Camille", "Rey", ""), False, False, None),
        (("Camille", "Rey", ""), ("Paul", "Roy", ""), False, True, None),
        (("", "", ""), ("", "", ""), False, True, None),
        (("", "", "Vasseur SARL"), ("", "", "Vasseur Sarl"), False, True, Alike.NAME_AND_PLACE),
    ],
)  # fmt: skip
def test_what_looks_alike(one: Any, other: Any, email: bool, place: bool, why: Alike | None) -> None:
    assert alike(one, other, same_email=email, same_place=place) == why


def test_twins_are_suggested_and_merged_on_the_page(client: FlaskClient, post: Callable[..., Any], museum: int) -> None:
    with opened(museum) as session:
        one = make_donor(session, first_name="Camille", last_name="Rey", email="a@exemple.fr", postcode="73000").id
        near = make_donor(session, first_name="Camile", last_name="Rey", email=None, postcode="73000").id
        make_donor(session, first_name="Zoé", last_name="Autre", email="z@exemple.fr", postcode="73000")
    page = client.get(f"/staff/arvieres/donors/{one}").text
    assert "Nearly the same name, same postcode" in page
    assert "Zoé" not in page
    assert post(f"/{one}/merge/{near}").status_code == 303
    merged = client.get(f"/staff/arvieres/donors/{one}").text
    assert "Nearly the same name" not in merged
    with opened(museum) as session:
        merge_id = session.scalars(select(DonorMerge.id)).one()
    assert post(f"/{one}/merges/{merge_id}/undo").status_code == 303
    again = post(f"/{one}/merges/{merge_id}/undo")
    assert (again.status_code, "undone already" in again.text) == (409, True)


def test_the_best_match_is_first_then_the_latest_gift(client: FlaskClient, museum: int, town: dict[str, int]) -> None:
    with opened(museum) as session:
        make_donor(session, first_name="Reynaud", last_name="Zola", email="zola@exemple.fr")
        make_donor(session, first_name="Ada", last_name="Rey", email="ada@exemple.fr")

    def names(query: str) -> list[str]:
        page = client.get(f"/staff/arvieres/donors?{query}").text
        return re.findall(r'<th role="rowheader" scope="row"><a href="[^"]+">([^<]+)', page)

    assert names("q=rey") == ["Camille Rey", "Ada Rey", "Reynaud Zola"]  # who gave, who bears the name, who begins so
    assert names(f"q=rey&after={town['rey']}") == ["Ada Rey", "Reynaud Zola"]
    assert names("q=rey&after=999999") == ["Camille Rey", "Ada Rey", "Reynaud Zola"]


def test_an_address_is_written_as_a_whole_and_what_waited_for_it_is_told(
    client: FlaskClient, post: Callable[..., Any], museum: int, town: dict[str, int]
) -> None:
    here = f"/{town['rey']}"
    with opened(museum) as session:
        session.execute(update(Gift).where(Gift.donor_id == town["rey"]).values(wants_receipt=True))
    wrong = post(f"{here}/address", address_line="8 rue Basse", city="", country="FR")
    assert (wrong.status_code, 'value="8 rue Basse"' in wrong.text, 'id="e-city"' in wrong.text) == (422, True, True)
    told = {"address_line": "8 rue Basse", "postcode": "73000", "city": "Chambéry", "country": "FR"}
    assert post(f"{here}/address", **told).status_code == 303
    page = client.get(f"/staff/arvieres/donors{here}").text
    assert "8 rue Basse" in page
    assert "Correct the address" in page
    with opened(museum) as session:
        donor = donors.donor_of(session, town["rey"])
        assert {name: getattr(donor, name) for name in told} == told
        topics = session.scalars(select(OutboxRow.topic).where(OutboxRow.topic == "gift.identity_completed").distinct())
        assert list(topics) == ["gift.identity_completed"]


def test_notes_tags_and_telephone_are_kept_and_taken_away(
    client: FlaskClient, post: Callable[..., Any], museum: int, town: dict[str, int]
) -> None:
    here = f"/{town['rey']}"
    assert post(f"{here}/phone", phone="+33 4 79  00 00 00").status_code == 303
    assert post(f"{here}/tags", tag="friends").status_code == post(f"{here}/tags", tag="friends").status_code == 303
    assert post(f"{here}/notes", kind="call", note="Will come <b>Thursday</b>").status_code == 303
    page = client.get(f"/staff/arvieres/donors{here}").text
    for words in ("+33 4 79 00 00 00", "friends", "Will come &lt;b&gt;Thursday", "Person owner", "Call"):
        assert words in page
    with opened(museum) as session:
        tag_id = session.scalars(select(DonorTag.id).where(DonorTag.donor_id == town["rey"])).one()
        note_id = session.scalars(select(DonorNote.id)).one()
    for path in (f"{here}/tags/{tag_id}/drop", f"{here}/notes/{note_id}/drop"):
        assert post(path).status_code == 303
        assert post(path).status_code == 404
    assert post(f"{here}/phone", phone="").status_code == 303
    page = client.get(f"/staff/arvieres/donors{here}").text
    assert "Thursday" not in page
    assert "+33 4" not in page


@pytest.mark.parametrize(
    ("path", "data", "status", "said"),
    [
        ("phone", {"phone": "call me"}, 422, "Write the number with its figures"),
        ("tags", {"tag": ""}, 422, "Write the tag."),
        ("tags", {"tag": "x" * 41}, 422, "This is too long"),
        ("notes", {"note": "", "kind": "call"}, 422, "Write down what happened."),
        ("notes", {"note": "x", "kind": "bribe"}, 422, "Choose one of the answers shown."),
    ],
)
def test_what_cannot_be_kept_is_told(
    post: Callable[..., Any], town: dict[str, int], path: str, data: dict[str, str], status: int, said: str
) -> None:
    answer = post(f"/{town['rey']}/{path}", **data)
    assert (answer.status_code, said in answer.text) == (status, True)


def test_twelve_tags_are_enough(post: Callable[..., Any], town: dict[str, int]) -> None:
    for n in range(12):
        assert post(f"/{town['rey']}/tags", tag=f"tag {n}").status_code == 303
    answer = post(f"/{town['rey']}/tags", tag="one more")
    assert (answer.status_code, "remove one first" in answer.text) == (409, True)


@pytest.mark.parametrize("typed", ["+33 479000000", "0479 00 00 00", "(0)79/12.34-56"])
def test_numbers_as_people_write_them(typed: str) -> None:
    if typed.startswith("("):
        with pytest.raises(Refusal):
            phone_number(typed)
    else:
        assert phone_number(typed) == typed


def test_a_desk_without_the_right_reads_only(app: Flask, museum: int, town: dict[str, int]) -> None:
    for role in Role:
        browser = enter(app, make_colleague(museum, role, f"{role}@x.example"))
        answer = browser.get(f"/staff/arvieres/donors/{town['rey']}")
        reads = Permission.READ_GIFTS in PERMISSIONS[role]
        assert answer.status_code == (200 if reads else 403)
        if reads:
            assert ("/notes" in answer.text) == (Permission.KEEP_DONORS in PERMISSIONS[role])
        token = form_token(browser, "/account/")
        denied = browser.post(f"/staff/arvieres/donors/{town['rey']}/merge/{town['huart']}", data={"csrf_token": token})
        assert (denied.status_code == 403) == (Permission.MANAGE_DONORS not in PERMISSIONS[role])


def test_an_erased_person_is_gone_with_all_their_records(
    client: FlaskClient, museum: int, town: dict[str, int]
) -> None:
    with opened(museum) as session:
        merging.merge(session, town["rey"], town["huart"])
        service.write_note(session, town["rey"], "call", "Likes porcelain")
        service.add_tag(session, town["rey"], "friends")
        service.put_phone(session, town["rey"], "+33 4 79 00 00 00")
        session.get_one(Donor, (museum, town["rey"])).email = None  # one with another address would stay (tests/me)
    with opened(museum) as session:
        assert erasure.at_museum(session, "huart@exemple.fr") == 2
    with opened(museum) as session:
        for one in service.records_of_person(session, town["rey"]):
            assert (one.first_name, one.email, one.phone, one.erased_at is None) == (None, None, None, False)
        assert session.scalars(select(DonorNote)).all() == []
        assert session.scalars(select(DonorTag.donor_id)).all() == [town["never"]]
    for number in (town["rey"], town["huart"]):
        assert client.get(f"/staff/arvieres/donors/{number}").status_code == 404
    assert "2 donors" in client.get("/staff/arvieres/donors").text


def test_a_segment_is_kept_and_leaves_as_a_file(
    client: FlaskClient, post: Callable[..., Any], town: dict[str, int]
) -> None:
    answer = post("?gave=again&q=secret", name="Faithful")
    assert (answer.status_code, answer.location) == (303, "/staff/arvieres/donors?gave=again")
    assert "Faithful" in client.get("/staff/arvieres/donors").text
    assert "Faithful" not in client.get("/staff/arvieres/gifts").text
    assert "1 row" in client.get("/staff/arvieres/donors/export?gave=again").text
    sent = post("/export?gave=again")
    rows = list(csv.reader(io.StringIO(sent.data.decode("utf-8-sig"), newline="")))
    told = dict(zip(*rows, strict=True))
    assert (told["Last name"], told["Gifts"], told["In all"], told["Last gift"]) == ("Rey", "2", "120.00", "2026-06-30")


def test_the_pages_put_few_questions(
    client: FlaskClient, museum: int, town: dict[str, int], connection: Connection
) -> None:
    seen: list[str] = []

    def note(*given: Any) -> None:
        if not str(given[2]).startswith(("SAVEPOINT", "RELEASE", "SET", "SELECT set_config", "RESET")):
            seen.append(str(given[2]))

    client.get("/staff/arvieres/donors")
    with opened(museum) as session:
        for n in range(60):
            session.add(SentMail(kind="thanks", key=f"x:{n}", to_hash="h", to_address="rey@exemple.fr", state="sent",
                                 content={"subject": "Hello"}, created_at=NOW))  # fmt: skip
            make_donor(session)
    for path, most in MOST_QUERIES.items():
        seen.clear()
        event.listen(connection, "before_cursor_execute", note)
        answer = client.get(f"/staff/arvieres/donors/{town['rey']}" if path == "person" else path)
        event.remove(connection, "before_cursor_execute", note)
        assert answer.status_code == 200
        assert len(seen) <= most, (path, len(seen))
