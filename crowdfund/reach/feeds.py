"""Feeds for readers: Atom (RFC 4287) of all campaigns, and of what happens at one museum."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

from sqlalchemy import Row, and_, select
from sqlalchemy.orm import Session

from crowdfund import clock, i18n
from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.texts import said
from crowdfund.campaigns.view import WorkCard
from crowdfund.conversation.models import News, NewsText
from crowdfund.errors import NotFound
from crowdfund.i18n import LOCALES, current_locale, gettext, money, ngettext
from crowdfund.institutions.models import Institution
from crowdfund.pages.cards import cards

ATOM = "http://www.w3.org/2005/Atom"
MOST = 50
FOUNDED = 2026  # the year the names of entries (tag URIs, RFC 4151) start from
ET.register_namespace("", ATOM)


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that happened: `name` never changes and is nobody else's, `at` is UTC."""

    name: str
    title: str
    text: str
    url: str
    at: datetime
    author: str


@dataclass(frozen=True, slots=True)
class Feed:
    """A list of entries. `path` is its own address, `page` that of the page it stands for."""

    title: str
    path: str
    page: str
    entries: tuple[Entry, ...]


def campaigns_feed(session: Session) -> Feed:
    """Read the feed of all campaigns: each as it opened."""
    now = clock.now()
    entries = [_opened(row, card) for row, card in cards(session) if row.opens_at <= now]
    lang = current_locale()
    return Feed(gettext("Works to be acquired"), f"/{lang}/campaigns.atom", f"/{lang}/campaigns", _latest(entries))


def museum_feed(session: Session, slug: str) -> Feed:
    """Read the feed of one museum: campaigns opened, ended, every step that followed, and the journal. Raises NotFound."""
    museum = session.execute(
        select(Institution.id, Institution.name, Institution.default_locale, Institution.time_zone).where(
            Institution.slug == slug
        )
    ).one_or_none()
    if museum is None:
        raise NotFound
    now = clock.now()
    found = [(row, card) for row, card in cards(session) if row.museum_slug == slug]
    statement = select(Campaign.id, Campaign.timeline).where(
        Campaign.institution_id == museum.id, Campaign.id.in_([row.id for row, _card in found])
    )
    steps: dict[int, list[dict[str, Any]]] = {row.id: row.timeline for row in session.execute(statement)}
    entries: list[Entry] = []
    for row, card in found:
        if row.opens_at <= now:
            entries.append(_opened(row, card))
        if card.phase in {"succeeded", "failed", "withdrawn"}:
            entries.append(_ended(row, card))
        entries += [
            _step(row, card, number, step) for number, step in enumerate(steps.get(row.id, ())) if _past(step, row)
        ]
    entries += _news(session, {row.id: (row, card) for row, card in found}, museum.id)
    lang = current_locale()
    return Feed(museum.name, f"/{lang}/news/{slug}.atom", f"/{lang}/{slug}/", _latest(entries))


