"""Stand-ins for the outside, in memory: a payment provider and a mail server, held to the contract of the real ones."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from config import Config
from crowdfund import clock
from crowdfund.mail import Mail, Mailer
from crowdfund.money import Money
from crowdfund.payments.provider import (
    AccountStanding,
    Answer,
    BalanceLine,
    Charge,
    CheckoutPage,
    CheckoutRequest,
    Claim,
    DisputeRaised,
    DisputeStage,
    Fate,
    Fee,
    NotAtProvider,
    Notice,
    PageState,
    Parameters,
    ProviderRefused,
    ProviderUnavailable,
    RefundMade,
    RefundRequest,
)
from crowdfund.storage import FileStorage

T = TypeVar("T")


@dataclass
class _Books:
    """What one account holds."""

    pages: dict[str, CheckoutPage] = field(default_factory=dict)
    charges: dict[str, Charge] = field(default_factory=dict)
    refunds: dict[str, RefundMade] = field(default_factory=dict)
    disputes: dict[str, DisputeRaised] = field(default_factory=dict)
    notices: list[Notice] = field(default_factory=list)
    lines: list[BalanceLine] = field(default_factory=list)


class FakeProvider:
    """A provider without a wire. `pay`, `settle_fee`, `dispute` … play the donor, time and the bank."""

    def __init__(self) -> None:
        self.accounts: dict[str, _Books] = defaultdict(_Books)
        self.keys: dict[str, tuple[dict[str, Any], Answer]] = {}
        self.calls: Counter[str] = Counter()
        self.faults: dict[str, list[Exception]] = defaultdict(list)
        self.lost_answers: Counter[str] = Counter()
        self.inactive: set[str] = set()
        self._numbers = itertools.count(1)

    # what may go wrong

    def fail(self, operation: str, *errors: Exception) -> None:
        """Let the next calls of an operation raise these, before anything is done."""
        self.faults[operation] += errors

    def lose_answer(self, operation: str, times: int = 1) -> None:
        """Let the next calls of an operation be carried out and their answer be lost."""
        self.lost_answers[operation] += times

    def _begin(self, operation: str) -> None:
        self.calls[operation] += 1
        if self.faults[operation]:
            raise self.faults[operation].pop(0)

    def _end(self, operation: str) -> None:
        if self.lost_answers[operation]:
            self.lost_answers[operation] -= 1
            raise ProviderUnavailable("the answer was lost")

    def forget_keys(self) -> None:
        """Forget all idempotency keys, as the provider does after a day."""
        self.keys.clear()

    # what we ask

    def checkout_parameters(self, request: CheckoutRequest) -> dict[str, Any]:
        return {
            "institution": request.institution_id, "attempt": str(request.attempt), "number": request.number,
            "amount": request.amount.minor, "currency": request.amount.currency, "title": request.title,
            "locale": request.locale, "email": request.email, "success_url": request.success_url,
            "cancel_url": request.cancel_url, "expires_at": request.expires_at.isoformat(),
        }  # fmt: skip

    def refund_parameters(self, request: RefundRequest) -> dict[str, Any]:
        return {
            "metadata": {"institution": request.institution_id, "request": str(request.request)},
            "charge": request.charge, "payment": request.payment,
            "amount": request.amount.minor, "currency": request.amount.currency,
        }  # fmt: skip

    def _once(self, key: str, parameters: Parameters) -> Answer | None:
        known = self.keys.get(key)
        if known is None:
            return None
        if known[0] != dict(parameters):
            raise ProviderRefused("idempotency_error", status=400)
        return known[1]

    def open_page(self, account: str, parameters: Parameters, key: str) -> Answer:
        self._begin("open_page")
        answer = self._once(key, parameters)
        if answer is None:
            expires_at = datetime.fromisoformat(parameters["expires_at"])
            if expires_at < clock.now() + timedelta(minutes=29):
                raise ProviderRefused("expires_at", status=400)
            ident = f"cs_{next(self._numbers)}"
            page = CheckoutPage(
                id=ident, account=account, state=PageState.OPEN, url=f"https://pay.example/{ident}",
                amount=Money(parameters["amount"], parameters["currency"]),
                claim=Claim(parameters["institution"], UUID(parameters["attempt"]), parameters["number"]),
                expires_at=expires_at,
            )  # fmt: skip
            self.accounts[account].pages[ident] = page
            answer = Answer(ident, f"req_{ident}", 200, page=page)
            self.keys[key] = (dict(parameters), answer)
        self._end("open_page")
        return answer

    def close_page(self, account: str, session: str) -> CheckoutPage:
        self._begin("close_page")
        page = self._page(account, session)
        if page.state == PageState.OPEN:
            page = self._change(replace(page, state=PageState.EXPIRED, url=None), "checkout.session.expired")
        self._end("close_page")
        return page

    def make_refund(self, account: str, parameters: Parameters, key: str) -> Answer:
        self._begin("make_refund")
        answer = self._once(key, parameters)
        if answer is None:
            made = self.refund_charge(
                parameters["charge"], parameters["amount"], account=account,
                request=UUID(parameters["metadata"]["request"]))  # fmt: skip
            answer = Answer(made.id, f"req_{made.id}", 200, refund=made)
            self.keys[key] = (dict(parameters), answer)
        self._end("make_refund")
        return answer

    def page(self, account: str, session: str) -> CheckoutPage:
        self._begin("page")
        page = self._page(account, session)
        return replace(page, charge=self.accounts[account].charges[page.charge.id]) if page.charge else page

    def _page(self, account: str, session: str) -> CheckoutPage:
        if session not in self.accounts[account].pages:
            raise NotAtProvider("resource_missing", status=404)
        return self.accounts[account].pages[session]

    def page_of(self, account: str, claim: Claim, since: datetime) -> CheckoutPage | None:
        self._begin("page_of")
        pages = self.accounts[account].pages.values()
        return next((page for page in pages if page.claim == claim and page.expires_at > since), None)

    def charge(self, account: str, charge: str) -> Charge:
        self._begin("charge")
        return self._found(self.accounts[account].charges, charge)

    def charges_of(self, account: str, payment: str) -> tuple[Charge, ...]:
        self._begin("charges_of")
        return tuple(one for one in self.accounts[account].charges.values() if one.payment == payment)

    def refund(self, account: str, refund: str) -> RefundMade:
        self._begin("refund")
        return self._found(self.accounts[account].refunds, refund)

    def dispute(self, account: str, dispute: str) -> DisputeRaised:
        self._begin("dispute")
        return self._found(self.accounts[account].disputes, dispute)

    @staticmethod
    def _found(things: dict[str, T], ident: str) -> T:
        if ident not in things:
            raise NotAtProvider("resource_missing", status=404)
        return things[ident]

    def charges(self, account: str, since: datetime) -> Iterable[Charge]:
        self._begin("charges")
        return [one for one in self.accounts[account].charges.values() if one.created >= since]

    def refunds(self, account: str, since: datetime) -> Iterable[RefundMade]:
        self._begin("refunds")
        return [one for one in self.accounts[account].refunds.values() if one.created >= since]

    def disputes(self, account: str, since: datetime) -> Iterable[DisputeRaised]:
        self._begin("disputes")
        return [one for one in self.accounts[account].disputes.values() if one.created >= since]

    def balance_lines(self, account: str, since: datetime) -> Iterable[BalanceLine]:
        self._begin("balance_lines")
        return [one for one in self.accounts[account].lines if one.created >= since]

    def notices(self, account: str, since: datetime) -> Iterable[Notice]:
        self._begin("notices")
        return [one for one in self.accounts[account].notices if one.created >= since]

    def standing(self, account: str) -> AccountStanding:
        self._begin("standing")
        return AccountStanding(account, account not in self.inactive)

    # what others do

    def pay(
        self, session: str, *, amount: int | None = None, currency: str | None = None, claim: Claim | None = None
    ) -> Charge:
        """Pay a page; `amount`, `currency` and `claim` forge what is charged."""
        account, page = self._where(session)
        charge = self.new_charge(
            account,
            Money(page.amount.minor if amount is None else amount, currency or page.amount.currency),
            claim or page.claim,
            payment=page.payment or f"pi_{session}",
        )
        self._change(
            replace(page, state=PageState.PAID, url=None, payment=charge.payment, charge=charge),
            "checkout.session.completed",
        )
        return charge

    def decline(self, session: str) -> Charge:
        """Try a card on a page that is refused."""
        account, page = self._where(session)
        payment = page.payment or f"pi_{session}"
        self.accounts[account].pages[session] = replace(page, payment=payment)
        charge = self.new_charge(account, page.amount, page.claim, payment=payment, paid=False)
        self.tell(account, "payment_intent.payment_failed", payment)
        return charge

    def new_charge(
        self,
        account: str,
        amount: Money,
        claim: Claim,
        *,
        payment: str | None = None,
        paid: bool = True,
        at: datetime | None = None,
    ) -> Charge:
        """Put a charge into an account."""
        charge = Charge(
            id=f"ch_{next(self._numbers)}",
            account=account,
            payment=payment,
            amount=amount,
            paid=paid,
            refunded=Money(0, amount.currency),
            disputed=False,
            created=at or clock.now(),
            claim=claim,
        )
        self.accounts[account].charges[charge.id] = charge
        self.tell(account, "charge.succeeded" if paid else "charge.failed", charge.id)
        return charge

    def settle_fee(self, charge: str, fee: int) -> None:
        """Let the balance transaction of a charge become known."""
        account, found = self._charged(charge)
        line = f"txn_{charge}"
        amount = Money(fee, found.amount.currency)
        self.accounts[account].charges[charge] = replace(found, fee=Fee(line, amount))
        self.accounts[account].lines.append(BalanceLine(line, "charge", charge, found.amount, amount, clock.now()))
        self.tell(account, "charge.updated", charge)

    def refund_charge(
        self,
        charge: str,
        amount: int,
        *,
        account: str | None = None,
        request: UUID | None = None,
        fate: Fate = Fate.SUCCEEDED,
    ) -> RefundMade:
        """Give money back; without `request` it is done in the dashboard."""
        where, found = self._charged(charge)
        if account not in {None, where}:
            raise NotAtProvider("resource_missing", status=404)
        if found.disputed:
            raise ProviderRefused("charge_disputed", status=400)
        if found.refunded.minor + amount > found.amount.minor:
            raise ProviderRefused("charge_already_refunded", status=400)
        currency = found.amount.currency
        made = RefundMade(
            id=f"re_{next(self._numbers)}",
            charge=charge,
            amount=Money(amount, currency),
            fate=fate,
            created=clock.now(),
            request=request,
        )
        self.accounts[where].refunds[made.id] = made
        self.accounts[where].charges[charge] = replace(found, refunded=found.refunded + made.amount)
        self.tell(where, "refund.created", made.id)
        self.tell(where, "charge.refunded", charge)
        return made

    def end_refund(self, refund: str, fate: Fate) -> None:
        """Let a refund succeed or fail later."""
        for account, books in self.accounts.items():
            if refund in books.refunds:
                made = books.refunds[refund] = replace(books.refunds[refund], fate=fate)
                if fate == Fate.FAILED:
                    charge = books.charges[made.charge]
                    books.charges[made.charge] = replace(charge, refunded=charge.refunded - made.amount)
                self.tell(account, "refund.failed" if fate == Fate.FAILED else "refund.updated", refund)
                return
        raise LookupError(refund)

    def dispute_charge(
        self, charge: str, amount: int | None = None, *, fee: int = 2000, stage: DisputeStage = DisputeStage.OPEN
    ) -> DisputeRaised:
        """Let the donor's bank call a payment back."""
        account, found = self._charged(charge)
        currency = found.amount.currency
        ident = f"du_{next(self._numbers)}"
        fees = (Fee(f"txn_{ident}", Money(fee, currency)),) if stage == DisputeStage.OPEN else ()
        taken = found.amount - found.refunded if amount is None else Money(amount, currency)
        raised = DisputeRaised(id=ident, charge=charge, amount=taken, stage=stage, created=clock.now(), fees=fees)
        self.accounts[account].disputes[ident] = raised
        self.accounts[account].charges[charge] = replace(found, disputed=True)
        self.tell(account, "charge.dispute.created", ident)
        return raised

    def close_dispute(self, dispute: str, stage: DisputeStage) -> None:
        """Let a dispute be decided."""
        for account, books in self.accounts.items():
            if dispute in books.disputes:
                raised = replace(books.disputes[dispute], stage=stage)
                if stage == DisputeStage.WON and raised.fees:
                    raised = replace(
                        raised, fees=(*raised.fees, Fee(f"txn_{dispute}_back", Money(0, raised.amount.currency)))
                    )
                    books.charges[raised.charge] = replace(books.charges[raised.charge], disputed=False)
                books.disputes[dispute] = raised
                self.tell(account, "charge.dispute.closed", dispute)
                return
        raise LookupError(dispute)

    def tell(self, account: str, kind: str, object_id: str) -> Notice:
        """Make an event."""
        notice = Notice(f"evt_{next(self._numbers)}", account, kind, object_id, clock.now(), livemode=False)
        self.accounts[account].notices.append(notice)
        return notice

    def _where(self, session: str) -> tuple[str, CheckoutPage]:
        for account, books in self.accounts.items():
            if session in books.pages:
                return account, books.pages[session]
        raise LookupError(session)

    def _charged(self, charge: str) -> tuple[str, Charge]:
        for account, books in self.accounts.items():
            if charge in books.charges:
                return account, books.charges[charge]
        raise NotAtProvider("resource_missing", status=404)

    def _change(self, page: CheckoutPage, kind: str) -> CheckoutPage:
        self.accounts[page.account].pages[page.id] = page
        self.tell(page.account, kind, page.id)
        return page


class MemoryMailer(Mailer):
    """A mailer whose server is a list. `refuse` what the next calls should raise."""

    def __init__(self, config: Config, storage: FileStorage) -> None:
        super().__init__(config, storage)
        self.sent: list[tuple[str, Mail]] = []
        self.refuse: list[Exception] = []

    def send(self, mail: Mail, key: str) -> None:
        """Take the mail, built as the real one builds it."""
        if self.refuse:
            raise self.refuse.pop(0)
        self.message(mail, key)
        self.sent.append((key.partition(":")[2], mail))  # the museum's number stands before the mail's own key

    def keys(self, kind: str) -> list[str]:
        """List the keys of the mails of a kind."""
        return [key for key, _mail in self.sent if key.startswith(f"{kind}:")]
