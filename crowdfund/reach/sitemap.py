"""The sitemap: every public page in each language, with the day of its last change (sitemaps.org, Google's hreflang)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any
from xml.etree import ElementTree as ET

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from crowdfund import clock
from crowdfund.i18n import DEFAULT, LOCALES
from crowdfund.institutions.models import Institution
from crowdfund.pages import about
from crowdfund.pages.cards import cards

MAP, XHTML = "http://www.sitemaps.org/schemas/sitemap/0.9", "http://www.w3.org/1999/xhtml"
ET.register_namespace("", MAP)
ET.register_namespace("xhtml", XHTML)


def sitemap_text(session: Session, public_url: str) -> str:
    """Write the sitemap."""
    root = ET.Element(f"{{{MAP}}}urlset")
    for path, changed in _pages(session):
        for lang in LOCALES:
            url = ET.SubElement(root, f"{{{MAP}}}url")
            ET.SubElement(url, f"{{{MAP}}}loc").text = f"{public_url}/{lang}/{path}"
            if changed is not None:
                ET.SubElement(url, f"{{{MAP}}}lastmod").text = changed.isoformat()
            for other in (*LOCALES, "x-default"):
                own = f"/{DEFAULT if other == 'x-default' else other}/{path}"
                href = "/" if other == "x-default" and not path else own
                ET.SubElement(url, f"{{{XHTML}}}link", rel="alternate", hreflang=other, href=f"{public_url}{href}")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode")


def _pages(session: Session) -> Iterable[tuple[str, date | None]]:
    found = [(row, card) for row, card in cards(session)]
    museums = session.execute(select(Institution.slug, Institution.created_at).order_by(Institution.slug)).all()
    changed = {slug: created.date() for slug, created in museums}
    campaigns = []
    for row, _card in found:
        day = _changed(row)
        campaigns.append((f"{row.museum_slug}/{row.slug}/", day))
        changed[row.museum_slug] = max(changed[row.museum_slug], day)
    newest = max(changed.values(), default=clock.now().date())
    yield "", newest
    yield "campaigns", newest
    yield from ((f"about/{page}", None) for page in about.PAGES)
    yield from ((f"{slug}/", day) for slug, day in changed.items())
    yield from campaigns


def _changed(row: Row[Any]) -> date:
    """Tell the day on which a campaign's page last said something else: it opened, or it ended."""
    now = clock.now()
    moments: list[datetime] = [one for one in (row.opens_at, row.closes_at) if one <= now]
    return max(moments).date() if moments else now.date()
