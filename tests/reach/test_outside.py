"""The card, oEmbed, the screens of the hall, and what the heads of pages tell machines."""

from __future__ import annotations

import html
import json
import re
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient

from crowdfund import clock
from crowdfund.campaigns.models import Campaign
from crowdfund.gifts.rules import Method
from crowdfund.i18n import LOCALES
from crowdfund.reach.linked import data_block
from crowdfund.tenancy import transaction
from tests import factories
from tests.reach.conftest import Museum, found, receive

HERE = "http://127.0.0.1:8000"


def test_only_the_card_may_be_framed(client: FlaskClient, museum: Museum) -> None:
    pages = (f"/screen/{museum.path}", f"/kiosk/{museum.path}", f"/fr/{museum.path}/", "/fr/campaigns.atom", "/fr/")
    for path in (*pages, f"/oembed?url={HERE}/fr/{museum.path}/"):
        answer = client.get(path)
        assert answer.status_code == 200
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"], path
    card = client.get(f"/embed/{museum.path}?lang=en")
    assert "frame-ancestors *" in card.headers["Content-Security-Policy"]
    assert "Set-Cookie" not in card.headers
    assert "<script" not in card.text
    assert "<form" not in card.text
    assert f'href="{HERE}/en/{museum.path}/?c=card" target="_top"' in card.text


def test_a_page_that_stands_alone_speaks_the_museums_language_or_the_one_asked_for(
    client: FlaskClient, museum: Museum
) -> None:
    for door in ("embed", "screen", "kiosk"):
        path = f"/{door}/{museum.path}"
        assert '<html lang="fr"' in client.get(path, headers={"Accept-Language": "it"}).text
        assert '<html lang="it"' in client.get(f"{path}?lang=it").text
        assert '<html lang="fr"' in client.get(f"{path}?lang=%00").text


def test_oembed_tells_the_frame(client: FlaskClient, museum: Museum) -> None:
    page = client.get(f"/it/{museum.path}/").text
    link = re.search(r'type="application/json\+oembed"[^>]* href="([^"]+)"', page)
    assert link is not None
    answer = client.get(html.unescape(link[1]).removeprefix(HERE))
    told = json.loads(answer.text)
    assert answer.mimetype == "application/json"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert (told["version"], told["type"], told["width"], told["height"]) == ("1.0", "rich", 360, 420)
    assert (told["thumbnail_width"], told["thumbnail_height"]) == (1200, 630)
    assert told["title"] == "Il pastello"
    frame = re.search(r'<iframe src="([^"]+)"', told["html"])
    assert frame is not None
    assert client.get(frame[1].removeprefix(HERE)).status_code == 200
    assert client.get(told["thumbnail_url"].removeprefix(HERE)).mimetype == "image/png"
    small = json.loads(client.get(f"/oembed?url={HERE}/fr/{museum.path}/&maxwidth=300&maxheight=9&x=1").text)
    assert (small["width"], small["height"]) == (300, 320)
    assert "&lt;dame&gt;" in small["html"]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("url=https://elsewhere.example/fr/aubigneux/pastel/", 404),
        ("url=http://[x", 404),
        ("url=", 404),
        ("", 404),
        (f"url={HERE}/fr/aubigneux/nothing/", 404),
        (f"url={HERE}/de/aubigneux/pastel/", 404),
        (f"url={HERE}/fr/aubigneux/%00/", 404),
        (f"url={HERE}/fr/aubigneux/pastel/&format=xml", 501),
        (f"url={HERE}/fr/aubigneux/pastel/&maxwidth=-1", 200),
    ],
)
def test_oembed_answers_for_our_pages_only(client: FlaskClient, museum: Museum, query: str, status: int) -> None:
    assert client.get(f"/oembed?{query}").status_code == status


def test_a_draft_is_nowhere(client: FlaskClient, museum: Museum) -> None:
    with transaction(museum.scope) as session:
        factories.make_campaign(session, slug="draft", state="draft", title={"fr": "Secret"})
    path = f"{museum.slug}/draft"
    doors = [f"/{door}/{path}" for door in ("embed", "screen", "kiosk")]
    pictures = [f"/share/{path}.fr.png", f"/totals/{path}.fr.png", f"/totals/{path}.json"]
    for address in (*doors, *pictures, f"/oembed?url={quote(f'{HERE}/fr/{path}/')}"):
        assert client.get(address).status_code == 404, address
    for address in (f"/fr/news/{museum.slug}.atom", "/fr/campaigns.atom", "/sitemap.xml"):
        said = client.get(address).text
        assert "draft" not in said
        assert "Secret" not in said


def test_the_screen_welcomes_a_name_without_a_sum(client: FlaskClient, museum: Museum) -> None:
    with transaction(museum.scope) as session:
        campaign = session.get_one(Campaign, (museum.id, museum.campaign_id))
        donor = factories.make_donor(session, first_name="Viviane", last_name="Hugon")
        pledge = factories.make_pledge(session, campaign, donor, wall="short")
        reference = {"reference": f"pledge:{pledge.id}", "pledge_id": pledge.id}
        receive(session, museum.campaign_id, 4321, method=Method.CARD, charge="ch_1", payment="pi_1", **reference)
    path = f"/screen/{museum.path}"
    assert "Viviane" not in client.get(f"{path}?early").text  # names appear in their own time
    with clock.at(clock.now() + timedelta(minutes=11)):
        page = client.get(f"{path}?later").text
        told = json.loads(client.get(f"/totals/{museum.path}.json?later").text)
    assert (told["last"], told["raised_minor"], told["donors"]) == ("Viviane H.", 4321, 1)
    sentence = re.search(r"data-live-last>([^<]+)<", page)
    assert sentence is not None
    assert "Viviane H." in sentence[1]
    assert not re.search(r"\d", sentence[1])


