"""Make campaigns, open and close them, keep count of their rewards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any, TypeVar

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from crowdfund import audit, clock
from crowdfund.campaigns.binding import has_been_given_to
from crowdfund.campaigns.gate import check_gate
from crowdfund.campaigns.models import Artwork, Campaign, FundingSource, Reward, Stage
from crowdfund.campaigns.rules import TRANSITIONS, CampaignState, FundingModel, check_opening, closing_state
from crowdfund.errors import Conflict, NotFound
from crowdfund.i18n import N_
from crowdfund.ledger import service as ledger
from crowdfund.outbox import publish
from crowdfund.tenancy import museum_of

Texts = Mapping[str, str]
Row = TypeVar("Row", Artwork, Campaign, Reward, FundingSource, Stage)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtworkDetails:
    """A work as its museum describes it. Texts are `{locale: text}`, the price is in minor units."""

    title: Texts
    maker: Texts
    dated: Texts
    technique: Texts
    seller: Texts
    provenance: Texts
    currency: str
    price_minor: int | None = None
    image: str | None = None
    image_width: int | None = None
    image_height: int | None = None
    image_alt: Texts = field(default_factory=dict)
    parts: int | None = None
    part_images: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignDetails:
    """A campaign as its museum plans it. Texts are `{locale: text}`, amounts are minor units, moments are UTC."""

    code: str
    slug: str
    artwork_id: int
    issuer_id: int
    kind: str
    currency: str
    minimum_minor: int
    suggested_minor: Sequence[int]
    opens_at: datetime
    closes_at: datetime
    title: Texts
    summary: Texts
    story: Mapping[str, Any]
    fallback: Texts
    surplus: Texts
    goal_minor: int | None = None
    funding_model: str = FundingModel.KEEP
    threshold_minor: int | None = None
    tax_regime: str | None = None
    art_bonus_id: str | None = None
    budget: Sequence[Mapping[str, Any]] = ()
    timeline: Sequence[Mapping[str, Any]] = ()
    joint_code: str | None = None
    joint_share: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RewardDetails:
    """A reward as its museum offers it. Amounts are minor units of the campaign's currency."""

    position: int
    title: Texts
    description: Texts
    price_minor: int
    fair_value_minor: int
    valued_on: date
    symbolic: bool
    fulfilment: str
    stock: int | None = None
    available_from: datetime | None = None
    available_until: datetime | None = None
    state: str = "offered"
    image: str | None = None


def add_artwork(session: Session, details: ArtworkDetails) -> Artwork:
    """Describe a work that is to be acquired."""
    return _added(session, Artwork(**_columns(details)))


def create_campaign(session: Session, details: CampaignDetails) -> Campaign:
    """Make a campaign in draft and open its fund in the books."""
    campaign = _added(session, Campaign(state=CampaignState.DRAFT, **_columns(details)))
    ledger.open_fund(session, campaign.id, campaign.code, campaign.issuer_id, campaign.currency)
    return campaign


def add_reward(session: Session, campaign_id: int, details: RewardDetails) -> Reward:
    """Offer a reward in a campaign."""
    campaign = campaign_of(session, campaign_id)
    return _added(session, Reward(campaign_id=campaign.id, currency=campaign.currency, **_columns(details)))


def add_source(
    session: Session, campaign_id: int, *, kind: str, label: Texts, amount_minor: int, certainty: str, position: int
) -> FundingSource:
    """Add a line to the financing plan: `certainty` is firm or conditional."""
    return _added(
        session,
        FundingSource(
            campaign_id=campaign_id,
            kind=kind,
            label=dict(label),
            amount_minor=amount_minor,
            certainty=certainty,
            position=position,
        ),
    )


def add_stage(session: Session, campaign_id: int, *, amount_minor: int, title: Texts, text: Texts) -> Stage:
    """Add a staged goal."""
    return _added(
        session, Stage(campaign_id=campaign_id, amount_minor=amount_minor, title=dict(title), text=dict(text))
    )


def _columns(details: Any) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(details).items()}


def _added(session: Session, row: Row) -> Row:
    session.add(row)
    session.flush()  # for its id
    return row


def campaign_of(session: Session, campaign_id: int, *, lock: bool = False) -> Campaign:
    """Find a campaign of the museum; `lock` holds it until the transaction ends. Raises NotFound."""
    lock_row = {"key_share": True} if lock else None
    campaign = session.get(
        Campaign, (museum_of(session), campaign_id), with_for_update=lock_row, populate_existing=lock
    )
    if campaign is None:
        raise NotFound
    return campaign


def _move(session: Session, campaign_id: int, state: CampaignState) -> Campaign:
    """Bring a campaign to another state. Raises Conflict where the table of transitions has no such way."""
    campaign = campaign_of(session, campaign_id, lock=True)
    if state not in TRANSITIONS[CampaignState(campaign.state)]:
        raise Conflict(N_("The campaign is no longer in a state that allows this."))
    campaign.state = state
    campaign.version = Campaign.version + 1
    session.flush()  # so that what follows reads the new state
    return campaign


