"""The books of a museum as its staff read them: balances, the last transactions, and whether every rule holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from crowdfund import books, clock
from crowdfund.dashboard.booked import account_names, kind_words, with_lines
from crowdfund.dashboard.moments import Lines, memo_text
from crowdfund.gifts.models import Dispute, Gift, Refund
from crowdfund.i18n import N_, _, gettext
from crowdfund.institutions.current import Membership
from crowdfund.ledger.models import LedgerAccount, LedgerTotal, LedgerTransaction
from crowdfund.ledger.rules import AccountKind
from crowdfund.ledger.view import AccountBalance, BookedLine, BookedTransaction, Books, Invariant
from crowdfund.money import Money
from crowdfund.reckoning import BOOKS, Reckoned, lines_of, reckoned
from crowdfund.tenancy import MuseumScope, museum_of, transaction

LAST = 30

# The sentences of `books.CHECKS`, without their numbers, so that they are translated.
SENTENCES = (
    N_("every ledger transaction sums to zero per currency"),
    N_("the kept balances are the sums of the entries"),
    N_("a campaign's total is its gifts less what was given back"),
    N_("the refunds of a gift are what it says it gave back"),
    N_("supporters and promises are counted right"),
    N_("what a person gave in all is counted right"),
    N_("a paid pledge has exactly one gift, and only a paid one has"),
    N_("a paid checkout belongs to a paid pledge or a quarantined charge"),
    N_("a gift with a receipt wished for has one live receipt, a reason, or a fact on its way"),
    N_("a gift is marked as answered once it has a receipt or a reason for none"),
    N_("money given back has no live receipt"),
    N_("a live line belongs to a receipt in force"),
    N_("receipts are numbered 1 to n without gap"),
    N_("a mail that left was sent under one key, and none is stuck"),
    N_("a reward is never claimed beyond its stock"),
    N_("a piece is never adopted beyond its places"),
    N_("the audit chain verifies"),
)


def read_books(scope: MuseumScope, museum: Membership) -> Books:
    """Read the museum's balances and last transactions, and check the rules. Opens its own transactions."""
    with transaction(scope) as session:
        names = account_names(session, museum)
        accounts = _balances(session, names)
        last = list(session.scalars(select(LedgerTransaction).order_by(LedgerTransaction.id.desc()).limit(LAST)))
        links = _links(session, museum, [one.reference for one in last])
        transactions = tuple(_booked(one, lines, links) for one, lines in with_lines(session, last, names))
    checked = _checked(scope)
    return Books(
        accounts=accounts,
        transactions=transactions,
        invariants=_invariants(checked.figures),
        checked_at=checked.at,
        every_hour=not checked.fresh,
        timezone=museum.time_zone,
    )


def _balances(session: Session, names: Mapping[str, str]) -> tuple[AccountBalance, ...]:
    """Sum both sides of each account, from its totals; a fund's balance is what it owes its purpose."""
    debit = func.sum(LedgerTotal.debit_minor)
    sums = (
        select(
            LedgerTotal.account_id, debit.label("debit"), (debit - func.sum(LedgerTotal.balance_minor)).label("credit")
        )
        .where(LedgerTotal.institution_id == museum_of(session))
        .group_by(LedgerTotal.account_id)
        .subquery()
    )
    rows = session.execute(
        select(LedgerAccount, func.coalesce(sums.c.debit, 0), func.coalesce(sums.c.credit, 0))
        .outerjoin(sums, sums.c.account_id == LedgerAccount.id)
        .order_by(LedgerAccount.kind, LedgerAccount.code)
    )
    kinds = kind_words()
    return tuple(
        _balance(account, names[account.code], kinds.get(account.kind, account.kind), int(debit), int(credit))
        for account, debit, credit in rows
    )


def _balance(account: LedgerAccount, name: str, kind: str, debit: int, credit: int) -> AccountBalance:
    held = credit - debit if account.kind == AccountKind.FUND else debit - credit
    currency = account.currency
    return AccountBalance(name, kind, Money(debit, currency), Money(credit, currency), Money(held, currency))


def _booked(one: LedgerTransaction, lines: Lines, links: Mapping[str, str]) -> BookedTransaction:
    return BookedTransaction(
        reference=one.reference,
        memo=memo_text(one.memo),
        booked_at=one.booked_at,
        lines=tuple(
            BookedLine(account, amount if amount.minor > 0 else None, -amount if amount.minor < 0 else None)
            for account, amount in lines
        ),
        gift_url=links.get(one.reference, ""),
    )


def _links(session: Session, museum: Membership, references: Sequence[str]) -> dict[str, str]:
    """Link each transaction to the gift it belongs to."""
    parts = {reference: reference.split(":") for reference in references}
    gifts = {reference: int(part[1]) for reference, part in parts.items() if part[0] == "gift"}
    for kind, key, owner in (
        ("refund", Refund.id, Refund.gift_id),
        ("move", Refund.id, Refund.gift_id),
        ("dispute", Dispute.id, Dispute.gift_id),
    ):
        gifts |= _found(session, {r: int(part[1]) for r, part in parts.items() if part[0] == kind}, key, owner)
    fees = {reference: part[1] for reference, part in parts.items() if part[0] == "fee"}
    gifts |= _found(session, fees, Gift.balance_transaction, Gift.id)
    return {reference: f"/staff/{museum.slug}/gifts/{gift_id}" for reference, gift_id in gifts.items()}


def _found(session: Session, wanted: Mapping[str, Any], key: Any, owner: Any) -> dict[str, int]:
    if not wanted:
        return {}
    known: dict[Any, int] = dict(session.execute(select(key, owner).where(key.in_(set(wanted.values())))).all())
    return {reference: known[value] for reference, value in wanted.items() if value in known}


def _checked(scope: MuseumScope) -> Reckoned:
    """Check the rules in a transaction of their own. Where there is too much to check while somebody waits, say nothing held."""
    try:
        with transaction(scope) as session:
            return reckoned(session, BOOKS, lines_of(session), lambda: books.look(session))
    except OperationalError:
        return Reckoned(None, clock.now(), fresh=True)


def _invariants(broken: Mapping[str, Sequence[str]] | None) -> tuple[Invariant, ...]:
    if broken is None:
        return (Invariant(_("There is too much to check while you wait: the operator’s check tells."), holds=False),)
    return tuple(
        Invariant(_sentence(rule), rule not in broken, tuple(broken.get(rule, ())))
        for rule in (*books.CHECKS, books.AUDIT_RULE)
    )


def _sentence(rule: str) -> str:
    said_plainly = gettext(rule.partition(" ")[2])
    return said_plainly[:1].upper() + said_plainly[1:]
