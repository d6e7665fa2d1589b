"""Read counts for the desk."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import case, select
from sqlalchemy.orm import Session

from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.texts import said
from crowdfund.counter.lines_read import colleagues
from crowdfund.counter.view import CountRow
from crowdfund.desk.models import Count
from crowdfund.desk.rules import CountState
from crowdfund.institutions.current import Membership
from crowdfund.money import Money

PAGE = 100


def list_counts(session: Session, museum: Membership) -> list[CountRow]:
    """List the latest counts, those that wait for a second person first."""
    waiting = case((Count.state == CountState.RECORDED, 0), else_=1)
    return _rows(session, museum, session.scalars(select(Count).order_by(waiting, Count.id.desc()).limit(PAGE)).all())


def count_row(session: Session, museum: Membership, count: Count) -> CountRow:
    """Show one count."""
    return _rows(session, museum, [count])[0]


def _rows(session: Session, museum: Membership, counts: Sequence[Count]) -> list[CountRow]:
    names = colleagues(session)
    titles = {
        one.id: said(one.title, museum.default_locale)
        for one in session.scalars(select(Campaign).where(Campaign.id.in_({count.campaign_id for count in counts})))
    }
    return [
        CountRow(
            id=one.id,
            kind=one.kind,
            campaign=titles[one.campaign_id],
            place=one.place,
            day=one.day,
            total=one.total,
            units=one.units,
            state=one.state,
            counted_by=names.get(one.recorded_by, ""),
            counted_actor=one.recorded_by,
            confirmed_by=names.get(one.approved_by or "", ""),
            gift_id=one.gift_id,
            pieces=tuple(
                _piece(int(worth), many, one.currency) for worth, many in sorted(one.sheet.items(), key=_worth)
            ),
            url=f"/staff/{museum.slug}/desk/counts/{one.id}",
        )
        for one in counts
    ]


def _worth(piece: tuple[str, int]) -> int:
    return -int(piece[0])


def _piece(worth: int, many: int, currency: str) -> tuple[Money, int, Money]:
    return Money(worth, currency), many, Money(worth * many, currency)
