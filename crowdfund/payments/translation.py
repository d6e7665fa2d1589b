"""The provider's objects, as plain JSON values, put into our words; and our requests into its own. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from crowdfund.money import Money, exponent
from crowdfund.payments.provider import (
    BalanceLine,
    Charge,
    CheckoutPage,
    CheckoutRequest,
    Claim,
    DisputeRaised,
    DisputeStage,
    Fate,
    Fee,
    Notice,
    PageState,
    ProviderRefused,
    RefundMade,
    RefundRequest,
)

Thing = Mapping[str, Any]

# Two decimals are sent for these, and they must be zero: https://docs.stripe.com/currencies#special-cases
SENT_WITH_DECIMALS = frozenset({"ISK", "UGX"})

# Pay-later and crypto are no way to give: https://docs.stripe.com/payments/payment-methods/overview
NOT_FOR_GIFTS = (
    "affirm", "afterpay_clearpay", "alma", "billie", "crypto", "klarna", "scalapay", "sequra", "sunbit", "zip",
)  # fmt: skip
LONGEST_TEXT = 255

FATES = {"succeeded": Fate.SUCCEEDED, "failed": Fate.FAILED, "canceled": Fate.FAILED}
STAGES = {
    "won": DisputeStage.WON, "warning_closed": DisputeStage.WON, "prevented": DisputeStage.WON,
    "lost": DisputeStage.LOST,
    "warning_needs_response": DisputeStage.WARNING, "warning_under_review": DisputeStage.WARNING,
}  # fmt: skip


def to_wire(amount: Money) -> int:
    """Write an amount as the provider counts it. Raises ProviderRefused for one it does not take."""
    places = exponent(amount.currency)
    if places == 3 and amount.minor % 10:
        raise ProviderRefused("last_decimal_must_be_zero")
    if amount.currency in SENT_WITH_DECIMALS:
        if places == 0:
            return amount.minor * 100
        if amount.minor % 100:
            raise ProviderRefused("decimals_must_be_zero")
    return amount.minor


def from_wire(amount: int, currency: str) -> Money:
    """Read an amount as the provider counts it."""
    code = currency.upper()
    if code in SENT_WITH_DECIMALS and exponent(code) == 0:
        return Money(amount // 100, code)
    return Money(amount, code)


def checkout_parameters(request: CheckoutRequest) -> dict[str, Any]:
    """Write the parameters of a hosted Checkout page."""
    said = {"institution": str(request.institution_id), "attempt": str(request.attempt), "number": str(request.number)}
    price = {
        "currency": request.amount.currency.lower(),
        "unit_amount": to_wire(request.amount),
        "product_data": {"name": request.title},
    }
    parameters: dict[str, Any] = {
        "mode": "payment",
        "ui_mode": "hosted_page",
        "submit_type": "donate",
        "client_reference_id": str(request.attempt),
        "metadata": said,
        "payment_intent_data": {"metadata": said, "description": request.title},
        "line_items": [{"quantity": 1, "price_data": price}],
        # The donor pays in the campaign's currency, or the books would not know the amount.
        "adaptive_pricing": {"enabled": False},
        "excluded_payment_method_types": list(NOT_FOR_GIFTS),
        "locale": request.locale,
        "expires_at": int(request.expires_at.timestamp()),
        "success_url": request.success_url,
        "cancel_url": request.cancel_url,
    }
    if request.email:
        parameters["customer_email"] = request.email
    return parameters


def refund_parameters(request: RefundRequest) -> dict[str, Any]:
    """Write the parameters of a refund; the platform's share goes back with it."""
    of = {"payment_intent": request.payment} if request.payment else {"charge": request.charge}
    return {
        **of,
        "amount": to_wire(request.amount),
        "reason": "requested_by_customer",
        "refund_application_fee": True,
        "metadata": {"institution": str(request.institution_id), "request": str(request.request)},
    }


def moment(seconds: int) -> datetime:
    """Read a time."""
    return datetime.fromtimestamp(seconds, UTC)


def identity(value: str | Thing | None) -> str | None:
    """Give the id of an object that may be expanded."""
    if value is None or isinstance(value, str):
        return value
    return str(value["id"])


def claim(metadata: Thing | None) -> Claim:
    """Read what an object says of itself; what is not ours says nothing."""
    said = metadata or {}
    return Claim(_whole(said.get("institution")), _uuid(said.get("attempt")), _whole(said.get("number")))


def _whole(text: object) -> int | None:
    return int(text) if isinstance(text, str) and text.isascii() and text.isdigit() and len(text) < 10 else None


