"""Read what donors are asked when a purchase came to nothing: one donor's page, and how many have answered."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crowdfund import clock
from crowdfund.campaigns.models import Campaign, Reward
from crowdfund.campaigns.rules import CampaignState
from crowdfund.campaigns.texts import said
from crowdfund.campaigns.view import WorkCard
from crowdfund.closing.view import Asked, ChoicePage, Target
from crowdfund.gifts import choices, sums
from crowdfund.gifts.models import Asking, Gift, GiftChoice
from crowdfund.gifts.rules import Wish
from crowdfund.i18n import current_locale
from crowdfund.institutions.models import Institution
from crowdfund.money import Money
from crowdfund.pages.cards import card_of, card_statement
from crowdfund.pledges import service as pledges
from crowdfund.pledges.models import Pledge
from crowdfund.pledges.rules import RewardState, Wall
from crowdfund.tenancy import museum_of


def donors_asked(session: Session, campaign_id: int, time_zone: str) -> Asked | None:
    """Count the answers of a campaign's donors; None when they were not asked."""
    asking = session.scalars(select(Asking).where(Asking.campaign_id == campaign_id)).one_or_none()
    if asking is None:
        return None
    rows = session.execute(
        select(GiftChoice.wish, func.count(), func.count(GiftChoice.done_at))
        .where(GiftChoice.asking_id == asking.id)
        .group_by(GiftChoice.wish)
    ).all()
    wishes = Counter({wish: int(count) for wish, count, _done in rows})
    return Asked(
        until=choices.last_day(asking.until, time_zone),
        otherwise=asking.otherwise,
        questions=wishes.total(),
        refund=wishes[Wish.REFUND],
        move=wishes[Wish.MOVE],
        keep=wishes[Wish.KEEP],
        silent=wishes[None],
        done=sum(int(done) for _wish, _count, done in rows),
    )


def choice_page(session: Session, token: str) -> ChoicePage:
    """Read the question behind a token, its gift, and the works it may go to. Raises NotFound."""
    return question_page(session, choices.choice_by_token(session, token))


def question_page(session: Session, choice: GiftChoice) -> ChoicePage:
    """Read a question, its gift, and the works it may go to."""
    museum = session.get_one(Institution, choice.institution_id)
    gift = session.get_one(Gift, (choice.institution_id, choice.gift_id))
    asking = session.get_one(Asking, (choice.institution_id, choice.asking_id))
    campaign = session.get_one(Campaign, (choice.institution_id, gift.campaign_id))
    pledge = session.get(Pledge, (choice.institution_id, gift.pledge_id)) if gift.pledge_id is not None else None
    left = sums.left(gift) - sums.asked_for(session, gift)
    works = _works(session, choices.targets(session, campaign))
    chosen = session.get(Campaign, (choice.institution_id, choice.target_id)) if choice.target_id is not None else None
    home = museum.default_locale
    card = _card(session, campaign.id)
    return ChoicePage(
        museum=card.museum,
        title=card.title,
        url=card.url,
        gift_url=f"/{current_locale()}/gifts/{pledges.gift_token(pledge)}" if pledge is not None else "",
        withdrawn=campaign.state == CampaignState.WITHDRAWN,
        words=said(asking.words, home),
        amount=Money(left, gift.currency) if left > 0 else gift.amount,
        given_on=gift.gift_date,
        until=choices.last_day(choice.until, museum.time_zone),
        otherwise=choice.otherwise,
        answers=tuple(choices.answers(choice)),
        targets=works,
        answerable=choice.done_at is None and choice.until > clock.now() and left > 0,
        wish=choice.wish or "",
        heard=choice.heard or "",
        target_id=choice.target_id,
        target=said(chosen.title, home) if chosen is not None else "",
        outcome=choice.outcome or ("gone" if left <= 0 else ""),
        receipt=gift.wants_receipt and campaign.tax_regime is not None,
        reward=_reward(session, pledge, home),
        named=pledge is not None and pledge.wall not in {None, Wall.ANONYMOUS},
        dedicated_to=(pledge.dedication_name or "") if pledge is not None else "",
    )


def _works(session: Session, found: list[Campaign]) -> tuple[Target, ...]:
    return tuple(Target(one.id, _card(session, one.id), no_receipt=one.tax_regime is None) for one in found)


def _card(session: Session, campaign_id: int) -> WorkCard:
    museum = museum_of(session)
    row = session.execute(card_statement().where(Campaign.institution_id == museum, Campaign.id == campaign_id)).one()
    return card_of(row)


def _reward(session: Session, pledge: Pledge | None, home: str) -> str:
    if pledge is None or pledge.reward_id is None or pledge.reward_state != RewardState.CLAIMED:
        return ""
    return str(said(session.get_one(Reward, (pledge.institution_id, pledge.reward_id)).title, home))
