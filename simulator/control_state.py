"""Everything that the simulator holds, as JSON."""

from __future__ import annotations

import time
from typing import Any

from simulator import events, money
from simulator.store import INTERNAL, PLATFORM, Document
from simulator.world import World

KINDS = {
    "sessions": "checkout.session",
    "payment_intents": "payment_intent",
    "charges": "charge",
    "refunds": "refund",
    "disputes": "dispute",
    "balance_transactions": "balance_transaction",
    "payouts": "payout",
    "application_fees": "application_fee",
    "early_fraud_warnings": "radar.early_fraud_warning",
}


def whole_state(world: World, only: list[str], account: str | None) -> Document:
    """Show everything, or the parts named in `only`, of all accounts or of one."""
    with world.store.change():
        owners = [account] if account else world.store.accounts()
        makers = {name: _collector(world, owners, kind) for name, kind in KINDS.items()}
        makers |= {
            "accounts": lambda: [seen(one) for one in world.store.every(PLATFORM, "v2.core.account")],
            "balances": lambda: {one: money.balance_of(world, one) for one in owners},
            "events": lambda: [
                {"account": one, **events.body_of(event)} for one in owners for event in world.store.every(one, "event")
            ],
            "deliveries": lambda: _deliveries(world),
            "requests": lambda: list(world.requests),
            "idempotency_keys": lambda: [
                {name: value for name, value in key.items() if name not in {"object", "body"}}
                for key in world.store.every(INTERNAL, "_key")
            ],
            "faults": lambda: world.setting("faults", []),
            "event_rules": lambda: world.setting("event_rules", []),
            "thin": lambda: world.setting("thin", "off"),
            "clock": lambda: {
                "now": world.now(),
                "offset_seconds": world.setting("clock_offset", 0),
                "real": time.time(),
            },
        }
        return {name: make() for name, make in makers.items() if not only or name in only}


def _collector(world: World, owners: list[str], kind: str) -> Any:
    return lambda: [{"account": one, **seen(document)} for one in owners for document in world.store.every(one, kind)]


def _deliveries(world: World) -> list[Document]:
    return [*world.store.every(INTERNAL, "_delivered"), *world.store.every(INTERNAL, "_delivery")]


def seen(document: Document) -> Document:
    """Show an object with the simulator's own notes about an account."""
    shown = {key: value for key, value in document.items() if not key.startswith("_")}
    if document["object"] == "v2.core.account":
        shown["card_payments"] = document["_capability"]
        shown["deauthorised"] = document["_deauthorised"]
    return shown
