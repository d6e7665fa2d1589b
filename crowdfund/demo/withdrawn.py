"""Tell how a campaign was withdrawn: its donors were asked, some chose another work, all the others got their money back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from crowdfund import clock, outbox
from crowdfund.closing import service as closing
from crowdfund.closing.settling import settle
from crowdfund.gifts import choices
from crowdfund.gifts import service as gifts
from crowdfund.gifts.models import Asking, Gift, GiftChoice, Refund
from crowdfund.gifts.rules import Wish
from crowdfund.receipts import service as receipts
from crowdfund.tenancy import OperatorScope, transaction


def tell(
    scope: OperatorScope, plan: dict[str, Any], campaign_id: int, target_id: int, at: datetime, zone: ZoneInfo
) -> None:
    """Withdraw a campaign at a moment (UTC) and ask its donors, for a week; then carry out what they chose.

    The donors of the first `moved` gifts chose the campaign `target_id`, the others did not answer.
    """
    last = at.astimezone(zone).date() + timedelta(days=closing.LEAST_DAYS)
    with clock.at(at), transaction(scope) as session:
        closing.withdraw(session, campaign_id, plan["reason"], words=plan["why"], until=last)
        asking_id = session.scalars(select(Asking.id).where(Asking.campaign_id == campaign_id)).one()
        after: int | None = 0
        while after is not None:
            after = choices.ask_about_some(session, asking_id, after)
        outbox.mark_told(session)
    with clock.at(at + timedelta(days=2)), transaction(scope) as session:
        for choice_id in _asked(session, campaign_id)[: plan["moved"]]:
            choices.answer(session, choice_id, Wish.MOVE, target_id)
        outbox.mark_told(session)
    with clock.at(at + timedelta(days=closing.LEAST_DAYS + 1)), transaction(scope) as session:
        asked = _asked(session, campaign_id)
        for choice_id in asked:
            settle(session, choice_id)
        for choice_id in asked:
            _follow(session, choice_id)
        outbox.mark_told(session)


def _asked(session: Session, campaign_id: int) -> list[int]:
    """List the questions about a campaign's gifts, the oldest gift first."""
    found = (
        select(GiftChoice.id)
        .join(Gift, Gift.id == GiftChoice.gift_id)
        .where(Gift.campaign_id == campaign_id)
        .order_by(Gift.id)
    )
    return list(session.scalars(found))


def _follow(session: Session, choice_id: int) -> None:
    """Give the money back by hand, as history is, and bring the receipts in line."""
    gift_id = session.scalars(select(GiftChoice.gift_id).where(GiftChoice.id == choice_id)).one()
    for refund_id in session.scalars(select(Refund.id).where(Refund.gift_id == gift_id, Refund.kind == "refund")):
        gifts.clear_refund(session, refund_id)
    for moved_id in session.scalars(select(Gift.id).where(Gift.moved_from_id == gift_id)):
        receipts.issue(session, moved_id)
    receipts.follow(session, gift_id)
