"""The pages of an invitation: the donor's by the gift's link, the desk's, the door, the sheet at the case."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from crowdfund import clock
from crowdfund.invitations.models import Booking, Gathering, MuseumVisit
from crowdfund.invitations.queries import visit_figures
from crowdfund.invitations.rules import visit_code
from crowdfund.pledges.models import Pledge
from tests.after import Museum
from tests.invitations.test_places import book, planned


def _form(client: Any, path: str) -> str:
    page = client.get(path).text
    return str(page.partition('name="csrf_token" value="')[2].partition('"')[0])


def _code(museum: Museum) -> str:
    return visit_code(museum.all(Pledge)[-1].token_hash)


def test_a_donor_books_by_the_gifts_link_and_gets_ticket_and_calendar(museum: Museum) -> None:
    gathering, gift = planned(museum), museum.give()
    client, base = museum.app.test_client(), f"/en/gifts/{museum.token(gift)}"
    path = f"{base}/invitations"
    assert "Evening (en)" in client.get(path).text
    assert "You are invited" in client.get(base).text
    token = _form(client, path)
    answer = client.post(path, data={"csrf_token": token, "g": gathering, "people": "2"})
    assert answer.status_code == 303
    assert "2 places booked" in client.get(path).text
    ticket = client.get(f"{base}/ticket?g={gathering}")
    assert (ticket.status_code, "<svg" in ticket.text, _code(museum)[:4].upper() in ticket.text) == (200, True, True)
    calendar = client.get(f"{base}/invitation.ics?g={gathering}").text
    assert "DTEND:" in calendar
    assert museum.token(gift) not in calendar
    client.post(path, data={"csrf_token": token, "g": gathering, "give_up": "1"})
    assert client.get(f"{base}/ticket?g={gathering}").status_code == 404
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    ("form", "status", "said"),
    [
        ({"people": "9"}, 422, "Choose a number of people from 1 to 3."),
        ({"people": "2", "csrf_token": "forged"}, 422, "This page is too old"),
        ({"people": "2", "g": "999999"}, 404, ""),
        ({"people": "2", "g": "x"}, 404, ""),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(museum: Museum, form: dict[str, str], status: int, said: str) -> None:
    gathering, gift = planned(museum), museum.give()
    client, path = museum.app.test_client(), f"/en/gifts/{museum.token(gift)}/invitations"
    answer = client.post(path, data={"csrf_token": _form(client, path), "g": str(gathering)} | form)
    assert answer.status_code == status
    assert said in answer.text
    assert museum.all(Booking) == []


def test_a_link_of_nobody_opens_nothing(museum: Museum) -> None:
    client = museum.app.test_client()
    for page in ("invitations", "ticket?g=1", "invitation.ics?g=1"):
        assert client.get(f"/en/gifts/{museum.id:x}-{'a' * 26}/{page}").status_code == 404


def _planned_form(museum: Museum, **given: str) -> dict[str, str]:
    day = (clock.now() + timedelta(days=9)).strftime("%Y-%m-%d")
    values = {
        "campaign": str(museum.campaign_id), "kind": "visit", "title_en": "Tour", "place": "Hall",
        "starts": f"{day}T18:00", "ends": f"{day}T19:00", "capacity": "12", "most_each": "2", "reward": "",
    }  # fmt: skip
    return values | given


def test_a_gathering_is_planned_opened_and_its_invitations_leave(museum: Museum) -> None:
    museum.give(donor={"email": "ada@example.org"})
    desk = museum.desk()
    assert "No gathering yet" in desk.get("gatherings").text
    answer = desk.post("gatherings/new", **_planned_form(museum))
    assert answer.status_code == 303
    [made] = museum.all(Gathering)
    assert (made.starts_at.hour, made.state) in {(17, "planned"), (16, "planned")}  # 18:00 in Paris
    assert 'value="Tour"' in desk.get(f"gatherings/{made.id}/edit").text
    changed = desk.post(f"gatherings/{made.id}/edit", **_planned_form(museum, place="Attic"))
    assert "Attic" in desk.client.get(changed.location).text
    assert desk.post(f"gatherings/{made.id}/invite").status_code == 409
    desk.post(f"gatherings/{made.id}/open")
    assert "1 donor is being written to." in desk.client.get(desk.post(f"gatherings/{made.id}/invite").location).text
    museum.hear()
    assert len(museum.sent_to("ada@example.org")) == 1
    assert desk.post(f"gatherings/{made.id}/cancel").status_code == 303


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"title_en": ""}, "Give it a title"),
        ({"place": ""}, "Say where it is."),
        ({"starts": "tomorrow"}, "Write day and hour like this"),
        ({"starts": "2020-01-01T10:00"}, "Choose a moment that is still to come."),
        ({"ends": "2020-01-01T10:00"}, "It would end before it begins."),
        ({"capacity": "many"}, "Write a number from 1 to 5000."),
        ({"most_each": "21"}, "Write a number from 1 to 20."),
        ({"kind": "party"}, "Choose one of the answers shown."),
        ({"reward": "999999"}, "This reward is not one of this campaign."),
    ],
)
def test_a_form_that_is_wrong_comes_back_with_what_was_typed(museum: Museum, form: dict[str, str], said: str) -> None:
    answer = museum.desk().post("gatherings/new", **_planned_form(museum, **form))
    assert answer.status_code == 422
    assert said in answer.text
    assert form.get("place") == "" or 'value="Hall"' in answer.text
    assert museum.all(Gathering) == []


def test_the_door_finds_by_name_or_code_lets_in_once_and_can_be_wrong(museum: Museum) -> None:
    gathering = planned(museum)
    book(museum, gathering, museum.give(donor={"first_name": "Bo", "last_name": "Li"}), 1)
    book(museum, gathering, museum.give(donor={"first_name": "Ada", "last_name": "Rey"}), 2)
    desk = museum.desk("desk")
    for query in ("rey", _code(museum), _code(museum).upper()):
        page = desk.get(f"gatherings/{gathering}?q={query}").text
        assert ("Ada Rey" in page, "Bo Li" in page) == (True, False)
    ada = museum.all(Booking)[1].id
    assert desk.post(f"gatherings/{gathering}/in/{ada}", people="0").status_code == 422
    assert desk.post(f"gatherings/{gathering}/in/{ada}", people="2").status_code == 303
    assert desk.post(f"gatherings/{gathering}/in/{ada}", people="2").status_code == 409
    assert [(one.people, one.way) for one in museum.all(MuseumVisit)] == [(2, "door")]
    assert "2 in" in desk.get(f"gatherings/{gathering}").text
    assert "Ada Rey" in desk.get(f"gatherings/{gathering}/guests.csv").get_data(as_text=True)
    assert desk.post(f"gatherings/{gathering}/out/{ada}").status_code == 303
    assert museum.all(MuseumVisit) == []
    assert desk.post(f"gatherings/{gathering + 9}/in/{ada}", people="1").status_code == 404
    assert museum.desk("auditor").post(f"gatherings/{gathering}/in/{ada}", people="1").status_code == 403
    assert museum.desk("desk").post(f"gatherings/{gathering}/cancel").status_code == 403


def test_a_donor_without_a_place_is_counted_by_the_gifts_code(museum: Museum) -> None:
    gathering = planned(museum)
    museum.give()
    desk = museum.desk()
    for said in ("The visit is counted.", "counted today already"):
        answer = desk.post(f"gatherings/{gathering}/walk-in", code=_code(museum))
        assert said in desk.client.get(answer.location).text
    wrong = desk.post(f"gatherings/{gathering}/walk-in", code="0000 0000")
    assert (wrong.status_code, "No gift has this code." in wrong.text) == (422, True)
    assert len(museum.all(MuseumVisit)) == 1


def test_at_the_case_a_visit_counts_once_a_day_and_names_nobody(museum: Museum) -> None:
    museum.give(donor={"first_name": "Zoé", "last_name": "Quatrebarbes"})
    museum.give()
    client, path = museum.app.test_client(), f"/en/{museum.slug}/{museum.campaign}/here"
    code = visit_code(museum.all(Pledge)[0].token_hash)
    token = _form(client, path)
    for _time in range(2):
        answer = client.post(path, data={"csrf_token": token, "code": code})
        assert answer.status_code == 303
        page = client.get(answer.location)
        assert "thanks to you" in page.text
        assert "Quatrebarbes" not in page.text
    with clock.at(clock.now() + timedelta(days=1)):
        client.post(path, data={"csrf_token": _form(client, path), "code": code})
    assert len(museum.all(MuseumVisit)) == 2
    with museum.open() as session:
        [figures] = visit_figures(session, "en")
    assert (figures.donors, figures.came, figures.visits, figures.per_hundred) == (2, 1, 2, 100)
    wrong = client.post(path, data={"csrf_token": token, "code": "zz"})
    assert (wrong.status_code, 'value="zz"' in wrong.text) == (422, True)
    assert client.post(path, data={"csrf_token": "x", "code": code}).status_code == 422
    assert client.get(f"/en/{museum.slug}/nothing/here").status_code == 404
    sheet = museum.desk().get(f"campaigns/{museum.campaign}/case.pdf")
    assert sheet.mimetype == "application/pdf"
