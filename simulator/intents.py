"""Payment intents without a page: made and confirmed by the client with a test payment method."""

from __future__ import annotations

from typing import Any

from simulator import answers, money, payments
from simulator.cards import BY_NUMBER, Card
from simulator.encoding import as_bool
from simulator.errors import ApiError, invalid
from simulator.store import Document
from simulator.world import World

GOOD, DECLINED, POOR, EXPIRED = "4242424242424242", "4000000000000002", "4000000000009995", "4000000000000069"
# The provider's own test payment methods (https://docs.stripe.com/testing).
METHODS = {
    "pm_card_visa": GOOD,
    "pm_card_mastercard": "5555555555554444",
    "pm_card_chargeDeclined": DECLINED,
    "pm_card_visa_chargeDeclined": DECLINED,
    "pm_card_chargeDeclinedInsufficientFunds": POOR,
    "pm_card_visa_chargeDeclinedInsufficientFunds": POOR,
    "pm_card_chargeDeclinedExpiredCard": EXPIRED,
    "pm_card_visa_chargeDeclinedStolenCard": "4000000000009979",
    "pm_card_threeDSecureRequired": "4000000000003220",
    "pm_card_authenticationRequired": "4000002760003184",
    "pm_card_createDispute": "4000000000000259",
    "pm_card_riskLevelElevated": "4000000000009235",
}


def create_intent(world: World, account: str, params: dict[str, Any]) -> Document:
    """Make an intent, and confirm it at once if the client wishes."""
    amount, currency = int(params["amount"]), str(params["currency"]).lower()
    money.check_amount(amount, currency, "amount")
    share = params.get("application_fee_amount")
    intent = payments.new_intent(
        world,
        account,
        amount=amount,
        currency=currency,
        application_fee_amount=int(share) if share else None,
        description=params.get("description"),
        metadata=dict(params.get("metadata") or {}),
        receipt_email=params.get("receipt_email"),
        statement_descriptor_suffix=params.get("statement_descriptor_suffix"),
    )
    return confirm_intent(world, account, intent, params) if as_bool(params.get("confirm")) else intent


def confirm_intent(world: World, account: str, intent: Document, params: dict[str, Any]) -> Document:
    """Charge the payment method. A refused card is answered with 402, and the intent inside the error."""
    if intent["status"] not in {"requires_payment_method", "requires_confirmation"}:
        raise invalid(
            f"This PaymentIntent's status is {intent['status']}: it cannot be confirmed.",
            code="payment_intent_unexpected_state",
        )
    card = _card(params)
    if card.three_d_secure:
        _authenticate(world, account, intent, card, params)
    charge = payments.present_card(world, account, intent, card, {})
    if not charge["paid"]:
        raise _card_error(world, account, intent)
    return intent


def _card(params: dict[str, Any]) -> Card:
    method = params.get("payment_method")
    if not method:
        raise invalid("Missing required param: payment_method.", param="payment_method", code="parameter_missing")
    if method not in METHODS:
        raise invalid(f"No such PaymentMethod: '{method}'", param="payment_method", code="resource_missing")
    return BY_NUMBER[METHODS[method]]


def _authenticate(world: World, account: str, intent: Document, card: Card, params: dict[str, Any]) -> None:
    """Off session nobody can answer the bank: the card is refused until the holder is there."""
    if not as_bool(params.get("off_session")):
        raise invalid("The simulator asks for authentication on its Checkout page only.", param="off_session")
    absent = Card(
        card.number, country=card.country, code="authentication_required", decline_code="authentication_required"
    )
    payments.present_card(world, account, intent, absent, {})
    raise _card_error(world, account, intent)


def _card_error(world: World, account: str, intent: Document) -> ApiError:
    error = {key: value for key, value in intent["last_payment_error"].items() if key not in {"type", "message"}}
    shown = answers.show(world, account, intent)
    return ApiError(402, "card_error", intent["last_payment_error"]["message"], **error, payment_intent=shown)
