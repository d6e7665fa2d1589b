"""Let friends in before a campaign opens, by a link that cannot be guessed."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID, uuid4

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from config import Config
from crowdfund import audit, clock
from crowdfund.campaigns.models import Campaign, EarlyLink
from crowdfund.campaigns.rules import CampaignState, is_open
from crowdfund.campaigns.service import campaign_of
from crowdfund.errors import Conflict, NotFound
from crowdfund.i18n import N_
from crowdfund.institutions.models import Institution
from crowdfund.links import digest, token_for
from crowdfund.tenancy import museum_of

NOT_OPEN_YET = N_("This campaign has not opened yet.")
CLOSED = N_("This campaign is closed: it takes no more gifts.")
NOT_SCHEDULED = N_("Only a campaign that is announced and not open yet is shown to friends.")


@dataclass(frozen=True, slots=True)
class Opened:
    """What a link opens, as addresses name it."""

    link_id: int
    museum: str
    slug: str
    state: str


def early_token(institution_id: int, key: UUID) -> str:
    """Give the token of a link: the desk may show it again and again."""
    config: Config = current_app.extensions["config"]
    return token_for(config.secret_key, "early", institution_id, str(key))


def invite_friends(session: Session, campaign_id: int, note: str) -> EarlyLink:
    """Make a link to a scheduled campaign. Raises Conflict for any other."""
    campaign = campaign_of(session, campaign_id)
    if campaign.state != CampaignState.SCHEDULED:
        raise Conflict(NOT_SCHEDULED)
    museum, key = museum_of(session), uuid4()
    link = EarlyLink(campaign_id=campaign.id, note=note, key=key, token_hash=digest(early_token(museum, key)))
    session.add(link)
    session.flush()  # for its id
    audit.record(session, "early_link.made", f"campaign:{campaign.id}", link=link.id)
    return link


def revoke_link(session: Session, link_id: int) -> None:
    """Close a link: it opens nothing any more. What was given through it stays. Twice is once."""
    link = session.get(EarlyLink, (museum_of(session), link_id), with_for_update={"key_share": True})
    if link is None:
        raise NotFound
    if link.revoked_at is None:
        link.revoked_at = clock.now()
        audit.record(session, "early_link.revoked", f"campaign:{link.campaign_id}", link=link.id)


def links_of(session: Session, campaign_id: int) -> list[EarlyLink]:
    """List the links of a campaign that are not revoked."""
    found = select(EarlyLink).where(EarlyLink.campaign_id == campaign_id, EarlyLink.revoked_at.is_(None))
    return list(session.scalars(found.order_by(EarlyLink.id)))


def opened_by(session: Session, token: str) -> Opened:
    """Find what a link opens. Raises NotFound for one that is revoked, another museum's, or not ours, and for a draft."""
    row = session.execute(
        select(EarlyLink.id, Institution.slug.label("museum"), Campaign.slug, Campaign.state)
        .join(Campaign, Campaign.id == EarlyLink.campaign_id)
        .join(Institution, Institution.id == EarlyLink.institution_id)
        .where(
            EarlyLink.token_hash == digest(token),
            EarlyLink.revoked_at.is_(None),
            Campaign.state != CampaignState.DRAFT,
        )
    ).one_or_none()
    if row is None:
        raise NotFound
    return Opened(row.id, row.museum, row.slug, row.state)


def check_welcome(session: Session, campaign: Campaign, link_id: int | None = None) -> None:
    """Make sure that a gift is welcome now: the campaign is open, or a friend's link opens it before.

    Raises NotFound for a draft, else Conflict.
    """
    now = clock.now()
    if campaign.state == CampaignState.DRAFT:
        raise NotFound
    if is_open(campaign.state, campaign.opens_at, campaign.closes_at, now) or _welcomes(session, link_id, campaign):
        return
    early = campaign.state == CampaignState.SCHEDULED or (
        campaign.state == CampaignState.LIVE and now < campaign.opens_at
    )
    raise Conflict(NOT_OPEN_YET if early else CLOSED)


def _welcomes(session: Session, link_id: int | None, campaign: Campaign) -> bool:
    if link_id is None or campaign.state != CampaignState.SCHEDULED or clock.now() >= campaign.closes_at:
        return False
    link = session.get(EarlyLink, (museum_of(session), link_id))
    return link is not None and link.campaign_id == campaign.id and link.revoked_at is None
