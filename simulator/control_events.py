"""How a control call steers events: kept back, doubled, turned round, sent again, or forged."""

from __future__ import annotations

import time
from typing import Any

from simulator import events
from simulator.deliveries import Courier
from simulator.errors import invalid
from simulator.store import INTERNAL, PLATFORM, Document
from simulator.world import World

RULES = {"drop", "duplicate", "hold", "delay"}
HOUR = 3600


def change_events(world: World, courier: Courier, wanted: dict[str, Any]) -> Document:
    """Do what `action` says.

    Rules for coming events: drop, duplicate, hold, delay (`times`, default all; `type`; `seconds`), `clear`.
    On those that exist: release (`order`: reverse), reverse, redeliver (`event`, `type`), replay (all), forge.
    Else: `thin` (off, on, both) and `secrets` (connected, platform).
    """
    action = str(wanted.get("action", ""))
    if "thin" in wanted and not action:
        action = "thin"
    if action in RULES:
        return _add_rule(world, wanted, action)
    if action == "clear":
        with world.store.change():
            world.set("event_rules", [])
        return {"event_rules": []}
    if action in {"release", "reverse"}:
        return _release(world, courier, reverse=action == "reverse" or wanted.get("order") == "reverse")
    if action in {"redeliver", "replay"}:
        return _again(world, courier, wanted)
    if action == "forge":
        return _forge(world, courier, wanted)
    if action in {"thin", "secrets"}:
        return _set(world, wanted, action)
    raise invalid(
        "action must be drop, duplicate, hold, delay, clear, release, reverse, redeliver, replay, forge, thin, secrets"
    )


def _add_rule(world: World, wanted: dict[str, Any], action: str) -> Document:
    rule = {
        "action": action,
        "times": int(wanted.get("times", -1)),
        "type": wanted.get("type"),
        "seconds": float(wanted.get("seconds", 1)),
    }
    with world.store.change():
        world.set("event_rules", [*world.setting("event_rules", []), rule])
        return {"event_rules": world.setting("event_rules", [])}


def _set(world: World, wanted: dict[str, Any], action: str) -> Document:
    with world.store.change():
        if action == "thin":
            mode = wanted.get("thin", wanted.get("mode"))
            if mode not in {"off", "on", "both"}:
                raise invalid("thin must be off, on or both", param="thin")
            world.set("thin", mode)
            return {"thin": mode}
        for destination in ("connected", "platform"):
            if wanted.get(destination):
                world.set(f"secrets_{destination}", list(wanted[destination]))
        return {"secrets": "set"}


def _release(world: World, courier: Courier, *, reverse: bool) -> Document:
    """Deliver what was held (and stop holding), one after the other; what fails is tried again later."""
    with world.store.change():
        world.set("event_rules", [rule for rule in world.setting("event_rules", []) if rule["action"] != "hold"])
        held = [one for one in world.store.every(INTERNAL, "_delivery") if one["state"] == "held"]
    if reverse:
        held.reverse()
    results = [_deliver_now(world, courier, one) for one in held]
    return {"released": len(results), "deliveries": results}


def _deliver_now(world: World, courier: Courier, delivery: Document) -> Document:
    status = courier.deliver(delivery)
    with world.store.change():
        if delivery["state"] == "held":
            delivery["state"] = "pending"
            world.store.save(INTERNAL, delivery)
        world.awake.set()
    return {"event": delivery["event"], "type": delivery["type"], "status": status}


def _again(world: World, courier: Courier, wanted: dict[str, Any]) -> Document:
    """Deliver again: one event, those of a type, or all that ever were (also those that were dropped)."""
    with world.store.change():
        known = [*world.store.every(INTERNAL, "_delivered"), *world.store.every(INTERNAL, "_delivery")]
        chosen: dict[tuple[str, str], Document] = {}
        for one in known:
            if wanted.get("event") in {None, one["event"]} and events.fits(wanted.get("type"), one["type"]):
                chosen.setdefault((one["event"], one["event_object"]), one)
        copies = [_copy(world, one) for one in chosen.values()]
    if wanted.get("order") == "reverse":
        copies.reverse()
    results = [_deliver_now(world, courier, one) for one in copies]
    return {"redelivered": len(results), "deliveries": results}


def _copy(world: World, delivery: Document, **more: Any) -> Document:
    fresh = {key: value for key, value in delivery.items() if key != "forge"}
    fresh |= {
        "object": "_delivery",
        "id": world.ident("whd"),
        "state": "held",
        "attempts": 0,
        "answers": [],
        "signature": None,
    }
    fresh |= {"next_at": time.time(), **more}
    return world.store.save(INTERNAL, fresh)


def _forge(world: World, courier: Courier, wanted: dict[str, Any]) -> Document:
    """Send an event as a stranger would: `kind` says what is wrong with it. Delivered at once, and only once."""
    with world.store.change():
        event, account = _subject(world, wanted)
        forged: dict[str, Any] = {"body": {} if wanted.get("keep_id") else {"id": world.ident("evt_forged")}}
        kind = str(wanted.get("kind"))
        if kind == "wrong_secret":
            forged["secrets"] = ["whsec_of_somebody_else"]
        elif kind == "future":
            forged["age"] = int(wanted.get("seconds", HOUR))
        elif kind == "old":
            forged["age"] = -int(wanted.get("seconds", HOUR))
        elif kind == "unsigned":
            forged["unsigned"] = True
        elif kind == "tampered":
            forged["tampered"] = '{"object": "event", "id": "evt_tampered"}'
        elif kind == "account":
            name = "account" if event["object"] == "event" else "context"
            forged["body"][name] = wanted.get("as_account", "acct_stranger")
        elif kind == "livemode":
            forged["body"]["livemode"] = True
        elif kind == "type":
            forged["body"]["type"] = str(wanted.get("as_type", "unknown.thing.happened"))
        elif kind == "body":
            forged["body"] |= dict(wanted.get("body", {}))
        else:
            raise invalid(
                "kind must be wrong_secret, future, old, unsigned, tampered, account, livemode, type or body",
                param="kind",
            )
        destination = str(wanted.get("destination") or ("platform" if account == PLATFORM else "connected"))
        base = {"event": event["id"], "event_object": event["object"], "type": event["type"], "account": account}
        made = _copy(world, base, destination=destination, forge=forged, once=True)
    status = courier.deliver(made)
    return {"event": forged["body"].get("id", made["event"]), "type": made["type"], "status": status}


def _subject(world: World, wanted: dict[str, Any]) -> tuple[Document, str]:
    """Find the event to forge from: the one named, else the newest of the type."""
    kinds = ["v2.core.event"] if wanted.get("style") == "thin" else ["event", "v2.core.event"]
    for kind in kinds:
        for account in world.store.accounts():
            if wanted.get("account") not in {None, account}:
                continue
            for event in reversed(world.store.every(account, kind)):
                if wanted.get("event") in {None, event["id"]} and events.fits(wanted.get("type"), event["type"]):
                    return event, account
    raise invalid("There is no such event to forge from.", status=404)
