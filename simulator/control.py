"""The simulator's own controls, for tests and for the demo: `/_sim/…`, on loopback only."""

from __future__ import annotations

import ipaddress
from typing import Any

from flask import Blueprint, current_app, request

from simulator import accounts, checkout, disputes, faults, payments, payouts, refunds
from simulator.cards import BY_NUMBER
from simulator.control_events import change_events
from simulator.control_state import seen, whole_state
from simulator.deliveries import Courier
from simulator.errors import ApiError, invalid
from simulator.store import PLATFORM, Document
from simulator.world import World

control = Blueprint("control", __name__, url_prefix="/_sim")
Wanted = dict[str, Any]


def _world() -> World:
    world: World = current_app.extensions["world"]
    return world


def _courier() -> Courier:
    courier: Courier = current_app.extensions["courier"]
    return courier


def _wanted() -> Wanted:
    body = request.get_json(silent=True) or request.form.to_dict()
    if not isinstance(body, dict):
        raise invalid("The body must be one JSON object.")
    return body


@control.before_request
def only_from_here() -> None:
    """Refuse strangers, and pages of other origins in somebody's browser."""
    address = ipaddress.ip_address(request.remote_addr or "0.0.0.0")
    origin = request.headers.get("Origin")
    if not address.is_loopback or (origin and origin != _world().settings.base_url):
        raise ApiError(403, "invalid_request_error", "The controls are for this machine only.")


def _account(world: World, wanted: Wanted, name: str = "account") -> str:
    ident = str(wanted.get(name) or "")
    if world.account_document(ident) is None:
        raise invalid(f"No such account: '{ident}'", param=name, status=404)
    return ident


@control.post("/clock")
def clock() -> Document:
    """Move the clock forward by `advance_seconds`, or set its `offset_seconds`."""
    world, wanted = _world(), _wanted()
    with world.store.change():
        offset = float(world.setting("clock_offset", 0)) + float(wanted.get("advance_seconds", 0))
        world.set("clock_offset", float(wanted.get("offset_seconds", offset)))
        world.run_due()
        world.awake.set()
        return {"now": world.now(), "offset_seconds": world.setting("clock_offset", 0)}


@control.post("/faults")
def plan_fault() -> Document:
    """Plan misbehaviour of the next calls; `{"clear": true}` forgets what was planned."""
    world, wanted = _world(), _wanted()
    with world.store.change():
        if wanted.get("clear"):
            world.set("faults", [])
            return {"faults": []}
        faults.add_fault(world, wanted)
        return {"faults": world.setting("faults", [])}


@control.post("/events")
def steer_events() -> Document:
    """Drop, duplicate, hold, release, reverse, delay, replay or forge events."""
    return change_events(_world(), _courier(), _wanted())


@control.post("/settings")
def settings() -> Document:
    """Set `settle_after`, the seconds from a charge to its balance transaction."""
    world, wanted = _world(), _wanted()
    with world.store.change():
        world.set("settle_after", float(wanted["settle_after"]))
        return {"settle_after": world.setting("settle_after", 0)}


@control.post("/disputes")
def steer_dispute() -> Document:
    """Open a dispute on `charge` or `payment_intent`, or close or move the `dispute` named."""
    world, wanted = _world(), _wanted()
    with world.store.change():
        account = _account(world, wanted)
        action = wanted.get("action", "open")
        if action == "open":
            charge = refunds.charge_of(world, account, wanted)
            opened = disputes.open_dispute(
                world,
                account,
                charge,
                amount=wanted.get("amount"),
                reason=wanted.get("reason", "fraudulent"),
                status=wanted.get("status", "needs_response"),
            )
            return seen(opened)
        dispute = world.get(account, "dispute", wanted.get("dispute"))
        if action == "close":
            return seen(disputes.close_dispute(world, account, dispute, str(wanted.get("outcome", "lost"))))
        if action == "status":
            return seen(disputes.change_status(world, account, dispute, str(wanted.get("status"))))
        raise invalid("action must be open, close or status", param="action")


@control.post("/accounts")
def steer_account() -> Document:
    """Make a ready account with a fixed id, or restrict, activate or deauthorise one."""
    world, wanted = _world(), _wanted()
    with world.store.change():
        action = wanted.get("action", "create")
        if action == "create":
            found = world.account_document(str(wanted.get("id")))
            return seen(found or _ready_account(world, wanted))
        account = world.get(PLATFORM, "v2.core.account", wanted.get("account") or wanted.get("id"))
        if action in {"restrict", "activate"}:
            accounts.set_status(world, account, "restricted" if action == "restrict" else "active")
        elif action == "deauthorise":
            accounts.deauthorise(world, account)
        elif action == "authorise":
            account["_deauthorised"] = False
            world.store.save(PLATFORM, account)
        elif action == "short_balance":
            _set_short_balance(world, account["id"], on=bool(wanted.get("on", True)))
        else:
            raise invalid(
                "action must be create, restrict, activate, deauthorise, authorise or short_balance", param="action"
            )
        return seen(account)


