from __future__ import annotations

import threading
import time
from typing import Any

import pytest
import stripe

from simulator.settings import DEFAULT_SECRET

from .conftest import ACCOUNT, OTHER, Driver, Receiver, Webhook, until

PAID = {
    "payment_intent.created",
    "charge.succeeded",
    "payment_intent.succeeded",
    "checkout.session.completed",
    "charge.updated",
}


def opened(webhook: Webhook, secret: str = DEFAULT_SECRET) -> Any:
    return stripe.Webhook.construct_event(webhook.body, webhook.signature, secret)


def quiet(sim: Driver) -> None:
    until(lambda: not any(one["state"] == "pending" for one in sim.state("deliveries")["deliveries"]))


def test_snapshots_are_signed_and_name_the_account(sim: Driver) -> None:
    sim.paid()
    until(lambda: set(sim.receiver.types()) >= PAID)
    assert sorted(sim.receiver.types()) == sorted(PAID)
    for webhook in sim.receiver.seen:
        event = opened(webhook)
        assert (webhook.path, event.account, event.livemode) == ("/webhooks/stripe/connected", ACCOUNT, False)
        assert event.api_version == stripe.api_version
        same = sim.api.v1.events.retrieve(event.id, options=sim.options)
        assert same.to_dict()["data"] == event.to_dict()["data"]
    with pytest.raises(stripe.SignatureVerificationError):
        opened(sim.receiver.seen[0], "whsec_other")


def test_a_request_is_named_as_the_cause(sim: Driver) -> None:
    charge = sim.paid().payment_intent.latest_charge.id
    refund = sim.api.v1.refunds.create({"charge": charge}, options={**sim.options, "idempotency_key": "back-1"})
    event = sim.api.v1.events.list({"type": "refund.created"}, options=sim.options).data[0]
    assert event.request is not None
    assert (event.request.id, event.request.idempotency_key) == (refund.last_response.request_id, "back-1")


def test_thin_events_are_accepted_by_the_sdk_and_lead_to_the_object(sim: Driver) -> None:
    sim.control("events", thin="on")
    charge = sim.paid().payment_intent.latest_charge.id
    until(lambda: {f"v1.{kind}" for kind in PAID} <= set(sim.receiver.types()))
    webhook = next(one for one in sim.receiver.seen if one.json["type"] == "v1.charge.succeeded")
    notice: Any = sim.api.parse_event_notification(webhook.body, webhook.signature, DEFAULT_SECRET)
    assert type(notice).__name__ == "V1ChargeSucceededEventNotification"
    assert (str(notice.context), notice.related_object.id) == (ACCOUNT, charge)
    assert notice.fetch_related_object().id == charge
    assert notice.fetch_event().id == notice.id
    assert "data" not in webhook.json


def test_both_kinds_tell_the_same_fact(sim: Driver) -> None:
    sim.control("events", thin="both")
    sim.paid()
    until(lambda: len(sim.receiver.seen) == 2 * len(PAID))
    snapshots = {one.json["id"] for one in sim.receiver.seen if one.json["object"] == "event"}
    assert snapshots == {one.json["snapshot_event"] for one in sim.receiver.seen if one.json["object"] != "event"}


def test_a_secret_is_rolled(sim: Driver) -> None:
    sim.control("events", action="secrets", connected=["whsec_old", "whsec_new"])
    sim.paid()
    webhook = until(lambda: sim.receiver.seen)[0]
    assert opened(webhook, "whsec_old").id == opened(webhook, "whsec_new").id


def test_a_refused_delivery_is_tried_again(sim: Driver) -> None:
    sim.receiver.status = 500
    sim.paid()
    until(lambda: len(sim.receiver.seen) > 2 * len(PAID))
    sim.receiver.status = 200
    quiet(sim)
    delivered = [one for one in sim.state("deliveries")["deliveries"] if one["account"] == ACCOUNT]
    assert {one["state"] for one in delivered} == {"delivered"}
    assert all(one["answers"][-1]["status"] == 200 and one["signature"] for one in delivered)
    assert all(one["attempts"] > 1 for one in delivered)


