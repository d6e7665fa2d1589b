"""From when on the words of a campaign bind its museum: once people give on them."""

from __future__ import annotations

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from crowdfund.campaigns.models import Campaign, CampaignTotal, EarlyLink
from crowdfund.campaigns.rules import CampaignState


def is_binding(session: Session, campaign: Campaign) -> bool:
    """Say whether people give on what is written: the campaign is open, or friends are let in before, or gave then."""
    if campaign.state != CampaignState.SCHEDULED:
        return campaign.state == CampaignState.LIVE
    link = exists().where(EarlyLink.campaign_id == campaign.id, EarlyLink.revoked_at.is_(None))
    return bool(session.scalar(select(link))) or has_been_given_to(session, campaign.id)


def has_been_given_to(session: Session, campaign_id: int) -> bool:
    """Say whether a campaign holds gifts or promises; what was given back or called off does not count."""
    counts = (CampaignTotal.contributions, CampaignTotal.promised_count, CampaignTotal.announced_count)
    counted = select(*(func.coalesce(func.sum(one), 0) for one in counts))
    return any(session.execute(counted.where(CampaignTotal.campaign_id == campaign_id)).one())
