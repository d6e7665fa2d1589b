"""What the staff's page of the books shows: frozen plain values, formatted by the templates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from crowdfund.money import Money


@dataclass(frozen=True, slots=True)
class AccountBalance:
    """An account of the ledger and what it holds. `side` is "debit" or "credit"."""

    name: str
    kind: str
    debit: Money
    credit: Money
    balance: Money


@dataclass(frozen=True, slots=True)
class BookedLine:
    """One signed line of a transaction: either `debit` or `credit`."""

    account: str
    debit: Money | None
    credit: Money | None


@dataclass(frozen=True, slots=True)
class BookedTransaction:
    """A balanced set of lines."""

    reference: str
    memo: str
    booked_at: datetime
    lines: tuple[BookedLine, ...]
    gift_url: str = ""


@dataclass(frozen=True, slots=True)
class Invariant:
    """One rule of the books: what it says, whether it holds, and what breaks it."""

    sentence: str
    holds: bool
    offenders: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Books:
    """The books of one museum: balances, the last transactions, and the rules that must hold.

    `every_hour` says that the rules were not checked for this page: there are too many gifts for that.
    """

    accounts: tuple[AccountBalance, ...]
    transactions: tuple[BookedTransaction, ...]
    invariants: tuple[Invariant, ...]
    checked_at: datetime
    timezone: str
    every_hour: bool = False

    @property
    def balanced(self) -> bool:
        """Say whether every rule holds."""
        return all(rule.holds for rule in self.invariants)
