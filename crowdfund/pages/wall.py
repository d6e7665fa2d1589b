"""Read the wall: what the public sees of donors, from the projection alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from crowdfund import clock
from crowdfund.pages.view.campaign import Wall, WallName, WallWords
from crowdfund.pledges.models import WallEntry

SHOWN = 120
SAID = 3
MOST = 5000
COLUMNS = (
    WallEntry.display_name, WallEntry.locale, WallEntry.message, WallEntry.message_approved, WallEntry.town,
    WallEntry.dedication, WallEntry.dedication_kind,
)  # fmt: skip


def wall(session: Session, row: Row[Any], asked: Mapping[str, str]) -> Wall | None:
    """Read a campaign's wall: a page of names in an order that tells nothing, or those a search finds."""
    donors = int(row.supporters)
    if donors == 0:
        return None
    chosen = (WallEntry.institution_id == row.institution_id, WallEntry.campaign_id == row.id)
    here = (*chosen, WallEntry.shown_from <= clock.now())
    to_come = session.scalar(select(func.count()).where(*chosen, WallEntry.shown_from > clock.now())) or 0
    named = session.scalar(select(func.count()).where(*here)) or 0
    query = asked.get("name", "")[:80].strip()
    everybody = bool(query) or asked.get("names") == "all"
    # Accents and capitals aside, by the function that the search of works uses, too.
    wanted = (func.strpos(func.folded(WallEntry.display_name), func.folded(query)) > 0,) if query else ()
    rows = session.execute(
        select(*COLUMNS).where(*here, *wanted).order_by(WallEntry.order_key).limit(MOST if everybody else SHOWN)
    ).all()
    names = tuple(
        WallName(
            one.display_name,
            town=one.town or "",
            dedication=one.dedication or "",
            memory=one.dedication_kind == "memory",
        )
        for one in rows
    )
    said: dict[str, WallWords] = {}  # many say the same; those shown are of different words
    for one in rows:
        if one.message and one.message_approved:
            said.setdefault(one.message, WallWords(one.message, one.display_name, one.locale))
    more = named > SHOWN and not everybody
    return Wall(
        donors=donors,
        anonymous=max(0, donors - named - to_come),
        to_come=to_come > 0,
        shown=named,
        names=names,
        words=tuple(said.values())[:SAID],
        query=query,
        more_url="?names=all#supporters" if more else "",
    )


def last_name(session: Session, row: Row[Any]) -> str:
    """Tell the name that appeared last. Names appear in their own time, so it tells nothing of the sum beside it."""
    return (
        session.scalar(
            select(WallEntry.display_name)
            .where(
                WallEntry.institution_id == row.institution_id,
                WallEntry.campaign_id == row.id,
                WallEntry.shown_from <= clock.now(),
            )
            .order_by(WallEntry.shown_from.desc(), WallEntry.order_key)
            .limit(1)
        )
        or ""
    )
