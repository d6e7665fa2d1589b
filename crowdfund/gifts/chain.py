"""A gift and what was added to it: the sum of all of them decides which reward they earn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from crowdfund.campaigns.models import Reward
from crowdfund.gifts.models import Gift
from crowdfund.gifts.rules import GIVEN_BACK
from crowdfund.money import Money
from crowdfund.pledges import service as pledges
from crowdfund.pledges.models import Pledge
from crowdfund.pledges.rules import PledgeState, RewardState


@dataclass(frozen=True, slots=True)
class Chain:
    """What was given together and is kept, without the covers of fees; the fair value and the price of what it earned."""

    given: Money
    counterpart: Money
    earned: Money  # the price of the highest reward that is claimed; nothing without one


def chain_of(session: Session, pledge: Pledge, *, before: int | None = None) -> Chain:
    """Add up a pledge and all that tops it up in its campaign; with `before`, only the gifts of earlier pledges."""
    first = pledge.tops_up_id or pledge.id
    rows = session.execute(
        select(Pledge, Gift, Reward.price_minor)
        .join(Gift, Gift.pledge_id == Pledge.id)
        .outerjoin(Reward, Reward.id == Pledge.reward_id)
        .where(
            or_(Pledge.id == first, Pledge.tops_up_id == first),
            Pledge.state == PledgeState.PAID,
            Gift.campaign_id == pledge.campaign_id,
            Gift.state.not_in(GIVEN_BACK),
        )
    ).all()
    rows = [row for row in rows if before is None or row[0].id < before]
    nothing = Money(0, pledge.currency)
    return Chain(
        given=sum(
            (max(nothing, gift.kept - Money(one.cover_minor, one.currency)) for one, gift, _price in rows), nothing
        ),
        counterpart=sum((Money(gift.counterpart_minor, gift.currency) for _one, gift, _price in rows), nothing),
        earned=max(
            (Money(price, one.currency) for one, _gift, price in rows if one.reward_state == RewardState.CLAIMED),
            default=nothing,
        ),
    )


def of_the_first(session: Session, pledge: Pledge) -> dict[str, Any]:
    """Tell what a top-up shares with the gift it adds to: to whom it is dedicated, and what they come to in all."""
    first = pledges.first_in_chain(session, pledge)
    return {
        "dedication": first.dedication_kind or "",
        "dedicated_to": first.dedication_name or "",
        "in_all": chain_of(session, pledge).given if first is not pledge else None,
    }
