"""Money that has come is booked once, whoever tells of it, however often, in whatever order."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from crowdfund import books, clock
from crowdfund.errors import NotFound
from crowdfund.gifts import service as gifts
from crowdfund.gifts.models import Gift
from crowdfund.gifts.rules import DisputeState, RefundState
from crowdfund.ledger.rules import AccountKind
from crowdfund.money import Money
from crowdfund.payments import service
from crowdfund.payments.models import ProviderEvent
from crowdfund.payments.provider import (
    Claim,
    DisputeStage,
    Fate,
    NotAtProvider,
    ProviderKeyRejected,
    ProviderUnavailable,
)
from crowdfund.payments.rules import CheckoutState, EventState
from crowdfund.pledges.models import Pledge
from crowdfund.tenancy import transaction
from tests import factories
from tests.payments.conftest import Scene


def test_a_plain_gift_is_booked_gross_then_fee(scene: Scene) -> None:
    pledge_id, charge = scene.paid()
    scene.hear()
    gift = scene.gift(pledge_id)
    assert gift is not None
    assert (gift.amount_minor, gift.state, gift.charge, gift.fee_minor) == (5000, "received", charge, None)
    assert gift.gift_date_basis == "credited"
    assert scene.checkout(pledge_id).state == CheckoutState.PAID
    assert scene.pledge_state(pledge_id) == "paid"
    assert (scene.raised, scene.balance(AccountKind.CLEARING), scene.balance(AccountKind.FEES)) == (5000, 5000, 0)
    scene.provider.settle_fee(charge, 100)
    scene.hear()
    assert (scene.raised, scene.balance(AccountKind.CLEARING), scene.balance(AccountKind.FEES)) == (5000, 4900, 100)
    assert scene.mailer.keys("thanks") == [f"thanks:{gift.id}"]
    assert scene.facts("gift.received") == [{"gift_id": gift.id}]
    scene.replay()
    scene.check_books()


def test_return_before_the_webhook_books_at_once(scene: Scene) -> None:
    pledge_id, _charge = scene.paid(fee=100)
    session_id = str(scene.checkout(pledge_id).session)
    assert service.settle_checkout(scene.scope, session_id, pledge_id) == CheckoutState.PAID
    before = scene.picture()["entries"]
    assert scene.raised == 5000
    scene.hear()
    assert scene.picture()["entries"] == before
    assert scene.mailer.keys("thanks") == [f"thanks:{scene.gifts()[0].id}"]
    scene.replay()


def test_returning_with_another_gifts_page_is_not_found(scene: Scene) -> None:
    mine, _charge = scene.paid()
    other = scene.pledge()
    with pytest.raises(NotFound):
        service.settle_checkout(scene.scope, str(scene.checkout(mine).session), other)
    with pytest.raises(NotFound):
        service.settle_checkout(scene.scope, "cs_forged", mine)
    assert scene.gifts() == []


def test_the_same_event_is_kept_and_booked_once(scene: Scene) -> None:
    scene.paid()
    scene.hear(*scene.notices(), *scene.notices())
    assert len(scene.events()) == len(scene.notices())
    assert scene.raised == 5000
    scene.replay()


def test_a_refund_heard_before_the_payment_settles_both(scene: Scene) -> None:
    pledge_id, charge = scene.paid()
    scene.provider.refund_charge(charge, 5000)
    for notice in reversed(scene.notices()):
        scene.hear(notice)
    gift = scene.gift(pledge_id)
    assert gift is not None
    assert (gift.state, gift.refunded_minor) == ("refunded", 5000)
    assert (scene.raised, scene.balance(AccountKind.CLEARING)) == (0, 0)
    scene.replay()
    scene.check_books()


def test_a_dispute_heard_before_the_payment_settles_both(scene: Scene) -> None:
    pledge_id, charge = scene.paid()
    scene.hear(scene.provider.tell(scene.account, "charge.dispute.created", scene.provider.dispute_charge(charge).id))
    gift = scene.gift(pledge_id)
    assert gift is not None
    assert (gift.state, scene.raised, scene.balance(AccountKind.DISPUTES)) == ("disputed", 5000, 5000)
    assert scene.balance(AccountKind.FEES) == 2000
    scene.replay()


def test_late_news_of_processing_leave_a_paid_checkout_paid(scene: Scene) -> None:
    pledge_id, charge = scene.paid()
    scene.hear()
    scene.hear(scene.provider.tell(scene.account, "payment_intent.processing", f"pi_{charge}"))
    assert scene.checkout(pledge_id).state == CheckoutState.PAID
    assert scene.events()[-1].state == EventState.IGNORED


def test_a_refused_card_then_another_is_one_gift(scene: Scene) -> None:
    pledge_id = scene.pledge()
    page = scene.open(pledge_id)
    scene.provider.decline(page)
    scene.hear()
    assert scene.gifts() == []
    assert scene.checkout(pledge_id).state == CheckoutState.OPEN
    scene.provider.pay(page)
    scene.hear()
    assert scene.raised == 5000
    assert scene.mailer.sent[-1][0].startswith("thanks:")
    scene.replay()


def test_four_refusals_close_the_page_and_end_the_try(scene: Scene) -> None:
    pledge_id = scene.pledge()
    page = scene.open(pledge_id)
    for _try in range(4):
        scene.provider.decline(page)
    scene.hear()
    assert scene.checkout(pledge_id).state in {CheckoutState.FAILED, CheckoutState.EXPIRED}
    assert scene.pledge_state(pledge_id) == "expired"
    assert scene.provider.calls["close_page"] == 1
    scene.replay()


def test_a_page_that_expires_frees_the_reward_and_late_money_is_booked(scene: Scene) -> None:
    pledge_id = scene.pledge()
    page = scene.open(pledge_id)
    scene.provider.close_page(scene.account, page)
    scene.hear()
    assert (scene.checkout(pledge_id).state, scene.pledge_state(pledge_id)) == (CheckoutState.EXPIRED, "expired")
    scene.provider.pay(page)
    scene.hear()
    assert (scene.checkout(pledge_id).state, scene.pledge_state(pledge_id)) == (CheckoutState.PAID, "paid")
    assert scene.raised == 5000
    scene.replay()


@pytest.mark.parametrize(
    ("forged", "reason"),
    [
        ({"amount": 4000}, "other_amount"),
        ({"currency": "CHF"}, "other_currency"),
    ],
)
def test_a_charge_that_differs_is_set_aside(scene: Scene, forged: dict[str, object], reason: str) -> None:
    pledge_id = scene.pledge()
    scene.provider.pay(scene.open(pledge_id), **forged)  # type: ignore[arg-type]
    scene.hear()
    assert scene.gifts() == []
    assert [(one.reason, one.pledge_id, one.state) for one in scene.aside()] == [(reason, pledge_id, "open")]
    assert scene.checkout(pledge_id).state == CheckoutState.PROCESSING
    assert EventState.SET_ASIDE in {event.state for event in scene.events()}
    assert scene.mailer.sent == []
    scene.replay()
    scene.check_books()


def test_a_charge_that_says_another_museum_is_set_aside(scene: Scene) -> None:
    pledge_id = scene.pledge()
    page = scene.open(pledge_id)
    claim = scene.provider.page(scene.account, page).claim
    scene.provider.pay(page, claim=replace(claim, institution_id=scene.museum + 1))
    scene.hear()
    assert [one.reason for one in scene.aside()] == ["other_museum"]
    assert scene.gifts() == []


def test_an_unknown_charge_is_set_aside_and_resolved_when_given_back(scene: Scene) -> None:
    charge = scene.provider.new_charge(scene.account, Money(2000, "EUR"), Claim(scene.museum, uuid4(), 1))
    scene.hear()
    assert [(one.charge, one.reason, one.state) for one in scene.aside()] == [(charge.id, "unknown_attempt", "open")]
    scene.provider.refund_charge(charge.id, 2000)
    scene.hear()
    assert [one.state for one in scene.aside()] == ["resolved"]
    assert scene.gifts() == []


def test_a_pledge_paid_twice_is_one_gift_and_one_set_aside(scene: Scene) -> None:
    pledge_id = scene.pledge()
    first = scene.open(pledge_id)
    scene.provider.close_page(scene.account, first)
    scene.hear()
    second = scene.open(pledge_id)
    assert second != first
    scene.provider.pay(second)
    scene.provider.pay(first)  # a bank that was late
    scene.hear()
    assert scene.raised == 5000
    assert [one.reason for one in scene.aside()] == ["paid_twice"]
    scene.replay()
    scene.check_books()


def test_an_event_about_nothing_is_set_aside(scene: Scene) -> None:
    scene.hear(scene.provider.tell(scene.account, "charge.updated", "ch_nowhere"))
    assert [(event.state, event.note) for event in scene.events()] == [(EventState.SET_ASIDE, "not_at_provider")]


def test_an_unknown_type_is_kept_and_ignored(scene: Scene) -> None:
    scene.hear(scene.provider.tell(scene.account, "invoice.finalized", "in_1"))
    assert [event.state for event in scene.events()] == [EventState.IGNORED]


def test_a_provider_that_is_away_leaves_the_event_to_the_sweeper(scene: Scene, later: Any) -> None:
    scene.paid()
    scene.provider.fail("charge", ProviderUnavailable("hang"))
    scene.provider.fail("page", ProviderUnavailable("hang"))
    scene.keep(*scene.notices())
    with transaction(scene.scope) as session:
        first = session.scalars(select(ProviderEvent.id).order_by(ProviderEvent.id)).first()
    assert first is not None
    with pytest.raises(ProviderUnavailable):
        service.settle_event(scene.scope, first)
    assert scene.gifts() == []
    later(minutes=2)
    service.sweep_events(scene.scope)
    service.sweep_events(scene.scope)
    assert scene.raised == 5000
    assert {event.state for event in scene.events()} == {EventState.PROCESSED}


def test_a_refused_key_stops_the_account_and_keeps_the_event(scene: Scene, later: Any) -> None:
    scene.paid()
    scene.keep(*scene.notices())
    with transaction(scene.scope) as session:
        first = session.scalars(select(ProviderEvent.id).order_by(ProviderEvent.id)).first()
    assert first is not None
    for call in ("page", "charge", "charges_of"):
        scene.provider.fail(call, ProviderKeyRejected("api_key_expired", status=401))
    with pytest.raises(ProviderKeyRejected):
        service.settle_event(scene.scope, first)
    assert EventState.SET_ASIDE not in {event.state for event in scene.events()}
    later(minutes=2)
    service.look_at_stopped(scene.scope)
    for _round in range(4):
        service.sweep_events(scene.scope)
        service.look_at_stopped(scene.scope)
    assert scene.raised == 5000


def test_one_event_that_fails_does_not_hold_up_the_others(
    scene: Scene, later: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.paid()
    scene.keep(scene.provider.tell(scene.account, "refund.created", "re_broken"), *scene.notices())

    def broken(_account: str, _refund: str) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(scene.provider, "refund", broken)
    later(minutes=2)
    service.sweep_events(scene.scope)
    assert scene.raised == 5000
    assert EventState.RECEIVED in {event.state for event in scene.events()}


def test_the_sweeper_closes_what_is_past_its_time(scene: Scene, later: Any) -> None:
    pledge_id = scene.pledge()
    scene.open(pledge_id)
    later(minutes=61)
    assert service.sweep_checkouts(scene.scope) == 1
    assert (scene.checkout(pledge_id).state, scene.pledge_state(pledge_id)) == (CheckoutState.EXPIRED, "expired")


def test_a_refund_in_the_dashboard_is_booked_and_told(scene: Scene) -> None:
    gift, charge = scene.given()
    scene.provider.refund_charge(charge, 2000)
    scene.hear()
    (after,) = scene.gifts()
    assert (after.state, after.refunded_minor, scene.raised) == ("partly_refunded", 2000, 3000)
    assert len(scene.facts("gift.refunded")) == 1
    assert len(scene.mailer.keys("refunded")) == 1
    assert gift.id == after.id
    scene.replay()
    scene.check_books()


def test_a_refund_that_fails_later_gives_the_money_back_to_the_campaign(scene: Scene) -> None:
    _gift, charge = scene.given()
    refund = scene.provider.refund_charge(charge, 5000, fate=Fate.PENDING)
    scene.hear()
    assert scene.raised == 0
    assert scene.mailer.keys("refunded") == []  # not final yet
    scene.provider.end_refund(refund.id, Fate.FAILED)
    scene.hear()
    (gift,) = scene.gifts()
    assert (gift.state, gift.refunded_minor, scene.raised) == ("received", 0, 5000)
    assert len(scene.facts("gift.refund_failed")) == 1
    assert scene.mailer.keys("refunded") == []
    scene.replay()
    scene.check_books()


@pytest.mark.parametrize(
    ("end", "state", "raised", "clearing"),
    [
        (DisputeStage.WON, "received", 5000, 2900),
        (DisputeStage.LOST, "lost", 0, -2100),
    ],
)
def test_a_dispute_waits_apart_and_is_won_or_lost(
    scene: Scene, end: DisputeStage, state: str, raised: int, clearing: int
) -> None:
    _gift, charge = scene.given(fee=100)
    dispute = scene.provider.dispute_charge(charge)
    scene.hear()
    assert (scene.gifts()[0].state, scene.raised, scene.balance(AccountKind.DISPUTES)) == ("disputed", 5000, 5000)
    scene.provider.close_dispute(dispute.id, end)
    scene.hear()
    assert (scene.gifts()[0].state, scene.raised, scene.balance(AccountKind.DISPUTES)) == (state, raised, 0)
    assert (scene.balance(AccountKind.CLEARING), scene.balance(AccountKind.FEES)) == (clearing, 2100)
    assert len(scene.facts("gift.disputed")) == len(scene.facts("gift.dispute_closed")) == 1
    scene.replay()
    scene.check_books()


def _told(scene: Scene, what: str, charge: str) -> None:
    """Let the provider tell one thing of a charge that is refunded and disputed at once."""
    amount = Money(5000, "EUR")
    with transaction(scene.scope) as session:
        kind, _, state = what.partition(" ")
        if kind.startswith("refund"):
            part = Money(int(kind.removeprefix("refund") or 5000), "EUR")
            gifts.record_refund(
                session,
                gifts.RefundReported(
                    provider_refund="re_both", charge=charge, amount=part, state=RefundState(state), at=clock.now()
                ),
            )
        else:
            gifts.record_dispute(
                session,
                gifts.DisputeReported(
                    provider_dispute="du_both", charge=charge, amount=amount, state=DisputeState(state),
                    opened_at=clock.now(),
                ),
            )  # fmt: skip


# What came, in order → state, refunded, disputed, lost; fund, clearing, disputes, losses.
BOTH_WAYS = [
    (["refund succeeded", "dispute open"], "refunded", (5000, 0, 0), (0, -5000, 5000, 0)),
    (["refund succeeded", "dispute open", "dispute won"], "refunded", (5000, 0, 0), (0, 0, 0, 0)),
    (["refund succeeded", "dispute open", "dispute lost"], "refunded", (5000, 0, 0), (0, -5000, 0, 5000)),
    (["dispute open", "refund succeeded"], "refunded", (5000, 0, 0), (0, -5000, 5000, 0)),
    (["dispute open", "refund succeeded", "dispute won"], "refunded", (5000, 0, 0), (0, 0, 0, 0)),
    (["dispute open", "refund succeeded", "dispute lost"], "refunded", (5000, 0, 0), (0, -5000, 0, 5000)),
    (["dispute open", "dispute lost", "refund succeeded"], "refunded", (5000, 0, 0), (0, -5000, 0, 5000)),
    (["refund2000 succeeded", "dispute open"], "disputed", (2000, 3000, 0), (3000, -2000, 5000, 0)),
    (["dispute open", "refund2000 succeeded"], "disputed", (2000, 3000, 0), (3000, -2000, 5000, 0)),
    (["refund2000 succeeded", "dispute open", "dispute won"], "partly_refunded", (2000, 0, 0), (3000, 3000, 0, 0)),
    (["dispute open", "refund2000 succeeded", "dispute won"], "partly_refunded", (2000, 0, 0), (3000, 3000, 0, 0)),
    (["refund2000 succeeded", "dispute open", "dispute lost"], "lost", (2000, 0, 3000), (0, -2000, 0, 2000)),
    (["dispute lost", "refund2000 succeeded"], "lost", (2000, 0, 3000), (0, -2000, 0, 2000)),
    (["dispute open", "refund pending", "refund failed"], "disputed", (0, 5000, 0), (5000, 0, 5000, 0)),
    (["refund pending", "dispute lost", "refund failed"], "lost", (0, 0, 5000), (0, 0, 0, 0)),
    (["dispute lost", "refund succeeded", "refund failed"], "lost", (0, 0, 5000), (0, 0, 0, 0)),
]


@pytest.mark.parametrize(("story", "state", "sums", "balances"), BOTH_WAYS)
def test_a_refund_and_a_dispute_of_one_charge_are_booked_in_either_order(
    scene: Scene, story: list[str], state: str, sums: tuple[int, int, int], balances: tuple[int, int, int, int]
) -> None:
    _gift, charge = scene.given(fee=None)
    for what in story:
        _told(scene, what, charge)
        scene.check_books()
    gift = scene.gifts()[0]
    assert (gift.state, (gift.refunded_minor, gift.disputed_minor, gift.lost_minor)) == (state, sums)
    kinds = (AccountKind.CLEARING, AccountKind.DISPUTES, AccountKind.LOSSES)
    assert (scene.raised, *(scene.balance(kind) for kind in kinds)) == balances
    for what in story:  # all heard again
        _told(scene, what, charge)
    assert (scene.raised, *(scene.balance(kind) for kind in kinds)) == balances
    with transaction(scene.scope) as session:
        assert {rule: ids for rule, ids in books.broken(session).items() if rule.startswith(("1", "2"))} == {}


def test_what_was_moved_bears_the_dispute_that_finds_nothing_left(scene: Scene) -> None:
    gift, charge = scene.given(fee=None)
    with transaction(scene.scope) as session:
        other = factories.make_campaign(session, issuer_id=scene.issuer_id)
        moved = gifts.move_gift(session, gift.id, other.id, uuid4())
    _told(scene, "dispute lost", charge)
    _told(scene, "refund succeeded", charge)
    with transaction(scene.scope) as session:
        found = session.get_one(Gift, (scene.museum, moved.id))
        assert (found.refunded_minor, found.lost_minor) == (5000, 0)
    assert (scene.raised, scene.balance(AccountKind.CLEARING), scene.balance(AccountKind.LOSSES)) == (0, -5000, 5000)


def test_an_inquiry_moves_nothing(scene: Scene) -> None:
    _gift, charge = scene.given()
    dispute = scene.provider.dispute_charge(charge, stage=DisputeStage.WARNING)
    scene.hear()
    assert (scene.gifts()[0].state, scene.balance(AccountKind.DISPUTES)) == ("received", 0)
    scene.provider.close_dispute(dispute.id, DisputeStage.WON)
    scene.hear()
    assert (scene.gifts()[0].state, scene.facts("gift.disputed")) == ("received", [])
    scene.replay()


def test_more_called_back_than_given_is_set_aside(scene: Scene) -> None:
    _gift, charge = scene.given(amount=500)
    scene.provider.dispute_charge(charge, 1575)
    scene.hear()
    assert scene.events()[-1].note == "overdrawn"
    assert scene.gifts()[0].state == "received"
    scene.check_books()


def test_a_fee_in_another_currency_is_not_booked(scene: Scene) -> None:
    pledge_id, charge = scene.paid()
    found = scene.provider.accounts[scene.account].charges[charge]
    scene.provider.settle_fee(charge, 100)
    settled = scene.provider.accounts[scene.account].charges[charge]
    assert settled.fee is not None
    wrong = replace(settled, fee=replace(settled.fee, amount=Money(100, "USD")))
    scene.provider.accounts[scene.account].charges[charge] = wrong
    scene.hear()
    gift = scene.gift(pledge_id)
    assert gift is not None
    assert (gift.fee_minor, scene.balance(AccountKind.FEES)) == (None, 0)
    assert found.fee is None


def test_fetching_an_unknown_page_is_told_apart_from_not_knowing(scene: Scene) -> None:
    with pytest.raises(NotAtProvider):
        scene.provider.page(scene.account, "cs_nowhere")


def test_the_donor_is_asked_about_two_gifts_close_together(scene: Scene) -> None:
    first, _charge = scene.given()
    with transaction(scene.scope) as session:
        donor = session.get_one(Pledge, (scene.museum, first.pledge_id)).donor_id
    second, _charge = scene.given(donor_id=donor)
    assert scene.mailer.keys("two_gifts") == [f"two_gifts:{first.id}-{second.id}"]
    scene.replay()
