"""Read what comes after a gift: the place among the supporters and on the wall, what it costs, the next reward, a card."""

from __future__ import annotations

from typing import Any

from flask import current_app
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from config import Config
from crowdfund import clock
from crowdfund.campaigns.models import Campaign, Reward
from crowdfund.campaigns.relief import net
from crowdfund.campaigns.rules import is_offered
from crowdfund.campaigns.texts import said
from crowdfund.donors.models import Donor
from crowdfund.gifts import cards
from crowdfund.gifts.chain import chain_of
from crowdfund.gifts.models import Gift
from crowdfund.gifts.rules import GiftState
from crowdfund.i18n import current_locale
from crowdfund.money import Money
from crowdfund.pages.view.gift import NextReward, ShareCard
from crowdfund.pledges.models import Pledge, WallEntry
from crowdfund.pledges.rules import RewardState


def share_card(pledge: Pledge, token: str) -> ShareCard:
    """Tell of a gift's card: where it is made, and where it stands once it is."""
    form = f"/{current_locale()}/gifts/{token}/share"
    if pledge.card_hash is None:
        return ShareCard(form)
    config: Config = current_app.extensions["config"]
    own = cards.card_token(pledge)
    wide, square = (f"/share/gifts/{own}.{shape}.{current_locale()}.png" for shape in ("wide", "square"))
    return ShareCard(
        form, f"{config.public_url}/{current_locale()}/cards/{own}", wide, square, shows_amount=pledge.card_amount
    )


def next_reward(session: Session, pledge: Pledge, home: str, more: str) -> NextReward | None:
    """Find the reward that a little more reaches: the next above what was earned, not further than what was given."""
    chain = chain_of(session, pledge)
    found = session.scalars(
        select(Reward)
        .where(
            Reward.campaign_id == pledge.campaign_id,
            Reward.state == "offered",
            Reward.price_minor > max(chain.earned.minor, chain.given.minor),
            or_(Reward.stock.is_(None), Reward.claimed < Reward.stock),
        )
        .order_by(Reward.price_minor, Reward.position)
    )
    reward = next(
        (one for one in found if is_offered(one.state, one.available_from, one.available_until, clock.now())), None
    )
    if reward is None or reward.price_minor > 2 * chain.given.minor:
        return None
    missing = Money(reward.price_minor, reward.currency) - chain.given
    return NextReward(said(reward.title, home), missing, f"{more}?reward={reward.id}")


def rank_of(session: Session, gift: Gift | None) -> int | None:
    """Count the supporters up to this one: who adds to a gift keeps their place."""
    if gift is None:
        return None
    earliest = select(func.min(Gift.id)).where(Gift.campaign_id == gift.campaign_id, Gift.donor_id == gift.donor_id)
    return session.scalar(
        select(func.count(Gift.donor_id.distinct())).where(
            Gift.campaign_id == gift.campaign_id,
            Gift.id <= earliest.scalar_subquery(),
            Gift.state.not_in((GiftState.REFUNDED, GiftState.LOST)),  # as the campaign's page counts its supporters
        )
    )


def on_the_wall(session: Session, pledge: Pledge) -> dict[str, Any]:
    """Tell what is on the wall: from when the name is shown, if it is not yet, and whether words wait for a reader."""
    entry = session.scalars(select(WallEntry).where(WallEntry.pledge_id == pledge.id)).one_or_none()
    if entry is None:
        return {}
    later = entry.shown_from if entry.shown_from > clock.now() else None
    return {"wall_from": later, "words_wait": bool(entry.message) and not entry.message_approved}


def is_wall_reward(session: Session, pledge: Pledge) -> bool:
    """Say whether the reward a pledge holds is its donor's name on the wall."""
    if pledge.reward_id is None or pledge.reward_state != RewardState.CLAIMED:
        return False
    return session.get_one(Reward, (pledge.institution_id, pledge.reward_id)).fulfilment == "wall"


def cost_after_tax(session: Session, pledge: Pledge, donor: Donor, gift: Gift | None) -> Money | None:
    """Tell what the gift costs after tax, where its receipt is wanted."""
    if gift is None or not gift.wants_receipt:
        return None
    campaign = session.get_one(Campaign, (pledge.institution_id, pledge.campaign_id))
    return net(gift.amount, campaign.tax_regime, donor.kind, gift.gift_date)
