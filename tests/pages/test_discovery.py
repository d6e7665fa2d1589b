"""Find works: by words in any language, near a place, in the order asked for, and what to do when nothing is found."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from crowdfund import clock
from crowdfund.campaigns.models import Campaign
from crowdfund.pages.towns import distance_km, find, plain
from crowdfund.tenancy import transaction
from tests import factories

CHAMBERY = {"city": "Chambéry", "region": "Savoie", "country": "FR", "latitude": 45.5646, "longitude": 5.9178}
TORINO = {"city": "Torino", "region": "Piemonte", "country": "IT", "latitude": 45.0703, "longitude": 7.6869}


@pytest.fixture
def works(app: Flask) -> None:
    """Two museums: a pastel at Chambéry that ends soon, enamels at Turin that are new."""
    for slug, place, title, story, opened, closes in (
        ("aubigneux", CHAMBERY, ("Le pastel de la couturière", "Il pastello della sarta"), "Une robe brodée", 40, 3),
        ("valmora", TORINO, ("Cinq émaux", "Cinque smalti per un cofano"), "Des chevaliers", 2, 50),
    ):
        museum = factories.make_institution(slug=slug, name=f"Zephyrin {slug}", **place)
        with transaction(factories.scope(museum)) as session:
            factories.make_campaign(
                session,
                slug=f"work-of-{slug}",
                title={"fr": title[0], "it": title[1], "en": title[0]},
                summary={"fr": title[0]},
                story={"fr": [{"text": story}]},
                opens_at=clock.now() - timedelta(days=opened),
                closes_at=clock.now() + timedelta(days=closes),
            )


def found(client: FlaskClient, lang: str = "fr", **asked: str) -> list[str]:
    answer = client.get(f"/{lang}/campaigns", query_string={"q": "zephyrin"} | asked)
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    listed = answer.text.partition('class="works"')[2].partition("</main>")[0]
    return re.findall(r'href="/\w\w/(\w+)/work-of-', listed)


@pytest.mark.parametrize(
    ("lang", "words", "museums"),
    [
        ("fr", "cinq emaux", ["valmora"]),
        ("fr", "EMAUX", ["valmora"]),
        ("it", "smalto", ["valmora"]),
        ("fr", "couturieres", ["aubigneux"]),
        ("fr", "coutu", ["aubigneux"]),  # the beginning of a name
        ("fr", "robes", ["aubigneux"]),  # in the story only
        ("fr", "torino", ["valmora"]),
        ("fr", "savoie", ["aubigneux"]),
        ("fr", "zephyrin", ["aubigneux", "valmora"]),
        ("fr", "zeppelin", []),
        ("fr", "pastel zeppelin", []),
    ],
)
@pytest.mark.usefixtures("works")
def test_words_find_works_whatever_their_accents_and_endings(
    client: FlaskClient, lang: str, words: str, museums: list[str]
) -> None:
    assert sorted(found(client, lang, q=words)) == museums


@pytest.mark.usefixtures("works")
@pytest.mark.parametrize(
    ("near", "first"),
    [
        ("Chambéry", "aubigneux"),
        ("chambery", "aubigneux"),
        ("73000", "aubigneux"),
        ("Piemonte", "valmora"),
        ("45.1, 7.7", "valmora"),
        ("Rivoli", "valmora"),
    ],
)
def test_the_nearest_comes_first(client: FlaskClient, near: str, first: str) -> None:
    assert found(client, "it", near=near)[0] == first


@pytest.mark.usefixtures("works")
def test_other_orders(client: FlaskClient) -> None:
    assert found(client, sort="soon") == ["aubigneux", "valmora"]
    assert found(client, sort="new") == ["valmora", "aubigneux"]
    assert found(client, sort="new", near="Chambéry") == ["valmora", "aubigneux"]


@pytest.mark.usefixtures("works")
def test_nothing_found_says_what_to_leave_out(client: FlaskClient) -> None:
    page = html.unescape(client.get("/fr/campaigns?q=zeppelin&museum=valmora").text)
    assert "Sans les mots" in page
    assert 'href="/fr/campaigns?museum=valmora"' in page
    unknown = html.unescape(client.get("/fr/campaigns?near=Nulle+part").text)
    assert "essayez la ville voisine" in unknown


@pytest.mark.usefixtures("works")
@pytest.mark.parametrize(
    "text", ["'", "\\", "a:* & !b", "(((", "%", "\x00", "x" * 5000, "<script>", "４５", "🏺", "\u202e"]
)
@pytest.mark.parametrize("field", ["q", "near", "state", "museum", "sort", "page"])
def test_no_question_breaks_the_page(client: FlaskClient, field: str, text: str) -> None:
    answer = client.get("/fr/campaigns", query_string={field: text})
    assert answer.status_code == 200
    assert "<script>" not in answer.text.replace('<script type="module"', "")


@pytest.mark.usefixtures("app")
def test_the_search_keeps_up_with_what_a_museum_writes(client: FlaskClient) -> None:
    museum = factories.make_institution(slug="valmora", **TORINO)
    with transaction(factories.scope(museum)) as session:
        made = factories.make_campaign(session, slug="work-of-valmora", title={"fr": "Un éventail"}).id
    assert found(client, q="eventail") == ["valmora"]
    with transaction(factories.scope(museum)) as session:
        session.get_one(Campaign, (museum, made)).title = {"fr": "Un chapeau"}
    assert found(client, q="eventail") == []
    assert found(client, q="chapeaux") == ["valmora"]


@pytest.mark.usefixtures("app")
def test_a_draft_is_found_by_nobody(client: FlaskClient) -> None:
    museum = factories.make_institution(slug="valmora", **TORINO)
    with transaction(factories.scope(museum)) as session:
        factories.make_campaign(session, slug="work-of-valmora", title={"fr": "Un secret"}, state="draft")
    assert found(client, q="secret") == []


@pytest.mark.parametrize(
    ("asked", "language", "country"),
    [("10121", "it", "IT"), ("10121", "fr", "IT"), ("Aosta", "it", "IT"), ("Aoste", "fr", "IT"), ("2114", "fr", "CH")],
)
def test_towns_and_postcodes_are_known_in_their_countries(asked: str, language: str, country: str) -> None:
    assert find(asked, language)[0].country == country


def test_a_place_is_told_by_what_it_is() -> None:
    assert plain("Saint-Étienne") == plain("st etienne")
    assert find("91, 200", "fr") == ()
    assert find("Atlantis", "en") == ()
    torino, chambery = find("Torino", "it")[0], find("Chambéry", "fr")[0]
    assert 140 <= distance_km(torino, chambery) <= 150
