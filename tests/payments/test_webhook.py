"""The provider's door: what is signed is kept and answered at once, the rest is refused; nothing else is done here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from stripe import WebhookSignature

from crowdfund import clock
from crowdfund.payments.events import HANDLERS
from crowdfund.payments.models import StrayEvent
from crowdfund.payments.rules import ACTED_ON, EventState
from crowdfund.payments.signature import is_genuine
from crowdfund.payments.stripe import EVENT_TYPES
from crowdfund.tenancy import PlatformScope, transaction
from tests.payments.conftest import Scene

SECRET, NEXT_SECRET = "whsec_one", "whsec_two"
CONNECTED = "/webhooks/stripe/connected"


@contextmanager
def two_secrets(app: Flask) -> Iterator[None]:
    kept = app.extensions["config"]
    app.extensions["config"] = replace(kept, stripe_webhook_secrets=(SECRET, NEXT_SECRET))
    yield
    app.extensions["config"] = kept


@pytest.fixture(autouse=True)
def secrets(app: Flask) -> Iterator[None]:
    with two_secrets(app):
        yield


def snapshot(account: str | None, ident: str = "evt_1", kind: str = "charge.updated", **more: Any) -> dict[str, Any]:
    return {
        "object": "event", "id": ident, "type": kind, "account": account, "created": 1_780_000_000, "livemode": False,
        "data": {"object": {"id": "ch_1", "object": "charge"}}, **more,
    }  # fmt: skip


def thin(
    account: str | None, ident: str = "evt_thin_1", kind: str = "v1.charge.updated", **more: Any
) -> dict[str, Any]:
    return {
        "object": "v2.core.event", "id": ident, "type": kind, "context": account, "livemode": False,
        "created": "2026-11-24T08:00:00.000Z",
        "related_object": {"id": "ch_1", "type": "charge", "url": "/v1/charges/ch_1"}, **more,
    }  # fmt: skip


def post(
    client: FlaskClient, body: Any, *secrets: str, age: int = 0, path: str = CONNECTED, header: str | None = None
) -> int:
    raw = body if isinstance(body, str) else json.dumps(body)
    if header is None:
        header = signed(raw, *(secrets or (SECRET,)), age=age)
    headers = {"Stripe-Signature": header} if header else {}
    return client.post(path, data=raw, headers=headers, content_type="application/json").status_code


def signed(raw: str, *secrets: str, age: int = 0) -> str:
    """Sign with the SDK's own helper, as the provider does."""
    at = int(clock.now().timestamp()) - age
    headers = [WebhookSignature.generate_signature_header(raw, secret, timestamp=at) for secret in secrets]
    return ",".join([f"t={at}", *(mark for header in headers for mark in header.split(",") if mark.startswith("v1="))])


def strays() -> list[tuple[str, str]]:
    with transaction(PlatformScope()) as session:
        return [(row.event, row.reason) for row in session.scalars(select(StrayEvent).order_by(StrayEvent.event))]


def test_a_snapshot_is_kept_and_answered(scene: Scene, client: FlaskClient) -> None:
    assert post(client, snapshot(scene.account)) == 200
    (event,) = scene.events()
    assert (event.event, event.type, event.object_id, event.account, event.state, event.via) == (
        "evt_1",
        "charge.updated",
        "ch_1",
        scene.account,
        EventState.RECEIVED,
        "webhook",
    )
    assert scene.facts("webhook.received") == [{"event_id": event.id}]
    assert not scene.provider.calls  # all the work is a task


def test_a_thin_one_loses_its_prefix(scene: Scene, client: FlaskClient) -> None:
    assert post(client, thin(scene.account)) == 200
    assert [(event.type, event.object_id) for event in scene.events()] == [("charge.updated", "ch_1")]


def test_the_same_fact_both_ways_is_one_booking(scene: Scene, client: FlaskClient) -> None:
    _pledge, charge = scene.paid(fee=100)
    related = {"id": charge, "type": "charge", "url": f"/v1/charges/{charge}"}
    assert post(client, snapshot(scene.account, data={"object": {"id": charge}})) == 200
    assert post(client, thin(scene.account, related_object=related)) == 200
    scene.work()
    assert len(scene.events()) == 2
    assert scene.raised == 5000
    scene.replay()


def test_what_an_event_says_of_an_amount_is_not_believed(scene: Scene, client: FlaskClient) -> None:
    pledge, charge = scene.paid(fee=100)
    told = {
        "id": charge,
        "object": "charge",
        "amount": 4_000,
        "amount_captured": 4_000,
        "currency": "eur",
        "paid": True,
    }
    assert post(client, snapshot(scene.account, data={"object": told})) == 200
    scene.work()
    gift = scene.gift(pledge)
    assert gift is not None
    assert (gift.amount_minor, scene.aside()) == (5_000, [])


def test_twice_the_same_is_one_row(scene: Scene, client: FlaskClient) -> None:
    assert [post(client, snapshot(scene.account)) for _time in range(3)] == [200, 200, 200]
    assert len(scene.events()) == 1
    assert len(scene.facts("webhook.received")) == 1


@pytest.mark.parametrize("age", [-299, 299])
def test_a_clock_may_be_a_little_off(scene: Scene, client: FlaskClient, age: int) -> None:
    assert post(client, snapshot(scene.account), age=age) == 200


@pytest.mark.parametrize("age", [-302, 302])
def test_too_old_and_too_far_ahead_are_refused(scene: Scene, client: FlaskClient, age: int) -> None:
    assert post(client, snapshot(scene.account), age=age) == 400
    assert scene.events() == []


