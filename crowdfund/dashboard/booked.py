"""What was booked, in lines whose accounts have names that staff know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.texts import said
from crowdfund.dashboard.moments import Lines
from crowdfund.i18n import _
from crowdfund.institutions.current import Membership
from crowdfund.institutions.models import Issuer
from crowdfund.ledger.models import LedgerAccount, LedgerEntry, LedgerTransaction
from crowdfund.ledger.rules import AccountKind
from crowdfund.money import Money


def with_lines(
    session: Session, transactions: Sequence[LedgerTransaction], names: Mapping[str, str]
) -> list[tuple[LedgerTransaction, Lines]]:
    """Read the signed lines of ledger transactions: the account by its name, and the amount; debits first."""
    lines: dict[int, list[tuple[str, Money]]] = {one.id: [] for one in transactions}
    entries = session.execute(
        select(LedgerEntry.transaction_id, LedgerAccount.code, LedgerEntry.amount_minor, LedgerEntry.currency)
        .join(LedgerAccount, LedgerAccount.id == LedgerEntry.account_id)
        .where(LedgerEntry.transaction_id.in_(list(lines)))
        .order_by(LedgerEntry.transaction_id, LedgerEntry.amount_minor.desc(), LedgerEntry.id)
    )
    for transaction_id, code, amount_minor, currency in entries:
        lines[transaction_id].append((names.get(code, code), Money(amount_minor, currency)))
    return [(one, lines[one.id]) for one in transactions]


def account_names(session: Session, museum: Membership) -> dict[str, str]:
    """Name each account by its code: a fund by its campaign, the others by what they hold and for whom."""
    kinds = kind_words()
    rows = session.execute(
        select(LedgerAccount.code, LedgerAccount.kind, Campaign.title, Issuer.legal_name)
        .join(Issuer, Issuer.id == LedgerAccount.issuer_id)
        .outerjoin(Campaign, Campaign.id == LedgerAccount.campaign_id)
    )
    return {
        code: said(title, museum.default_locale) if title else f"{kinds.get(kind, kind)}, {issuer}"
        for code, kind, title, issuer in rows
    }


def kind_words() -> Mapping[str, str]:
    """Say what each kind of account holds."""
    return {
        AccountKind.FUND: _("Campaign’s fund"),
        AccountKind.CLEARING: _("At the payment provider"),
        AccountKind.BANK: _("Bank"),
        AccountKind.CASH: _("Cash box"),
        AccountKind.FEES: _("Payment fees"),
        AccountKind.DISPUTES: _("Called back by banks"),
        AccountKind.LOSSES: _("Given back twice"),
    }
