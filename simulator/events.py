"""Events: what is told about each change, as a snapshot of the object and as a thin notification."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from simulator import sdk
from simulator.answers import show
from simulator.contract import check_resource
from simulator.store import INTERNAL, PLATFORM, Document
from simulator.world import World, cause

KEPT_SECONDS = 30 * 86_400
URLS = {
    "charge": "/v1/charges/",
    "payment_intent": "/v1/payment_intents/",
    "checkout.session": "/v1/checkout/sessions/",
    "refund": "/v1/refunds/",
    "dispute": "/v1/disputes/",
    "payout": "/v1/payouts/",
    "application_fee": "/v1/application_fees/",
    "radar.early_fraud_warning": "/v1/radar/early_fraud_warnings/",
    "v2.core.account": "/v2/core/accounts/",
}
CONNECTED = "connected"


def emit(world: World, account: str, kind: str, subject: Document, previous: dict[str, Any] | None = None) -> Document:
    """Record an event about an object, and queue its deliveries."""
    seen = show(world, account, subject)
    if world.settings.check_answers and subject["object"] != "application":
        problems = check_resource(seen)
        if problems:
            raise RuntimeError(f"{kind}: {'; '.join(map(str, problems))}")
    origin = cause()
    data: dict[str, Any] = {"object": seen}
    if previous is not None:
        data["previous_attributes"] = previous
    event: Document = {
        "object": "event",
        "id": world.ident("evt"),
        "api_version": sdk.api_version(),
        "created": world.now(),
        "livemode": False,
        "request": {"id": origin.request_id, "idempotency_key": origin.idempotency_key},
        "type": kind,
        # As text: there are many events, and a text takes a tenth of the memory.
        "_data": json.dumps(data),
    }
    if account != PLATFORM:
        event["account"] = account
    world.store.save(account, event)
    thin = _thin(world, account, f"v1.{kind}", subject, event["id"])
    mode = str(world.setting("thin", "off"))
    if mode != "on":
        queue(world, event, account)
    if mode != "off":
        queue(world, thin, account)
    return event


def emit_account(world: World, kind: str, holder: Document) -> Document:
    """Record a thin event about a connected account, for the platform."""
    thin = _thin(world, PLATFORM, kind, holder, None)
    queue(world, thin, PLATFORM)
    return thin


def iso(seconds: float) -> str:
    """Write a time as the second generation of the interface does."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _thin(world: World, account: str, kind: str, subject: Document, snapshot: str | None) -> Document:
    origin = cause()
    request = {"id": origin.request_id, "idempotency_key": origin.idempotency_key or ""} if origin.request_id else None
    thin: Document = {
        "object": "v2.core.event",
        "id": world.ident("evt_thin"),
        "type": kind,
        "created": iso(world.time()),
        "livemode": False,
        "context": None if account == PLATFORM else account,
        "reason": {"type": "request", "request": request} if request else None,
        "snapshot_event": snapshot,
        "changes": None,
    }
    url = URLS.get(subject["object"])
    if url is not None:
        thin["_related"] = {"id": subject["id"], "type": subject["object"], "url": url + subject["id"]}
    return world.store.save(account, thin)


def body_of(event: Document) -> Document:
    """Give what is delivered: the snapshot with its object, or the thin notification with its reference."""
    body = {key: value for key, value in event.items() if not key.startswith("_")}
    if event["object"] == "event":
        return {**body, "data": json.loads(event["_data"]), "pending_webhooks": 1}
    body.pop("changes", None)
    return {**body, "related_object": event.get("_related")}


def seen_events(world: World, account: str) -> list[Document]:
    """List an account's events that are not older than the provider keeps them."""
    oldest = world.now() - KEPT_SECONDS
    return [event for event in world.store.every(account, "event") if event["created"] >= oldest]


def queue(world: World, event: Document, account: str, **more: Any) -> list[Document]:
    """Queue the delivery of an event, as the control rules of the moment want it."""
    if not world.settings.webhook_base:
        return []
    rules = _rules_for(world, event["type"])
    copies = 2 if "duplicate" in rules else 1
    state = "dropped" if "drop" in rules else "held" if "hold" in rules else "pending"
    made = [
        world.store.save(
            INTERNAL,
            {
                "object": "_delivery",
                "id": world.ident("whd"),
                "event": event["id"],
                "event_object": event["object"],
                "type": event["type"],
                "account": account,
                "destination": "platform" if account == PLATFORM else CONNECTED,
                "state": state,
                "attempts": 0,
                "next_at": datetime.now(UTC).timestamp() + float(rules.get("delay", {}).get("seconds", 0)),
                "answers": [],
                "signature": None,
                **more,
            },
        )
        for _ in range(copies)
    ]
    world.awake.set()
    return made


def _rules_for(world: World, kind: str) -> dict[str, Document]:
    """Pick the control rules that concern an event, and use them up."""
    rules: list[Document] = world.setting("event_rules", [])
    picked: dict[str, Document] = {}
    for rule in rules:
        if rule["action"] not in picked and rule["times"] != 0 and fits(rule.get("type"), kind):
            picked[rule["action"]] = rule
            rule["times"] -= 1 if rule["times"] > 0 else 0
    if picked:
        world.set("event_rules", [rule for rule in rules if rule["times"] != 0])
    return picked


def fits(pattern: str | None, kind: str) -> bool:
    """Say whether an event's type is meant by a pattern: nothing, a type, or a prefix ending in `*`."""
    plain = kind.removeprefix("v1.")
    if not pattern:
        return True
    return plain.startswith(pattern[:-1]) if pattern.endswith("*") else plain == pattern.removeprefix("v1.")
