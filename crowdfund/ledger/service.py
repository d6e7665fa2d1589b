"""Keep the books: open accounts, post balanced transactions, read balances."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from crowdfund import clock
from crowdfund.ledger.models import LedgerAccount, LedgerEntry, LedgerTotal, LedgerTransaction
from crowdfund.ledger.rules import AccountKind, Line, check_balanced, fund_code, issuer_code
from crowdfund.money import Money
from crowdfund.tenancy import museum_of

# One statement for transactions and their lines; nothing for a reference that was posted before. The totals' trigger runs
# once for all lines, so the rows of the totals are changed once.
POST = text("""
    WITH posted AS (
      INSERT INTO ledger_transactions (institution_id, reference, memo, booked_at, reverses_id)
      SELECT :museum, wanted.reference, wanted.memo, wanted.booked_at, wanted.reverses_id
      FROM unnest(
        CAST(:references AS text[]), CAST(:memos AS text[]), CAST(:booked AS timestamptz[]), CAST(:reverses AS bigint[])
      ) WITH ORDINALITY AS wanted (reference, memo, booked_at, reverses_id, place)
      ORDER BY wanted.place
      ON CONFLICT (institution_id, reference) DO NOTHING
      RETURNING institution_id, id, reference
    )
    INSERT INTO ledger_entries (institution_id, transaction_id, account_id, amount_minor, currency)
    SELECT posted.institution_id, posted.id, line.account_id, line.amount_minor, line.currency
    FROM posted JOIN unnest(
      CAST(:of AS text[]), CAST(:accounts AS bigint[]), CAST(:amounts AS bigint[]), CAST(:currencies AS text[])
    ) WITH ORDINALITY AS line (reference, account_id, amount_minor, currency, place) USING (reference)
    ORDER BY line.place
    RETURNING transaction_id
""")


@dataclass(frozen=True, slots=True)
class Posting:
    """A balanced transaction to be posted under its reference; `booked_at` (UTC) is now when it is None."""

    reference: str
    memo: str
    lines: Sequence[Line]
    booked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Balance:
    """What an account holds, in its currency, and how many entries made it."""

    amount: Money
    entries: int


def open_fund(session: Session, campaign_id: int, campaign_code: str, issuer_id: int, currency: str) -> str:
    """Open a campaign's fund and give its code. Opening twice is once."""
    code = fund_code(campaign_code)
    _open(session, code, AccountKind.FUND, issuer_id, currency, campaign_id)
    return code


def issuer_account(session: Session, kind: AccountKind, issuer_id: int, currency: str) -> str:
    """Give the code of an issuer's own account; it is opened when first needed."""
    code = issuer_code(kind, issuer_id, currency)
    _open(session, code, kind, issuer_id, currency, None)
    return code


def _open(
    session: Session, code: str, kind: AccountKind, issuer_id: int, currency: str, campaign_id: int | None
) -> None:
    if code not in _accounts(session, {code}):
        session.execute(
            insert(LedgerAccount)
            .values(
                institution_id=museum_of(session),
                code=code,
                kind=kind,
                issuer_id=issuer_id,
                campaign_id=campaign_id,
                currency=currency,
                created_at=clock.now(),
            )
            .on_conflict_do_nothing(index_elements=["institution_id", "code"])
        )


def _accounts(session: Session, codes: set[str]) -> dict[str, Any]:
    """Find accounts by code. An account never changes, so a session asks for each once."""
    known: dict[str, Any] = session.info.setdefault("ledger accounts", {})
    if missing := codes - known.keys():
        rows = session.execute(
            select(LedgerAccount.code, LedgerAccount.id, LedgerAccount.currency).where(LedgerAccount.code.in_(missing))
        )
        known.update({row.code: row for row in rows})
    return known


