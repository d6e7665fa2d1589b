"""Give together: one page for a class, a family, an office; many payers, one name on the wall, a receipt each."""

from __future__ import annotations

import secrets

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crowdfund.campaigns import service as campaigns
from crowdfund.outbox import publish
from crowdfund.pledges.models import Group, Pledge
from crowdfund.pledges.rules import GROUP_SIGNS, PledgeState

CODE_LENGTH = 8


def start_group(session: Session, campaign_id: int, *, name: str, email: str, locale: str) -> Group:
    """Make the page of a group. Its organiser is sent the link, once. Raises NotFound without the campaign."""
    campaign = campaigns.campaign_of(session, campaign_id)
    code = "".join(secrets.choice(GROUP_SIGNS) for _sign in range(CODE_LENGTH))
    group = Group(campaign_id=campaign.id, code=code, name=name, organiser_email=email, locale=locale)
    session.add(group)
    session.flush()  # for its id
    publish(session, "group.started", key=str(group.id), group_id=group.id)
    return group


def find_group(session: Session, campaign_id: int, code: str) -> Group | None:
    """Find a campaign's group by the code in its address."""
    return session.scalars(select(Group).where(Group.campaign_id == campaign_id, Group.code == code)).one_or_none()


def people_of(session: Session, group_id: int) -> int:
    """Count the people who have given with a group."""
    counted = select(func.count(Pledge.donor_id.distinct())).where(
        Pledge.group_id == group_id, Pledge.state == PledgeState.PAID
    )
    return session.scalar(counted) or 0