def _latest(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    return tuple(sorted(entries, key=lambda one: (one.at, one.name), reverse=True)[:MOST])


def _opened(row: Row[Any], card: WorkCard) -> Entry:
    goal = card.progress.goal
    until = gettext("The appeal runs until %(day)s.", day=_day(row.closes_at, row))
    text = f"{gettext('%(goal)s are to be found.', goal=money(goal))} {until}" if goal else until
    title = gettext("%(title)s: the appeal is open", title=card.title)
    return Entry(f"{card.museum.slug}/{row.slug}/opened", title, text, card.url, row.opens_at, card.museum.name)


def _ended(row: Row[Any], card: WorkCard) -> Entry:
    if card.phase == "succeeded":
        title = gettext("%(title)s is acquired", title=card.title)
        text = ngettext("Bought by %(n)s supporter", "Bought by %(n)s supporters", card.donors)
    elif card.phase == "withdrawn":
        title = gettext("%(title)s was withdrawn from sale", title=card.title)
        gone = not card.progress.raised.minor
        text = gettext("Every gift was given back or moved.") if gone else gettext("Its donors choose.")
    else:
        title = gettext("%(title)s: the appeal has ended", title=card.title)
        missing = card.progress.missing
        text = gettext("%(missing)s were missing.", missing=money(missing)) if missing else ""
    at = min(row.closes_at, clock.now())
    return Entry(f"{card.museum.slug}/{row.slug}/ended", title, text, card.url, at, card.museum.name)


def _step(row: Row[Any], card: WorkCard, number: int, step: dict[str, Any]) -> Entry:
    home = row.default_locale
    return Entry(
        f"{card.museum.slug}/{row.slug}/step-{number}",
        f"{card.title} — {said(step['title'], home)}",
        said(step["text"], home),
        card.url,
        datetime.combine(date.fromisoformat(step["on"]), time(9), ZoneInfo(row.time_zone)).astimezone(UTC),
        card.museum.name,
    )


def _news(session: Session, found: dict[int, tuple[Row[Any], WorkCard]], museum_id: int) -> Iterable[Entry]:
    """Read the journal's published news, each in the feed's language, else in the museum's, else in any."""
    statement = (
        select(News.id, News.campaign_id, News.published_at, NewsText.locale, NewsText.title, NewsText.text)
        .join(NewsText, and_(NewsText.institution_id == News.institution_id, NewsText.news_id == News.id))
        .where(News.institution_id == museum_id, News.campaign_id.in_(list(found)), News.published_at <= clock.now())
        .order_by(News.published_at.desc(), News.id.desc())
        .limit(MOST * len(LOCALES))
    )
    by_news: dict[int, dict[str, Any]] = {}
    for one in session.execute(statement):
        by_news.setdefault(one.id, {})[one.locale] = one
    for number, versions in by_news.items():
        row, card = found[next(iter(versions.values())).campaign_id]
        said_in = next(one for one in (current_locale(), row.default_locale, *versions) if one in versions)
        text = versions[said_in]
        name = f"{card.museum.slug}/{row.slug}/news-{number}"
        yield Entry(name, text.title, text.text, f"{card.url}news/{number}", text.published_at, card.museum.name)


def _past(step: dict[str, Any], row: Row[Any]) -> bool:
    return date.fromisoformat(step["on"]) < clock.now().astimezone(ZoneInfo(row.time_zone)).date()


def _day(moment: datetime, row: Row[Any]) -> str:
    return i18n.date(moment.astimezone(ZoneInfo(row.time_zone)).date(), "long")


def written(feed: Feed, public_url: str, platform: str) -> str:
    """Write a feed as XML. A feed without entries is as old as the platform's year."""
    host = urlsplit(public_url).hostname or "localhost"
    root = ET.Element(f"{{{ATOM}}}feed", {"{http://www.w3.org/XML/1998/namespace}lang": current_locale()})
    _add(root, "id", f"tag:{host},{FOUNDED}:{feed.path}")
    _add(root, "title", f"{feed.title} — {platform}")
    newest = feed.entries[0].at if feed.entries else datetime(FOUNDED, 1, 1, tzinfo=UTC)
    _add(root, "updated", _stamp(newest))
    _add(root, "link", rel="self", type="application/atom+xml", href=f"{public_url}{feed.path}")
    _add(root, "link", rel="alternate", type="text/html", href=f"{public_url}{feed.page}")
    _add(_add(root, "author"), "name", platform)
    for one in feed.entries:
        entry = _add(root, "entry")
        _add(entry, "id", f"tag:{host},{FOUNDED}:{one.name}")
        _add(entry, "title", one.title)
        _add(entry, "updated", _stamp(one.at))
        _add(entry, "published", _stamp(one.at))
        _add(entry, "link", rel="alternate", type="text/html", href=f"{public_url}{one.url}?c=feed")
        _add(_add(entry, "author"), "name", one.author)
        _add(entry, "summary", one.text)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode")


def _add(parent: ET.Element, name: str, words: str | None = None, **attributes: str) -> ET.Element:
    element = ET.SubElement(parent, f"{{{ATOM}}}{name}", attributes)
    element.text = words
    return element


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
