"""The payment provider in our words: what we ask, what we are told, what can go wrong.

`stripe.py` speaks to the real one; nothing else knows its words. Parameters of requests that change something are made
once, by the `…_parameters` functions, frozen in a row, and sent as they are, however often.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from crowdfund.money import Money

Parameters = Mapping[str, Any]


class ProviderUnavailable(Exception):
    """No answer, or none that says what was done: the outcome is unknown, the same may be asked again."""


class ProviderRefused(Exception):
    """The provider said no. `code` is its word for why, `status` its HTTP status."""

    def __init__(self, code: str, *, status: int | None = None, request_id: str | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.status = status
        self.request_id = request_id


class ProviderKeyRejected(ProviderRefused):
    """Our key, or our right to this account, was refused: nothing more is asked for the account."""


class NotAtProvider(ProviderRefused):
    """The account has no such object."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutRequest:
    """What a page for one payment needs. `number` counts the tries to pay one pledge."""

    institution_id: int
    attempt: UUID
    number: int
    amount: Money
    title: str
    locale: str
    email: str | None
    success_url: str
    cancel_url: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundRequest:
    """What giving money back needs. `request` is ours and comes back in what is told of the refund."""

    institution_id: int
    request: UUID
    charge: str
    payment: str | None
    amount: Money


@dataclass(frozen=True, slots=True)
class Claim:
    """What an object at the provider says of itself: which museum, which attempt, which try. None: it says nothing."""

    institution_id: int | None = None
    attempt: UUID | None = None
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Fee:
    """What the provider kept of a charge, by its balance transaction."""

    balance_transaction: str
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """A payment received, or refused when not `paid`. The fee comes later than the money."""

    id: str
    account: str
    payment: str | None
    amount: Money
    paid: bool
    refunded: Money
    disputed: bool
    created: datetime
    claim: Claim
    fee: Fee | None = None


class PageState(StrEnum):
    """Where the provider's page stands."""

    OPEN = "open"
    PROCESSING = "processing"
    PAID = "paid"
    FAILED = "failed"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutPage:
    """The provider's page for one payment, as it stands now."""

    id: str
    account: str
    state: PageState
    url: str | None
    amount: Money
    claim: Claim
    expires_at: datetime
    payment: str | None = None
    charge: Charge | None = None


class Fate(StrEnum):
    """Where a refund stands at the provider."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundMade:
    """A refund at the provider, asked for by us or in the museum's dashboard."""

    id: str
    charge: str
    amount: Money
    fate: Fate
    created: datetime
    request: UUID | None = None
    reason: str = ""


class DisputeStage(StrEnum):
    """Where a dispute stands at the provider."""

    WARNING = "warning"
    OPEN = "open"
    WON = "won"
    LOST = "lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeRaised:
    """A payment called back by the donor's bank. `fees` by the balance transactions of the dispute."""

    id: str
    charge: str
    amount: Money
    stage: DisputeStage
    created: datetime
    fees: tuple[Fee, ...] = ()


@dataclass(frozen=True, slots=True)
class Notice:
    """An event: that something happened to an object. A hint; the object is fetched."""

    id: str
    account: str | None
    type: str
    object_id: str
    created: datetime
    livemode: bool


@dataclass(frozen=True, slots=True)
class BalanceLine:
    """A movement of an account's balance: `category` charge, refund, dispute, fee …, and the object it comes from."""

    id: str
    category: str
    source: str | None
    amount: Money
    fee: Money
    created: datetime


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request that changes something came to: the object's id and the provider's own id of the request."""

    object_id: str
    request_id: str | None
    status: int | None
    page: CheckoutPage | None = None
    refund: RefundMade | None = None


@dataclass(frozen=True, slots=True)
class AccountStanding:
    """Whether an account can be paid, and why not."""

    id: str
    active: bool
    reasons: tuple[str, ...] = field(default=())


class Provider(Protocol):
    """The payment provider. Each call names the account it is for.

    Raises ProviderUnavailable, ProviderRefused, ProviderKeyRejected, NotAtProvider. Lists start at `since`, the oldest
    first.
    """

    def checkout_parameters(self, request: CheckoutRequest) -> dict[str, Any]:
        """Write the parameters of a page, to be frozen. Raises ProviderRefused for an amount it cannot take."""

    def refund_parameters(self, request: RefundRequest) -> dict[str, Any]:
        """Write the parameters of a refund, to be frozen."""

    def open_page(self, account: str, parameters: Parameters, key: str) -> Answer:
        """Open the page of a payment."""

    def close_page(self, account: str, session: str) -> CheckoutPage:
        """Close an open page, so that it can no longer be paid; a page that is closed already is left as it is."""

    def make_refund(self, account: str, parameters: Parameters, key: str) -> Answer:
        """Give money back."""

    def page(self, account: str, session: str) -> CheckoutPage:
        """Fetch a page with its payment, charge and fee."""

    def page_of(self, account: str, claim: Claim, since: datetime) -> CheckoutPage | None:
        """Look for the page that says it is this museum's, this attempt's and this try's."""

    def charge(self, account: str, charge: str) -> Charge:
        """Fetch a charge with its fee."""

    def charges_of(self, account: str, payment: str) -> tuple[Charge, ...]:
        """List the charges that were tried for a payment."""

    def refund(self, account: str, refund: str) -> RefundMade:
        """Fetch a refund."""

    def dispute(self, account: str, dispute: str) -> DisputeRaised:
        """Fetch a dispute with its fees."""

    def charges(self, account: str, since: datetime) -> Iterable[Charge]:
        """List charges."""

    def refunds(self, account: str, since: datetime) -> Iterable[RefundMade]:
        """List refunds."""

    def disputes(self, account: str, since: datetime) -> Iterable[DisputeRaised]:
        """List disputes."""

    def balance_lines(self, account: str, since: datetime) -> Iterable[BalanceLine]:
        """List the movements of the balance."""

    def notices(self, account: str, since: datetime) -> Iterable[Notice]:
        """List events of the types we act on."""

    def standing(self, account: str) -> AccountStanding:
        """Say whether the account can be paid."""