def test_events_are_dropped_and_can_be_listed(sim: Driver) -> None:
    sim.control("events", action="drop")
    sim.paid()
    assert sim.receiver.seen == []
    assert set(sim.event_types()) == PAID
    first = sim.api.v1.events.list({"limit": 100}, options=sim.options).data[-1]
    since = sim.api.v1.events.list({"ending_before": first.id, "types": ["charge.*"], "limit": 1}, options=sim.options)
    assert [one.type for one in since.auto_paging_iter()] == ["charge.succeeded", "charge.updated"]
    sim.control("events", action="clear")
    again = sim.control("events", action="replay")["deliveries"]
    assert {one["type"] for one in again} == PAID | {"v2.core.account.created"}
    assert len(again) == len(sim.receiver.seen) == len(PAID) + 2


def test_events_are_kept_for_thirty_days(sim: Driver) -> None:
    sim.paid()
    event = sim.api.v1.events.list(options=sim.options).data[0]
    sim.control("clock", advance_seconds=31 * 86_400)
    assert sim.api.v1.events.list(options=sim.options).data == []
    with pytest.raises(stripe.InvalidRequestError):
        sim.api.v1.events.retrieve(event.id, options=sim.options)


def test_an_event_comes_twice(sim: Driver) -> None:
    sim.control("events", action="duplicate", type="charge.succeeded", times=1)
    sim.paid()
    until(lambda: len(sim.receiver.seen) == len(PAID) + 1)
    twice = [one.json["id"] for one in sim.receiver.seen if one.json["type"] == "charge.succeeded"]
    assert twice[0] == twice[1]


def test_events_are_held_and_released_in_reverse(sim: Driver) -> None:
    sim.control("events", action="hold")
    sim.paid()
    assert sim.receiver.seen == []
    released = sim.control("events", action="reverse")
    assert sim.receiver.types() == list(reversed(sim.event_types()))
    assert {one["status"] for one in released["deliveries"]} == {200}
    sim.paid()
    until(lambda: len(sim.receiver.seen) == 2 * len(PAID))


def test_an_event_is_delayed(sim: Driver) -> None:
    sim.control("events", action="delay", type="checkout.session.completed", seconds=0.6)
    started = time.monotonic()
    sim.paid()
    until(lambda: "checkout.session.completed" in sim.receiver.types())
    assert time.monotonic() - started > 0.5


@pytest.mark.parametrize("kind", ["wrong_secret", "old", "unsigned", "tampered"])
def test_a_stranger_cannot_sign(sim: Driver, kind: str) -> None:
    sim.paid()
    quiet(sim)
    sim.receiver.seen.clear()
    assert sim.control("events", action="forge", kind=kind, type="charge.succeeded")["status"] == 200
    with pytest.raises(stripe.SignatureVerificationError):
        opened(sim.receiver.seen[0])


def test_well_signed_oddities(sim: Driver) -> None:
    sim.paid()
    quiet(sim)
    sim.receiver.seen.clear()
    sim.control("events", action="forge", kind="future", type="charge.succeeded")
    sim.control("events", action="forge", kind="account", as_account=OTHER, type="charge.succeeded")
    sim.control("events", action="forge", kind="livemode", type="charge.succeeded")
    sim.control("events", action="forge", kind="type", as_type="moon.risen", keep_id=True)
    future, account, live, unknown = [opened(one) for one in sim.receiver.seen]
    assert int(sim.receiver.seen[0].signature.split(",")[0][2:]) > time.time() + 3000  # type: ignore[union-attr]
    assert (account.account, live.livemode, unknown.type) == (OTHER, True, "moon.risen")
    known = {one["id"] for one in sim.state("events")["events"]}
    assert unknown.id in known
    assert not {future.id, account.id, live.id} & known


def test_the_courier_waits_for_a_platform_that_is_away(sim: Driver) -> None:
    receiver: Receiver = sim.receiver
    away = f"http://127.0.0.1:{receiver.port}"
    world = sim.simulator.world
    settings = world.settings
    try:
        object.__setattr__(world.settings, "webhook_base", "http://127.0.0.1:1")
        sim.paid()
        time.sleep(0.5)
        assert receiver.seen == []
    finally:
        object.__setattr__(settings, "webhook_base", away)
    until(lambda: set(receiver.types()) >= PAID, 8)


def test_many_payments_at_once_lose_no_event(sim: Driver) -> None:
    sessions = [sim.session(1000 + step) for step in range(12)]
    threads = [threading.Thread(target=sim.pay, args=(one,)) for one in sessions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    until(lambda: len({one.json["id"] for one in sim.receiver.seen}) == 12 * len(PAID))
    assert sorted(one["amount"] for one in sim.state("charges")["charges"]) == list(range(1000, 1012))
