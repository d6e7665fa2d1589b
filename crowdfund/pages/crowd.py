"""Read who gave and from where, from the projection alone."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from crowdfund.gifts.models import CampaignPeople
from crowdfund.i18n import country_name
from crowdfund.money import Money
from crowdfund.pages.view.campaign import People, Town


def people(session: Session, row: Row[Any]) -> People | None:
    """Read a campaign's people and places; nothing while there are too few to tell of."""
    found = session.scalars(
        select(CampaignPeople).where(
            CampaignPeople.institution_id == row.institution_id, CampaignPeople.campaign_id == row.id
        )
    ).one_or_none()
    if found is None or not (found.first_timers or found.town_count or found.median_minor):
        return None
    return People(
        supporters=int(row.supporters),
        first_timers=min(found.first_timers, int(row.supporters)),
        towns=tuple(
            Town(
                one["town"], one["people"], "" if one["country"] in {"", row.country} else country_name(one["country"])
            )
            for one in found.towns
        ),
        town_count=found.town_count,
        elsewhere=found.elsewhere,
        median=Money(found.median_minor, found.currency) if found.median_minor else None,
    )
