from __future__ import annotations

import threading
import time
from typing import Any

import pytest
import stripe

from simulator import sdk

from .conftest import ACCOUNT, OTHER, Driver, call, until


def test_another_account_sees_nothing(sim: Driver) -> None:
    paid = sim.paid()
    charge, intent = paid.payment_intent.latest_charge.id, paid.payment_intent.id
    other: Any = {"stripe_account": OTHER}
    v1 = sim.api.v1
    for service, ident in ((v1.checkout.sessions, paid.id), (v1.charges, charge), (v1.payment_intents, intent)):
        with pytest.raises(stripe.InvalidRequestError) as caught:
            service.retrieve(ident, options=other)
        assert (caught.value.http_status, caught.value.code) == (404, "resource_missing")
    with pytest.raises(stripe.InvalidRequestError) as caught:
        sim.api.v1.refunds.create({"payment_intent": intent}, options=other)
    assert (caught.value.code, caught.value.param) == ("resource_missing", "payment_intent")
    assert sim.api.v1.charges.list(options=other).data == []
    assert sim.api.v1.charges.list().data == []


def test_an_unknown_or_deauthorised_account_is_forbidden(sim: Driver) -> None:
    with pytest.raises(stripe.PermissionError):
        sim.session(account="acct_nobody")
    sim.control("accounts", action="deauthorise", id=ACCOUNT)
    with pytest.raises(stripe.PermissionError):
        sim.session()
    assert "account.application.deauthorized" in until(sim.receiver.types)


def keyed(key: str) -> dict[str, Any]:
    return {"options": {"idempotency_key": key}}


def test_the_same_key_gives_the_same_answer(sim: Driver) -> None:
    first = sim.session(**keyed("gift-1"))
    again = sim.session(**keyed("gift-1"))
    assert again.id == first.id
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.last_response.headers
    assert first.last_response.headers["Request-Id"] != again.last_response.headers["Request-Id"]
    assert len(sim.state("sessions")["sessions"]) == 1


def test_the_same_key_with_other_parameters_is_refused(sim: Driver) -> None:
    sim.session(**keyed("gift-2"))
    with pytest.raises(stripe.IdempotencyError):
        sim.session(4900, **keyed("gift-2"))


def test_keys_belong_to_an_account(sim: Driver) -> None:
    assert sim.session(**keyed("gift-3")).id != sim.session(account=OTHER, **keyed("gift-3")).id


def test_a_key_is_forgotten_after_a_day(sim: Driver) -> None:
    first = sim.session(**keyed("gift-4"))
    sim.control("clock", advance_seconds=23 * 3600)
    assert sim.session(**keyed("gift-4")).id == first.id
    sim.control("clock", advance_seconds=2 * 3600)
    assert sim.session(**keyed("gift-4")).id != first.id


def test_a_refusal_is_not_kept_under_the_key(sim: Driver) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        sim.session(10, **keyed("gift-5"))
    assert sim.session(5000, **keyed("gift-5")).id
    sim.control("faults", operation="POST /v1/checkout/sessions", kind="429")
    with pytest.raises(stripe.RateLimitError):
        sim.session(**keyed("gift-6"))
    assert sim.session(6000, **keyed("gift-6")).id


def test_a_key_in_use_is_a_conflict(sim: Driver) -> None:
    sim.control("faults", operation="POST /v1/checkout/sessions", kind="slow", seconds=0.5)
    made: list[Any] = []
    thread = threading.Thread(target=lambda: made.append(sim.session(**keyed("gift-7"))))
    thread.start()
    time.sleep(0.2)
    with pytest.raises(stripe.APIError) as caught:
        sim.session(**keyed("gift-7"))
    assert caught.value.error is not None
    assert (caught.value.http_status, caught.value.error.code) == (409, "idempotency_key_in_use")
    thread.join()
    assert sim.session(**keyed("gift-7")).id == made[0].id


def test_an_answer_lost_after_the_act_is_repaired_by_the_sdks_retry(sim: Driver) -> None:
    sim.control("faults", operation="POST /v1/refunds", kind="reset_after")
    charge = sim.paid().payment_intent.latest_charge.id
    refund = sim.client(retries=2).v1.refunds.create({"charge": charge, "amount": 100}, options=sim.options)
    assert [one["id"] for one in sim.state("refunds")["refunds"]] == [refund.id]


