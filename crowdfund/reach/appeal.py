"""Read a campaign as it is shown elsewhere: by the public role, in two statements."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from crowdfund import clock
from crowdfund.campaigns.texts import said
from crowdfund.institutions.colours import Wall
from crowdfund.institutions.models import Institution
from crowdfund.money import Money
from crowdfund.pages.campaign import donors_of, find, parts_of, progress_together
from crowdfund.pages.cards import PHASES, days_left, label_of, picture_of
from crowdfund.pages.sums import amounts
from crowdfund.pages.wall import last_name
from crowdfund.reach.view import Appeal


def read_appeal(session: Session, museum: str, slug: str) -> Appeal:
    """Read a published campaign. Raises NotFound."""
    row = find(session, museum, slug)
    parts = parts_of(session, row)
    wall = session.execute(
        select(Institution.wall_hue, Institution.wall_chroma, Institution.wall_shift).where(
            Institution.id == row.institution_id
        )
    ).one()
    phase, zone, home = PHASES[row.state], ZoneInfo(row.time_zone), row.default_locale
    return Appeal(
        museum=label_of(row),
        slug=slug,
        title=said(row.title, home),
        lede=said(row.summary, home),
        picture=picture_of(row),
        phase=phase,
        progress=progress_together(parts),
        donors=donors_of(parts),
        days_left=days_left(row.closes_at, row.time_zone) if phase == "live" else None,
        opens_on=row.opens_at.astimezone(zone).date(),
        ended_on=row.closes_at.astimezone(zone).date(),
        closes_at=row.closes_at,
        minimum=Money(row.minimum_minor, row.currency),
        amounts=amounts(row, clock.now().astimezone(zone).date()),
        wall=Wall(*wall),
        home=home,
        version=row.version,
        last_name=last_name(session, row),
        takes_gifts=row.takes_gifts,
    )
