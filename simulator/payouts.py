"""Payouts: the balance goes to the account's bank."""

from __future__ import annotations

from simulator import money
from simulator.contract import blank
from simulator.errors import invalid
from simulator.events import emit
from simulator.store import Document
from simulator.world import World


def pay_out(
    world: World, account: str, currency: str, *, include_pending: bool = True, unknown_line: int | None = None
) -> Document:
    """Send what the account has to its bank, as an automatic payout.

    `unknown_line` adds a movement that no charge, refund or dispute explains.
    """
    if unknown_line:
        money.book(
            world, account, kind="adjustment", category="other_adjustment", amount=unknown_line, currency=currency
        )
    lines = _unpaid(world, account, currency, include_pending=include_pending)
    amount = sum(line["net"] for line in lines)
    if amount <= 0:
        raise invalid(f"There is nothing to pay out in {currency}.")
    ident = world.ident("po")
    for line in lines:
        line["_payout"] = ident
        line["available_on"] = min(line["available_on"], world.now())
        world.store.save(account, line)
    out = money.book(
        world,
        account,
        kind="payout",
        amount=-amount,
        currency=currency,
        source=ident,
        description="STRIPE PAYOUT",
        payout=ident,
    )
    payout = _payout(world, ident, amount, currency, out)
    world.store.save(account, payout)
    for news in ("created", "paid", "reconciliation_completed"):
        emit(world, account, f"payout.{news}", payout)
    return payout


def _unpaid(world: World, account: str, currency: str, *, include_pending: bool) -> list[Document]:
    return [
        line
        for line in world.store.every(account, "balance_transaction")
        if line["currency"] == currency
        and line["_payout"] is None
        and line["type"] not in {"payout", "payout_failure"}
        and (include_pending or line["available_on"] <= world.now())
    ]


def _payout(world: World, ident: str, amount: int, currency: str, line: Document) -> Document:
    return {
        **blank("payout"),
        "object": "payout",
        "id": ident,
        "amount": amount,
        "arrival_date": world.now(),
        "automatic": True,
        "balance_transaction": line["id"],
        "created": world.now(),
        "currency": currency,
        "description": "STRIPE PAYOUT",
        "destination": "ba_simulator",
        "livemode": False,
        "metadata": {},
        "method": "standard",
        "reconciliation_status": "completed",
        "source_type": "card",
        "status": "paid",
        "type": "bank_account",
    }


def fail_payout(world: World, account: str, payout: Document) -> Document:
    """Let the bank send a payout back."""
    if payout["status"] == "failed":
        raise invalid("This payout has failed already.")
    back = money.book(
        world, account, kind="payout_failure", amount=payout["amount"], currency=payout["currency"], source=payout["id"]
    )
    payout.update(
        status="failed",
        failure_code="account_closed",
        failure_message="The bank account has been closed.",
        failure_balance_transaction=back["id"],
    )
    world.store.save(account, payout)
    emit(world, account, "payout.failed", payout)
    return payout