@pytest.mark.parametrize(("kind", "made"), [("hang_before", 0), ("hang_after", 1), ("reset", 0), ("reset_after", 1)])
def test_a_lost_answer_and_what_was_done(sim: Driver, kind: str, made: int) -> None:
    sim.control("faults", operation="/v1/checkout/sessions", kind=kind, seconds=0.6)
    options: Any = {**sim.options, "idempotency_key": "gift-8"}
    params: Any = {
        "mode": "payment",
        "success_url": "http://127.0.0.1:9/",
        "line_items": [{"price_data": {"currency": "eur", "unit_amount": 500, "product_data": {"name": "Don"}}}],
    }
    with pytest.raises(stripe.APIConnectionError):
        sim.client(timeout=0.3).v1.checkout.sessions.create(params, options=options)
    assert len(sim.state("sessions")["sessions"]) == made
    repaired = sim.api.v1.checkout.sessions.create(params, options=options)
    assert [one["id"] for one in sim.state("sessions")["sessions"]] == [repaired.id]


@pytest.mark.parametrize(
    ("kind", "error"), [("429", stripe.RateLimitError), ("500", stripe.APIError), ("409", stripe.APIError)]
)
def test_refusals_on_command_happen_as_often_as_asked(sim: Driver, kind: str, error: type[Exception]) -> None:
    sim.control("faults", operation="GET /v1/charges/{charge}", kind=kind, times=2)
    charge = sim.paid().payment_intent.latest_charge.id
    for _ in range(2):
        with pytest.raises(error):
            sim.api.v1.charges.retrieve(charge, options=sim.options)
    assert sim.api.v1.charges.retrieve(charge, options=sim.options).id == charge


def test_the_requests_are_remembered_with_their_keys(sim: Driver) -> None:
    sim.session(**keyed("gift-9"))
    # not simply the last: a request that was left hanging earlier may end only now
    [last] = [one for one in sim.state("requests")["requests"] if one["idempotency_key"] == "gift-9"]
    assert (last["method"], last["path"], last["account"], last["idempotency_key"], last["status"]) == (
        "POST",
        "/v1/checkout/sessions",
        ACCOUNT,
        "gift-9",
        200,
    )


def test_lists_are_newest_first_and_walk_both_ways(sim: Driver) -> None:
    made = [sim.control("charges", account=ACCOUNT, amount=100 + step)["id"] for step in range(7)]
    sim.control("clock", advance_seconds=60)
    late = sim.control("charges", account=ACCOUNT, amount=900)["id"]
    v1, options = sim.api.v1, sim.options
    first = v1.charges.list({"limit": 3}, options=options)
    assert [one.id for one in first.data] == [late, made[6], made[5]]
    assert first.has_more
    everything = [one.id for one in v1.charges.list({"limit": 3}, options=options).auto_paging_iter()]
    assert everything == [late, *reversed(made)]
    forward = v1.charges.list({"ending_before": made[1], "limit": 2}, options=options)
    assert [one.id for one in forward.data] == [made[3], made[2]]
    assert [one.id for one in forward.auto_paging_iter()] == [*made[2:], late]
    moment = v1.charges.retrieve(late, options=options).created
    recent = v1.charges.list({"created": {"gte": moment}}, options=options)
    assert [one.id for one in recent.data] == [late]
    intent = v1.charges.retrieve(made[2], options=options).payment_intent
    assert [one.id for one in v1.charges.list({"payment_intent": str(intent)}, options=options).data] == [made[2]]


def test_a_list_with_a_bad_cursor_or_limit_is_refused(sim: Driver) -> None:
    for params in ({"starting_after": "ch_nothing"}, {"limit": 101}, {"limit": 0}):
        with pytest.raises(stripe.InvalidRequestError):
            sim.api.v1.charges.list(params, options=sim.options)


def test_what_cannot_be_expanded_is_refused(sim: Driver) -> None:
    session = sim.session()
    for wish in ("payment_intent.nothing", "colour", "a.b.c.d.e"):
        if wish == "payment_intent.nothing":
            sim.pay(session)
        with pytest.raises(stripe.InvalidRequestError) as caught:
            sim.api.v1.checkout.sessions.retrieve(session.id, {"expand": [wish]}, options=sim.options)
        assert caught.value.param == "expand"


def test_the_controls_are_for_this_machine(sim: Driver) -> None:
    stranger = call("POST", f"{sim.url}/_sim/reset", headers={"Origin": "https://elsewhere.example"})
    assert stranger.status == 403
    assert sim.state("accounts")["accounts"]


def test_a_request_without_a_key_or_with_broken_json_is_refused(sim: Driver) -> None:
    version = {"Stripe-Version": sdk.api_version()}
    assert call("GET", f"{sim.url}/v1/balance", headers=version).status == 401
    bearer = {**version, "Authorization": "Bearer sk_test_simulator"}
    assert call("POST", f"{sim.url}/v2/core/accounts", "{", bearer).status == 400
    assert call("POST", f"{sim.url}/v2/core/accounts", "[]", bearer).status == 400
