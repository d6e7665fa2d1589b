"""Write to donors whose work was not bought: what they may choose, and what became of their gift."""

from __future__ import annotations

from dataclasses import replace

from flask import current_app
from sqlalchemy.orm import Session

from config import Config
from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.rules import CampaignState
from crowdfund.gifts import choices, mails
from crowdfund.gifts.models import Asking, Gift, GiftChoice
from crowdfund.gifts.rules import Outcome, Wish
from crowdfund.mail import Mail
from crowdfund.money import Money
from crowdfund.tenancy import museum_of


def asked(session: Session, choice_id: int) -> Mail | None:
    """Ask a donor what becomes of a gift; None when it is dealt with, or nobody can be written to."""
    choice, gift, whole = _read(session, choice_id)
    if whole is None or choice.done_at is not None:
        return None
    asking = session.get_one(Asking, (choice.institution_id, choice.asking_id))
    base = mails.content("choice", whole, gift.amount)
    content = replace(
        base,
        given_at=gift.received_at,
        own_words=mails.in_their_words(whole, asking.words),
        change_url=_address(whole, choice),
        answer_by=choices.last_day(choice.until, whole.museum.time_zone),
        otherwise=choice.otherwise,
        withdrawn=whole.campaign.state == CampaignState.WITHDRAWN,
        gift_url=base.gift_url if whole.pledge is not None else _address(whole, choice),
    )
    return mails.written(content, whole)


def done(session: Session, choice_id: int) -> Mail | None:
    """Tell a donor that the gift was moved, or that the work chosen took no gifts any more; None for all else."""
    choice, gift, whole = _read(session, choice_id)
    if whole is None or choice.wish != Wish.MOVE or choice.outcome == Outcome.GONE or choice.target_id is None:
        return None
    target = session.get_one(Campaign, (choice.institution_id, choice.target_id))
    config: Config = current_app.extensions["config"]
    content = replace(
        mails.content("choice_done", whole, Money(gift.amount_minor, gift.currency)),
        given_at=gift.received_at,
        moved_to=mails.in_their_words(whole, target.title),
        moved_url=f"{config.public_url}/{whole.locale}/{whole.museum.slug}/{target.slug}/",
        otherwise=choice.outcome or "",
    )
    return mails.written(content, whole)


def _read(session: Session, choice_id: int) -> tuple[GiftChoice, Gift, mails.Around | None]:
    choice = session.get_one(GiftChoice, (museum_of(session), choice_id))
    gift = session.get_one(Gift, (choice.institution_id, choice.gift_id))
    return choice, gift, mails.around(session, gift.campaign_id, gift.donor_id, gift.pledge_id)


def _address(whole: mails.Around, choice: GiftChoice) -> str:
    config: Config = current_app.extensions["config"]
    return f"{config.public_url}/{whole.locale}/choices/{choices.choice_token(choice)}"
