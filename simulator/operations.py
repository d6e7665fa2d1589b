"""What each call of the interface does, by method and path."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from simulator import accounts, answers, checkout, disputes, events, intents, money, payments, refunds
from simulator.errors import invalid
from simulator.store import PLATFORM, Document
from simulator.world import World


@dataclass(frozen=True)
class Call:
    """One request that has passed every check of the transport."""

    world: World
    account: str
    path: str
    params: dict[str, Any]
    args: list[str] = field(default_factory=list)

    def show(self, document: Document) -> Document:
        """Show an object as this call wants it expanded."""
        return answers.show(self.world, self.account, document, self.params.get("expand", []))

    def get(self, kind: str) -> Document:
        """Find the object that the path names."""
        return self.world.get(self.account, kind, self.args[0])

    def page(self, kind: str, keep: Callable[[Document], bool] = lambda _document: True) -> Document:
        """Show a page of the account's objects of a kind."""
        return answers.page(
            self.world, self.account, self.world.store.every(self.account, kind), self.params, self.path, keep
        )

    def equals(self, *names: str) -> Callable[[Document], bool]:
        """Keep the objects whose fields equal the parameters of those names."""
        wanted = {name: self.params[name] for name in names if name in self.params}
        return lambda document: all(str(document[name]) == value for name, value in wanted.items())


Operation = Callable[[Call], Document]
OPERATIONS: dict[tuple[str, str], Operation] = {}
COMMON = {"limit", "starting_after", "ending_before", "expand", "created"}


def operation(method: str, path: str) -> Callable[[Operation], Operation]:
    """Register what a call does."""

    def keep(function: Operation) -> Operation:
        OPERATIONS[method, path] = function
        return function

    return keep


def _readable(path: str, template: str, kind: str, *filters: str) -> None:
    """Register the retrieving and the listing of a kind of object."""

    def retrieve(call: Call) -> Document:
        return call.show(call.get(kind))

    def listed(call: Call) -> Document:
        unknown = [name for name in call.params if name not in COMMON | set(filters)]
        if unknown:
            raise invalid(f"The simulator cannot filter by {unknown[0]}.", param=unknown[0])
        return call.page(kind, call.equals(*filters))

    OPERATIONS["GET", f"{path}/{template}"] = retrieve
    OPERATIONS["GET", path] = listed


_readable("/v1/payment_intents", "{intent}", "payment_intent")
_readable("/v1/charges", "{charge}", "charge", "payment_intent")
_readable("/v1/refunds", "{refund}", "refund", "payment_intent", "charge")
_readable("/v1/disputes", "{dispute}", "dispute", "payment_intent", "charge")
_readable("/v1/payouts", "{payout}", "payout", "status")
_readable("/v1/application_fees", "{id}", "application_fee", "charge")
_readable("/v1/checkout/sessions", "{session}", "checkout.session", "payment_intent", "status")
_readable(
    "/v1/radar/early_fraud_warnings", "{early_fraud_warning}", "radar.early_fraud_warning", "charge", "payment_intent"
)
_readable("/v1/balance_transactions", "{id}", "balance_transaction", "currency", "source", "type")


@operation("POST", "/v1/checkout/sessions")
def _create_session(call: Call) -> Document:
    return call.show(checkout.create_session(call.world, call.account, call.params))


@operation("POST", "/v1/checkout/sessions/{session}/expire")
def _expire_session(call: Call) -> Document:
    return call.show(checkout.expire_session(call.world, call.account, call.get("checkout.session")))


@operation("GET", "/v1/checkout/sessions/{session}/line_items")
def _line_items(call: Call) -> Document:
    session = call.get("checkout.session")
    return answers.page(call.world, call.account, session["_line_items"], call.params, call.path)


@operation("POST", "/v1/payment_intents")
def _create_intent(call: Call) -> Document:
    return call.show(intents.create_intent(call.world, call.account, call.params))


@operation("POST", "/v1/payment_intents/{intent}/confirm")
def _confirm_intent(call: Call) -> Document:
    intent = call.get("payment_intent")
    if intent.get("_session"):
        raise invalid("You can't confirm the PaymentIntent of a Checkout Session.")
    return call.show(intents.confirm_intent(call.world, call.account, intent, call.params))


