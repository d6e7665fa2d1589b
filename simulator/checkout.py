"""Checkout sessions in payment mode: made, paid, expired."""

from __future__ import annotations

import re
from copy import deepcopy
from typing import Any

from simulator import money, payments
from simulator.cards import Card
from simulator.contract import blank
from simulator.errors import invalid
from simulator.events import emit
from simulator.store import Document
from simulator.world import World

SHORTEST, LONGEST = 30 * 60, 24 * 3600
# The provider compares with its own clock; a client's clock may be a little off.
LENIENCE = 60
MOST_DECLINES = 4
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
ECHOED = (
    "allow_promotion_codes",
    "billing_address_collection",
    "cancel_url",
    "client_reference_id",
    "customer_email",
    "locale",
    "submit_type",
    "success_url",
    "excluded_payment_method_types",
    "allowed_payment_method_types",
)

# What a session says of itself when it is new, whatever was asked.
NEW = {
    "object": "checkout.session",
    "adaptive_pricing": {"enabled": False},
    "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
    "custom_fields": [],
    "custom_text": dict.fromkeys(("after_submit", "shipping_address", "submit", "terms_of_service_acceptance")),
    "customer_creation": "if_required",
    "invoice_creation": None,
    "livemode": False,
    "mode": "payment",
    "payment_method_collection": "if_required",
    "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
    "payment_method_types": ["card"],
    "payment_status": "unpaid",
    "phone_number_collection": {"enabled": False},
    "shipping_options": [],
    "status": "open",
    "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
    "_declines": 0,
}


def create_session(world: World, account: str, params: dict[str, Any]) -> Document:
    """Open a session: a page where one payment can be made."""
    _check(world, account, params)
    lines = [_line(world, line, f"line_items[{index}]") for index, line in enumerate(params["line_items"])]
    currency = lines[0]["currency"]
    if any(line["currency"] != currency for line in lines):
        raise invalid("All line items must have the same currency.", param="line_items")
    total = sum(int(line["amount_total"]) for line in lines)
    money.check_amount(total, currency, "line_items")
    intent_data = params.get("payment_intent_data", {})
    if int(intent_data.get("application_fee_amount", 0)) > total:
        raise invalid(
            "The application fee is greater than the amount.", param="payment_intent_data[application_fee_amount]"
        )
    ident = world.ident("cs_test", 58)
    now = world.now()
    session = {
        **blank("checkout.session"),
        **deepcopy(NEW),
        **{name: params[name] for name in ECHOED if name in params},
        "id": ident,
        "amount_subtotal": total,
        "amount_total": total,
        "created": now,
        "currency": currency,
        "expires_at": int(params.get("expires_at") or now + LONGEST),
        "metadata": params.get("metadata") or {},
        "ui_mode": params.get("ui_mode", "hosted_page"),
        "url": f"{world.settings.base_url}/c/pay/{ident}",
        "_line_items": lines,
        "_intent_data": intent_data,
        "_account": account,
    }
    if session["customer_email"]:
        session["customer_details"] = _person(session, session["customer_email"], None)
    world.store.save(account, session)
    world.plan("expire_session", session["expires_at"] - world.time(), name=ident, account=account, session=ident)
    return session


def _check(world: World, account: str, params: dict[str, Any]) -> None:
    """Check what the types cannot say."""
    _check_addresses(params)
    if params.get("mode") != "payment":
        raise invalid("The simulator has Checkout in payment mode only.", param="mode")
    if params.get("ui_mode", "hosted_page") != "hosted_page":
        raise invalid("The simulator has the hosted page only.", param="ui_mode")
    if not params.get("line_items"):
        raise invalid("Missing required param: line_items.", param="line_items", code="parameter_missing")
    if len(params.get("client_reference_id", "")) > 200:
        raise invalid("The client_reference_id may have up to 200 characters.", param="client_reference_id")
    if "expires_at" in params:
        life = int(params["expires_at"]) - world.now()
        if not SHORTEST - LENIENCE <= life <= LONGEST + LENIENCE:
            raise invalid(
                "The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout Session creation.",
                param="expires_at",
            )
    _check_ready(world, account)


def _check_addresses(params: dict[str, Any]) -> None:
    if not params.get("success_url"):
        raise invalid("Missing required param: success_url.", param="success_url", code="parameter_missing")
    for name in ("success_url", "cancel_url"):
        if name in params and not re.match(r"https?://", str(params[name])):
            raise invalid("Not a valid URL", param=name, code="url_invalid")
    email = params.get("customer_email")
    if email is not None and not EMAIL.fullmatch(email):
        raise invalid(f"Invalid email address: {email}", param="customer_email", code="email_invalid")


def _check_ready(world: World, account: str) -> None:
    holder = world.account_document(account)
    if holder is not None and holder["_capability"] != "active":
        raise invalid("Your account cannot currently make charges: the capability card_payments is not active.")


