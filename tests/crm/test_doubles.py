"""Doubles: found by an index, a page at a time; merged with undo, or remembered as two people; counted for the day."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Connection, event, select
from sqlalchemy.orm import Session

from crowdfund.crm import doubles, merging, tasks
from crowdfund.crm.models import DonorApart, DonorMerge
from crowdfund.errors import Conflict, NotFound
from tests.crm.conftest import opened
from tests.factories import make_donor

MOST_QUERIES = 22


@pytest.fixture
def town(museum: int) -> dict[str, int]:
    with opened(museum) as session:
        told: dict[str, tuple[str, str, str | None, str]] = {
            "rey": ("Camille", "Rey", "rey@exemple.fr", "73000"),
            "camile": ("Camile", "Rey", None, "73000"),
            "away": ("Camille", "Rey", "other@exemple.fr", "73100"),
            "same": ("Paul", "Autre", "rey@exemple.fr", "69000"),
            "paul": ("Paul", "Roy", None, "38000"),
            "paula": ("Paula", "Ruy", None, "38000"),  # the same bones, another name
        }
        return {
            name: make_donor(session, first_name=first, last_name=last, email=email, postcode=postcode).id
            for name, (first, last, email, postcode) in told.items()
        }


def pairs(session: Session, by: str) -> list[tuple[int, int, str]]:
    return [(one.one.id, one.other.id, str(one.why)) for one in doubles.doubles(session, by).doubles]


def test_doubles_are_found_by_address_and_by_name_at_one_postcode(museum: int, town: dict[str, int]) -> None:
    with opened(museum) as session:
        assert pairs(session, "email") == [(town["rey"], town["same"], "email")]
        assert pairs(session, "name") == [(town["rey"], town["camile"], "near_name")]
        merging.merge(session, town["rey"], town["camile"])
        assert pairs(session, "name") == []


def test_who_was_said_to_be_two_people_is_not_asked_about_again(museum: int, town: dict[str, int]) -> None:
    with opened(museum) as session:
        doubles.say_apart(session, town["camile"], town["rey"])
        doubles.say_apart(session, town["rey"], town["camile"])  # twice is once
        assert pairs(session, "name") == []
        rey = merging.twins_of(session, [merging._hold(session, {town["rey"]})[town["rey"]]])
        assert [one.donor.id for one in rey] == [town["same"]]
        [pair] = session.scalars(select(DonorApart))
        assert (pair.lower_id, pair.higher_id) == (town["rey"], town["camile"])
        doubles.ask_again(session, pair.id)
        assert len(pairs(session, "name")) == 1
        for one, other, error in ((town["rey"], town["rey"], Conflict), (town["rey"], 2**40, NotFound)):
            with pytest.raises(error):
                doubles.say_apart(session, one, other)
        with pytest.raises(NotFound):
            doubles.ask_again(session, pair.id)


def test_pages_follow_one_another_and_end(museum: int) -> None:
    with opened(museum) as session:
        for n in range(2 * doubles.PAGE + 3):
            for _twice in range(2):
                make_donor(
                    session, first_name="Ada", last_name="Same", email=f"{n:03}@exemple.fr", postcode=f"{73000 + n}"
                )
    with opened(museum) as session:
        for by in doubles.BY:
            seen, after, turns = [], None, 0
            while turns < 4:
                page = doubles.doubles(session, by, after)
                seen += [one.one.id for one in page.doubles]
                after, turns = page.after, turns + 1
                if after is None:
                    break
            assert (len(seen), len(set(seen)), turns) == (43, 43, 3)
    tasks.count_doubles(museum)
    with opened(museum) as session:
        assert doubles.doubles_counted(session) == 86
        doubles.one_less(session)
        assert doubles.doubles_counted(session) == 85


def test_a_person_merges_separates_and_says_no(
    client: FlaskClient, post: Callable[..., Any], museum: int, town: dict[str, int]
) -> None:
    first = client.get("/staff/arvieres/donors/doubles").text
    assert "Camile" in first  # by name and postcode
    page = client.get("/staff/arvieres/donors/doubles?by=email").text
    assert "Same e-mail" in page
    assert f"/doubles/{town['rey']}/merge/{town['same']}" in page
    assert "Camile" not in page
    answer = post(f"/doubles/{town['rey']}/merge/{town['same']}", by="email")
    assert answer.status_code == 303
    merged = client.get(answer.location).text
    with opened(museum) as session:
        merge_id = session.scalars(select(DonorMerge.id)).one()
    assert f"/staff/arvieres/donors/{town['rey']}/merges/{merge_id}/undo" in merged
    assert "Nothing to look at here" in merged
    again = post(f"/doubles/{town['rey']}/merge/{town['same']}", by="email")
    assert (again.status_code, "the same record already" in again.text) == (409, True)
    answer = post(f"/doubles/{town['rey']}/apart/{town['camile']}", by="name")
    assert answer.location.endswith("/donors/doubles?by=name")
    assert "Camile" not in client.get(answer.location).text
    said = client.get("/staff/arvieres/donors/doubles?by=apart").text
    assert "Ask again about these two" in said
    with opened(museum) as session:
        pair_id = session.scalars(select(DonorApart.id)).one()
    assert post(f"/doubles/pairs/{pair_id}/ask-again").status_code == 303
    assert post(f"/doubles/pairs/{pair_id}/ask-again").status_code == 404
    assert post(f"/doubles/{town['rey']}/apart/{2**40}").status_code == 404
    assert post(f"/doubles/{town['rey']}/merge/{2**40}").status_code == 404


def test_where_one_reason_finds_nobody_the_other_is_looked_at(client: FlaskClient, museum: int) -> None:
    assert "Nothing to look at here" in client.get("/staff/arvieres/donors/doubles").text
    with opened(museum) as session:
        for first in ("Ada", "Paul"):
            make_donor(session, first_name=first, last_name="Same", email="ada@exemple.fr", postcode=None)
    assert "/apart/" in client.get("/staff/arvieres/donors/doubles").text
    assert "Nothing to look at here" in client.get("/staff/arvieres/donors/doubles?by=name").text


def test_the_page_puts_few_questions(client: FlaskClient, museum: int, connection: Connection) -> None:
    with opened(museum) as session:
        for n in range(30):
            for _twice in range(2):
                make_donor(session, first_name="Ada", last_name="Same", email=f"{n:03}@exemple.fr", postcode="73000")
    client.get("/staff/arvieres/donors/doubles?by=email")
    seen: list[str] = []

    def note(*given: Any) -> None:
        if not str(given[2]).startswith(("SAVEPOINT", "RELEASE", "SET", "SELECT set_config", "RESET")):
            seen.append(str(given[2]))

    event.listen(connection, "before_cursor_execute", note)
    answer = client.get("/staff/arvieres/donors/doubles?by=email")
    event.remove(connection, "before_cursor_execute", note)
    assert answer.status_code == 200
    assert answer.text.count("It is the same person") == doubles.PAGE
    assert len(seen) <= MOST_QUERIES
