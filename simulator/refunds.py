"""Refunds: money given back, at once, later, or not at all."""

from __future__ import annotations

from typing import Any

from simulator import money
from simulator.cards import BY_NUMBER
from simulator.contract import blank
from simulator.encoding import as_bool
from simulator.errors import invalid
from simulator.events import emit
from simulator.store import PLATFORM, Document
from simulator.world import World

LATE_OUTCOME = 3.0
TO_THE_CARD = {
    "reference": None,
    "reference_status": "pending",
    "reference_type": "acquirer_reference_number",
    "type": "refund",
}


def charge_of(world: World, account: str, params: dict[str, Any]) -> Document:
    """Find the charge that a refund or a dispute names, by itself or by its intent."""
    if params.get("charge"):
        return world.get(account, "charge", params["charge"], "charge")
    if params.get("payment_intent"):
        intent = world.get(account, "payment_intent", params["payment_intent"], "payment_intent")
        charge = world.store.find(account, "charge", str(intent["latest_charge"]))
        if charge is not None and charge["paid"]:
            return charge
        raise invalid(
            f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund.", param="payment_intent"
        )
    raise invalid("One of the following params should be provided for this request: payment_intent or charge.")


def create_refund(world: World, account: str, params: dict[str, Any]) -> Document:
    """Give the money of a charge back, wholly or in part."""
    charge = charge_of(world, account, params)
    rest = charge["amount_captured"] - charge["amount_refunded"]
    amount = int(params.get("amount") or rest)
    _check(world, account, charge, amount, rest)
    fate = BY_NUMBER[charge["_card"]].refund if charge["_card"] in BY_NUMBER else "succeeded"
    short = bool(world.setting(f"short_balance:{account}", default=False))
    refund = {
        **blank("refund"),
        "object": "refund",
        "id": world.ident("re"),
        "amount": amount,
        "charge": charge["id"],
        "created": world.now(),
        "currency": charge["currency"],
        "destination_details": {"type": "card", "card": dict(TO_THE_CARD)},
        "metadata": params.get("metadata") or {},
        "payment_intent": charge["payment_intent"],
        "reason": params.get("reason"),
        "status": "pending" if short or fate == "pending" else "succeeded",
        "_pass_fee_back": as_bool(params.get("refund_application_fee")),
    }
    if short:
        refund["pending_reason"] = "insufficient_funds"
    else:
        _book(world, account, charge, refund)
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]
    world.store.save(account, refund)
    world.store.save(account, charge)
    emit(world, account, "refund.created", refund)
    emit(world, account, "charge.refunded", charge, {"amount_refunded": charge["amount_refunded"] - amount})
    if not short and fate != "succeeded":
        outcome = "succeeded" if fate == "pending" else "failed"
        world.plan("refund_outcome", LATE_OUTCOME, account=account, refund=refund["id"], outcome=outcome)
    return refund


def _check(world: World, account: str, charge: Document, amount: int, rest: int) -> None:
    if _disputed(world, account, charge):
        raise invalid(f"Charge {charge['id']} has been charged back; cannot issue a refund.", code="charge_disputed")
    if not charge["paid"]:
        raise invalid(f"Charge {charge['id']} has not been paid.", param="charge")
    if rest == 0:
        raise invalid(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    if amount <= 0:
        raise invalid("Invalid positive integer", param="amount", code="parameter_invalid_integer")
    if amount > rest:
        asked, left = money.words(amount, charge["currency"]), money.words(rest, charge["currency"])
        raise invalid(f"Refund amount ({asked}) is greater than unrefunded amount on charge ({left})", param="amount")


def _disputed(world: World, account: str, charge: Document) -> bool:
    closing = ("won", "warning_closed", "warning_needs_response", "warning_under_review")
    return any(
        one["charge"] == charge["id"] and one["status"] not in closing for one in world.store.every(account, "dispute")
    )


def _book(world: World, account: str, charge: Document, refund: Document) -> None:
    """Take the money from the balance, and pass the platform's share back if that was asked."""
    share = 0
    if refund["_pass_fee_back"] and charge["application_fee_amount"]:
        before, after = charge["amount_refunded"], charge["amount_refunded"] + refund["amount"]
        fee, whole = int(charge["application_fee_amount"]), charge["amount"]
        share = fee * after // whole - fee * before // whole
        _return_fee(world, charge, share)
    line = money.book(
        world,
        account,
        kind="refund",
        amount=-refund["amount"],
        currency=refund["currency"],
        description=f"REFUND FOR CHARGE ({charge['description'] or charge['id']})",
        source=refund["id"],
        application_fee=-share,
    )
    refund["balance_transaction"] = line["id"]
    refund["pending_reason"] = None


def _return_fee(world: World, charge: Document, share: int) -> None:
    fee = world.store.find(PLATFORM, "application_fee", str(charge["application_fee"]))
    if fee is not None and share:
        fee["amount_refunded"] += share
        fee["refunded"] = fee["amount_refunded"] == fee["amount"]
        world.store.save(PLATFORM, fee)
        money.book(
            world, PLATFORM, kind="application_fee_refund", amount=-share, currency=charge["currency"], source=fee["id"]
        )
        emit(world, PLATFORM, "application_fee.refunded", fee)


def end_refund(world: World, account: str, refund: Document, outcome: str, reason: str = "lost_or_stolen_card") -> None:
    """Let a refund succeed or fail later."""
    charge = world.get(account, "charge", refund["charge"])
    previous = {"status": refund["status"]}
    if outcome == "succeeded":
        if refund["balance_transaction"] is None:
            charge["amount_refunded"] -= refund["amount"]  # booked as if it were made now
            _book(world, account, charge, refund)
            charge["amount_refunded"] += refund["amount"]
        refund["status"] = "succeeded"
        world.store.save(account, refund)
        emit(world, account, "refund.updated", refund, previous)
        return
    if refund["status"] in {"failed", "canceled"}:
        raise invalid(f"Refund {refund['id']} is already {refund['status']}.")
    refund.update(status="failed", failure_reason=reason, pending_reason=None)
    if refund["balance_transaction"] is not None:
        booked = world.get(account, "balance_transaction", refund["balance_transaction"])
        back = money.book(
            world,
            account,
            kind="refund_failure",
            amount=refund["amount"],
            currency=refund["currency"],
            source=refund["id"],
            application_fee=-booked["fee"],
        )
        refund["failure_balance_transaction"] = back["id"]
    charge["amount_refunded"] -= refund["amount"]
    charge["refunded"] = False
    world.store.save(account, refund)
    world.store.save(account, charge)
    emit(world, account, "refund.updated", refund, previous)
    emit(world, account, "refund.failed", refund)


def end_when_due(world: World, plan: Document) -> None:
    """Give a refund the outcome that its card brings."""
    refund = world.store.find(plan["account"], "refund", plan["refund"])
    if refund is not None and refund["status"] in {"pending", "succeeded"}:
        end_refund(world, plan["account"], refund, plan["outcome"])