def test_the_kiosk_leads_to_giving_with_its_way(client: FlaskClient, museum: Museum) -> None:
    page = client.get(f"/kiosk/{museum.path}?lang=en").text
    links = re.findall(r'href="(/en/[^"]+give[^"]+)"', page)
    assert len(links) >= 3
    for link in links:
        answer = client.get(html.unescape(link))
        assert answer.status_code == 200
        assert 'name="c" value="kiosk"' in answer.text
    assert "data-offline" in page
    assert re.search(r"<script(?![^>]*\bsrc=)", page) is None


def test_where_no_gift_can_be_made_nothing_outside_leads_to_a_refusal(app: Flask, client: FlaskClient) -> None:
    """Each page says so before anybody asks."""
    mute = found("mute", "without-a-way", funding_model="all_or_nothing")
    for door in ("kiosk", "screen", "embed"):
        page = client.get(f"/{door}/{mute.path}?lang=en").text
        assert f"/en/{mute.path}/give" not in page
        assert "Give from here" not in page
        assert "Help buy it" not in page
    kiosk = client.get(f"/kiosk/{mute.path}?lang=en").text
    assert "No gift can be made here for the moment." in kiosk
    assert 'href="/en/campaigns?state=live"' in kiosk


def test_the_joint_campaigns_total_is_the_same_everywhere(app: Flask, client: FlaskClient) -> None:
    one, other = found("first", "both", joint_code="J"), found("second", "both", joint_code="J")
    for part, minor in ((one, 100_00), (other, 50_00)):
        with transaction(part.scope) as session:
            receive(session, part.campaign_id, minor)
    assert json.loads(client.get(f"/totals/{one.path}.json").text)["raised_minor"] == 150_00
    assert "€150" in client.get(f"/screen/{one.path}?lang=en").text


def _linked(page: str) -> list[dict[str, Any]]:
    return [json.loads(one) for one in re.findall(r'<script type="application/ld\+json">(.*?)</script>', page)]


@pytest.mark.parametrize("lang", LOCALES)
def test_a_campaign_tells_machines_what_it_is(client: FlaskClient, museum: Museum, lang: str) -> None:
    [data] = _linked(client.get(f"/{lang}/{museum.path}/").text)
    recipient, work, action = data["@graph"]
    assert data["@context"] == "https://schema.org"
    assert [one["@type"] for one in data["@graph"]] == ["Museum", "VisualArtwork", "DonateAction"]
    assert action["recipient"]["@id"] == recipient["@id"]
    assert action["target"]["urlTemplate"] == f"{HERE}/{lang}/{museum.path}/give"
    assert datetime.fromisoformat(action["endTime"]).tzinfo is not None
    assert work["inLanguage"] == lang
    [museums] = _linked(client.get(f"/{lang}/{museum.slug}/").text)
    assert museums["@type"] == "Museum"


def test_a_data_block_cannot_be_left() -> None:
    block = data_block({"name": "</script><script>alert(1)</script><!-- & \u2028"})
    assert block.count("<") == 2
    assert json.loads(block.partition(">")[2].rpartition("<")[0])["name"].startswith("</script>")


@pytest.mark.parametrize("path", ["/fr/", "/it/campaigns?q=x&page=2", "/en/aubigneux/", "/fr/aubigneux/pastel/?c=hall"])
def test_a_public_page_names_its_languages_and_its_home(client: FlaskClient, museum: Museum, path: str) -> None:
    page = client.get(path).text
    named = dict(re.findall(r'rel="alternate" hreflang="([^"]+)" href="([^"]+)"', page))
    assert set(named) == {*LOCALES, "x-default"}
    bare = path.partition("?")[0]
    canonical = re.search(r'rel="canonical" href="([^"]+)"', page)
    assert canonical is not None
    assert canonical[1] == named[path[1:3]]
    assert canonical[1].removeprefix(HERE) == (f"{bare}?page=2" if "page" in path else bare)


def test_private_pages_name_no_home(client: FlaskClient, museum: Museum) -> None:
    for path in ("/fr/none/none/", "/account/sign-in"):
        assert "canonical" not in client.get(path).text


def test_search_engines_are_led_from_the_steps_of_giving_to_the_campaign(client: FlaskClient, museum: Museum) -> None:
    """The steps themselves are nothing to be found; the pages beside giving are kept out."""
    for path in ("give", "give?step=2&other_amount=50"):
        step = client.get(f"/it/{museum.path}/{path}")
        assert f'<link rel="canonical" href="{HERE}/it/{museum.path}/">' in step.text
        assert "noindex" not in step.text
        assert "X-Robots-Tag" not in step.headers
    for path in ("remind", "together", "ask", "follow"):
        assert '<meta name="robots" content="noindex">' in client.get(f"/it/{museum.path}/{path}").text


def test_the_card_of_a_link_is_whole(client: FlaskClient, museum: Museum) -> None:
    page = client.get(f"/fr/{museum.path}/").text
    for name in ("title", "description", "url", "image", "image:alt", "image:width", "image:height", "locale"):
        assert f'property="og:{name}"' in page
    assert 'name="twitter:card" content="summary_large_image"' in page
    assert "Le pastel &amp; la &lt;dame&gt;" in page
