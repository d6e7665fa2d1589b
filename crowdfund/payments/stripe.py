"""Stripe: the only module that speaks to it. Its words stay here and in `translation`.

Charges are made directly on the issuer's own account: every call names an account, or says PLATFORM.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, TypeVar, cast

import stripe
from flask import has_request_context
from stripe import RequestOptions, RequestsClient, StripeClient

from config import Config
from crowdfund import crash
from crowdfund.payments import translation
from crowdfund.payments.provider import (
    AccountStanding,
    Answer,
    BalanceLine,
    Charge,
    CheckoutPage,
    CheckoutRequest,
    Claim,
    DisputeRaised,
    NotAtProvider,
    Notice,
    Parameters,
    ProviderKeyRejected,
    ProviderRefused,
    ProviderUnavailable,
    RefundMade,
    RefundRequest,
)

# What we were written for; a test holds it against what the installed SDK speaks.
API_VERSION = "2026-10-28.endive"
PLATFORM = ""
RETRIES = 2
PAUSES = (0.3, 0.9)
# Seconds to connect and to answer. A person waits for a page, a worker has more patience.
PAGE_TIMEOUT, WORKER_TIMEOUT = (3, 8), (3, 30)
# Events that settle something here; the provider lets a list name twenty types.
EVENT_TYPES = (
    "checkout.session.completed", "checkout.session.async_payment_succeeded", "checkout.session.async_payment_failed",
    "checkout.session.expired", "payment_intent.succeeded", "payment_intent.payment_failed",
    "charge.succeeded", "charge.updated", "charge.refunded", "refund.created", "refund.updated", "refund.failed",
    "charge.dispute.created", "charge.dispute.updated", "charge.dispute.funds_withdrawn",
    "charge.dispute.funds_reinstated", "charge.dispute.closed",
)  # fmt: skip
PAGE_PARTS = ["payment_intent.latest_charge.balance_transaction"]
CHARGE_PARTS = ["balance_transaction"]
ROWS = 100

T = TypeVar("T")


class StripeProvider:
    """The provider behind STRIPE_API_BASE."""

    def __init__(
        self,
        config: Config,
        *,
        page_timeout: tuple[float, float] = PAGE_TIMEOUT,
        worker_timeout: tuple[float, float] = WORKER_TIMEOUT,
    ) -> None:
        self._pages = _client(config, page_timeout)
        self._workers = _client(config, worker_timeout)

    # requests that change something

    def checkout_parameters(self, request: CheckoutRequest) -> dict[str, Any]:
        """Write the parameters of a hosted Checkout page."""
        return translation.checkout_parameters(request)

    def refund_parameters(self, request: RefundRequest) -> dict[str, Any]:
        """Write the parameters of a refund; the platform's share goes back with it."""
        return translation.refund_parameters(request)

    def open_page(self, account: str, parameters: Parameters, key: str) -> Answer:
        """Open the page of a payment."""
        made = _ask(
            "open_page",
            lambda: self._client().v1.checkout.sessions.create(cast("Any", dict(parameters)), _options(account, key)),
        )
        return _answer(made, page=translation.page(made.to_dict(), account))

    def close_page(self, account: str, session: str) -> CheckoutPage:
        """Close an open page; one that is closed already is left as it is."""
        try:
            made = _ask(
                "close_page",
                lambda: self._client().v1.checkout.sessions.expire(session, {"expand": PAGE_PARTS}, _options(account)),
            )
        except NotAtProvider:
            raise
        except ProviderRefused:  # it is not open: what it is instead is told by looking
            return self.page(account, session)
        return translation.page(made.to_dict(), account)

    def make_refund(self, account: str, parameters: Parameters, key: str) -> Answer:
        """Give money back."""
        made = _ask(
            "make_refund",
            lambda: self._client().v1.refunds.create(cast("Any", dict(parameters)), _options(account, key)),
        )
        return _answer(made, refund=translation.refund(made.to_dict()))

    # looking

    def page(self, account: str, session: str) -> CheckoutPage:
        """Fetch a page with its payment, charge and fee."""
        found = _ask(
            "page",
            lambda: self._client().v1.checkout.sessions.retrieve(session, {"expand": PAGE_PARTS}, _options(account)),
        )
        return translation.page(found.to_dict(), account)

    def page_of(self, account: str, claim: Claim, since: datetime) -> CheckoutPage | None:
        """Look for the page that says it is this museum's, this attempt's and this try's."""
        rows = self._listed(
            "page_of", lambda: self._client().v1.checkout.sessions.list(cast("Any", _since(since)), _options(account))
        )
        for row in rows:
            if row["client_reference_id"] == str(claim.attempt) and translation.claim(row.get("metadata")) == claim:
                return self.page(account, str(row["id"]))
        return None

    def charge(self, account: str, charge: str) -> Charge:
        """Fetch a charge with its fee."""
        found = _ask(
            "charge", lambda: self._client().v1.charges.retrieve(charge, {"expand": CHARGE_PARTS}, _options(account))
        )
        return translation.charge(found.to_dict(), account)

    def charges_of(self, account: str, payment: str) -> tuple[Charge, ...]:
        """List the charges that were tried for a payment."""
        rows = self._listed(
            "charges_of",
            lambda: self._client().v1.charges.list(
                {"payment_intent": payment, "limit": ROWS, "expand": ["data.balance_transaction"]}, _options(account)
            ),
        )
        return tuple(translation.charge(row, account) for row in rows)

    def refund(self, account: str, refund: str) -> RefundMade:
        """Fetch a refund."""
        found = _ask("refund", lambda: self._client().v1.refunds.retrieve(refund, None, _options(account)))
        return translation.refund(found.to_dict())

    def dispute(self, account: str, dispute: str) -> DisputeRaised:
        """Fetch a dispute with its fees."""
        found = _ask("dispute", lambda: self._client().v1.disputes.retrieve(dispute, None, _options(account)))
        return translation.dispute(found.to_dict())

    def charges(self, account: str, since: datetime) -> Iterable[Charge]:
        """List charges."""
        rows = self._listed(
            "charges",
            lambda: self._client().v1.charges.list(
                cast("Any", {**_since(since), "expand": ["data.balance_transaction"]}), _options(account)
            ),
        )
        return [translation.charge(row, account) for row in rows]

    def refunds(self, account: str, since: datetime) -> Iterable[RefundMade]:
        """List refunds."""
        rows = self._listed(
            "refunds", lambda: self._client().v1.refunds.list(cast("Any", _since(since)), _options(account))
        )
        return [translation.refund(row) for row in rows]

    def disputes(self, account: str, since: datetime) -> Iterable[DisputeRaised]:
        """List disputes."""
        rows = self._listed(
            "disputes", lambda: self._client().v1.disputes.list(cast("Any", _since(since)), _options(account))
        )
        return [translation.dispute(row) for row in rows]

    def balance_lines(self, account: str, since: datetime) -> Iterable[BalanceLine]:
        """List the movements of the balance."""
        rows = self._listed(
            "balance_lines",
            lambda: self._client().v1.balance_transactions.list(cast("Any", _since(since)), _options(account)),
        )
        return [translation.balance_line(row) for row in rows]

    def notices(self, account: str, since: datetime) -> Iterable[Notice]:
        """List events of the types we act on."""
        rows = self._listed(
            "notices",
            lambda: self._client().v1.events.list(
                cast("Any", {**_since(since), "types": list(EVENT_TYPES)}), _options(account)
            ),
        )
        return [translation.notice(row) for row in rows]

    def standing(self, account: str) -> AccountStanding:
        """Say whether the account can be paid by card."""
        found = _ask(
            "standing",
            lambda: self._client().v2.core.accounts.retrieve(
                account, {"include": ["configuration.merchant"]}, _options(PLATFORM)
            ),
        )
        merchant = (found.to_dict().get("configuration") or {}).get("merchant") or {}
        ability = (merchant.get("capabilities") or {}).get("card_payments") or {}
        reasons = tuple(str(detail["code"]) for detail in ability.get("status_details") or [])
        return AccountStanding(account, ability.get("status") == "active", reasons)

    # inside

    def _client(self) -> StripeClient:
        return self._pages if has_request_context() else self._workers

    def _listed(self, operation: str, first_page: Callable[[], Any]) -> list[Mapping[str, Any]]:
        """Read all pages of a list, and turn it: the provider gives the newest first."""
        rows = _ask(operation, lambda: list(_rows(first_page())))
        return rows[::-1]