@pytest.mark.parametrize(
    "header",
    [
        "",
        "t=1,v1=00",
        "v1=abc",
        "t=,v1=",
        "t=x,v1=y",
        "t=١,v1=00",
        "garbage",
        "t=1,t=2,v1=00",
        "t=" + "9" * 40 + ",v1=00",
    ],
)
def test_a_bad_signature_is_refused(scene: Scene, client: FlaskClient, header: str) -> None:
    if not header.isascii():
        assert not is_genuine(b"{}", header, (SECRET,), 0)
        return
    assert post(client, snapshot(scene.account), header=header) == 400
    assert client.post(CONNECTED, data=json.dumps(snapshot(scene.account))).status_code == 400
    assert scene.events() == []


def test_another_secret_is_refused(scene: Scene, client: FlaskClient) -> None:
    assert post(client, snapshot(scene.account), "whsec_stranger") == 400
    assert scene.events() == []


def test_a_changed_body_is_refused(scene: Scene, client: FlaskClient) -> None:
    raw = json.dumps(snapshot(scene.account))
    assert post(client, raw.replace("charge.updated", "charge.refunded"), header=signed(raw, SECRET)) == 400
    assert scene.events() == []


def test_a_secret_can_be_rolled(scene: Scene, client: FlaskClient) -> None:
    assert post(client, snapshot(scene.account, "evt_1"), SECRET) == 200
    assert post(client, snapshot(scene.account, "evt_2"), "whsec_stranger", NEXT_SECRET) == 200
    assert post(client, snapshot(scene.account, "evt_3"), NEXT_SECRET) == 200
    assert len(scene.events()) == 3


@pytest.mark.parametrize(
    "body",
    ["", "{", "[]", "null", "{}", '{"object":"event"}', '"text"', "12", '{"object":"charge","id":"ch_1"}', "\ud83d"],
)
def test_what_cannot_be_read_is_refused(scene: Scene, client: FlaskClient, body: str) -> None:
    raw = body.encode("utf-8", "replace").decode()
    assert post(client, raw) == 400
    assert scene.events() == []


@pytest.mark.parametrize(
    "change",
    [{"id": 7}, {"id": ""}, {"id": "evt\x00"}, {"type": None}, {"created": "soon"}, {"data": None}, {"id": "e" * 300}],
)
def test_an_event_with_odd_parts_is_refused(scene: Scene, client: FlaskClient, change: dict[str, Any]) -> None:
    assert post(client, {**snapshot(scene.account), **change}) == 400
    assert scene.events() == []


def test_a_body_over_the_limit_is_refused_unread(scene: Scene, client: FlaskClient) -> None:
    assert post(client, snapshot(scene.account, padding="x" * 255 * 1024)) == 200
    assert post(client, snapshot(scene.account, "evt_2", padding="x" * 256 * 1024)) == 413
    assert [event.event for event in scene.events()] == ["evt_1"]


def test_the_other_mode_is_kept_apart(scene: Scene, client: FlaskClient) -> None:
    assert post(client, snapshot(scene.account, livemode=True)) == 200
    assert scene.events() == []
    assert strays() == [("evt_1", "other_mode")]


def test_an_unknown_account_is_kept_apart_once(scene: Scene, client: FlaskClient) -> None:
    assert [post(client, snapshot("acct_stranger")) for _time in range(2)] == [200, 200]
    assert strays() == [("evt_1", "unknown_account")]
    assert scene.events() == []


def test_what_concerns_the_platform_alone_is_kept_apart(scene: Scene, client: FlaskClient) -> None:
    assert post(client, snapshot(None, kind="application_fee.created"), path="/webhooks/stripe/platform") == 200
    assert strays() == [("evt_1", "platform")]


def test_an_accounts_own_event_finds_its_museum(scene: Scene, client: FlaskClient) -> None:
    related = {"id": scene.account, "type": "v2.core.account", "url": f"/v2/core/accounts/{scene.account}"}
    event = thin(None, kind="v2.core.account[requirements].updated", related_object=related)
    assert post(client, event, path="/webhooks/stripe/platform") == 200
    assert [one.account for one in scene.events()] == [scene.account]


def test_an_unknown_type_is_kept(scene: Scene, client: FlaskClient) -> None:
    assert post(client, snapshot(scene.account, kind="something.new")) == 200
    assert [event.state for event in scene.events()] == [EventState.IGNORED]  # at the door: it is no fact to tell


def test_what_is_acted_on_has_a_handler() -> None:
    assert all(kind.startswith(ACTED_ON) for kind in HANDLERS)
    assert all(any(kind.startswith(prefix) for kind in HANDLERS) for prefix in ACTED_ON)
    assert all(kind.startswith(ACTED_ON) for kind in EVENT_TYPES)


def test_there_is_no_other_destination_and_no_other_method(client: FlaskClient, scene: Scene) -> None:
    assert post(client, snapshot(scene.account), path="/webhooks/stripe/other") == 404
    assert client.get(CONNECTED).status_code == 405


def test_no_cookie_is_set(scene: Scene, client: FlaskClient) -> None:
    raw = json.dumps(snapshot(scene.account))
    answer = client.post(CONNECTED, data=raw, headers={"Stripe-Signature": signed(raw, SECRET)})
    assert "Set-Cookie" not in answer.headers
    assert answer.data == b""


def test_without_a_secret_nothing_is_genuine() -> None:
    assert not is_genuine(b"{}", signed("{}", "x"), (), clock.now().timestamp())