def schedule_campaign(session: Session, campaign_id: int) -> Campaign:
    """Announce a campaign: it opens by itself at `opens_at`. Raises Conflict while anything on its checklist is missing."""
    campaign = campaign_of(session, campaign_id, lock=True)
    if campaign.state == CampaignState.DRAFT:
        check_gate(session, campaign)
    campaign = _move(session, campaign_id, CampaignState.SCHEDULED)
    publish(session, "campaign.scheduled", key=f"{campaign.id}:{campaign.version}", campaign_id=campaign.id)
    return campaign


def reschedule_campaign(session: Session, campaign_id: int, opens_at: datetime) -> Campaign:
    """Let a campaign that is not open yet open at another moment (UTC), between now and its end.

    Raises Conflict once it is open, Refusal for a moment that is past or after the end.
    """
    campaign = campaign_of(session, campaign_id, lock=True)
    if campaign.state not in {CampaignState.DRAFT, CampaignState.SCHEDULED}:
        raise Conflict(N_("The campaign is no longer in a state that allows this."))
    check_opening(opens_at, campaign.closes_at, clock.now())
    campaign.opens_at = opens_at
    campaign.version = Campaign.version + 1
    session.flush()
    return campaign


def take_back_campaign(session: Session, campaign_id: int) -> Campaign:
    """Make a scheduled campaign a draft again: nobody but the museum sees it. Raises Conflict for any other, or given to."""
    if has_been_given_to(session, campaign_id):
        raise Conflict(N_("Friends gave already: the campaign can be withdrawn, but it is no draft any more."))
    campaign = _move(session, campaign_id, CampaignState.DRAFT)
    audit.record(session, "campaign.taken_back", f"campaign:{campaign.id}")
    return campaign


def open_campaign(session: Session, campaign_id: int) -> Campaign:
    """Open a campaign: gifts are welcome from now on. Raises Conflict while anything on its checklist is missing."""
    campaign = campaign_of(session, campaign_id, lock=True)
    if campaign.state in {CampaignState.DRAFT, CampaignState.SCHEDULED}:
        check_gate(session, campaign)
    campaign = _move(session, campaign_id, CampaignState.LIVE)
    publish(session, "campaign.opened", key=str(campaign.id), campaign_id=campaign.id)
    return campaign


def close_campaign(session: Session, campaign_id: int) -> Campaign:
    """Close a campaign: it has succeeded when its fund holds the goal. Money on its way is still booked."""
    campaign = campaign_of(session, campaign_id, lock=True)
    received = ledger.received(session, campaign.code)
    campaign = _move(session, campaign_id, closing_state(received.minor, campaign.goal_minor))
    publish(session, "campaign.closed", key=str(campaign.id), campaign_id=campaign.id)
    return campaign


def withdraw_campaign(session: Session, campaign_id: int) -> Campaign:
    """Withdraw a campaign: the seller or the museum stepped back. Its page stays public."""
    campaign = _move(session, campaign_id, CampaignState.WITHDRAWN)
    publish(session, "campaign.withdrawn", key=str(campaign.id), campaign_id=campaign.id)
    return campaign


def due_campaigns(session: Session, now: datetime) -> tuple[list[int], list[int]]:
    """List the campaigns to open and those to close at this moment (UTC)."""
    opening = session.scalars(
        select(Campaign.id).where(Campaign.state == CampaignState.SCHEDULED, Campaign.opens_at <= now)
    )
    closing = session.scalars(
        select(Campaign.id).where(Campaign.state == CampaignState.LIVE, Campaign.closes_at <= now)
    )
    return list(opening), list(closing)


def touch(session: Session, campaign_id: int) -> None:
    """Say that something changed that the campaign's page shows. Holds its row until the transaction ends."""
    session.execute(
        update(Campaign)
        .where(Campaign.id == campaign_id)
        .values(version=Campaign.version + 1)
        .execution_options(synchronize_session=False)
    )


def reward_of(session: Session, reward_id: int) -> Reward | None:
    """Find a reward of the museum."""
    return session.get(Reward, (museum_of(session), reward_id))


def claim_reward(session: Session, reward_id: int, count: int = 1) -> bool:
    """Take `count` of a reward's stock, True when so many were left. Of two who ask for the last one exactly one gets it.

    The campaign's row is taken before the reward's, here and everywhere. A reward without stock is always there.
    """
    reward = reward_of(session, reward_id)
    if reward is None:
        return False
    if reward.stock is None:
        return True
    touch(session, reward.campaign_id)
    claimed = session.execute(
        update(Reward)
        .where(Reward.id == reward_id, Reward.claimed + count <= Reward.stock)
        .values(claimed=Reward.claimed + count)
        .returning(Reward.id)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    session.expire(reward, ["claimed"])
    return claimed is not None


def release_reward(session: Session, reward_id: int) -> None:
    """Put one back that was claimed."""
    reward = reward_of(session, reward_id)
    if reward is None or reward.stock is None:
        return
    touch(session, reward.campaign_id)
    session.execute(
        update(Reward)
        .where(Reward.id == reward_id)
        .values(claimed=func.greatest(0, Reward.claimed - 1))
        .execution_options(synchronize_session=False)
    )
    session.expire(reward, ["claimed"])