def _line(world: World, line: dict[str, Any], at: str) -> Document:
    price: dict[str, Any] | None = line.get("price_data")
    if price is None:
        raise invalid("The simulator has no stored prices: send price_data.", param=f"{at}[price_data]")
    if "unit_amount" not in price:
        param = f"{at}[price_data][unit_amount]"
        raise invalid(f"Missing required param: {param}.", param=param, code="parameter_missing")
    if "product_data" not in price:
        param = f"{at}[price_data][product_data]"
        raise invalid(f"Missing required param: {param}.", param=param, code="parameter_missing")
    quantity, unit = int(line.get("quantity", 1)), int(price["unit_amount"])
    if unit < 0:
        raise invalid(
            "Invalid non-negative integer", param=f"{at}[price_data][unit_amount]", code="parameter_invalid_integer"
        )
    amount = quantity * unit
    return {
        "adjustable_quantity": None,
        "object": "item",
        "id": world.ident("li"),
        "amount_discount": 0,
        "amount_subtotal": amount,
        "amount_tax": 0,
        "amount_total": amount,
        "currency": str(price["currency"]).lower(),
        "description": price["product_data"]["name"],
        "metadata": {},
        "price": None,
        "quantity": quantity,
    }


def expire_session(world: World, account: str, session: Document) -> Document:
    """Close a session that was not paid."""
    if session["status"] != "open":
        raise invalid(
            f'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of '
            f"{session['status']}."
        )
    session.update(status="expired", url=None)
    world.store.save(account, session)
    world.call_off(session["id"])
    if session["payment_intent"]:
        intent = world.get(account, "payment_intent", session["payment_intent"])
        if intent["status"] not in {"succeeded", "canceled"}:
            payments.cancel_intent(world, account, intent, "automatic")
    emit(world, account, "checkout.session.expired", session)
    return session


def expire_when_due(world: World, plan: Document) -> None:
    """Close a session whose time is over."""
    session = world.store.find(plan["account"], "checkout.session", plan["session"])
    if session is not None and session["status"] == "open":
        expire_session(world, plan["account"], session)


def find_session(world: World, ident: str) -> Document | None:
    """Find a session by the id in its address, whatever its account."""
    for account in world.store.accounts():
        found = world.store.find(account, "checkout.session", ident)
        if found is not None:
            return found
    return None


def pay(world: World, session: Document, card: Card, email: str, name: str) -> str:
    """Present a card on the page. Answers what came of it: paid, authenticate, declined or expired."""
    account = session["_account"]
    person = _person(session, email or session["customer_email"], name)
    session["customer_details"] = person
    intent = _intent_of(world, account, session)
    if card.three_d_secure:
        page = f"{world.settings.base_url}/c/3ds/{session['id']}"
        payments.ask_authentication(
            world, account, intent, card, page, f"{world.settings.base_url}/c/pay/{session['id']}"
        )
        world.store.save(account, session)
        return "authenticate"
    charge = payments.present_card(world, account, intent, card, person)
    return _conclude(world, session, paid=charge["paid"], error=intent["last_payment_error"])


def authenticate(world: World, session: Document, card: Card, *, accepted: bool) -> str:
    """End the bank's authentication. Answers paid, declined or expired."""
    account = session["_account"]
    intent = world.get(account, "payment_intent", session["payment_intent"])
    if not accepted:
        payments.refuse_authentication(world, account, intent, card)
        return _conclude(world, session, paid=False, error=intent["last_payment_error"])
    charge = payments.present_card(world, account, intent, card, session["customer_details"], authenticated=True)
    return _conclude(world, session, paid=charge["paid"], error=intent["last_payment_error"])


def waiting_card(world: World, session: Document) -> str | None:
    """Tell the number of the card whose holder is being authenticated."""
    if session["status"] != "open" or not session["payment_intent"]:
        return None
    intent = world.get(session["_account"], "payment_intent", session["payment_intent"])
    return intent.get("_card") if intent["status"] == "requires_action" else None


def _intent_of(world: World, account: str, session: Document) -> Document:
    if session["payment_intent"]:
        return world.get(account, "payment_intent", session["payment_intent"])
    wanted: dict[str, Any] = session["_intent_data"]
    share = wanted.get("application_fee_amount")
    intent = payments.new_intent(
        world,
        account,
        amount=session["amount_total"],
        currency=session["currency"],
        application_fee_amount=int(share) if share else None,
        description=wanted.get("description"),
        metadata=dict(wanted.get("metadata") or {}),
        receipt_email=wanted.get("receipt_email"),
        statement_descriptor_suffix=wanted.get("statement_descriptor_suffix"),
        _session=session["id"],
    )
    session["payment_intent"] = intent["id"]
    return intent


def _conclude(world: World, session: Document, *, paid: bool, error: Document | None) -> str:
    account = session["_account"]
    if paid:
        session.update(status="complete", payment_status="paid", url=None, _error=None)
        world.store.save(account, session)
        world.call_off(session["id"])
        emit(world, account, "checkout.session.completed", session)
        return "paid"
    session["_declines"] += 1
    session["_error"] = (error or {}).get("decline_code") or (error or {}).get("code")
    world.store.save(account, session)
    if session["_declines"] >= MOST_DECLINES:
        expire_session(world, account, session)
        return "expired"
    return "declined"


def _person(session: Document, email: str | None, name: str | None) -> Document:
    before = session["customer_details"] or {}
    return {
        "address": {"city": None, "country": "FR", "line1": None, "line2": None, "postal_code": None, "state": None},
        "business_name": None,
        "email": email or before.get("email"),
        "individual_name": None,
        "name": name or before.get("name"),
        "phone": None,
        "tax_exempt": "none",
        "tax_ids": [],
    }
