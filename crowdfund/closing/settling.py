"""Carry out what donors chose for their gifts when a purchase came to nothing, or what was said for those who did not."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from crowdfund.campaigns.models import Campaign
from crowdfund.fulfilment.models import Counterpart
from crowdfund.fulfilment.rules import CounterpartState
from crowdfund.gifts import choices, sums
from crowdfund.gifts import service as gifts
from crowdfund.gifts.models import Gift, GiftChoice
from crowdfund.gifts.rules import GiftState, Outcome, Wish
from crowdfund.money import Money


def settle(session: Session, choice_id: int) -> None:
    """Give one gift back, move it, or leave it, as its donor chose; once, however often it is called. Locks the question.

    A work that takes no gifts any more is no longer chosen: then what was said for those who do not answer holds. A gift
    whose bank asks about the payment waits for the bank.
    """
    choice = choices.locked_choice(session, choice_id)
    if choice.done_at is not None:
        return
    gift = sums.locked(session, choice.gift_id)
    if gift.state == GiftState.DISPUTED:
        return
    left = sums.left(gift) - sums.asked_for(session, gift)
    wish = Wish(choice.wish or choice.otherwise)
    if left <= 0:
        choices.conclude(session, choice, Outcome.GONE)
        return
    if wish == Wish.MOVE and not _takes_it(session, choice, gift):
        wish = Wish(choice.otherwise)
    choices.conclude(session, choice, Outcome(wish))
    # The books and the trail come last: everybody locks in this order.
    if wish == Wish.MOVE and choice.target_id is not None:
        received = gift.counterpart_minor if _handed_over(session, gift) else 0
        gifts.move_gift(session, gift.id, choice.target_id, choice.key, counterpart_minor=received)
    elif wish == Wish.REFUND:
        gifts.request_refund(session, gift.id, Money(left, gift.currency), "purchase_failed", choice.key)


def _takes_it(session: Session, choice: GiftChoice, gift: Gift) -> bool:
    if choice.target_id is None:
        return False
    target = session.get_one(Campaign, (choice.institution_id, choice.target_id))
    return choices.takes(target, session.get_one(Campaign, (choice.institution_id, gift.campaign_id)))


def _handed_over(session: Session, gift: Gift) -> bool:
    """Say whether the donor holds the reward of a gift already."""
    given = select(Counterpart.id).where(
        Counterpart.gift_id == gift.id, Counterpart.state == CounterpartState.HANDED_OVER
    )
    return session.scalars(given).first() is not None
