"""Show a donor on the wall as long as the campaign keeps something of what they gave."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from crowdfund import clock
from crowdfund.campaigns import service as campaigns
from crowdfund.donors import service as donors
from crowdfund.gifts.models import Gift
from crowdfund.gifts.rules import GIVEN_BACK
from crowdfund.outbox import publish
from crowdfund.plaques import keeping
from crowdfund.pledges import service as pledges
from crowdfund.pledges import wall
from crowdfund.pledges.models import Pledge
from crowdfund.pledges.rules import PledgeState, RewardState


def change_wall(
    session: Session, pledge_id: int, *, shown: str, name: str = "", message: str = "", town: str | None = None,
    dedication: bool | None = None,
) -> Pledge:  # fmt: skip
    """Change what the public sees of a donor, at the donor's wish; before payment it is only noted.

    `town` and whether the `dedication` stands beside the name stay as they are where they are None.

    It is only noted, too, for a gift of which nothing is kept: it shows when the money comes back. Raises NotFound for a
    donor who was erased.
    """
    pledge = pledges.pledge_of(session, pledge_id, lock=True)
    donors.known_donor(session, pledge.donor_id)
    if (pledge.wall, pledge.wall_name) != (shown, name or None):
        keeping.before_change(session, pledge)
    pledge.wall, pledge.wall_name, pledge.message = shown, name or None, message or None
    if town is not None:
        pledge.wall_town = town or None
    if dedication is not None:
        pledge.wall_dedication = dedication or not pledge.dedication_name
    session.flush()
    if pledge.state == PledgeState.PAID:
        show(session, pledge)
    publish(session, "wall.changed", key=f"{pledge.id}:{clock.now().isoformat()}", pledge_id=pledge.id)
    return pledge


def show(session: Session, pledge: Pledge) -> None:
    """Bring the wall in line with what is kept of a locked pledge's gift, and with its donor's choice."""
    if pledge.group_id is None:
        ours = Gift.pledge_id == pledge.id
    else:  # the group stands as long as anything is kept of what any of it gave
        ours = Gift.pledge_id.in_(select(Pledge.id).where(Pledge.group_id == pledge.group_id))
    kept_in = session.scalars(
        select(Gift.campaign_id).where(ours, Gift.state.not_in(GIVEN_BACK)).order_by(Gift.id.desc())
    ).all()
    here = pledge.campaign_id in kept_in
    if not here and pledge.reward_state == RewardState.WAIVED:
        pledges.give_up_reward(
            session, pledge, RewardState.WAIVED
        )  # the piece; a reward is freed with what is owed for it
    if here:
        wall.write_entry(session, pledge)
    elif pledge.group_id is not None:
        wall.remove_group(session, pledge.group_id)
    elif kept_in:  # moved to another work: the name goes with it
        wall.write_entry(session, pledge, kept_in[0])
        campaigns.touch(session, kept_in[0])
    else:
        wall.remove_entry(session, pledge.id)
    campaigns.touch(session, pledge.campaign_id)