def _client(config: Config, timeout: tuple[float, float]) -> StripeClient:
    return StripeClient(
        config.stripe_secret_key,
        stripe_version=API_VERSION,
        base_addresses={"api": config.stripe_api_base},
        max_network_retries=RETRIES,
        http_client=RequestsClient(timeout=cast("Any", timeout)),
    )


def _options(account: str, key: str | None = None) -> RequestOptions:
    options: RequestOptions = {}
    if account != PLATFORM:
        options["stripe_account"] = account
    if key is not None:
        options["idempotency_key"] = key
    return options


def _since(since: datetime) -> dict[str, Any]:
    return {"created": {"gte": int(since.timestamp())}, "limit": ROWS}


def _rows(first_page: Any) -> Iterator[Mapping[str, Any]]:
    for row in first_page.auto_paging_iter():
        yield row.to_dict()


def _answer(made: Any, *, page: CheckoutPage | None = None, refund: RefundMade | None = None) -> Answer:
    response = made.last_response
    return Answer(
        str(made.id), response.request_id if response else None, response.code if response else None, page, refund
    )


def _ask(operation: str, call: Callable[[], T]) -> T:
    """Call, and say in our words what went wrong."""
    crash.point(f"before provider {operation}")
    try:
        answer = _patiently(call)
    except (stripe.AuthenticationError, stripe.PermissionError) as error:
        raise ProviderKeyRejected(_code(error), status=error.http_status, request_id=error.request_id) from error
    except stripe.StripeError as error:
        raise _refusal(error) from error
    crash.point(f"after provider {operation}")
    return answer


def _patiently(call: Callable[[], T]) -> T:
    """Call again after "too many requests": nothing was done, and the SDK leaves that case to us."""
    for pause in PAUSES:
        try:
            return call()
        except stripe.RateLimitError:
            time.sleep(pause * random.uniform(0.8, 1.2))  # noqa: S311 - jitter, not a secret
    return call()


def _refusal(error: stripe.StripeError) -> ProviderUnavailable | ProviderRefused:
    """Tell a no from not knowing: only the provider's own 4xx say that nothing was done."""
    status = error.http_status
    if status is None or status >= 500 or status in {408, 409, 429} or isinstance(error, stripe.APIConnectionError):
        return ProviderUnavailable(f"{type(error).__name__} {status or ''}".strip())
    if status == 404 or error.code == "resource_missing":
        return NotAtProvider(_code(error), status=status, request_id=error.request_id)
    return ProviderRefused(_code(error), status=status, request_id=error.request_id)


def _code(error: stripe.StripeError) -> str:
    return error.code or type(error).__name__
