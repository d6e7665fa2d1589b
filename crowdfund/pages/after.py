"""Read what a donor may do after a gift: reach the next reward, make a card to share."""

from __future__ import annotations

from flask import current_app
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from config import Config
from crowdfund import clock
from crowdfund.campaigns.models import Reward
from crowdfund.campaigns.rules import is_offered
from crowdfund.campaigns.texts import said
from crowdfund.gifts import cards
from crowdfund.gifts.chain import chain_of
from crowdfund.i18n import current_locale
from crowdfund.money import Money
from crowdfund.pages.view.gift import NextReward, ShareCard
from crowdfund.pledges.models import Pledge


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
