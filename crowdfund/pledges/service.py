"""Take pledges, and follow them until the money has come or will not come."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from flask import current_app
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from config import Config
from crowdfund import clock
from crowdfund.campaigns import service as campaigns
from crowdfund.campaigns.early import check_welcome
from crowdfund.campaigns.models import Reward
from crowdfund.campaigns.rules import is_offered
from crowdfund.donors import service as donors
from crowdfund.donors.rules import DonorDetails
from crowdfund.errors import Conflict, NotFound, Refusal
from crowdfund.i18n import N_
from crowdfund.links import digest, token_for
from crowdfund.money import Money
from crowdfund.outbox import publish
from crowdfund.pledges import groups, wall
from crowdfund.pledges.models import Pledge
from crowdfund.pledges.rules import (
    NO_SUCH_REWARD,
    REWARD_GONE,
    PledgeRequest,
    PledgeState,
    RewardState,
    Wall,
    can_become,
    check_amount,
    check_reward_price,
)
from crowdfund.tenancy import museum_of

HELD = N_("Money has come for this gift and the museum is looking at it. Please do not pay again.")
GONE_MEANWHILE = N_("The reward you chose has gone in the meantime. You can give again with another one, or with none.")


def make_pledge(session: Session, request: PledgeRequest) -> Pledge:
    """Take a pledge, claim its reward and say `pledge.made`. The same attempt again gives the first pledge, unchanged.

    Holds the attempt until the transaction ends, so that a double click makes one. Refuses with 404 (no such campaign
    or reward), 409 (the campaign is not open, the reward has gone) or 422 (the amount).
    """
    first = pledge_of_attempt(session, request)
    if first is not None:
        return first
    campaign = campaigns.campaign_of(session, request.campaign_id)
    check_welcome(session, campaign, request.early_link_id)
    if request.amount.currency != campaign.currency:
        raise ValueError(f"campaign {campaign.id} is kept in {campaign.currency}")
    check_amount(request.amount, campaign.minimum)
    reward = _chosen_reward(session, request)
    donor = donors.find_or_add(session, request.donor)
    for kind, wording in request.consents.items():
        donors.record_consent(
            session, donor.id, kind, wording=wording, locale=request.donor.locale, source=request.source
        )
    group = groups.find_group(session, campaign.id, request.group) if request.group else None
    pledge = _new_pledge(session, request, donor.id, group.id if group else None)
    pledge.told = donors.news_of(donor, request.donor)
    if reward is not None:
        _take_reward(session, pledge, reward, waived=request.waive_reward)
    session.add(pledge)
    session.flush()  # for its id
    publish(session, "pledge.made", key=str(pledge.id), pledge_id=pledge.id)
    return pledge


def pledge_of_attempt(session: Session, request: PledgeRequest) -> Pledge | None:
    """Find what an attempt has made already; holds the attempt until the transaction ends."""
    key = (request.attempt.int ^ museum_of(session)) & (2**63 - 1)
    session.execute(select(func.pg_advisory_xact_lock(key)))
    return session.scalars(select(Pledge).where(Pledge.attempt == request.attempt)).one_or_none()


def _chosen_reward(session: Session, request: PledgeRequest) -> Reward | None:
    """Find the reward asked for. Another campaign's, another museum's and none at all are one 404."""
    if request.reward_id is None:
        return None
    reward = campaigns.reward_of(session, request.reward_id)
    if reward is None or reward.campaign_id != request.campaign_id or reward.state == "draft":
        raise Refusal(NO_SUCH_REWARD, field="reward", status=404)
    if not request.waive_reward:
        if not is_offered(reward.state, reward.available_from, reward.available_until, clock.now()):
            raise Refusal(REWARD_GONE, field="reward", status=409)
        check_reward_price(request.amount, Money(reward.price_minor, reward.currency))
    return reward


def _new_pledge(session: Session, request: PledgeRequest, donor_id: int, group_id: int | None) -> Pledge:
    cover = request.cover
    return Pledge(
        attempt=request.attempt,
        token_hash=digest(token_for(_secret(), "gift", museum_of(session), str(request.attempt))),
        campaign_id=request.campaign_id,
        donor_id=donor_id,
        state=PledgeState.MADE,
        amount_minor=(request.amount + cover).minor,
        cover_minor=cover.minor,
        currency=request.amount.currency,
        method=request.method,
        reward_state=RewardState.NONE,
        wants_receipt=request.wants_receipt,
        fallback=request.fallback,
        locale=request.donor.locale,
        wall=request.wall if group_id is None else Wall.ANONYMOUS,  # the group stands there for all
        wall_name=request.wall_name or None,
        message=request.message or None,
        dedication_kind=request.dedication_kind or None,
        dedication_name=request.dedication_name or None,
        dedication_email=request.dedication_email or None,
        channel=request.channel or None,
        early_link_id=request.early_link_id,
        group_id=group_id,
    )


def _take_reward(session: Session, pledge: Pledge, reward: Reward, *, waived: bool) -> None:
    """Claim the reward for a new pledge, or note that it is waived: then the whole gift is receiptable."""
    pledge.reward_id = reward.id
    if waived:
        pledge.reward_state = RewardState.WAIVED
        return
    if not campaigns.claim_reward(session, reward.id):
        raise Refusal(REWARD_GONE, field="reward", status=409)
    pledge.reward_state = RewardState.CLAIMED
    pledge.counterpart_minor = 0 if reward.symbolic else reward.fair_value_minor


def fulfil(session: Session, pledge_id: int) -> Pledge:
    """Note that the money has come: the pledge is paid, whatever it had become, and its donor is on the wall.

    A reward set free meanwhile is claimed again, or marked unavailable when the last one has gone. Twice is once.
    """
    return fulfil_locked(session, pledge_of(session, pledge_id, lock=True))


def fulfil_locked(session: Session, pledge: Pledge) -> Pledge:
    """Fulfil a pledge that this transaction has locked already."""
    fulfil_all(session, {pledge: clock.now()})
    return pledge


def fulfil_all(session: Session, paid: Mapping[Pledge, datetime]) -> None:
    """Fulfil pledges that this transaction has locked already, each at the moment (UTC) when its money came."""
    due = {pledge: moment for pledge, moment in paid.items() if pledge.state != PledgeState.PAID}
    for pledge, moment in due.items():
        if pledge.reward_state == RewardState.RELEASED and not _reclaim(session, pledge):
            pledge.reward_state = RewardState.UNAVAILABLE
            pledge.counterpart_minor = 0
        _close(pledge, PledgeState.PAID)
        pledge.closed_at, pledge.held_at = moment, None
        _take_over(session, pledge)
        publish(session, "pledge.paid", key=str(pledge.id), pledge_id=pledge.id)
    wall.write_entries(session, due)


def _take_over(session: Session, pledge: Pledge) -> None:
    """Let what the donor told anew count, now that it is paid for."""
    if pledge.told is None:
        return
    donor = donors.donor_of(session, pledge.donor_id)
    if donor.erased_at is None:
        donors.update_details(session, donor, DonorDetails(**pledge.told))
    pledge.told = None


def _reclaim(session: Session, pledge: Pledge) -> bool:
    if pledge.reward_id is None or not campaigns.claim_reward(session, pledge.reward_id):
        return False
    pledge.reward_state = RewardState.CLAIMED
    return True


def _close(pledge: Pledge, state: PledgeState) -> None:
    if not can_become(pledge.state, state):
        raise ValueError(f"pledge {pledge.id} cannot go from {pledge.state} to {state}")
    pledge.state = state
    pledge.closed_at = clock.now()


def promise(session: Session, pledge_id: int) -> Pledge:
    """Note that a means of payment is saved: nothing is taken before the campaign has met its condition."""
    pledge = pledge_of(session, pledge_id, lock=True)
    _close(pledge, PledgeState.PROMISED)
    pledge.closed_at = None
    wall.write_entry(session, pledge)
    return pledge


def expire(session: Session, pledge_id: int) -> Pledge:
    """Note that the money did not come in time, and free the reward. What is paid, held or ended stays as it is."""
    pledge = pledge_of(session, pledge_id, lock=True)
    if pledge.held_at is None and can_become(pledge.state, PledgeState.EXPIRED):
        _end(session, pledge, PledgeState.EXPIRED)
        publish(session, "pledge.expired", key=f"{pledge.id}:{clock.now().isoformat()}", pledge_id=pledge.id)
    return pledge


def cancel(session: Session, pledge_id: int) -> Pledge:
    """Note that the donor withdrew, and free the reward. What is paid or ended stays as it is."""
    pledge = pledge_of(session, pledge_id, lock=True)
    if can_become(pledge.state, PledgeState.CANCELLED):
        _end(session, pledge, PledgeState.CANCELLED)
        publish(session, "pledge.cancelled", key=str(pledge.id), pledge_id=pledge.id)
    return pledge


def _end(session: Session, pledge: Pledge, state: PledgeState) -> None:
    _close(pledge, state)
    pledge.told = None
    if pledge.reward_state == RewardState.CLAIMED and pledge.reward_id is not None:
        campaigns.release_reward(session, pledge.reward_id)
        pledge.reward_state = RewardState.RELEASED
    session.flush()


def reopen(session: Session, pledge_id: int) -> Pledge:
    """Let the donor of an unpaid pledge try again. An open one stays as it is.

    Raises Conflict when the campaign is over, the reward has gone, or the pledge is paid or cancelled.
    """
    pledge = pledge_of(session, pledge_id, lock=True)
    if pledge.state == PledgeState.PAID:
        raise Conflict(N_("This gift has been paid already."))
    if pledge.held_at is not None:
        raise Conflict(HELD)
    check_welcome(session, campaigns.campaign_of(session, pledge.campaign_id), pledge.early_link_id)
    if pledge.state == PledgeState.MADE:
        return pledge
    if not can_become(pledge.state, PledgeState.MADE):
        raise Conflict(N_("This gift was cancelled. You can give again on the campaign’s page."))
    if pledge.reward_state == RewardState.RELEASED and not _reclaim(session, pledge):
        raise Conflict(GONE_MEANWHILE)
    pledge.state = PledgeState.MADE
    pledge.closed_at = None
    pledge.reopened_at = clock.now()
    publish(session, "pledge.reopened", key=f"{pledge.id}:{clock.now().isoformat()}", pledge_id=pledge.id)
    return pledge


def pledge_of(session: Session, pledge_id: int, *, lock: bool = False) -> Pledge:
    """Find a pledge of the museum; `lock` holds it until the transaction ends. Raises NotFound."""
    found = select(Pledge).where(Pledge.id == pledge_id)
    if lock:
        found = found.with_for_update(key_share=True).execution_options(populate_existing=True)
    pledge = session.scalars(found).one_or_none()
    if pledge is None:
        raise NotFound
    return pledge


def lock_pledges(session: Session, pledge_ids: Collection[int]) -> dict[int, Pledge]:
    """Lock pledges of the museum until the transaction ends, in the order of their ids. Raises NotFound if one lacks."""
    if not pledge_ids:
        return {}
    found = select(Pledge).where(Pledge.id.in_(pledge_ids)).order_by(Pledge.id).with_for_update(key_share=True)
    locked = {pledge.id: pledge for pledge in session.scalars(found.execution_options(populate_existing=True))}
    if len(locked) < len(set(pledge_ids)):
        raise NotFound
    return locked


def gift_token(pledge: Pledge) -> str:
    """Give the token that opens the page of this pledge's gift."""
    return token_for(_secret(), "gift", pledge.institution_id, str(pledge.attempt))


def pledge_by_token(session: Session, token: str) -> Pledge:
    """Find the pledge that a token opens. Raises NotFound, whatever is wrong with the token."""
    pledge = session.scalars(select(Pledge).where(Pledge.token_hash == digest(token))).one_or_none()
    if pledge is None:
        raise NotFound
    return pledge


def _secret() -> str:
    config: Config = current_app.extensions["config"]
    return config.secret_key
