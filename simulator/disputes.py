"""Disputes: a card holder takes the money back through the bank. Also the warnings that precede them."""

from __future__ import annotations

from copy import deepcopy

from simulator import money
from simulator.contract import blank
from simulator.errors import invalid
from simulator.events import emit
from simulator.store import Document
from simulator.world import World

ANSWER_WITHIN = 14 * money.DAY
INQUIRY = "warning_needs_response"
OPEN = {"needs_response", "under_review", INQUIRY, "warning_under_review"}
EVIDENCE = [
    "access_activity_log",
    "billing_address",
    "cancellation_policy",
    "cancellation_policy_disclosure",
    "cancellation_rebuttal",
    "customer_communication",
    "customer_email_address",
    "customer_name",
    "customer_purchase_ip",
    "customer_signature",
    "duplicate_charge_documentation",
    "duplicate_charge_explanation",
    "duplicate_charge_id",
    "product_description",
    "receipt",
    "refund_policy",
    "refund_policy_disclosure",
    "refund_refusal_explanation",
    "service_date",
    "service_documentation",
    "shipping_address",
    "shipping_carrier",
    "shipping_date",
    "shipping_documentation",
    "shipping_tracking_number",
    "uncategorized_file",
    "uncategorized_text",
]
NEW = {
    "object": "dispute",
    "balance_transactions": [],
    "enhanced_eligibility_types": [],
    "evidence": {**dict.fromkeys(EVIDENCE), "enhanced_evidence": {}},
    "livemode": False,
    "metadata": {},
}
NOTHING_SUBMITTED = {
    "enhanced_eligibility": {},
    "has_evidence": False,
    "past_due": False,
    "submission_count": 0,
    "submission_method": "not_submitted",
}
CASE = {"brand": "visa", "network": "visa", "network_reason_code": "83"}


def open_dispute(
    world: World,
    account: str,
    charge: Document,
    *,
    amount: int | None,
    reason: str = "fraudulent",
    status: str = "needs_response",
) -> Document:
    """Open a dispute on a charge; unless it is only an inquiry, the money leaves at once."""
    if not charge["paid"]:
        raise invalid(f"Charge {charge['id']} was not paid.")
    taken = amount or charge["amount"] - charge["amount_refunded"]
    dispute = {
        **blank("dispute"),
        **deepcopy(NEW),
        "id": world.ident("du"),
        "amount": taken,
        "charge": charge["id"],
        "created": world.now(),
        "currency": charge["currency"],
        "evidence_details": {**NOTHING_SUBMITTED, "due_by": world.now() + ANSWER_WITHIN},
        "is_charge_refundable": status == INQUIRY,
        "payment_intent": charge["payment_intent"],
        "payment_method_details": {
            "type": "card",
            "card": {**CASE, "case_type": "inquiry" if status == INQUIRY else "chargeback"},
        },
        "reason": reason,
        "status": status,
    }
    charge["disputed"] = True
    world.store.save(account, charge)
    world.store.save(account, dispute)
    emit(world, account, "charge.dispute.created", dispute)
    emit(world, account, "charge.updated", charge, {"disputed": False})
    if status != INQUIRY:
        _withdraw(world, account, dispute)
    return dispute


def _withdraw(world: World, account: str, dispute: Document) -> None:
    fee = money.DISPUTE_FEE.get(dispute["currency"], money.DISPUTE_FEE["eur"])
    _book(world, account, dispute, -dispute["amount"], "dispute", fee)
    emit(world, account, "charge.dispute.funds_withdrawn", dispute)


def _book(world: World, account: str, dispute: Document, amount: int, category: str, fee: int = 0) -> None:
    line = money.book(
        world,
        account,
        kind="adjustment",
        category=category,
        amount=amount,
        currency=dispute["currency"],
        description=f"{'Chargeback withdrawal' if amount < 0 else 'Chargeback reversal'} for {dispute['charge']}",
        source=dispute["id"],
        stripe_fee=fee,
    )
    dispute["balance_transactions"].append(line["id"])
    world.store.save(account, dispute)


def close_dispute(world: World, account: str, dispute: Document, outcome: str) -> Document:
    """Decide a dispute: won or lost for the account; an inquiry is just closed."""
    if dispute["status"] not in OPEN:
        raise invalid(f"This dispute is already closed: {dispute['status']}.")
    inquiry = dispute["status"].startswith("warning_")
    dispute["status"] = "warning_closed" if inquiry else outcome
    dispute["is_charge_refundable"] = inquiry or outcome == "won"
    world.store.save(account, dispute)
    if outcome == "won" and not inquiry:
        _book(world, account, dispute, dispute["amount"], "dispute_reversal")
        emit(world, account, "charge.dispute.funds_reinstated", dispute)
    emit(world, account, "charge.dispute.closed", dispute)
    return dispute


def change_status(world: World, account: str, dispute: Document, status: str) -> Document:
    """Move an open dispute on: under review, or from an inquiry to a real dispute."""
    if dispute["status"] not in OPEN or status not in OPEN:
        raise invalid(f"A dispute cannot go from {dispute['status']} to {status}.")
    escalated = dispute["status"].startswith("warning_") and not status.startswith("warning_")
    previous = {"status": dispute["status"]}
    dispute["status"] = status
    dispute["is_charge_refundable"] = status.startswith("warning_")
    world.store.save(account, dispute)
    emit(world, account, "charge.dispute.updated", dispute, previous)
    if escalated:
        _withdraw(world, account, dispute)
    return dispute


def open_when_due(world: World, plan: Document) -> None:
    """Open the dispute that a test card brings."""
    charge = world.store.find(plan["account"], "charge", plan["charge"])
    if charge is not None and not charge["disputed"]:
        open_dispute(
            world, plan["account"], charge, amount=plan["amount"], reason=plan["reason"], status=plan["status"]
        )


def warn_of_fraud(world: World, account: str, charge: Document) -> Document:
    """Pass on the card network's warning that a payment is probably fraud."""
    warning = {
        **blank("radar.early_fraud_warning"),
        "object": "radar.early_fraud_warning",
        "id": world.ident("issfr"),
        "actionable": not charge["refunded"] and not charge["disputed"],
        "charge": charge["id"],
        "created": world.now(),
        "fraud_type": "unauthorized_use_of_card",
        "livemode": False,
        "payment_intent": charge["payment_intent"],
    }
    world.store.save(account, warning)
    emit(world, account, "radar.early_fraud_warning.created", warning)
    return warning


def warn_when_due(world: World, plan: Document) -> None:
    """Give the warning that a test card brings."""
    charge = world.store.find(plan["account"], "charge", plan["charge"])
    if charge is not None:
        warn_of_fraud(world, plan["account"], charge)
