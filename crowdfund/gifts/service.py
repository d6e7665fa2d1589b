"""Receive gifts, give money back, bear disputes: the only writer of gifts and of their sums."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crowdfund import outbox
from crowdfund.campaigns.models import Campaign
from crowdfund.gifts import postings, sums
from crowdfund.gifts.disputes import record_dispute
from crowdfund.gifts.models import Gift
from crowdfund.gifts.moves import move_gift
from crowdfund.gifts.refunds import clear_refund, record_refund, refuse_refund, request_refund
from crowdfund.gifts.reports import DisputeReported, FeeReported, MoneyReceived, RefundReported
from crowdfund.gifts.rules import GiftState, Method
from crowdfund.institutions.models import Issuer
from crowdfund.money import Money
from crowdfund.pledges import service as pledges
from crowdfund.pledges.models import Pledge
from crowdfund.pledges.rules import PledgeState, RewardState
from crowdfund.tax.dates import GiftDate, gift_date
from crowdfund.tenancy import museum_of

__all__ = [
    "DisputeReported",
    "FeeReported",
    "MoneyReceived",
    "RefundReported",
    "clear_refund",
    "move_gift",
    "receive_gift",
    "record_dispute",
    "record_fee",
    "record_refund",
    "refuse_refund",
    "request_refund",
]

# What the law calls our means of payment; tickets and boxes are dated when they are counted.
LAW_METHODS = {
    Method.CARD: "card",
    Method.BANK_TRANSFER: "bank_transfer",
    Method.CHEQUE: "cheque",
    Method.CASH: "cash",
    Method.BOX: "box",
    Method.TICKET: "box",
}


def receive_gift(session: Session, money: MoneyReceived) -> Gift:
    """Book money that has come in, and fulfil its pledge. The same reference again gives the first gift.

    Locks the pledge. Publishes `gift.received`. The caller compares the charge of the gift it gets with its own:
    another charge means that the pledge was paid twice.
    """
    pledge = _locked_pledge(session, money.pledge_id)
    known = session.scalars(select(Gift).where(Gift.reference == money.reference)).one_or_none()
    if known is not None:
        return known
    if pledge is not None and pledge.state != PledgeState.PAID:
        pledge = pledges.fulfil_locked(session, pledge)
    gift = _gift(session, money, pledge)
    if pledge is None:  # without a pledge to lock, two may meet here
        session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(money.reference, museum_of(session)))))
        known = session.scalars(select(Gift).where(Gift.reference == money.reference)).one_or_none()
        if known is not None:
            return known
    session.add(gift)
    session.flush()  # for its id
    postings.post_gift(session, gift)
    outbox.publish(session, "gift.received", key=str(gift.id), gift_id=gift.id)
    return gift


def _locked_pledge(session: Session, pledge_id: int | None) -> Pledge | None:
    if pledge_id is None:
        return None
    return pledges.pledge_of(session, pledge_id, lock=True)


def _gift(session: Session, money: MoneyReceived, pledge: Pledge | None) -> Gift:
    museum = museum_of(session)
    campaign = session.get_one(Campaign, (museum, money.campaign_id))
    issuer = session.get_one(Issuer, (museum, campaign.issuer_id))
    dated = _date(money, issuer)
    counterpart = money.counterpart_minor
    if pledge is not None:
        # A reward that had gone is no counterpart: the whole gift is given freely.
        counterpart = pledge.counterpart_minor if pledge.reward_state == RewardState.CLAIMED else 0
    return Gift(
        reference=money.reference, pledge_id=money.pledge_id, campaign_id=campaign.id,
        donor_id=pledge.donor_id if pledge else money.donor_id,
        state=GiftState.RECEIVED, amount_minor=money.amount.minor, currency=money.amount.currency,
        refunded_minor=0, disputed_minor=0, lost_minor=0, method=money.method, units=money.units,
        gift_date=dated.day, gift_date_basis=dated.basis, received_at=money.received_at,
        charge=money.charge, payment=money.payment,
        wants_receipt=pledge.wants_receipt if pledge else money.wants_receipt,
        counterpart_minor=counterpart, imported=money.imported,
    )  # fmt: skip


def _date(money: MoneyReceived, issuer: Issuer) -> GiftDate:
    return gift_date(
        LAW_METHODS[money.method],
        ZoneInfo(issuer.time_zone),
        handed_at=money.handed_at,
        received_at=money.received_at,
        credited_at=money.received_at,
    )


def record_fee(session: Session, gift_id: int, fee: Money, balance_transaction: str) -> None:
    """Book the provider's fee on a gift, once it is known. Again is once. Locks the gift."""
    gift = sums.locked(session, gift_id)
    if gift.balance_transaction is not None:
        return
    gift.balance_transaction = balance_transaction
    gift.fee_minor = fee.minor
    postings.post_fee(session, gift, FeeReported(balance_transaction, fee))
