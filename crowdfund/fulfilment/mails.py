"""Write to donors about their reward."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.orm import Session

from crowdfund.campaigns.models import Reward
from crowdfund.fulfilment.models import Counterpart
from crowdfund.fulfilment.rules import CounterpartState
from crowdfund.gifts import mails
from crowdfund.gifts.models import Gift
from crowdfund.mail import Mail
from crowdfund.tenancy import museum_of


def reward_ready(session: Session, counterpart_id: int) -> Mail | None:
    """Say that a reward waits for its donor; None when it was given meanwhile, or nobody can be written to."""
    museum = museum_of(session)
    one = session.get_one(Counterpart, (museum, counterpart_id))
    gift = session.get_one(Gift, (museum, one.gift_id))
    whole = mails.around(session, one.campaign_id, one.donor_id, one.pledge_id)
    if whole is None or one.state != CounterpartState.READY:
        return None
    reward = session.get_one(Reward, (museum, one.reward_id))
    content = replace(
        mails.content("reward_ready", whole, gift.amount),
        reward=mails.in_their_words(whole, reward.title),
        fulfilment=reward.fulfilment,
        opening=mails.in_their_words(whole, whole.museum.opening),
    )
    return mails.written(content, whole)
