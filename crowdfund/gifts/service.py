"""Receive gifts, give money back, bear disputes: the only writer of gifts and of their sums."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from crowdfund import clock, outbox
from crowdfund.campaigns.models import Campaign
from crowdfund.database import hold
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
    "receive_gifts",
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
    return receive_gifts(session, [money])[0]


def receive_gifts(session: Session, moneys: Sequence[MoneyReceived]) -> list[Gift]:
    """Book several sums, each as `receive_gift` does and under a reference of its own, in few rounds to the database."""
    locked = pledges.lock_pledges(session, {money.pledge_id for money in moneys if money.pledge_id is not None})
    known = _known(session, [money for money in moneys if _may_be_known(money, locked)])
    news = [money for money in moneys if money.reference not in known]
    pledges.fulfil_all(
        session,
        {locked[money.pledge_id]: _moment(money) for money in news if money.pledge_id is not None},
    )
    made = [_gift(session, money, locked.get(money.pledge_id or 0)) for money in news]
    session.add_all(made)
    session.flush()  # for their ids
    postings.post_gifts(session, made)
    for gift in made:
        outbox.publish(session, "gift.received", key=str(gift.id), gift_id=gift.id)
    found = known | {gift.reference: gift for gift in made}
    return [found[money.reference] for money in moneys]


def _may_be_known(money: MoneyReceived, locked: Mapping[int, Pledge]) -> bool:
    """Say whether a gift may be there already. One that fulfils a pledge is not, while the pledge waits for its money."""
    return money.pledge_id is None or locked[money.pledge_id].state == PledgeState.PAID


def _known(session: Session, moneys: Sequence[MoneyReceived]) -> dict[str, Gift]:
    # Without a pledge to lock, two may meet here.
    hold(session, [_key(museum_of(session), money.reference) for money in moneys if money.pledge_id is None])
    references = [money.reference for money in moneys]
    if not references:
        return {}
    return {gift.reference: gift for gift in session.scalars(select(Gift).where(Gift.reference.in_(references)))}


def _key(museum: int, reference: str) -> int:
    drawn = hashlib.sha256(f"gift\x1f{museum}\x1f{reference}".encode()).digest()
    return int.from_bytes(drawn[:8], "big", signed=True)


def _moment(money: MoneyReceived) -> datetime:
    """Tell when a gift is entered: history as if it had been entered when it came."""
    return money.received_at if money.imported else clock.now()


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
        balance_transaction=money.fee.balance_transaction if money.fee else None,
        fee_minor=money.fee.amount.minor if money.fee else None,
        wants_receipt=pledge.wants_receipt if pledge else money.wants_receipt,
        counterpart_minor=counterpart, imported=money.imported, created_at=_moment(money),
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
