"""File the papers of a campaign and publish them: each is one page that says what the museum wrote."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from markupsafe import Markup

from crowdfund import clock, outbox
from crowdfund.campaigns import documents
from crowdfund.campaigns.rules import DocumentState
from crowdfund.i18n import date as written_date
from crowdfund.pdf import renderer
from crowdfund.tenancy import OperatorScope, transaction

PAGE = Markup(
    '<!DOCTYPE html><html lang="{lang}"><head><meta charset="utf-8"><title>{title}</title></head><body>'
    '<div class="head"><p class="museum">{museum}</p><p>{day}</p></div><div class="title"><h1>{title}</h1></div>{text}'
    '<p class="law"><b>{signed}</b></p></body></html>'
)


def publish(
    scope: OperatorScope,
    written: Sequence[Mapping[str, Any]],
    campaign_id: int,
    museum: str,
    ends: tuple[datetime, ZoneInfo],
) -> None:
    """Publish what was written of a campaign, each paper on its day, counted from the end of the appeal (its moment and zone)."""
    closes, zone = ends
    for place, paper in enumerate(written):
        day = closes.astimezone(zone).date() + timedelta(days=paper["after"])
        at = datetime.combine(day, time(10), zone)
        file = documents.keep_file(scope.institution_id, _printed(paper, museum, day, at))
        details = documents.DocumentDetails(
            kind=paper["kind"], title=paper["title"], locale=paper["locale"], dated_on=day, position=place
        )
        with clock.at(at), transaction(scope) as session:
            made = documents.add_document(session, campaign_id, details, file)
            documents.move_document(session, made.id, DocumentState.PUBLIC)
            outbox.mark_told(session)


def _printed(paper: Mapping[str, Any], museum: str, day: date, at: datetime) -> bytes:
    lang, title = paper["locale"], paper["title"][paper["locale"]]
    html = PAGE.format(
        lang=lang,
        title=title,
        museum=museum,
        day=written_date(day, "long", lang),
        text=Markup().join(Markup('<p class="law">{}</p>').format(part) for part in paper["text"]),
        signed=paper["signed"],
    )
    return renderer().render(html, title=title, lang=lang, created_at=at)
