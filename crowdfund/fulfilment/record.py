"""Count which rewards were kept, for the museum's own page: a projection, so that a view reads one row."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from crowdfund import clock
from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.rules import CampaignState
from crowdfund.fulfilment.models import Counterpart, RewardRecord
from crowdfund.fulfilment.rules import DUE, CounterpartState
from crowdfund.tenancy import museum_of

OVER = (CampaignState.SUCCEEDED, CampaignState.ENDED)


def count_rewards(session: Session) -> None:
    """Count what the museum owed for campaigns that are over, and what it has handed over. What was waived is no debt."""
    handed = func.count().filter(Counterpart.state == CounterpartState.HANDED_OVER)
    due, handed_over = session.execute(
        select(func.count(), handed)
        .join(Campaign, Campaign.id == Counterpart.campaign_id)
        .where(Counterpart.state.in_(DUE), Campaign.state.in_(OVER))
    ).one()
    values = {"due": due, "handed_over": handed_over, "counted_at": clock.now()}
    row = insert(RewardRecord).values(institution_id=museum_of(session), **values)
    session.execute(row.on_conflict_do_update(index_elements=["institution_id"], set_=values))
