"""What no notification told: the cursor over the provider's events, and the comparison of every night."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from crowdfund import clock
from crowdfund.ledger.rules import AccountKind
from crowdfund.money import Money
from crowdfund.payments import service
from crowdfund.payments.provider import Claim, DisputeStage, ProviderKeyRejected, ProviderUnavailable
from tests.payments.conftest import Scene


def findings(scene: Scene) -> list[tuple[str, bool]]:
    return [(one.what, one.repaired) for one in service.reconcile(scene.scope).findings]


def test_the_cursor_reads_what_was_never_delivered(scene: Scene, later: Any) -> None:
    pledge_id, _charge = scene.paid(fee=100)
    assert service.read_events(scene.scope) == len(scene.notices())
    scene.work()
    gift = scene.gift(pledge_id)
    assert gift is not None
    assert gift.fee_minor == 100
    assert {event.via for event in scene.events()} == {"cursor"}
    assert service.read_events(scene.scope) == 0  # an hour's overlap, kept once
    later(hours=3)
    scene.paid()
    scene.provider.fail("notices", ProviderUnavailable("away"))
    with pytest.raises(ProviderUnavailable):
        service.read_events(scene.scope)
    assert service.read_events(scene.scope) == 2  # the cursor had not moved
    scene.work()
    scene.replay()


def test_an_event_that_the_list_shows_late_is_read_by_the_overlap(scene: Scene) -> None:
    scene.paid()
    service.read_events(scene.scope)
    late = scene.provider.tell(scene.account, "charge.updated", "ch_late")
    books = scene.provider.accounts[scene.account]
    books.notices[-1] = replace(late, created=late.created - timedelta(minutes=30))
    assert service.read_events(scene.scope) == 1


def test_events_older_than_the_provider_keeps_are_found_by_comparison(scene: Scene, later: Any) -> None:
    pledge_id, charge = scene.paid(fee=100)
    scene.provider.accounts[scene.account].notices.clear()
    later(days=31)
    assert service.read_events(scene.scope) == 0
    report = service.reconcile(scene.scope)
    assert [(one.what, one.object_id, one.repaired) for one in report.findings] == [("charge", charge, True)]
    assert (report.charges, report.balance_lines, report.clean) == (1, 1, True)
    gift = scene.gift(pledge_id)
    assert gift is not None
    assert (gift.fee_minor, scene.raised) == (100, 5000)
    assert findings(scene) == []
    scene.work()
    assert scene.mailer.keys("thanks") == [f"thanks:{gift.id}"]


def test_everything_that_was_missed_is_put_right(scene: Scene) -> None:
    _pledge, refunded = scene.paid(fee=100)
    _pledge, disputed = scene.paid(fee=100)
    scene.provider.refund_charge(refunded, 1500)
    dispute = scene.provider.dispute_charge(disputed)
    assert sorted(findings(scene)) == [("charge", True), ("charge", True), ("dispute", True), ("refund", True)]
    assert (scene.raised, scene.balance(AccountKind.DISPUTES)) == (8500, 5000)
    assert findings(scene) == []
    scene.provider.close_dispute(dispute.id, DisputeStage.LOST)
    assert findings(scene) == [("dispute", True)]
    assert scene.raised == 3500
    scene.check_books()


def test_a_fee_that_was_missed_is_booked(scene: Scene) -> None:
    _pledge, charge = scene.paid()
    scene.hear()
    scene.provider.settle_fee(charge, 100)
    assert findings(scene) == [("fee", True)]
    assert scene.balance(AccountKind.FEES) == 100


def test_an_unknown_charge_is_set_aside_and_never_a_gift(scene: Scene) -> None:
    charge = scene.provider.new_charge(scene.account, Money(700, "EUR"), Claim())
    assert findings(scene) == [("charge", False)]
    assert [(one.charge, one.reason) for one in scene.aside()] == [(charge.id, "unknown_attempt")]
    assert scene.gifts() == []
    assert findings(scene) == []  # staff know; it is not said every night


def test_a_failed_charge_is_nothing(scene: Scene) -> None:
    scene.provider.new_charge(scene.account, Money(700, "EUR"), Claim(scene.museum, uuid4(), 1), paid=False)
    assert findings(scene) == []
    assert scene.aside() == []


def test_a_gift_the_provider_does_not_know_is_said(scene: Scene, later: Any) -> None:
    _gift, charge = scene.given()
    later(minutes=30)
    del scene.provider.accounts[scene.account].charges[charge]
    scene.provider.accounts[scene.account].lines.clear()
    assert findings(scene) == [("not_at_provider", False)]


def test_a_refused_key_is_said_and_stops_the_account(scene: Scene) -> None:
    scene.paid()
    scene.provider.fail("charges", ProviderKeyRejected("account_invalid", status=403))
    assert findings(scene) == [("account:account_invalid", False)]
    scene.provider.fail("standing", ProviderKeyRejected("account_invalid", status=403))
    assert findings(scene) == []
    assert scene.provider.calls["charges"] == 1  # it is not asked for again
    assert findings(scene) == [("charge", True)]  # until it stands well again


def test_older_than_asked_is_left_alone(scene: Scene) -> None:
    scene.provider.new_charge(scene.account, Money(700, "EUR"), Claim(), at=clock.now() - timedelta(days=40))
    assert findings(scene) == []
