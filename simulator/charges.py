"""Charges: one presentation of a card, and later the settlement of its money."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from simulator import money
from simulator.cards import BY_NUMBER, Card, message_of
from simulator.contract import blank
from simulator.events import emit
from simulator.settings import APPLICATION
from simulator.store import PLATFORM, Document
from simulator.world import World

# What a charge says of itself when it is new, whatever its card.
NEW = {
    "object": "charge",
    "amount_refunded": 0,
    "application": APPLICATION,
    "calculated_statement_descriptor": "MUSEUM",
    "disputed": False,
    "fraud_details": {},
    "livemode": False,
    "radar_options": {},
    "refunded": False,
}


def new_charge(
    world: World,
    account: str,
    intent: Document,
    card: Card,
    person: Document,
    *,
    authenticated: bool = False,
    refused: bool = False,
) -> Document:
    """Make the charge of an intent. A control call may have asked that another sum be settled."""
    tampered: Document = world.setting("next_charge", {})
    if tampered and not refused:
        world.set("next_charge", {})
    amount = int(tampered.get("amount") or intent["amount"])
    charge = {
        **blank("charge"),
        **deepcopy(NEW),
        **_fate(card, refused=refused),
        "id": world.ident("ch"),
        "amount": amount,
        "amount_captured": 0 if refused else amount,
        "application_fee_amount": intent["application_fee_amount"],
        "billing_details": _holder(card, person),
        "created": world.now(),
        "currency": tampered.get("currency") or intent["currency"],
        "description": intent["description"],
        "metadata": dict(intent["metadata"]),
        "payment_intent": intent["id"] if intent["id"].startswith("pi_") else None,
        "payment_method": intent["payment_method"],
        "payment_method_details": _paid_by(card, amount, authenticated=authenticated),
        "receipt_email": intent["receipt_email"],
        "statement_descriptor_suffix": intent["statement_descriptor_suffix"],
        "_card": card.number,
    }
    return world.store.save(account, charge)


def _holder(card: Card, person: Document) -> Document:
    return {
        "address": {**dict.fromkeys(("city", "line1", "line2", "postal_code", "state")), "country": card.country},
        "email": person.get("email"),
        "name": person.get("name"),
        "phone": None,
        "tax_id": None,
    }


def _fate(card: Card, *, refused: bool) -> Document:
    return {
        "captured": not refused,
        "failure_code": card.code if refused else None,
        "failure_message": message_of(card) if refused else None,
        "outcome": _outcome(card, refused=refused),
        "paid": not refused,
        "status": "failed" if refused else "succeeded",
    }


def _outcome(card: Card, *, refused: bool) -> Document:
    return {
        "advice_code": card.advice_code if refused else None,
        "network_advice_code": None,
        "network_decline_code": "05" if refused else None,
        "network_status": "declined_by_network" if refused else "approved_by_network",
        "reason": (card.decline_code or card.code)
        if refused
        else ("elevated_risk_level" if card.elevated_risk else None),
        "risk_level": "elevated" if card.elevated_risk else "normal",
        "risk_score": 65 if card.elevated_risk else 12,
        "seller_message": "The bank did not accept the payment." if refused else "Payment complete.",
        "type": "issuer_declined" if refused else "manual_review" if card.elevated_risk else "authorized",
    }


def _paid_by(card: Card, amount: int, *, authenticated: bool) -> Document:
    done = {
        "authentication_flow": "challenge",
        "electronic_commerce_indicator": "05",
        "exemption_indicator": None,
        "result": "authenticated",
        "result_reason": None,
        "transaction_id": None,
        "version": "2.2.0",
    }
    details = {
        "amount_authorized": amount,
        "brand": card.brand,
        "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
        "country": card.country,
        "exp_month": 12,
        "exp_year": 2034,
        "fingerprint": f"sim{card.number[-10:]}",
        "funding": "credit",
        "last4": card.last4,
        "network": card.brand,
        "three_d_secure": done if authenticated else None,
        "wallet": None,
    }
    return {"type": "card", "card": details}


def settle_charge(world: World, plan: Document) -> None:
    """Book a charge's balance transaction: the moment when its fee becomes known."""
    account, charge = plan["account"], world.store.find(plan["account"], "charge", plan["charge"])
    if charge is None or charge["balance_transaction"]:
        return
    card = Card(charge["_card"], country=charge["billing_details"]["address"]["country"])
    share = int(charge["application_fee_amount"] or 0)
    line = money.book(
        world,
        account,
        kind="charge",
        amount=charge["amount"],
        currency=charge["currency"],
        available_after=0 if BY_NUMBER.get(card.number, card).available_at_once else money.AVAILABLE_AFTER,
        description=charge["description"],
        source=charge["id"],
        stripe_fee=money.fee_of(charge["amount"], charge["currency"], card.country),
        application_fee=share,
    )
    charge["balance_transaction"] = line["id"]
    previous: dict[str, Any] = {"balance_transaction": None}
    if share:
        charge["application_fee"] = _application_fee(world, account, charge, share)["id"]
        previous["application_fee"] = None
    world.store.save(account, charge)
    emit(world, account, "charge.updated", charge, previous)


def _application_fee(world: World, account: str, charge: Document, share: int) -> Document:
    ident = world.ident("fee")
    line = money.book(world, PLATFORM, kind="application_fee", amount=share, currency=charge["currency"], source=ident)
    fee = {
        **blank("application_fee"),
        "object": "application_fee",
        "id": ident,
        "account": account,
        "amount": share,
        "amount_refunded": 0,
        "application": APPLICATION,
        "balance_transaction": line["id"],
        "charge": charge["id"],
        "created": world.now(),
        "currency": charge["currency"],
        "livemode": False,
        "originating_transaction": charge["id"],
        "refunded": False,
        "refunds": {"object": "list", "data": [], "has_more": False, "url": f"/v1/application_fees/{ident}/refunds"},
    }
    world.store.save(PLATFORM, fee)
    emit(world, PLATFORM, "application_fee.created", fee)
    return fee