@operation("POST", "/v1/payment_intents/{intent}/cancel")
def _cancel_intent(call: Call) -> Document:
    intent = call.get("payment_intent")
    if intent.get("_session"):
        raise invalid("You can't cancel the PaymentIntent for a Checkout Session. Expire the Checkout Session instead.")
    return call.show(payments.cancel_intent(call.world, call.account, intent, call.params.get("cancellation_reason")))


@operation("POST", "/v1/refunds")
def _create_refund(call: Call) -> Document:
    return call.show(refunds.create_refund(call.world, call.account, call.params))


@operation("POST", "/v1/disputes/{dispute}/close")
def _close_dispute(call: Call) -> Document:
    return call.show(disputes.close_dispute(call.world, call.account, call.get("dispute"), "lost"))


@operation("GET", "/v1/balance")
def _balance(call: Call) -> Document:
    return money.balance_of(call.world, call.account)


@operation("GET", "/v1/balance_transactions")
def _balance_transactions(call: Call) -> Document:
    payout = call.params.get("payout")
    same = call.equals("currency", "source", "type")
    return call.page("balance_transaction", lambda line: same(line) and (payout is None or line["_payout"] == payout))


@operation("GET", "/v1/events/{id}")
def _event(call: Call) -> Document:
    found = call.get("event")
    if found not in events.seen_events(call.world, call.account):
        raise invalid(f"No such event: '{found['id']}'", param="id", code="resource_missing", status=404)
    return events.body_of(found)


@operation("GET", "/v1/events")
def _events(call: Call) -> Document:
    types = call.params.get("types") or ([call.params["type"]] if "type" in call.params else [])

    def keep(event: Document) -> bool:
        return not types or any(events.fits(kind, event["type"]) for kind in types)

    known = events.seen_events(call.world, call.account)
    shown = answers.page(call.world, call.account, known, call.params, call.path, keep)
    by_id = {event["id"]: event for event in known}
    return {**shown, "data": [events.body_of(by_id[event["id"]]) for event in shown["data"]]}


@operation("GET", "/v1/accounts/{account}")
def _account_v1(call: Call) -> Document:
    return accounts.show_account_v1(_holder(call, call.args[0]))


@operation("GET", "/v1/account")
def _own_account_v1(call: Call) -> Document:
    return accounts.show_account_v1(_holder(call, call.account))


@operation("POST", "/v2/core/accounts")
def _create_account(call: Call) -> Document:
    return accounts.show_account(accounts.create_account(call.world, call.params), call.params.get("include", []))


@operation("GET", "/v2/core/accounts/{id}")
def _account(call: Call) -> Document:
    return accounts.show_account(_holder(call, call.args[0]), call.params.get("include", []))


@operation("GET", "/v2/core/accounts")
def _accounts(call: Call) -> Document:
    wanted = set(call.params.get("applied_configurations", []))
    known = call.world.store.every(PLATFORM, "v2.core.account")
    rows = [accounts.show_account(one, []) for one in known if wanted <= set(one["applied_configurations"])]
    return answers.page_v2(rows, call.params, call.path)


@operation("POST", "/v2/core/account_links")
def _account_link(call: Call) -> Document:
    return accounts.create_link(call.world, call.params)


@operation("GET", "/v2/core/events/{id}")
def _thin_event(call: Call) -> Document:
    return _show_thin(call.get("v2.core.event"))


@operation("GET", "/v2/core/events")
def _thin_events(call: Call) -> Document:
    subject = call.params.get("object_id")
    known = call.world.store.every(call.account, "v2.core.event")
    rows = [_show_thin(one) for one in known if subject is None or one.get("_related", {}).get("id") == subject]
    return answers.page_v2(rows, call.params, call.path)


def _show_thin(event: Document) -> Document:
    return {**events.body_of(event), "changes": None}


def _holder(call: Call, ident: str) -> Document:
    found = call.world.account_document(ident)
    if found is None:
        raise invalid(f"No such account: '{ident}'", param="account", code="resource_missing", status=404)
    return found