def post(
    session: Session,
    reference: str,
    memo: str,
    lines: Sequence[Line],
    *,
    booked_at: datetime | None = None,
    reverses_id: int | None = None,
) -> int | None:
    """Post a balanced transaction under its reference and give its id; None when the reference was posted before.

    Amounts are minor units, debits positive. Raises UnbalancedError, LookupError for an account that is not open. The
    database checks the balance again at commit and refuses every later change.
    """
    posted = _post(session, {reference: Posting(reference, memo, lines, booked_at)}, reverses_id)
    return posted[0] if posted else None


def post_all(session: Session, postings: Sequence[Posting]) -> None:
    """Post several transactions, each as `post` does, in one statement. Of two under one reference the first counts."""
    wanted: dict[str, Posting] = {}
    for posting in postings:
        wanted.setdefault(posting.reference, posting)
    _post(session, wanted)


def _post(session: Session, wanted: Mapping[str, Posting], reverses_id: int | None = None) -> list[int]:
    """Write transactions, by reference, and give the ids of those that are new, one for each of their lines."""
    lines = [(posting.reference, line) for posting in wanted.values() for line in _checked(session, posting)]
    session.flush()  # what the entries speak of comes first
    if not wanted:
        return []
    accounts = _accounts(session, {line.account for _reference, line in lines})
    values = {
        "museum": museum_of(session),
        "references": list(wanted),
        "memos": [posting.memo for posting in wanted.values()],
        "booked": [posting.booked_at or clock.now() for posting in wanted.values()],
        "reverses": [reverses_id] * len(wanted),
        "of": [reference for reference, _line in lines],
        "accounts": [int(accounts[line.account].id) for _reference, line in lines],
        "amounts": [line.amount.minor for _reference, line in lines],
        "currencies": [line.amount.currency for _reference, line in lines],
    }
    return [int(one) for one in session.connection().execute(POST, values).scalars()]


def _checked(session: Session, posting: Posting) -> list[Line]:
    """Give a posting's lines in the order of their accounts, when they may be posted."""
    check_balanced(posting.lines)
    accounts = _accounts(session, {line.account for line in posting.lines})
    for line in posting.lines:
        if line.account not in accounts:
            raise LookupError(f"no account {line.account}")
        if accounts[line.account].currency != line.amount.currency:
            raise LookupError(f"{line.account} is not kept in {line.amount.currency}")
    return sorted(posting.lines, key=lambda line: int(accounts[line.account].id))


def reverse(session: Session, reference: str, memo: str) -> int | None:
    """Post the opposite of a transaction, under `reference` + ":reversed". Raises LookupError when there is none."""
    original = session.scalar(select(LedgerTransaction.id).where(LedgerTransaction.reference == reference))
    if original is None:
        raise LookupError(f"nothing was posted under {reference}")
    lines = [
        Line(row.code, Money(-row.amount_minor, row.currency))
        for row in session.execute(
            select(LedgerAccount.code, LedgerEntry.amount_minor, LedgerEntry.currency)
            .join(LedgerAccount, LedgerAccount.id == LedgerEntry.account_id)
            .where(LedgerEntry.transaction_id == original)
        )
    ]
    return post(session, f"{reference}:reversed", memo, lines, reverses_id=original)


def balance(session: Session, code: str) -> Balance:
    """Read an account's balance, debits positive. Raises LookupError for an account that is not open."""
    account = session.execute(
        select(LedgerAccount.id, LedgerAccount.currency).where(LedgerAccount.code == code)
    ).one_or_none()
    if account is None:
        raise LookupError(f"no account {code}")
    row = session.execute(
        select(
            func.coalesce(func.sum(LedgerTotal.balance_minor), 0).label("minor"),
            func.coalesce(func.sum(LedgerTotal.entries), 0).label("entries"),
        ).where(LedgerTotal.institution_id == museum_of(session), LedgerTotal.account_id == account.id)
    ).one()
    return Balance(Money(int(row.minor), account.currency), int(row.entries))


def received(session: Session, campaign_code: str) -> Money:
    """Read what a campaign has received: its fund's balance."""
    return -balance(session, fund_code(campaign_code)).amount
