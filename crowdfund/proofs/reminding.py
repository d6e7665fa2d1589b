"""Show each donor their name before it is fixed, a week ahead, once for each day that was told."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from crowdfund import clock
from crowdfund.institutions.models import Institution
from crowdfund.outbox import publish
from crowdfund.plaques.models import Plaque
from crowdfund.proofs.reading import read_names
from crowdfund.tenancy import museum_of

AHEAD = timedelta(days=7)
PART = 50


def remind_due(session: Session) -> int:
    """Ask that the donors of each plaque that is fixed within a week be written to; tell how many. Publishes `plaque.names_close`."""
    museum = session.get_one(Institution, museum_of(session))
    today = clock.now().astimezone(ZoneInfo(museum.time_zone)).date()
    due = session.scalars(
        select(Plaque)
        .where(Plaque.locks_on.between(today, today + AHEAD), Plaque.frozen_at.is_(None), Plaque.reminded_at.is_(None))
        .with_for_update(key_share=True, skip_locked=True)
    )
    asked = 0
    for plaque in due:
        plaque.reminded_at = clock.now()
        named = [int(one.key[1:]) for one in read_names(session, plaque.campaign_id, plaque) if one.key[0] == "p"]
        for start in range(0, len(named), PART):
            part = named[start : start + PART]
            publish(
                session, "plaque.names_close", key=f"{plaque.id}:{plaque.locks_on}:{part[0]}",
                campaign_id=plaque.campaign_id, day=str(plaque.locks_on), pledge_ids=part,
            )  # fmt: skip
        asked += len(named)
    return asked
