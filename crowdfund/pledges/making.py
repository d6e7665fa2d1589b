"""Make pledges: one of a giving form, or a whole history at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from config import Config
from crowdfund import clock
from crowdfund.campaigns import service as campaigns
from crowdfund.campaigns.early import check_welcome
from crowdfund.campaigns.models import Reward
from crowdfund.campaigns.pieces import take_piece
from crowdfund.campaigns.rules import is_offered
from crowdfund.database import hold
from crowdfund.donors import service as donors
from crowdfund.donors.models import Donor
from crowdfund.errors import Refusal
from crowdfund.links import digest, token_for
from crowdfund.money import Money
from crowdfund.outbox import publish
from crowdfund.pledges import groups, references
from crowdfund.pledges.models import Pledge
from crowdfund.pledges.rules import (
    ANNOUNCED,
    NO_SUCH_REWARD,
    REWARD_GONE,
    PledgeRequest,
    PledgeState,
    RewardState,
    Wall,
    check_amount,
    check_reward_price,
)
from crowdfund.tenancy import museum_of

# A request, and the moment (UTC) at which it is made.
Asked = tuple[PledgeRequest, datetime]


def make_pledge(session: Session, request: PledgeRequest) -> Pledge:
    """Take a pledge, claim its reward and say `pledge.made`. The same attempt again gives the first pledge, unchanged.

    Holds the attempt until the transaction ends, so that a double click makes one. Refuses with 404 (no such campaign
    or reward), 409 (the campaign is not open, the reward has gone) or 422 (the amount).
    """
    return make_pledges(session, [(request, clock.now())])[0]


def make_pledges(session: Session, asked: Sequence[Asked]) -> list[Pledge]:
    """Take several pledges, each as `make_pledge` does at its moment, in few rounds to the database.

    One that is refused refuses all: the caller's transaction must end with it.
    """
    made = _of_attempts(session, [request for request, _moment in asked])
    news: dict[UUID, Asked] = {}
    for one in asked:
        if one[0].attempt not in made:
            news.setdefault(one[0].attempt, one)
    if news:
        made |= {pledge.attempt: pledge for pledge in _make(session, list(news.values()))}
    return [made[request.attempt] for request, _moment in asked]


def _of_attempts(session: Session, requests: Sequence[PledgeRequest]) -> dict[UUID, Pledge]:
    """Find what attempts have made already; holds them, and their donors' addresses, until the transaction ends."""
    attempts = {request.attempt for request in requests}
    keys = {(attempt.int ^ museum_of(session)) & (2**63 - 1) for attempt in attempts}
    hold(session, keys | donors.keys_of(session, [request.donor for request in requests]))
    found = session.scalars(select(Pledge).where(Pledge.attempt.in_(attempts)))
    return {pledge.attempt: pledge for pledge in found}


def _make(session: Session, news: Sequence[Asked]) -> list[Pledge]:
    rewards = [_checked(session, request, moment) for request, moment in news]
    givers = donors.find_or_add_all(session, [(request.donor, moment) for request, moment in news])
    donors.record_consents(session, [
        donors.Said(donor_id=donor.id, kind=kind, wording=wording, locale=request.donor.locale, source=request.source, at=moment)
        for donor, (request, moment) in zip(givers, news, strict=True)
        for kind, wording in request.consents.items()
    ])  # fmt: skip
    made = [_new_pledge(session, *one, donor) for one, donor in zip(news, givers, strict=True)]
    _take_rewards(session, [
        (pledge, reward, request)
        for pledge, reward, (request, _moment) in zip(made, rewards, news, strict=True)
        if reward is not None
    ])  # fmt: skip
    _refer(session, made)
    session.add_all(made)
    session.flush()  # for their ids
    for pledge in made:
        with clock.at(pledge.created_at):
            publish(session, "pledge.made", key=str(pledge.id), pledge_id=pledge.id)
            if pledge.reference is not None:
                publish(session, "pledge.announced", key=str(pledge.id), pledge_id=pledge.id)
    return made


