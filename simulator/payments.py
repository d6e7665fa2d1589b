"""Payment intents: what happens when a card is presented for them."""

from __future__ import annotations

from typing import Any

from simulator.cards import Card, message_of
from simulator.charges import new_charge
from simulator.contract import blank
from simulator.errors import invalid
from simulator.events import emit
from simulator.settings import APPLICATION
from simulator.store import Document
from simulator.world import World

DISPUTE_AFTER = 3.0


def new_intent(world: World, account: str, *, amount: int, currency: str, **more: Any) -> Document:
    """Make a payment intent that waits for a card."""
    ident = world.ident("pi")
    intent = {
        **blank("payment_intent"),
        "object": "payment_intent",
        "id": ident,
        "amount": amount,
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "application": APPLICATION,
        "automatic_payment_methods": {"allow_redirects": "always", "enabled": True},
        "capture_method": "automatic_async",
        "client_secret": f"{ident}_secret_{world.ident('s', 24)[2:]}",
        "confirmation_method": "automatic",
        "created": world.now(),
        "currency": currency,
        "livemode": False,
        "metadata": {},
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": ["card"],
        "status": "requires_payment_method",
        **more,
    }
    world.store.save(account, intent)
    emit(world, account, "payment_intent.created", intent)
    return intent


def ask_authentication(world: World, account: str, intent: Document, card: Card, url: str, return_url: str) -> None:
    """Let the intent wait until the holder has authenticated with the bank."""
    intent["payment_method"] = world.ident("pm")
    intent["_card"] = card.number
    intent["status"] = "requires_action"
    intent["next_action"] = {"type": "redirect_to_url", "redirect_to_url": {"url": url, "return_url": return_url}}
    world.store.save(account, intent)
    emit(world, account, "payment_intent.requires_action", intent)


def refuse_authentication(world: World, account: str, intent: Document, card: Card) -> None:
    """Note that the holder did not authenticate: there is no charge, another card may be tried."""
    intent["next_action"] = None
    code = "payment_intent_authentication_failure"
    _fail_intent(world, account, intent, {"code": code, "message": message_of(Card(card.number, code=code))})


def present_card(
    world: World, account: str, intent: Document, card: Card, person: Document, *, authenticated: bool = False
) -> Document:
    """Charge a card for the intent; answers the charge, which may have failed."""
    intent["next_action"] = None
    if not authenticated:
        intent["payment_method"] = world.ident("pm")
    refused = card.refused or (authenticated and card.declined_after_authentication)
    charge = new_charge(world, account, intent, card, person, authenticated=authenticated, refused=refused)
    intent["latest_charge"] = charge["id"]
    if refused:
        emit(world, account, "charge.failed", charge)
        error = {
            "charge": charge["id"],
            "code": card.code,
            "decline_code": card.decline_code,
            "advice_code": card.advice_code,
        }
        _fail_intent(world, account, intent, {**error, "message": message_of(card)})
        return charge
    intent.update(status="succeeded", amount_received=charge["amount"], last_payment_error=None)
    world.store.save(account, intent)
    emit(world, account, "charge.succeeded", charge)
    emit(world, account, "payment_intent.succeeded", intent)
    plan_aftermath(world, account, charge, card)
    return charge


def plan_aftermath(world: World, account: str, charge: Document, card: Card) -> None:
    """Plan the settlement of a successful charge, and the trouble that its card brings."""
    world.plan(
        "settle",
        float(world.setting("settle_after", world.settings.settle_after)),
        account=account,
        charge=charge["id"],
    )
    if card.disputed:
        status = "warning_needs_response" if card.inquiry else "needs_response"
        world.plan(
            "dispute",
            DISPUTE_AFTER,
            account=account,
            charge=charge["id"],
            reason=card.disputed,
            status=status,
            amount=None,
        )
    if card.fraud_warning:
        world.plan("fraud_warning", DISPUTE_AFTER, account=account, charge=charge["id"])


def _fail_intent(world: World, account: str, intent: Document, error: Document) -> None:
    intent["status"] = "requires_payment_method"
    intent["payment_method"] = None
    intent["last_payment_error"] = {
        "type": "card_error",
        **{key: value for key, value in error.items() if value is not None},
    }
    world.store.save(account, intent)
    emit(world, account, "payment_intent.payment_failed", intent)


def cancel_intent(world: World, account: str, intent: Document, reason: str | None) -> Document:
    """Give an intent up."""
    if intent["status"] in {"succeeded", "canceled"}:
        raise invalid(
            f"You cannot cancel this PaymentIntent because it has a status of {intent['status']}. Only a PaymentIntent "
            "with one of the following statuses may be canceled: requires_payment_method, requires_capture, "
            "requires_confirmation, requires_action, processing.",
            code="payment_intent_unexpected_state",
        )
    intent.update(status="canceled", canceled_at=world.now(), cancellation_reason=reason, next_action=None)
    world.store.save(account, intent)
    emit(world, account, "payment_intent.canceled", intent)
    return intent
