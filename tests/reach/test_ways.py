"""Places, short links, posters, and what each way brought."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from uuid import uuid4

import pytest
import zxingcpp
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from pypdf import PdfReader
from sqlalchemy import func, select

from crowdfund import clock
from crowdfund.ambassadors.rules import DRAWN
from crowdfund.campaigns.models import Campaign
from crowdfund.donors.models import Donor
from crowdfund.errors import Conflict, NotFound, Refusal
from crowdfund.gifts.rules import Method
from crowdfund.institutions.rules import Role
from crowdfund.reach import service
from crowdfund.reach.models import Opening, Place
from crowdfund.reach.queries import ways_of
from crowdfund.reach.rules import museum_of_code
from crowdfund.tenancy import transaction
from tests import factories
from tests.desk import enter, form_token, make_colleague
from tests.reach.conftest import Museum, found, receive

HERE = "http://127.0.0.1:8000"


def hang(museum: Museum, name: str = "Hall", *, takes_cash: bool = True) -> Place:
    with transaction(museum.scope) as session:
        return service.make_place(session, museum.campaign_id, name, takes_cash=takes_cash)


def openings(museum: Museum) -> dict[str, int]:
    with transaction(museum.scope) as session:
        rows = session.execute(
            select(Place.way, func.sum(Opening.times)).join(Opening, Opening.place_id == Place.id).group_by(Place.way)
        )
        return {way: int(times) for way, times in rows}


# ---------- places ----------


def test_a_place_has_a_code_and_a_way_of_its_own(museum: Museum) -> None:
    hall, stop = hang(museum), hang(museum, "Arrêt Préfecture")
    assert (hall.way, stop.way) == ("hall", "arret-prefecture")
    assert hall.code != stop.code
    assert museum_of_code(hall.code) == museum.id


@pytest.mark.parametrize("name", ["Hall", "HALL ", "hâll", "kiosk", "Screen", "!!", "\u202e"])
def test_a_name_that_is_taken_or_says_nothing_is_refused(museum: Museum, name: str) -> None:
    hang(museum)
    with pytest.raises(Refusal) as refused:
        hang(museum, name)
    assert refused.value.field == "name"


def test_a_draft_has_no_poster_and_another_museums_campaign_is_not_there(museum: Museum) -> None:
    with transaction(museum.scope) as session:
        draft = factories.make_campaign(session, state="draft")
        with pytest.raises(Conflict):
            service.make_place(session, draft.id, "Hall", takes_cash=False)
    other = found("other")
    with transaction(museum.scope) as session, pytest.raises(NotFound):
        service.make_place(session, other.campaign_id, "Hall", takes_cash=False)


# ---------- short links ----------


@pytest.mark.parametrize(("asked", "lang"), [("it-CH,it;q=0.9", "it"), ("en", "en"), (None, "fr"), ("de", "fr")])
def test_a_short_link_leads_on_in_the_readers_language(
    client: FlaskClient, museum: Museum, asked: str | None, lang: str
) -> None:
    place = hang(museum)
    headers = {"Accept-Language": asked} if asked else {}
    answer = client.get(f"/c/{place.code.upper()}", headers=headers)
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/{lang}/{museum.path}/?c=hall")
    assert "no-store" in answer.headers["Cache-Control"]
    assert "Set-Cookie" not in answer.headers


def test_openings_are_counted_by_day_and_nothing_else_is_kept(client: FlaskClient, museum: Museum) -> None:
    place = hang(museum)
    for _one in range(3):
        client.get(f"/c/{place.code}")
    client.head(f"/c/{place.code}")
    client.get(f"/c/{place.code}", headers={"Sec-Purpose": "prefetch;prerender"})
    with clock.at(clock.now() + timedelta(days=1)):
        client.get(f"/c/{place.code}")
    with transaction(museum.scope) as session:
        assert sorted(session.scalars(select(Opening.times))) == [1, 3]
    assert set(Opening.__table__.columns.keys()) == {"institution_id", "id", "place_id", "day", "times"}


def test_many_openings_from_one_address_lead_on_uncounted(client: FlaskClient, museum: Museum) -> None:
    place = hang(museum)
    assert {client.get(f"/c/{place.code}").status_code for _one in range(65)} == {302}
    assert openings(museum)["hall"] == 60


@pytest.mark.parametrize("code", ["t6k4x", "3", "\x00", "%00", "x" * 10_000, "é", "-1"])
def test_a_code_of_nobody_is_not_there(client: FlaskClient, museum: Museum, code: str) -> None:
    assert client.get(f"/c/{code}").status_code == 404


def test_a_code_with_another_museums_number_is_not_there(client: FlaskClient, museum: Museum) -> None:
    place, other = hang(museum), hang(found("other"))
    assert client.get(f"/c/{other.code[:-DRAWN]}{place.code[-DRAWN:]}").status_code == 404


@pytest.mark.parametrize(("given", "way"), [("summer", "summer"), ("a b", "hall"), ("<x>", "hall"), ("x" * 41, "hall")])
def test_a_link_may_say_its_own_way(client: FlaskClient, museum: Museum, given: str, way: str) -> None:
    place = hang(museum)
    answer = client.get(f"/c/{place.code}", query_string={"c": given})
    assert answer.headers["Location"].endswith(f"?c={way}")


def test_the_way_goes_from_the_poster_to_the_pledge(client: FlaskClient, museum: Museum) -> None:
    place = hang(museum)
    page = client.get(client.get(f"/c/{place.code}").headers["Location"]).text
    assert 'name="c" value="hall"' in page
    assert f"/fr/{museum.path}/give?c=hall" in page
    second = client.get(f"/fr/{museum.path}/give?step=2&amount=20&c=hall").text
    assert 'name="c" value="hall"' in second
    assert "give?c=" not in client.get(f"/fr/{museum.path}/?c=%22%3E").text


# ---------- what each way brought ----------


def give(museum: Museum, channel: str | None, minor: int, donor_id: int | None = None) -> None:
    with transaction(museum.scope) as session:
        campaign = session.get_one(Campaign, (museum.id, museum.campaign_id))
        donor = session.get_one(Donor, (museum.id, donor_id)) if donor_id else None
        pledge = factories.make_pledge(session, campaign, donor, amount_minor=minor, channel=channel)
        number = uuid4().hex
        receive(
            session,
            museum.campaign_id,
            minor,
            reference=f"pledge:{pledge.id}",
            pledge_id=pledge.id,
            method=Method.CARD,
            charge=f"ch_{number}",
            payment=f"pi_{number}",
        )


def test_ways_are_counted_in_people_gifts_and_money(client: FlaskClient, museum: Museum) -> None:
    place = hang(museum)
    hang(museum, "Tram")
    client.get(f"/c/{place.code}")
    with transaction(museum.scope) as session:
        twice = factories.make_donor(session).id
    give(museum, "hall", 2000, twice)
    give(museum, "hall", 3000, twice)
    give(museum, "kiosk", 1000)
    give(museum, None, 700)
    with transaction(museum.scope) as session:
        receive(session, museum.campaign_id, 55)
        campaign = session.get_one(Campaign, (museum.id, museum.campaign_id))
        factories.make_pledge(session, campaign, channel="hall")
        factories.make_pledge(session, campaign, channel=None, method="cheque")
        rows = {row.name: row for row in ways_of(session, campaign).rows}
    hall = rows["Hall"]
    assert (hall.openings, hall.promises, hall.gifts, hall.donors, hall.money.minor) == (1, 3, 2, 1, 5000)
    assert (rows["Tram"].openings, rows["Tram"].gifts) == (0, 0)
    [by_hand] = [row for row in rows.values() if (row.promises, row.gifts, row.money.minor) == (1, 1, 55)]
    assert by_hand.openings is None
    assert len(rows) == 5  # the two places, the kiosk, those of no way, and what came by hand
    assert sum(row.money.minor for row in rows.values()) == 6755


# ---------- the desk ----------


@pytest.fixture
def desk(app: Flask, museum: Museum) -> FlaskClient:
    return enter(app, make_colleague(museum.id, Role.CAMPAIGN_LEAD, "lead@example.org"))


def add(desk: FlaskClient, museum: Museum, name: str, **more: str) -> int:
    here = f"/staff/{museum.slug}/campaigns/{museum.campaign}/posters"
    data = {"csrf_token": form_token(desk, here), "name": name, **more}
    return desk.post(here, data=data).status_code


def test_the_desk_makes_a_place_once(desk: FlaskClient, museum: Museum) -> None:
    assert add(desk, museum, "Boulangerie Rey", takes_cash="1") == 303
    assert add(desk, museum, "Boulangerie Rey") == 422
    with transaction(museum.scope) as session:
        [place] = session.scalars(select(Place))
    assert (place.name, place.way, place.takes_cash) == ("Boulangerie Rey", "boulangerie-rey", True)
    page = desk.get(f"/staff/{museum.slug}/campaigns/{museum.campaign}/posters").text
    assert f"127.0.0.1:8000/c/{place.code}" in page
    assert f"/embed/{museum.path}?lang=it" in page
    ways = desk.get(f"/staff/{museum.slug}/campaigns/{museum.campaign}/ways").text
    assert "Boulangerie Rey" in ways


@pytest.mark.parametrize("name", ["", "   ", "x" * 61, "x" * 10_000, "a\x00b", "\u202e", "???"])
def test_a_name_that_cannot_be_is_told_beside_its_field(desk: FlaskClient, museum: Museum, name: str) -> None:
    assert add(desk, museum, name) == 422
    with transaction(museum.scope) as session:
        assert session.scalars(select(Place)).all() == []


@pytest.mark.parametrize("lang", ["fr", "it", "en"])
@pytest.mark.parametrize("shop", ["", "?for=printers"])
def test_the_poster_is_one_sheet_with_its_code_and_link(
    desk: FlaskClient, museum: Museum, lang: str, shop: str
) -> None:
    place = hang(museum)
    here = f"/staff/{museum.slug}/campaigns/{museum.campaign}/posters"
    answer = desk.get(f"{here}/{place.id}.{lang}.pdf{shop}")
    assert answer.mimetype == "application/pdf"
    assert f"pastel-hall-{lang}.pdf" in answer.headers["Content-Disposition"]
    [page] = PdfReader(io.BytesIO(answer.data)).pages
    assert [round(float(side) * 25.4 / 72) for side in page.trimbox[2:]] == [210, 297]
    assert (float(page.mediabox.width) > float(page.trimbox.width)) == bool(shop)
    text = re.sub(r"\s+", " ", page.extract_text())
    assert f"127.0.0.1:8000/c/{place.code}" in text
    assert "Hôtel d’Aubigneux" in text
    resources = page["/Resources"]
    fonts = [font.get_object() for font in resources["/Font"].values()]  # type: ignore[index]
    kept = [font["/DescendantFonts"][0].get_object()["/FontDescriptor"] for font in fonts]
    assert kept
    assert all("/FontFile2" in one or "/FontFile3" in one for one in kept)
    codes = [
        code.text
        for image in page.images
        for code in zxingcpp.read_barcodes(Image.open(io.BytesIO(image.data)).convert("L"))
    ]
    assert codes == [f"{HERE}/c/{place.code}?c=hall"]
    led = desk.get(codes[0].removeprefix(HERE))
    assert led.headers["Location"].endswith(f"{museum.path}/?c=hall")


def test_the_poster_speaks_of_cash_only_where_there_is_a_box(desk: FlaskClient, museum: Museum) -> None:
    def said(place: Place) -> str:
        here = f"/staff/{museum.slug}/campaigns/{museum.campaign}/posters"
        [page] = PdfReader(io.BytesIO(desk.get(f"{here}/{place.id}.en.pdf").data)).pages
        return re.sub(r"\s+", " ", page.extract_text())

    assert "in the box" in said(hang(museum))
    assert "in the box" not in said(hang(museum, "Tram", takes_cash=False))


@pytest.mark.parametrize(
    ("title", "words", "said"), [("Bell", 4, True), ("Bell", 40, False), ("A long title, " * 6, 4, False)]
)
def test_the_poster_says_the_campaigns_own_sentence_where_it_has_room(
    app: Flask, title: str, words: int, said: bool
) -> None:
    museum = found("own-sentence", title={"fr": title}, summary={"fr": "Elle sonne " * words})
    place = hang(museum)
    client = enter(app, make_colleague(museum.id, Role.DESK, "desk@example.org"))
    answer = client.get(f"/staff/{museum.slug}/campaigns/{museum.campaign}/posters/{place.id}.fr.pdf")
    [page] = PdfReader(io.BytesIO(answer.data)).pages
    assert ("Elle sonne" in page.extract_text()) is said


def test_a_poster_of_a_very_long_title_is_still_one_sheet(app: Flask) -> None:
    museum = found("long", title={"fr": "Un très long titre de tableau, " * 8})
    place = hang(museum)
    client = enter(app, make_colleague(museum.id, Role.DESK, "desk@example.org"))
    answer = client.get(f"/staff/{museum.slug}/campaigns/{museum.campaign}/posters/{place.id}.fr.pdf")
    assert len(PdfReader(io.BytesIO(answer.data)).pages) == 1


def test_a_draft_shows_its_desk_what_it_waits_for(desk: FlaskClient, museum: Museum) -> None:
    with transaction(museum.scope) as session:
        factories.make_campaign(session, slug="draft", state="draft")
    here = f"/staff/{museum.slug}/campaigns/draft/posters"
    page = desk.get(here)
    assert page.status_code == 200
    assert "<textarea" not in page.text
    token = form_token(desk, f"/staff/{museum.slug}/campaigns/{museum.campaign}/posters")
    assert desk.post(here, data={"csrf_token": token, "name": "Hall"}).status_code == 409