def _uuid(text: object) -> UUID | None:
    try:
        return UUID(text) if isinstance(text, str) else None
    except ValueError:
        return None


def charge(found: Thing, account: str) -> Charge:
    """Read a charge; its balance transaction is expanded, or not there yet."""
    currency = str(found["currency"])
    return Charge(
        id=str(found["id"]), account=account, payment=identity(found.get("payment_intent")),
        amount=from_wire(int(found["amount"]), currency),
        paid=bool(found["paid"]) and found["status"] == "succeeded" and bool(found["captured"]),
        refunded=from_wire(int(found["amount_refunded"]), currency), disputed=bool(found["disputed"]),
        created=moment(int(found["created"])), claim=claim(found.get("metadata")),
        fee=fee(found.get("balance_transaction")),
    )  # fmt: skip


def fee(line: str | Thing | None) -> Fee | None:
    """Read what was kept, from an expanded balance transaction."""
    if line is None or isinstance(line, str):
        return None
    return Fee(str(line["id"]), from_wire(int(line["fee"]), str(line["currency"])))


def page(found: Thing, account: str) -> CheckoutPage:
    """Read a Checkout session, expanded to its charge and balance transaction where there is one."""
    intent = found.get("payment_intent")
    paid_by = intent.get("latest_charge") if isinstance(intent, Mapping) else None
    return CheckoutPage(
        id=str(found["id"]), account=account, state=_page_state(found, intent), url=found.get("url"),
        amount=from_wire(int(found["amount_total"] or 0), str(found["currency"])),
        claim=claim(found.get("metadata")), expires_at=moment(int(found["expires_at"])), payment=identity(intent),
        charge=charge(paid_by, account) if isinstance(paid_by, Mapping) else None,
    )  # fmt: skip


def _page_state(found: Thing, intent: str | Thing | None) -> PageState:
    if found["status"] == "expired":
        return PageState.EXPIRED
    if found["status"] == "open":
        return PageState.OPEN
    if found["payment_status"] == "paid":
        return PageState.PAID
    # Complete and unpaid: a delayed method is on its way, or has failed.
    waiting = isinstance(intent, Mapping) and intent["status"] in {"processing", "requires_action"}
    return PageState.PROCESSING if waiting or not isinstance(intent, Mapping) else PageState.FAILED


def refund(found: Thing) -> RefundMade:
    """Read a refund."""
    metadata = found.get("metadata") or {}
    return RefundMade(
        id=str(found["id"]), charge=identity(found.get("charge")) or "",
        amount=from_wire(int(found["amount"]), str(found["currency"])),
        fate=FATES.get(str(found["status"]), Fate.PENDING), created=moment(int(found["created"])),
        request=_uuid(metadata.get("request")), reason=str(found.get("reason") or ""),
    )  # fmt: skip


def dispute(found: Thing) -> DisputeRaised:
    """Read a dispute; its balance transactions stand in it."""
    lines = [fee(line) for line in found.get("balance_transactions") or []]
    return DisputeRaised(
        id=str(found["id"]), charge=identity(found["charge"]) or "",
        amount=from_wire(int(found["amount"]), str(found["currency"])),
        stage=STAGES.get(str(found["status"]), DisputeStage.OPEN), created=moment(int(found["created"])),
        fees=tuple(line for line in lines if line is not None),
    )  # fmt: skip


def balance_line(found: Thing) -> BalanceLine:
    """Read a balance transaction."""
    currency = str(found["currency"])
    return BalanceLine(
        str(found["id"]), str(found["reporting_category"]), identity(found.get("source")),
        from_wire(int(found["amount"]), currency), from_wire(int(found["fee"]), currency),
        moment(int(found["created"])),
    )  # fmt: skip


def notice(found: Thing) -> Notice:
    """Read an event, as a snapshot or thin. Raises KeyError, TypeError or ValueError for what is none."""
    if found["object"] == "v2.core.event":
        related = found.get("related_object") or {}
        return Notice(
            _text(found["id"]), found.get("context"), _text(found["type"]).removeprefix("v1."),
            str(related.get("id") or ""), datetime.fromisoformat(_text(found["created"])), found["livemode"] is True,
        )  # fmt: skip
    if found["object"] != "event":
        raise ValueError("not an event")
    subject = found["data"]["object"]
    return Notice(
        _text(found["id"]), found.get("account"), _text(found["type"]), str(subject.get("id") or ""),
        moment(int(found["created"])), found["livemode"] is True,
    )  # fmt: skip


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.isprintable() or not 0 < len(value) <= LONGEST_TEXT:
        raise TypeError("a text was expected")
    return value
