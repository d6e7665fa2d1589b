"""Donors who bring others: set up in a minute, counted in people, told by mail, switched off."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from typing import Any

import pytest
from pypdf import PdfReader

from crowdfund import clock, outbox
from crowdfund.ambassadors.models import Ambassador
from crowdfund.ambassadors.rules import code_of, draw_code, is_code, way_of, worth_telling
from crowdfund.campaigns.models import Campaign
from crowdfund.forms import form_token
from crowdfund.reach.queries import ways_of
from crowdfund.reach.rules import museum_prefix
from tests import factories
from tests.after import Museum


def _set_up(museum: Museum, gift: int, **given: str) -> Any:
    client, path = museum.app.test_client(), f"/en/gifts/{museum.token(gift)}/bring"
    token = client.get(path).text.partition('name="csrf_token" value="')[2].partition('"')[0]
    return client.post(path, data={"csrf_token": token, "name": "Ada R.", "goal": "3"} | given)


def test_a_page_is_set_up_shows_people_and_no_amount_and_can_be_switched_off(museum: Museum) -> None:
    gift = museum.give(minor=123_400, donor={"first_name": "Ada", "last_name": "Rey"})
    base = f"/en/gifts/{museum.token(gift)}/bring"
    client = museum.app.test_client()
    assert 'value="Ada R."' in client.get(base).text  # proposed, never the whole name
    assert _set_up(museum, gift).status_code == 303
    [one] = museum.all(Ambassador)
    for _person in range(2):
        museum.give(channel=way_of(one.code))
    museum.give(channel=way_of(one.code), donor_id=one.donor_id)  # they are not one of their own
    page = client.get(f"/en/{museum.slug}/{museum.campaign}/with/{one.code.upper()}")
    assert "2 people have come" in page.text
    assert "1,234" not in page.text
    assert "Set-Cookie" not in page.headers
    assert f"c={way_of(one.code)}" in page.text
    assert client.get(f"{base}.pdf").data.startswith(b"%PDF")
    paper = client.get(base.replace("/bring", "/letter.pdf"))
    [sheet] = PdfReader(io.BytesIO(paper.data)).pages
    words = re.sub(r"\s+", " ", sheet.extract_text())
    typed = re.search(r"/with/[a-z0-9]{5,}", words)
    assert typed
    assert "Ada R." in words
    assert "1,234" not in words
    assert f"{typed[0]}</span>. " in client.get(base).text
    for asked, lang in (("it", "it"), ("", "fr")):  # the reader's language, or the museum's
        led = client.get(typed[0].upper().replace("/WITH/", "/with/"), headers={"Accept-Language": asked})
        assert led.location == f"/{lang}/{museum.slug}/{museum.campaign}/with/{one.code}"
    assert _set_up(museum, gift, switch="off").status_code == 303
    assert client.get(f"/en/{museum.slug}/{museum.campaign}/with/{one.code}").status_code == 302
    for off in (f"{base}.pdf", base.replace("/bring", "/letter.pdf")):
        assert client.get(off).status_code == 404
    assert _set_up(museum, gift, name="Ada").status_code == 303  # and back on, under the same code
    assert [(row.name, row.code, row.off_at) for row in museum.all(Ambassador)] == [("Ada", one.code, None)]


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"name": ""}, "Type the name that people will read"),
        ({"name": "x" * 61}, "This is too long"),
        ({"goal": "0"}, "Choose a number of people from 1 to 500."),
        ({"goal": "many"}, "Choose a number of people from 1 to 500."),
        ({"csrf_token": "forged"}, "This page is too old"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_made(museum: Museum, form: dict[str, str], said: str) -> None:
    answer = _set_up(museum, museum.give(), **form)
    assert (answer.status_code, said in answer.text) == (422, True)
    assert museum.all(Ambassador) == []


def test_it_is_over_with_the_campaign_and_no_code_leads_nowhere(museum: Museum) -> None:
    gift = museum.give()
    assert _set_up(museum, gift, switch="off").status_code == 404
    with clock.at(clock.now() + timedelta(days=60)):
        assert _set_up(museum, gift, csrf_token=form_token(museum.token(gift))).status_code == 409
    client = museum.app.test_client()
    for code in ("zzzz", f"{museum_prefix(museum.id)}3333", f"{museum_prefix(9999)}3333", "%00", "x" * 99):
        assert client.get(f"/with/{code}").status_code == 404
    for code in ("zzzz", "3333", "%00", "x" * 99):
        assert client.get(f"/en/{museum.slug}/{museum.campaign}/with/{code}").status_code == 404
    assert client.get(f"/en/gifts/{museum.id:x}-{'a' * 26}/bring").status_code == 404


def test_who_asked_for_it_is_told_of_the_first_ones_and_of_the_goal(museum: Museum) -> None:
    gift = museum.give(donor={"email": "ada@example.org", "locale": "it"})
    silent = museum.give(donor={"email": "bob@example.org"})
    _set_up(museum, gift, wants_mail="1", goal="2")
    _set_up(museum, silent)
    ada, bob = museum.all(Ambassador)
    for code in (ada.code, bob.code, ada.code):
        museum.give(channel=way_of(code))
        museum.hear()
    subjects = [mail.subject for mail in museum.sent_to("ada@example.org")]
    assert subjects == ["1 persona è venuta con te", "2 persone sono venute con te"]
    assert museum.sent_to("bob@example.org") == []


def test_the_board_ranks_by_people_and_the_report_names_the_way(museum: Museum) -> None:
    rich, poor = museum.give(minor=900_000), museum.give(minor=200)
    _set_up(museum, rich, name="Rich")
    _set_up(museum, poor, name="Poor")
    first, second = museum.all(Ambassador)
    museum.give(channel=way_of(second.code), minor=100)
    desk = museum.desk()
    page = desk.get(f"campaigns/{museum.campaign}/ambassadors").text
    assert page.index("Poor") < page.index("Rich")
    with museum.open() as session:
        names = {row.name for row in ways_of(session, session.get_one(Campaign, (museum.id, museum.campaign_id))).rows}
    assert any("Poor" in name for name in names)
    assert desk.post(f"campaigns/{museum.campaign}/ambassadors/{first.id}", on="0").status_code == 303
    assert museum.all(Ambassador)[0].off_at is not None
    assert desk.post(f"campaigns/{museum.campaign}/ambassadors/{first.id + 99}", on="0").status_code == 404
    assert museum.desk("auditor").post(f"campaigns/{museum.campaign}/ambassadors/{first.id}", on="1").status_code == 403
    with museum.open() as session:
        other = factories.make_campaign(session).slug
    assert "No ambassador yet" in desk.get(f"campaigns/{other}/ambassadors").text


def test_an_erased_donor_leaves_no_name(museum: Museum) -> None:
    _set_up(museum, museum.give())
    [one] = museum.all(Ambassador)
    with museum.open() as session:
        outbox.publish(session, "donor.erased", key="1", donor_id=one.donor_id)
    museum.hear()
    [left] = museum.all(Ambassador)
    assert (left.name, left.off_at is not None) == ("", True)


def test_codes_and_ways_are_read_back() -> None:
    code = draw_code()
    assert is_code(code)
    assert code_of(way_of(code)) == code
    assert [code_of(way) for way in (None, "", "with-", "with-abcd", code)] == [None] * 5
    assert [n for n in range(12) if worth_telling(n, 7)] == [1, 2, 3, 5, 7, 10]


def test_nothing_is_printed_for_a_campaign_that_is_over(museum: Museum) -> None:
    gift = museum.give()
    base = f"/en/gifts/{museum.token(gift)}/bring"
    client = museum.app.test_client()
    _set_up(museum, gift)
    assert "letter.pdf" in client.get(base).text
    with museum.open() as session:
        session.get_one(Campaign, (museum.id, museum.campaign_id)).state = "ended"
    for paper in (f"{base}.pdf", base.replace("/bring", "/letter.pdf")):
        assert client.get(paper).status_code == 404
    assert "letter.pdf" not in client.get(base).text


def test_a_letter_whose_story_is_too_long_does_without_it(museum: Museum) -> None:
    gift = museum.give()
    _set_up(museum, gift)
    with museum.open() as session:
        session.get_one(Campaign, (museum.id, museum.campaign_id)).summary = {"fr": "Une longue histoire. " * 150}
    paper = museum.app.test_client().get(f"/fr/gifts/{museum.token(gift)}/letter.pdf")
    [sheet] = PdfReader(io.BytesIO(paper.data)).pages
    assert "longue histoire" not in sheet.extract_text()
    assert "Ada R." in sheet.extract_text()
