"""Feeds and lists for machines."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from xml.etree import ElementTree as ET

import pytest
from flask import Flask
from flask.testing import FlaskClient

from crowdfund import clock
from crowdfund.campaigns.models import Campaign
from crowdfund.i18n import LOCALES
from crowdfund.tenancy import transaction
from tests import factories
from tests.reach.conftest import Museum

ATOM = "{http://www.w3.org/2005/Atom}"
MAP, XHTML = "{http://www.sitemaps.org/schemas/sitemap/0.9}", "{http://www.w3.org/1999/xhtml}"
HERE = "http://127.0.0.1:8000"


def _entries(client: FlaskClient, path: str) -> Iterator[tuple[str, str]]:
    answer = client.get(path)
    assert answer.mimetype == "application/atom+xml"
    feed = ET.fromstring(answer.data)
    assert feed.tag == f"{ATOM}feed"
    for name in ("id", "title", "updated"):
        assert feed.findtext(f"{ATOM}{name}")
    assert next(one.get("href") for one in feed.iter(f"{ATOM}link") if one.get("rel") == "self") == f"{HERE}{path}"
    for entry in feed.iter(f"{ATOM}entry"):
        stamp, title = entry.findtext(f"{ATOM}updated"), entry.findtext(f"{ATOM}title")
        assert stamp is not None
        assert title is not None
        assert datetime.fromisoformat(stamp) <= datetime.now(UTC)
        yield str(entry.findtext(f"{ATOM}id")), title


@pytest.mark.parametrize("lang", LOCALES)
def test_the_feeds_tell_what_happened(client: FlaskClient, museum: Museum, lang: str) -> None:
    ended = clock.now() - timedelta(days=3)
    paid, shown = ((ended + timedelta(days=days)).date().isoformat() for days in (1, 90))
    steps = [
        {"on": paid, "title": {"fr": "Payé"}, "text": {"fr": "Réglé."}},
        {"on": shown, "title": {"fr": "Visible"}, "text": {}},
    ]
    with transaction(museum.scope) as session:
        past = {"opens_at": ended - timedelta(days=30), "closes_at": ended, "timeline": steps}
        factories.make_campaign(session, slug="past", state="succeeded", **past)
    news = dict(_entries(client, f"/{lang}/news/{museum.slug}.atom"))
    assert {name.rpartition("/")[2] for name in news} == {"opened", "ended", "step-0"}
    assert len(news) == 4
    assert any("<dame>" in title for title in news.values()) == (lang == "fr")
    campaigns = dict(_entries(client, f"/{lang}/campaigns.atom"))  # of all museums, those of other tests too
    assert len([name for name in campaigns if f":{museum.slug}/" in name]) == 2
    assert client.get(f"/{lang}/news/nobody.atom").status_code == 404


@pytest.mark.parametrize("lang", LOCALES)
def test_the_journal_is_in_the_feed(client: FlaskClient, museum: Museum, lang: str) -> None:
    with transaction(museum.scope) as session:
        campaign = session.get_one(Campaign, (museum.id, museum.campaign_id))
        published = factories.make_news(session, campaign)
        planned = factories.make_news(session, campaign, state="planned", published_at=clock.now() + timedelta(days=1))
    names = {name.rpartition("/")[2] for name, _title in _entries(client, f"/{lang}/news/{museum.slug}.atom")}
    assert f"news-{published.id}" in names
    assert f"news-{planned.id}" not in names
    address = f"/{lang}/{museum.path}/news/{published.id}"
    assert f"{address}?c=feed" in client.get(f"/{lang}/news/{museum.slug}.atom").text
    assert client.get(address).status_code == 200


def test_a_museum_without_campaigns_has_an_empty_feed(app: Flask, client: FlaskClient) -> None:
    factories.make_institution(slug="new")
    assert list(_entries(client, "/fr/news/new.atom")) == []


def test_the_sitemap_lists_every_page_in_every_language(client: FlaskClient, museum: Museum) -> None:
    root = ET.fromstring(client.get("/sitemap.xml").data)
    listed = {str(one.findtext(f"{MAP}loc")): one for one in root.iter(f"{MAP}url")}
    for lang in LOCALES:
        for path in ("", "campaigns", f"{museum.slug}/", f"{museum.path}/"):
            address = f"{HERE}/{lang}/{path}"
            assert client.get(address.removeprefix(HERE)).status_code == 200
            named = {one.get("hreflang"): one.get("href") for one in listed[address].iter(f"{XHTML}link")}
            assert set(named) == {*LOCALES, "x-default"}
            assert named[lang] == address
            changed = date.fromisoformat(str(listed[address].findtext(f"{MAP}lastmod")))
            assert changed <= clock.now().date()
        assert f"{HERE}/{lang}/about/privacy" in listed


def test_weaknesses_have_an_address(client: FlaskClient) -> None:
    answer = client.get("/.well-known/security.txt")
    assert answer.mimetype == "text/plain"
    told = dict(line.split(": ", 1) for line in answer.text.splitlines())
    assert told["Contact"] == f"mailto:{client.application.extensions['config'].operator.email}"
    assert told["Canonical"] == f"{HERE}/.well-known/security.txt"
    expires = datetime.fromisoformat(told["Expires"])
    assert clock.now() + timedelta(days=30) < expires < clock.now() + timedelta(days=365)


def test_crawlers_do_not_open_short_links(client: FlaskClient) -> None:
    assert "Disallow: /c/" in client.get("/robots.txt").text