def _ready_account(world: World, wanted: Wanted) -> Document:
    if not str(wanted.get("id", "")).startswith("acct_"):
        raise invalid("id must begin with acct_", param="id")
    params: dict[str, Any] = {
        "identity": {"country": wanted.get("country", "FR")},
        "configuration": {"merchant": {"capabilities": {"card_payments": {"requested": True}}}},
        "defaults": {"currency": wanted.get("currency")},
        "display_name": wanted.get("display_name") or wanted.get("name"),
        "contact_email": wanted.get("email"),
    }
    return accounts.create_account(world, params, ident=wanted["id"], status=str(wanted.get("status", "active")))


def _set_short_balance(world: World, account: str, *, on: bool) -> None:
    """While the balance is short, refunds wait; when it is filled up, they go."""
    world.set(f"short_balance:{account}", on)
    for refund in world.store.every(account, "refund"):
        if not on and refund["status"] == "pending" and refund["balance_transaction"] is None:
            refunds.end_refund(world, account, refund, "succeeded")


@control.post("/charges")
def steer_charge() -> Document:
    """Settle another `amount` or `currency` at the next payment (`{"action": "tamper"}`), or make a stray charge."""
    world, wanted = _world(), _wanted()
    with world.store.change():
        if wanted.get("action") == "tamper":
            world.set("next_charge", {"amount": wanted.get("amount"), "currency": wanted.get("currency")})
            return {"next_charge": world.setting("next_charge", {})}
        account = _account(world, wanted)
        if wanted.get("action") == "fraud_warning":
            return seen(disputes.warn_of_fraud(world, account, refunds.charge_of(world, account, wanted)))
        card = BY_NUMBER[str(wanted.get("card", "4242424242424242"))]
        intent = payments.new_intent(
            world,
            account,
            amount=int(wanted["amount"]),
            currency=str(wanted.get("currency", "eur")),
            metadata={str(key): str(value) for key, value in wanted.get("metadata", {}).items()},
            description=wanted.get("description"),
        )
        return seen(payments.present_card(world, account, intent, card, {"email": wanted.get("email"), "name": None}))


@control.post("/refunds")
def steer_refund() -> Document:
    """Refund in the account's own dashboard, or let the `refund` named fail or succeed."""
    world, wanted = _world(), _wanted()
    with world.store.change():
        account = _account(world, wanted)
        action = wanted.get("action", "create")
        if action == "create":
            return seen(refunds.create_refund(world, account, wanted))
        refund = world.get(account, "refund", wanted.get("refund"))
        if action not in {"fail", "succeed"}:
            raise invalid("action must be create, fail or succeed", param="action")
        outcome = "failed" if action == "fail" else "succeeded"
        refunds.end_refund(world, account, refund, outcome, str(wanted.get("reason", "lost_or_stolen_card")))
        return seen(refund)


@control.post("/payouts")
def steer_payout() -> Document:
    """Pay the account's balance out, or let the `payout` named fail."""
    world, wanted = _world(), _wanted()
    with world.store.change():
        account = _account(world, wanted)
        if wanted.get("action") == "fail":
            return seen(payouts.fail_payout(world, account, world.get(account, "payout", wanted.get("payout"))))
        currency = str(wanted.get("currency") or (world.account_document(account) or {})["_currency"])
        return seen(
            payouts.pay_out(
                world,
                account,
                currency,
                include_pending=bool(wanted.get("include_pending", True)),
                unknown_line=wanted.get("unknown_line"),
            )
        )


@control.post("/sessions")
def steer_session() -> Document:
    """Expire a session now, as the end of its time would."""
    world, wanted = _world(), _wanted()
    with world.store.change():
        session = checkout.find_session(world, str(wanted.get("session")))
        if session is None:
            raise invalid("No such session.", param="session", status=404)
        return seen(checkout.expire_session(world, session["_account"], session))


@control.post("/reset")
def reset() -> Document:
    """Forget everything: accounts, payments, events, faults and the clock."""
    world = _world()
    world.store.clear()
    world.requests.clear()
    return {"reset": True}


@control.get("/state")
def state() -> Document:
    """Show everything that is held; `only` (comma list) and `account` show less."""
    only = [name for name in request.args.get("only", "").split(",") if name]
    return whole_state(_world(), only, request.args.get("account"))
