"""Take pledges, and follow them until the money has come or will not come."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from crowdfund import clock
from crowdfund.campaigns import service as campaigns
from crowdfund.campaigns.early import check_welcome
from crowdfund.campaigns.pieces import free_piece, take_piece
from crowdfund.donors import service as donors
from crowdfund.donors.rules import DonorDetails
from crowdfund.errors import Conflict, NotFound, Refusal
from crowdfund.i18n import N_
from crowdfund.links import digest, token_for
from crowdfund.outbox import publish
from crowdfund.pledges import wall
from crowdfund.pledges.making import make_pledge, make_pledges, secret
from crowdfund.pledges.models import Pledge
from crowdfund.pledges.rules import (
    PledgeState,
    RewardState,
    can_become,
)

__all__ = [
    "cancel",
    "earlier_in_chain",
    "exchange_rewards",
    "expire",
    "first_in_chain",
    "fulfil",
    "fulfil_all",
    "fulfil_locked",
    "gift_token",
    "give_up_reward",
    "lock_pledges",
    "make_pledge",
    "make_pledges",
    "pledge_by_token",
    "pledge_of",
    "promise",
    "promise_all",
    "reopen",
    "take_up_reward",
]  # fmt: skip

# A donor whose payment did not go through is mostly trying again: nobody writes to them meanwhile.
RETRIED_WITHIN = timedelta(hours=1)
HELD = N_("Money has come for this gift and the museum is looking at it. Please do not pay again.")
GONE_MEANWHILE = N_("The reward you chose has gone in the meantime. You can give again with another one, or with none.")


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
    _take_over(session, [pledge for pledge in due if pledge.told is not None])
    for pledge, moment in due.items():
        if pledge.reward_state == RewardState.RELEASED and not _reclaim(session, pledge):
            pledge.reward_state, pledge.piece_id = RewardState.UNAVAILABLE, None
            pledge.counterpart_minor = 0
        _close(pledge, PledgeState.PAID)
        pledge.closed_at, pledge.held_at = moment, None
        publish(session, "pledge.paid", key=str(pledge.id), pledge_id=pledge.id)
        if pledge.tops_up_id is not None and pledge.reward_id is not None:
            publish(session, "pledge.topped_up", key=str(pledge.id), pledge_id=pledge.id)
    wall.write_entries(session, due)


def _take_over(session: Session, paid: Collection[Pledge]) -> None:
    """Let what the donors told anew count, now that it is paid for; of one who gave twice the later counts."""
    known = donors.donors_of(session, {pledge.donor_id for pledge in paid})
    for pledge in paid:
        donor = known[pledge.donor_id]
        if donor.erased_at is None:
            donors.take_over(donor, DonorDetails(**(pledge.told or {})))
        pledge.told = None


def _reclaim(session: Session, pledge: Pledge) -> bool:
    if pledge.reward_id is None or not campaigns.claim_reward(session, pledge.reward_id):
        return False
    try:
        pledge.piece_id = _piece_again(session, pledge.reward_id, pledge.piece_id)
    except Refusal:
        campaigns.release_reward(session, pledge.reward_id)
        return False
    pledge.reward_state = RewardState.CLAIMED
    return True


def _piece_again(session: Session, reward_id: int, piece_id: int | None) -> int | None:
    """Take the piece that was given free, or another one where somebody else has adopted it meanwhile."""
    try:
        return take_piece(session, reward_id, piece_id)
    except Refusal:
        return take_piece(session, reward_id)


def _close(pledge: Pledge, state: PledgeState) -> None:
    if not can_become(pledge.state, state):
        raise ValueError(f"pledge {pledge.id} cannot go from {pledge.state} to {state}")
    pledge.state = state
    pledge.closed_at = clock.now()


def promise(session: Session, pledge_id: int) -> Pledge:
    """Note that a means of payment is saved: nothing is taken before the campaign has met its condition."""
    pledge = pledge_of(session, pledge_id, lock=True)
    promise_all(session, {pledge: clock.now()})
    return pledge


def promise_all(session: Session, promised: Mapping[Pledge, datetime]) -> None:
    """Note the promises of pledges that this transaction has locked or made, each at its moment (UTC)."""
    for pledge in promised:
        _close(pledge, PledgeState.PROMISED)
        pledge.closed_at = None
    wall.write_entries(session, promised)


def expire(session: Session, pledge_id: int) -> Pledge:
    """Note that the money did not come in time, and free the reward. What is paid, held or ended stays as it is."""
    pledge = pledge_of(session, pledge_id, lock=True)
    if pledge.held_at is None and can_become(pledge.state, PledgeState.EXPIRED):
        _end(session, pledge, PledgeState.EXPIRED)
        key = f"{pledge.id}:{clock.now().isoformat()}"
        publish(session, "pledge.expired", key=key, delay=RETRIED_WITHIN, pledge_id=pledge.id)
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
    give_up_reward(session, pledge, RewardState.RELEASED)
    session.flush()


def give_up_reward(session: Session, pledge: Pledge, state: RewardState) -> None:
    """Give the reward of a locked pledge free, and its piece; `state` says why. One that has none stays as it is."""
    if pledge.piece_id is not None and pledge.reward_state in {RewardState.CLAIMED, RewardState.WAIVED}:
        free_piece(session, pledge.piece_id)
        if pledge.reward_state == RewardState.WAIVED:
            pledge.piece_id = None
    if pledge.reward_state == RewardState.CLAIMED and pledge.reward_id is not None:
        campaigns.release_reward(session, pledge.reward_id)
        pledge.reward_state = state


def take_up_reward(session: Session, pledge: Pledge) -> None:
    """Claim the reward of a locked, paid pledge again whose money came back; when it has gone, say so."""
    if pledge.reward_state == RewardState.RELEASED and not _reclaim(session, pledge):
        pledge.reward_state, pledge.piece_id = RewardState.UNAVAILABLE, None


def earlier_in_chain(session: Session, pledge_id: int) -> list[Pledge]:
    """Lock the paid pledges that a paid one tops up by its claimed reward; none where it does not."""
    newest = pledge_of(session, pledge_id)
    if newest.tops_up_id is None or newest.reward_id is None:
        return []
    chain = select(Pledge.id).where(or_(Pledge.id == newest.tops_up_id, Pledge.tops_up_id == newest.tops_up_id))
    locked = lock_pledges(session, session.scalars(chain).all())  # in the order of their ids, as everywhere
    if locked[pledge_id].reward_state != RewardState.CLAIMED or locked[pledge_id].state != PledgeState.PAID:
        return []
    return [one for one in locked.values() if one.id < pledge_id and one.state == PledgeState.PAID]


def first_in_chain(session: Session, pledge: Pledge) -> Pledge:
    """Give the pledge that a top-up adds to, itself when it adds to none: the wall, the dedication, the code are that one's."""
    return pledge if pledge.tops_up_id is None else pledge_of(session, pledge.tops_up_id)


def exchange_rewards(session: Session, pledge_id: int, before: Sequence[Pledge]) -> None:
    """Give up what locked pledges had earned before a top-up of them earned something higher. Twice is once."""
    newest = pledge_of(session, pledge_id)
    for pledge in before:
        give_up_reward(session, pledge, RewardState.EXCHANGED)
        pledge.piece_id = None
        wall.name_piece(session, pledge.id, newest.piece_id)
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
    return token_for(secret(), "gift", pledge.institution_id, str(pledge.attempt))


def pledge_by_token(session: Session, token: str) -> Pledge:
    """Find the pledge that a token opens. Raises NotFound, whatever is wrong with the token."""
    pledge = session.scalars(select(Pledge).where(Pledge.token_hash == digest(token))).one_or_none()
    if pledge is None:
        raise NotFound
    return pledge
