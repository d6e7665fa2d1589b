"""Read who gave and from where, and what became of gifts that came to nothing, from the projections alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, select, tuple_
from sqlalchemy.orm import Session

from crowdfund import clock
from crowdfund.campaigns.texts import said
from crowdfund.gifts.choices import last_day
from crowdfund.gifts.models import Asking, CampaignOutcome, CampaignPeople
from crowdfund.gifts.rules import MOST_CELLS
from crowdfund.i18n import country_name
from crowdfund.money import Money
from crowdfund.pages.view.campaign import Fate, People, Town, WhatBecame


def people(session: Session, row: Row[Any], parts: Sequence[Row[Any]]) -> People | None:
    """Read a campaign's people and places, at all museums that hold it; nothing while there are too few to tell of."""
    found = session.scalars(
        select(CampaignPeople).where(
            tuple_(CampaignPeople.institution_id, CampaignPeople.campaign_id).in_(
                [(part.institution_id, part.id) for part in parts]
            )
        )
    ).all()
    told = [one for one in found if one.first_timers or one.town_count or one.median_minor]
    if not told:
        return None
    supporters = sum(int(part.supporters) for part in parts)
    one = told[0] if len(parts) == 1 else None
    return People(
        supporters=supporters,
        # What one museum may not tell cannot be a part of a sum.
        first_timers=_all_or_nothing([each.first_timers for each in found], supporters, len(parts)),
        towns=_towns(told, row.country),
        # Museums do not compare the towns they keep to themselves, nor their gifts: no number of towns, no middle of both.
        town_count=one.town_count if one else 0,
        elsewhere=sum(each.elsewhere for each in told),
        median=Money(one.median_minor, one.currency) if one and one.median_minor else None,
    )


def _all_or_nothing(counts: Sequence[int], most: int, museums: int) -> int:
    return min(sum(counts), most) if len(counts) == museums and all(counts) else 0


def _towns(told: Sequence[CampaignPeople], home: str) -> tuple[Town, ...]:
    """Add up the towns that the museums tell of, each of five people at least at one of them; the most first."""
    counted: Counter[tuple[str, str]] = Counter()
    for each in told:
        for town in each.towns:
            counted[town["town"], town["country"]] += town["people"]
    return tuple(
        Town(name, people, "" if country in {"", home} else country_name(country))
        for (name, country), people in counted.most_common(MOST_CELLS)
    )


def what_became(session: Session, row: Row[Any]) -> WhatBecame:
    """Read what became of the gifts of a campaign that came to nothing, and why, in the museum's words."""
    asking = session.scalars(
        select(Asking).where(Asking.institution_id == row.institution_id, Asking.campaign_id == row.id)
    ).one_or_none()
    counted = session.scalars(
        select(CampaignOutcome).where(
            CampaignOutcome.institution_id == row.institution_id, CampaignOutcome.campaign_id == row.id
        )
    ).one_or_none()
    choosing = asking is not None and asking.until > clock.now()

    def fate(kind: str) -> Fate | None:
        gifts = getattr(counted, kind, 0)
        return Fate(gifts, Money(getattr(counted, f"{kind}_minor"), row.currency)) if gifts else None

    return WhatBecame(
        words=said(asking.words, row.default_locale) if asking else "",
        gifts=counted.gifts if counted else 0,
        back=fate("back"),
        moved=fate("moved"),
        waiting=fate("waiting"),
        kept=fate("kept"),
        gone_from=counted.gone_from if counted else None,
        gone_until=counted.gone_until if counted else None,
        until=last_day(asking.until, row.time_zone) if asking and choosing else None,
        otherwise=asking.otherwise if asking else "",
    )
