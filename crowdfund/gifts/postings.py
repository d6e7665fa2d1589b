"""How gifts stand in the books: one function for each movement, each posted once under its own reference."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy.orm import Session

from crowdfund.campaigns.models import Campaign
from crowdfund.gifts.models import Dispute, Gift, Refund
from crowdfund.gifts.reports import FeeReported
from crowdfund.gifts.rules import Method
from crowdfund.ledger import service as ledger
from crowdfund.ledger.rules import AccountKind, Line, fund_code
from crowdfund.money import Money
from crowdfund.tenancy import museum_of

FEE = "fee of the provider"
# Where the money of each means of payment lies. What was moved lies where it came in.
ACCOUNTS = {
    Method.CARD: AccountKind.CLEARING,
    Method.BANK_TRANSFER: AccountKind.BANK,
    Method.CHEQUE: AccountKind.BANK,
    Method.CASH: AccountKind.CASH,
    Method.BOX: AccountKind.CASH,
    Method.TICKET: AccountKind.CASH,
}


def origin(session: Session, gift: Gift) -> Gift:
    """Give the gift by which the money came in: itself, or the one it was moved from."""
    while gift.moved_from_id is not None:
        gift = session.get_one(Gift, (museum_of(session), gift.moved_from_id))
    return gift


def campaign_of(session: Session, gift: Gift) -> Campaign:
    """Give the gift's campaign."""
    return session.get_one(Campaign, (museum_of(session), gift.campaign_id))


def _own(session: Session, gift: Gift, kind: AccountKind) -> str:
    return ledger.issuer_account(session, kind, campaign_of(session, gift).issuer_id, gift.currency)


def _fund(session: Session, gift: Gift) -> str:
    return fund_code(campaign_of(session, gift).code)


def _money_account(session: Session, gift: Gift) -> str:
    first = origin(session, gift)
    return _own(session, first, ACCOUNTS[Method(first.method)])


def post_gifts(session: Session, gifts: Sequence[Gift]) -> None:
    """Book the gross of each: what came in, to the campaign's fund; and its fee, where that is known already."""
    ledger.post_all(session, [posting for gift in gifts for posting in _received(session, gift)])


def _received(session: Session, gift: Gift) -> Iterator[ledger.Posting]:
    yield ledger.Posting(
        f"gift:{gift.id}",
        f"gift by {gift.method}",
        [Line(_money_account(session, gift), gift.amount), Line(_fund(session, gift), -gift.amount)],
        booked_at=gift.received_at if gift.imported else None,
    )
    if gift.balance_transaction is not None and gift.fee_minor:
        yield _fee(session, gift, FeeReported(gift.balance_transaction, Money(gift.fee_minor, gift.currency)))


def post_fee(session: Session, gift: Gift, fee: FeeReported, memo: str = FEE) -> None:
    """Book a fee as a cost, never netted; once for each balance transaction."""
    if fee.amount:
        ledger.post_all(session, [_fee(session, gift, fee, memo)])


def _fee(session: Session, gift: Gift, fee: FeeReported, memo: str = FEE) -> ledger.Posting:
    return ledger.Posting(
        f"fee:{fee.balance_transaction}",
        memo,
        [
            Line(_own(session, gift, AccountKind.FEES), fee.amount),
            Line(_own(session, gift, AccountKind.CLEARING), -fee.amount),
        ],
        booked_at=gift.received_at if gift.imported else None,
    )


def post_refund(session: Session, gift: Gift, refund: Refund) -> None:
    """Book money given back out of the campaign's fund."""
    amount = Money(refund.amount_minor, refund.currency)
    ledger.post(
        session,
        f"refund:{refund.id}",
        "refund",
        [Line(_fund(session, gift), amount), Line(_money_account(session, gift), -amount)],
    )


def reverse_refund(session: Session, refund: Refund) -> None:
    """Book a refund back that failed after it was made."""
    ledger.reverse(session, f"refund:{refund.id}", "refund failed")


def post_dispute_opened(session: Session, gift: Gift, dispute: Dispute) -> None:
    """Book the money the bank has called back to the disputes account; the fund waits for the decision."""
    amount = Money(dispute.amount_minor, dispute.currency)
    ledger.post(
        session,
        f"dispute:{dispute.id}:opened",
        "dispute opened",
        [Line(_own(session, gift, AccountKind.DISPUTES), amount), Line(_money_account(session, gift), -amount)],
    )


def post_dispute_won(session: Session, gift: Gift, dispute: Dispute) -> None:
    """Book the money of a won dispute back."""
    amount = Money(dispute.amount_minor, dispute.currency)
    ledger.post(
        session,
        f"dispute:{dispute.id}:won",
        "dispute won",
        [Line(_money_account(session, gift), amount), Line(_own(session, gift, AccountKind.DISPUTES), -amount)],
    )


def post_dispute_lost(session: Session, gift: Gift, dispute: Dispute) -> None:
    """Book the loss: it comes out of the campaign's fund."""
    amount = Money(dispute.amount_minor, dispute.currency)
    ledger.post(
        session,
        f"dispute:{dispute.id}:lost",
        "dispute lost",
        [Line(_fund(session, gift), amount), Line(_own(session, gift, AccountKind.DISPUTES), -amount)],
    )


def post_twice(session: Session, gift: Gift, reference: str, more: int) -> None:
    """Book what went back both ways (minor units more than before) out of the issuer's own, not of the campaign."""
    if not more:
        return
    amount = Money(more, gift.currency)
    ledger.post(
        session,
        reference,
        "given back twice",
        [Line(_own(session, gift, AccountKind.LOSSES), amount), Line(_fund(session, gift), -amount)],
    )


def post_move(session: Session, gift: Gift, moved: Gift, refund: Refund) -> None:
    """Book a gift from one campaign's fund to another's."""
    ledger.post(
        session,
        f"move:{refund.id}",
        "moved to another campaign",
        [Line(_fund(session, gift), moved.amount), Line(_fund(session, moved), -moved.amount)],
    )
