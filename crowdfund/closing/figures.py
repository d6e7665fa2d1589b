"""Count what is open of a campaign, and sum what it came to, from the gifts themselves."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from crowdfund.campaigns.models import Campaign, CampaignTotal, Reward
from crowdfund.closing.rules import Finding, Point
from crowdfund.closing.view import Counterpart, Figures, MethodSums
from crowdfund.desk.models import BankLine, Batch, Cheque, Count
from crowdfund.desk.rules import BatchState, CountState, LineState
from crowdfund.gifts.models import Dispute, Gift, GiftChoice, Refund
from crowdfund.gifts.rules import DisputeState, GiftState, Method, RefundState
from crowdfund.money import Money
from crowdfund.payments.models import QuarantinedCharge
from crowdfund.payments.rules import AsideState
from crowdfund.plaques.keeping import waits_for_signature
from crowdfund.pledges.models import Pledge
from crowdfund.pledges.rules import PledgeState, RewardState
from crowdfund.receipts.models import Receipt, ReceiptGift, ReceiptHold
from crowdfund.receipts.rules import ReceiptState

# What stays with the museum, and what went back.
KEPT = Gift.amount_minor - Gift.refunded_minor - Gift.lost_minor
GIVEN_BACK = Gift.refunded_minor + Gift.lost_minor


def findings(session: Session, campaign_id: int) -> tuple[Finding, ...]:
    """Count what is still open of a campaign, point by point."""
    mine = Gift.campaign_id == campaign_id
    asked = {
        Point.OPEN_PLEDGES: _count(Pledge).where(
            Pledge.campaign_id == campaign_id,
            Pledge.state.in_([PledgeState.MADE, PledgeState.PROMISED, PledgeState.DUE]),
        ),
        Point.SET_ASIDE: _count(QuarantinedCharge)
        .join(Pledge, Pledge.id == QuarantinedCharge.pledge_id)
        .where(
            Pledge.campaign_id == campaign_id,
            QuarantinedCharge.state.in_([AsideState.OPEN, AsideState.REFUNDING]),
        ),
        Point.REFUNDS: _count(Refund)
        .join(Gift, Gift.id == Refund.gift_id)
        .where(mine, Refund.state.in_([RefundState.REQUESTED, RefundState.PENDING])),
        Point.DISPUTES: _count(Dispute)
        .join(Gift, Gift.id == Dispute.gift_id)
        .where(mine, Dispute.state.in_([DisputeState.WARNING, DisputeState.OPEN])),
        # Where no charge is known, as in an imported history, the provider has nothing to tell.
        Point.FEES: _count(Gift).where(
            mine, Gift.method == Method.CARD, Gift.charge.is_not(None), Gift.fee_minor.is_(None)
        ),
        Point.CHOICES: _count(GiftChoice)
        .join(Gift, Gift.id == GiftChoice.gift_id)
        .where(mine, GiftChoice.done_at.is_(None)),
        Point.DESK_MONEY: _unapproved(campaign_id),
        Point.RECEIPTS: _count(ReceiptHold)
        .join(Gift, Gift.id == ReceiptHold.gift_id)
        .where(mine, ReceiptHold.released_at.is_(None), ReceiptHold.outcome == "hold"),
        Point.PLAQUE: waits_for_signature(campaign_id),
    }
    return tuple(Finding(point, session.scalar(statement) or 0) for point, statement in asked.items())


def _unapproved(campaign_id: int) -> Select[Any]:
    """Count what one person has matched or counted at the desk and nobody has approved."""
    lines = _count(BankLine).where(BankLine.campaign_id == campaign_id, BankLine.state == LineState.MATCHED)
    cheques = (
        _count(Cheque)
        .join(Batch, Batch.id == Cheque.batch_id)
        .where(Cheque.campaign_id == campaign_id, Batch.state.in_([BatchState.RECORDED, BatchState.COUNTED]))
    )
    counts = _count(Count).where(Count.campaign_id == campaign_id, Count.state == CountState.RECORDED)
    return select(lines.scalar_subquery() + cheques.scalar_subquery() + counts.scalar_subquery())


def _count(of: type) -> Select[Any]:
    return select(func.count()).select_from(of)


def figures(session: Session, campaign: Campaign) -> Figures:
    """Sum what a campaign came to, now. The total kept is its fund's balance."""
    currency = campaign.currency
    rows = session.execute(
        select(
            Gift.method,
            func.count(),
            func.sum(Gift.amount_minor),
            func.sum(GIVEN_BACK),
            func.sum(func.coalesce(Gift.fee_minor, 0)),
            func.sum(KEPT),
        )
        .where(Gift.campaign_id == campaign.id)
        .group_by(Gift.method)
        .order_by(func.sum(KEPT).desc(), Gift.method)
    ).all()
    by_method = tuple(_sums(row, currency) for row in rows)
    counted = session.execute(
        select(func.sum(CampaignTotal.supporters), func.sum(CampaignTotal.contributions)).where(
            CampaignTotal.campaign_id == campaign.id
        )
    ).one()
    receipts, receipted = _receipts(session, campaign.id)
    return Figures(
        by_method=by_method,
        total=_total(by_method, currency),
        supporters=int(counted[0] or 0),
        contributions=int(counted[1] or 0),
        median=_median(session, campaign),
        receipts=receipts,
        receipted=Money(receipted, currency),
        counterparts=_counterparts(session, campaign),
    )


