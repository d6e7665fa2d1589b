from __future__ import annotations

from typing import Any

import pytest
import stripe

from simulator import sdk
from simulator.contract import check_request, check_resource
from simulator.encoding import decode_form
from simulator.shapes import Either, Keyed, Many, Page, Ref

from .conftest import ACCOUNT, Driver, call


def problems(method: str, path: str, body: Any) -> list[str]:
    endpoint = sdk.match(method, path)
    assert endpoint is not None
    form = isinstance(body, str)
    return [str(one) for one in check_request(endpoint, decode_form(body) if form else body, form=form)]


def inside(shape: object) -> list[object]:
    if isinstance(shape, Many | Page):
        return [shape.item]
    if isinstance(shape, Keyed):
        return [shape.value]
    return list(shape.shapes) if isinstance(shape, Either) else []


def test_every_annotation_of_the_sdk_can_be_read() -> None:
    seen: set[Ref] = set()
    waiting: list[object] = []
    for endpoint in sdk.endpoints().values():
        waiting += [sdk.settle(lazy) for lazy in (endpoint.params, endpoint.answer) if lazy is not None]
    while waiting:
        shape = waiting.pop()
        if isinstance(shape, Ref) and shape not in seen:
            seen.add(shape)
            waiting += [field.shape for field in sdk.record(shape).fields.values()]
        waiting += inside(shape)
    assert len(sdk.endpoints()) > 600
    assert len(seen) > 5000


def test_the_version_is_the_one_the_sdk_sends() -> None:
    assert sdk.api_version() == stripe.api_version


def test_fixed_paths_win_over_templates() -> None:
    found = sdk.match("GET", "/v1/charges/search")
    assert found is not None
    assert found.path == "/v1/charges/search"


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("mode=payment&expand[]=payment_intent&metadata[a]=b&metadata[1]=c", []),
        ("mode=donate", ["mode: choice (payment, setup, subscription)"]),
        ("modus=payment", ["modus: unknown"]),
        ("payment_method_types[0]=card", ["payment_method_types: unknown"]),
        ("expires_at=soon", ["expires_at: integer (soon)"]),
        (
            "line_items[0][price_data][currency]=eur&line_items[0][price_data][product_dat][name]=x",
            ["line_items[0][price_data][product_dat]: unknown"],
        ),
        ("line_items[0][price_data][unit_amount]=5", ["line_items[0][price_data][currency]: missing"]),
        ("allow_promotion_codes=perhaps", ["allow_promotion_codes: boolean (perhaps)"]),
        ("client_reference_id[a]=b", ["client_reference_id: type (string)"]),
    ],
)
def test_a_session_is_checked_field_by_field(form: str, expected: list[str]) -> None:
    assert problems("POST", "/v1/checkout/sessions", form) == expected


def test_json_of_the_second_generation_is_checked() -> None:
    body = {"defaults": {"responsibilities": {"fees_collector": "stripe"}}, "dashboard": "ful"}
    assert problems("POST", "/v2/core/accounts", body) == [
        "defaults[responsibilities][losses_collector]: missing",
        "dashboard: choice (express, full, none)",
    ]


def test_an_answer_with_a_missing_or_wrong_field_is_found() -> None:
    refund = {"object": "refund", "id": "re_1", "amount": 5, "created": 1, "currency": "eur"}
    assert check_resource(refund) == []
    assert [str(one) for one in check_resource({**refund, "amount": "5"})] == ["amount: integer (5)"]
    del refund["currency"]
    assert [str(one) for one in check_resource({**refund, "colour": "red"})] == ["colour: unknown", "currency: missing"]


def test_a_wrong_parameter_is_refused_over_the_wire(sim: Driver) -> None:
    with pytest.raises(stripe.InvalidRequestError) as caught:
        sim.session(payment_method_types=["card"])
    assert (caught.value.param, caught.value.code) == ("payment_method_types", "parameter_unknown")
    assert caught.value.request_id
    with pytest.raises(stripe.InvalidRequestError) as caught:
        sim.api.v1.refunds.create({"amount": "much"}, options=sim.options)
    assert (caught.value.param, caught.value.code) == ("amount", "parameter_invalid_integer")


def test_an_unknown_endpoint_is_not_found(sim: Driver) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="Unrecognized request URL") as caught:
        sim.api.raw_request("get", "/v1/nothing")
    assert caught.value.http_status == 404


def test_another_version_is_refused(sim: Driver) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="version"):
        sim.client(stripe_version="2019-08-14").v1.balance.retrieve(options=sim.options)


@pytest.mark.parametrize("key", ["sk_live_abc", "sk_test_51abc", "rk_live_x"])
def test_a_real_key_is_refused(sim: Driver, key: str) -> None:
    with pytest.raises(stripe.AuthenticationError) as caught:
        sim.client(key=key).v1.balance.retrieve(options=sim.options)
    assert key not in str(caught.value)


def test_metadata_keeps_the_providers_limits(sim: Driver) -> None:
    with pytest.raises(stripe.InvalidRequestError) as caught:
        sim.session(payment_intent_data={"metadata": {"a": "x" * 501}})
    assert caught.value.param == "payment_intent_data[metadata][a]"


def test_every_kind_of_object_fits_the_types(sim: Driver) -> None:
    sim.control("settings", settle_after=0)
    paid = sim.paid(account=ACCOUNT, payment_intent_data={"application_fee_amount": 100})
    charge = paid.payment_intent.latest_charge.id
    sim.api.v1.refunds.create({"charge": charge, "amount": 500}, options=sim.options)
    sim.control("charges", action="fraud_warning", account=ACCOUNT, charge=charge)
    sim.control("payouts", account=ACCOUNT)
    sim.control("disputes", account=ACCOUNT, charge=charge)
    options, v1 = (
        sim.options,
        sim.api.v1,
    )  # every answer is checked inside the simulator, which answers 500 if one is wrong
    pages = [
        v1.charges.list({"expand": ["data.balance_transaction", "data.refunds"]}, options=options),
        v1.checkout.sessions.list({"expand": ["data.line_items"]}, options=options),
        v1.payment_intents.list(options=options),
        v1.refunds.list(options=options),
        v1.disputes.list(options=options),
        v1.payouts.list(options=options),
        v1.balance_transactions.list(options=options),
        v1.events.list(options=options),
        v1.radar.early_fraud_warnings.list(options=options),
        v1.application_fees.list(),
    ]
    assert all(page.data for page in pages)
    for page in pages:
        for item in page.data:
            assert check_resource(call_plain(sim, page.url, item.id)) == []


def call_plain(sim: Driver, url: str, ident: str) -> dict[str, Any]:
    headers = {"Authorization": "Bearer sk_test_simulator", "Stripe-Version": sdk.api_version()}
    if "application_fees" not in url:
        headers["Stripe-Account"] = ACCOUNT
    answer = call("GET", f"{sim.url}{url}/{ident}", headers=headers)
    assert answer.status == 200, answer.text
    found: dict[str, Any] = answer.json
    return found
