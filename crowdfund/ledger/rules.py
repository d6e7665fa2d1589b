"""The books' rules: kinds of accounts, and what makes a transaction balanced."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from crowdfund.money import Money


class AccountKind(StrEnum):
    """What an account holds. Debits are positive: money had, costs; credits negative: money owed to a purpose."""

    FUND = "fund"  # what a campaign has received; its balance is the campaign's total
    CLEARING = "clearing"  # at the payment provider, on the way to the bank
    BANK = "bank"
    CASH = "cash"
    FEES = "fees"
    DISPUTES = "disputes"  # called back by a donor's bank, not decided
    LOSSES = "losses"  # refunded, and called back besides: a cost of the issuer's own


class UnbalancedError(ValueError):
    """Debits and credits differ: a fault of ours."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line to post: the account's code, and the amount, debit positive."""

    account: str
    amount: Money


def check_balanced(lines: Sequence[Line]) -> None:
    """Make sure there are at least two lines, none is zero, and each currency sums to zero. Raises UnbalancedError."""
    sums: dict[str, int] = defaultdict(int)
    for line in lines:
        if not line.amount:
            raise UnbalancedError(f"a line of zero on {line.account}")
        sums[line.amount.currency] += line.amount.minor
    if len(lines) < 2 or any(sums.values()):
        raise UnbalancedError(f"does not balance: {dict(sums)}")


def fund_code(campaign_code: str) -> str:
    """Name a campaign's fund."""
    return f"fund:{campaign_code}"


def issuer_code(kind: AccountKind, issuer_id: int, currency: str) -> str:
    """Name one of an issuer's own accounts."""
    return f"{kind}:{issuer_id}:{currency}"
