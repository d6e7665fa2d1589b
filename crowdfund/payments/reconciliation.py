"""Compare the provider's account with our books, line by line, and put right what can be."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import select

from crowdfund import clock, log
from crowdfund.gifts.models import Dispute, Gift, Refund
from crowdfund.gifts.rules import Method, Overdrawn
from crowdfund.payments import accounts, aside
from crowdfund.payments.calls import provider
from crowdfund.payments.models import Checkout
from crowdfund.payments.provider import BalanceLine, Charge, ProviderRefused
from crowdfund.payments.settlement import Outcome, Settled, settle_charge, settle_dispute, settle_refund
from crowdfund.tenancy import MuseumScope, transaction

DAYS = 35
# A charge may be younger than what our clocks agree on: the newest are compared tomorrow.
YOUNG = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing on which the provider and the books differed: what, which object, and whether it was put right."""

    what: str
    object_id: str
    repaired: bool


@dataclass(slots=True)
class Reconciliation:
    """What a comparison found in one museum."""

    institution_id: int
    since: datetime
    charges: int = 0
    refunds: int = 0
    disputes: int = 0
    balance_lines: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Say whether nothing is left to decide."""
        return all(finding.repaired for finding in self.findings)

    def note(self, what: str, object_id: str, *, repaired: bool) -> None:
        """Note a difference, and say it aloud."""
        self.findings.append(Finding(what, object_id, repaired))
        log.get().error(
            "reconciliation",
            reason=what,
            object_id=object_id,
            state="repaired" if repaired else "open",
            institution_id=self.institution_id,
        )


def reconcile(scope: MuseumScope, days: int = DAYS) -> Reconciliation:
    """Compare charges, refunds, disputes and fees of the last `days` with the ledger's rows.

    An account that was stopped is looked at again first. A charge of a known attempt is booked (and said aloud: every
    other net has missed it), an unknown one is set aside. Raises ProviderUnavailable.
    """
    report = Reconciliation(scope.institution_id, clock.now() - timedelta(days=days))
    accounts.look_at_stopped(scope)
    with transaction(scope) as session:
        names = accounts.all_of(session)
    for account in names:
        try:
            _compare(scope, account, report)
        except ProviderRefused as error:
            accounts.block(scope, account, error.code)
            report.note(f"account:{error.code}", account, repaired=False)
    return report


def _compare(scope: MuseumScope, account: str, report: Reconciliation) -> None:
    charges = list(provider().charges(account, report.since))
    report.charges += sum(charge.paid for charge in charges)
    _charges(scope, charges, report)
    for refund in provider().refunds(account, report.since):
        report.refunds += 1
        with transaction(scope) as session:
            known = session.execute(select(Refund.state).where(Refund.provider_refund == refund.id)).one_or_none()
            kept_aside = aside.is_kept(session, refund.charge)
        if kept_aside or (known is not None and known.state == refund.fate):
            continue
        repaired = _repaired(partial(settle_refund, scope, account, refund))
        report.note("refund", refund.id, repaired=repaired)
    for dispute in provider().disputes(account, report.since):
        report.disputes += 1
        with transaction(scope) as session:
            known = session.execute(select(Dispute.state).where(Dispute.provider_dispute == dispute.id)).one_or_none()
            kept_aside = aside.is_kept(session, dispute.charge)
        if kept_aside or (known is not None and known.state == dispute.stage):
            continue
        repaired = _repaired(partial(settle_dispute, scope, account, dispute))
        report.note("dispute", dispute.id, repaired=repaired)
    lines = list(provider().balance_lines(account, report.since))
    report.balance_lines += len(lines)
    _fees(scope, account, lines, charges, report)
    _missing(scope, account, charges, report)


def _repaired(settle: Callable[[], Settled]) -> bool:
    try:
        return settle().outcome != Outcome.SET_ASIDE
    except Overdrawn:
        return False


def _charges(scope: MuseumScope, charges: Iterable[Charge], report: Reconciliation) -> None:
    for charge in charges:
        if not charge.paid:
            continue
        with transaction(scope) as session:
            known = session.scalar(select(Gift.id).where(Gift.charge == charge.id))
            kept_aside = aside.is_kept(session, charge.id)
        if known is None and not kept_aside:
            settled = settle_charge(scope, charge)
            report.note("charge", charge.id, repaired=settled.outcome != Outcome.SET_ASIDE)


def _fees(
    scope: MuseumScope, account: str, lines: Iterable[BalanceLine], charges: Iterable[Charge], report: Reconciliation
) -> None:
    """Find fees that are known to the provider and not to us."""
    by_id = {charge.id: charge for charge in charges}
    for line in lines:
        if line.category != "charge" or line.source is None:
            continue
        with transaction(scope) as session:
            gift = session.scalars(select(Gift).where(Gift.charge == line.source)).one_or_none()
        if gift is None or gift.balance_transaction == line.id:
            continue
        charge = by_id.get(line.source) or provider().charge(account, line.source)
        settle_charge(scope, charge)
        with transaction(scope) as session:
            now_known = session.scalar(select(Gift.balance_transaction).where(Gift.id == gift.id)) == line.id
        report.note("fee", line.id, repaired=now_known)


def _missing(scope: MuseumScope, account: str, charges: Iterable[Charge], report: Reconciliation) -> None:
    """Find gifts of this account whose charge the provider does not have."""
    there = {charge.id for charge in charges}
    with transaction(scope) as session:
        ours = session.scalars(
            select(Gift.charge)
            .join(Checkout, Checkout.pledge_id == Gift.pledge_id)
            .where(
                Checkout.account == account,
                Gift.method == Method.CARD,
                Gift.imported.is_(False),
                Gift.charge.is_not(None),
                Gift.received_at > report.since + YOUNG,
                Gift.received_at < clock.now() - YOUNG,
            )
            .distinct()
        ).all()
    for charge_id in ours:
        if charge_id not in there:
            report.note("not_at_provider", str(charge_id), repaired=False)