def _refer(session: Session, made: Sequence[Pledge]) -> None:
    """Give each pledge of money that comes by itself the reference it is known by."""
    announced = [pledge for pledge in made if pledge.method in ANNOUNCED]
    if not announced:
        return
    museum = museum_of(session)
    drawn = [references.draw_reference(secret(), museum, str(pledge.attempt)) for pledge in announced]
    rows = session.scalars(select(Pledge.reference).where(Pledge.reference.in_(drawn)))
    taken = {reference for reference in rows if reference is not None}
    for pledge in announced:
        pledge.reference = references.draw_reference(secret(), museum, str(pledge.attempt), taken)
        taken.add(pledge.reference)


def _checked(session: Session, request: PledgeRequest, moment: datetime) -> Reward | None:
    """Make sure that a pledge may be made, and give the reward it asks for."""
    campaign = campaigns.campaign_of(session, request.campaign_id)
    with clock.at(moment):
        check_welcome(session, campaign, request.early_link_id)
    if request.amount.currency != campaign.currency:
        raise ValueError(f"campaign {campaign.id} is kept in {campaign.currency}")
    check_amount(request.amount, campaign.minimum)
    return _chosen_reward(session, request, moment)


def _chosen_reward(session: Session, request: PledgeRequest, moment: datetime) -> Reward | None:
    """Find the reward asked for. Another campaign's, another museum's and none at all are one 404."""
    if request.reward_id is None:
        return None
    reward = campaigns.reward_of(session, request.reward_id)
    if reward is None or reward.campaign_id != request.campaign_id or reward.state == "draft":
        raise Refusal(NO_SUCH_REWARD, field="reward", status=404)
    if not request.waive_reward:
        if not is_offered(reward.state, reward.available_from, reward.available_until, moment):
            raise Refusal(REWARD_GONE, field="reward", status=409)
        check_reward_price(request.counted, Money(reward.price_minor, reward.currency))
    return reward


def _new_pledge(session: Session, request: PledgeRequest, moment: datetime, donor: Donor) -> Pledge:
    cover = request.cover
    group = groups.find_group(session, request.campaign_id, request.group) if request.group else None
    return Pledge(
        attempt=request.attempt,
        token_hash=digest(token_for(secret(), "gift", museum_of(session), str(request.attempt))),
        campaign_id=request.campaign_id,
        donor_id=donor.id,
        state=PledgeState.MADE,
        amount_minor=(request.amount + cover).minor,
        cover_minor=cover.minor,
        currency=request.amount.currency,
        method=request.method,
        reward_state=RewardState.NONE,
        counterpart_minor=0,
        wants_receipt=request.wants_receipt,
        fallback=request.fallback,
        locale=request.donor.locale,
        wall=request.wall if group is None else Wall.ANONYMOUS,  # the group stands there for all
        wall_name=request.wall_name or None,
        wall_town=request.wall_town or None,
        message=request.message or None,
        dedication_kind=request.dedication_kind or None,
        dedication_name=request.dedication_name or None,
        dedication_email=request.dedication_email or None,
        channel=request.channel or None,
        early_link_id=request.early_link_id,
        group_id=group.id if group else None,
        tops_up_id=request.tops_up.pledge_id if request.tops_up else None,
        told=donors.news_of(donor, request.donor),
        created_at=moment,
    )


def _take_rewards(session: Session, chosen: Sequence[tuple[Pledge, Reward, PledgeRequest]]) -> None:
    """Claim rewards for new pledges, or note that they are waived: then the whole gift is receiptable."""
    wanted: Counter[tuple[int, int]] = Counter()
    for pledge, reward, request in chosen:
        pledge.reward_id = reward.id
        if request.waive_reward:
            pledge.reward_state = RewardState.WAIVED
            continue
        wanted[reward.campaign_id, reward.id] += 1
        pledge.reward_state = RewardState.CLAIMED
        before = request.tops_up.counterpart.minor if request.tops_up else 0  # it takes the place of what came for that
        pledge.counterpart_minor = 0 if reward.symbolic else max(0, reward.fair_value_minor - before)
    for (_campaign_id, reward_id), count in sorted(wanted.items()):
        if not campaigns.claim_reward(session, reward_id, count):
            raise Refusal(REWARD_GONE, field="reward", status=409)
    for pledge, reward, request in chosen:
        if pledge.reward_state == RewardState.CLAIMED or request.piece_id is not None:
            pledge.piece_id = take_piece(session, reward.id, request.piece_id)


def secret() -> str:
    """Give the secret from which the tokens of gifts are drawn."""
    config: Config = current_app.extensions["config"]
    return config.secret_key