def _sums(row: Any, currency: str) -> MethodSums:
    gross, given_back, fees, kept = (Money(int(one), currency) for one in row[2:])
    return MethodSums(row[0], row[1], gross, given_back, fees, kept)


def _total(parts: tuple[MethodSums, ...], currency: str) -> MethodSums:
    nothing = Money(0, currency)
    return MethodSums(
        "",
        sum(one.gifts for one in parts),
        sum((one.gross for one in parts), nothing),
        sum((one.given_back for one in parts), nothing),
        sum((one.fees for one in parts), nothing),
        sum((one.kept for one in parts), nothing),
    )


def _median(session: Session, campaign: Campaign) -> Money | None:
    """Give the gift in the middle, of people; boxes and tickets are many gifts in one and stay out."""
    middle = session.scalar(
        select(func.percentile_disc(0.5).within_group(Gift.amount_minor)).where(
            Gift.campaign_id == campaign.id,
            Gift.donor_id.is_not(None),
            Gift.state.not_in([GiftState.REFUNDED, GiftState.LOST]),
        )
    )
    return None if middle is None else Money(int(middle), campaign.currency)


def _receipts(session: Session, campaign_id: int) -> tuple[int, int]:
    """Count the receipts in force and sum what they state, in minor units."""
    found = session.execute(
        select(func.count(func.distinct(Receipt.id)), func.coalesce(func.sum(ReceiptGift.amount_minor), 0))
        .join(ReceiptGift, ReceiptGift.receipt_id == Receipt.id)
        .join(Gift, Gift.id == ReceiptGift.gift_id)
        .where(
            Gift.campaign_id == campaign_id,
            ReceiptGift.live,
            Receipt.state.in_([ReceiptState.ISSUED, ReceiptState.SUSPENDED]),
        )
    ).one()
    return int(found[0]), int(found[1])


def _counterparts(session: Session, campaign: Campaign) -> tuple[Counterpart, ...]:
    """Count what was promised in return, reward by reward: those of paid pledges that were not waived."""
    owed = (
        select(Pledge.reward_id, func.count().label("n"), func.sum(Pledge.counterpart_minor).label("value"))
        .where(
            Pledge.campaign_id == campaign.id,
            Pledge.state == PledgeState.PAID,
            Pledge.reward_state == RewardState.CLAIMED,
        )
        .group_by(Pledge.reward_id)
        .subquery()
    )
    rows = session.execute(
        select(Reward.title, owed.c.n, owed.c.value)
        .join(owed, owed.c.reward_id == Reward.id)
        .order_by(Reward.price_minor, Reward.id)
    )
    return tuple(Counterpart(title, n, Money(int(value), campaign.currency)) for title, n, value in rows)
