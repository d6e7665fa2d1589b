"""Opening the payment page: frozen requests, one live page for each pledge, nothing lost when an answer is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from crowdfund import clock
from crowdfund.campaigns.models import Campaign
from crowdfund.errors import Conflict, NotFound
from crowdfund.gifts import service as gifts
from crowdfund.institutions.models import Issuer
from crowdfund.money import Money
from crowdfund.payments import service
from crowdfund.payments.provider import (
    AccountStanding,
    ProviderKeyRejected,
    ProviderRefused,
    ProviderUnavailable,
)
from crowdfund.payments.rules import CallState, CheckoutState
from crowdfund.tenancy import transaction
from tests.payments.conftest import Scene


def issuer_state(scene: Scene) -> str:
    with transaction(scene.scope) as session:
        return session.get_one(Issuer, (scene.museum, scene.issuer_id)).payment_account_state


def test_the_page_asks_for_what_was_pledged(scene: Scene) -> None:
    pledge_id = scene.pledge(5102, cover_minor=102, locale="it")
    url = service.open_checkout(scene.scope, pledge_id)
    checkout = scene.checkout(pledge_id)
    assert (checkout.state, checkout.url, checkout.number, checkout.amount_minor) == (CheckoutState.OPEN, url, 1, 5102)
    (call,) = scene.calls()
    assert call.state == CallState.OK
    assert call.object_id == checkout.session
    assert call.params["amount"] == 5102
    assert call.params["locale"] == "it"
    assert call.params["title"] == "Title (it)"
    page = call.params["cancel_url"]
    assert "/it/gifts/" in page
    assert call.params["success_url"] == f"{page}/return?session_id={{CHECKOUT_SESSION_ID}}"
    assert call.key.split(":")[1:3] == ["checkout", str(scene.museum)]


def test_clicking_twice_gives_the_same_page(scene: Scene) -> None:
    pledge_id = scene.pledge()
    assert service.open_checkout(scene.scope, pledge_id) == service.open_checkout(scene.scope, pledge_id)
    assert scene.provider.calls["open_page"] == 1
    assert len(scene.calls()) == 1


def test_a_paid_pledge_leads_to_its_gift(scene: Scene) -> None:
    gift, _charge = scene.given()
    assert gift.pledge_id is not None
    assert "/fr/gifts/" in service.open_checkout(scene.scope, gift.pledge_id)
    assert scene.provider.calls["open_page"] == 1


def test_two_pledges_are_two_pages(scene: Scene) -> None:
    assert scene.open(scene.pledge()) != scene.open(scene.pledge())


def test_another_museums_pledge_is_not_there(scene: Scene) -> None:
    with pytest.raises(NotFound):
        service.open_checkout(scene.scope, 10**9)


def test_a_time_out_is_unknown_and_the_same_request_goes_again(scene: Scene) -> None:
    pledge_id = scene.pledge()
    scene.provider.fail("open_page", ProviderUnavailable("hang"))
    with pytest.raises(ProviderUnavailable):
        service.open_checkout(scene.scope, pledge_id)
    (call,) = scene.calls()
    assert (call.state, scene.checkout(pledge_id).state) == (CallState.UNKNOWN, CheckoutState.UNKNOWN)
    assert scene.pledge_state(pledge_id) == "made"  # unknown is not failed
    service.open_checkout(scene.scope, pledge_id)
    (again,) = scene.calls()
    assert (again.key, again.params, again.state) == (call.key, call.params, CallState.OK)
    assert len(scene.provider.accounts[scene.account].pages) == 1


def test_a_lost_answer_gives_the_same_page(scene: Scene) -> None:
    pledge_id = scene.pledge()
    scene.provider.lose_answer("open_page")
    with pytest.raises(ProviderUnavailable):
        service.open_checkout(scene.scope, pledge_id)
    (made,) = scene.provider.accounts[scene.account].pages.values()
    assert service.open_checkout(scene.scope, pledge_id) == made.url
    assert scene.checkout(pledge_id).session == made.id


def test_a_payment_heard_of_before_the_answer_is_booked(scene: Scene) -> None:
    """The process died between the call and the second transaction; the donor had the page all the same."""
    pledge_id = scene.pledge()
    scene.provider.lose_answer("open_page")
    with pytest.raises(ProviderUnavailable):
        service.open_checkout(scene.scope, pledge_id)
    (page,) = scene.provider.accounts[scene.account].pages
    scene.provider.pay(page)
    scene.hear()
    assert scene.raised == 5000
    assert (scene.checkout(pledge_id).state, scene.checkout(pledge_id).session) == (CheckoutState.PAID, None)
    assert "/gifts/" in service.open_checkout(scene.scope, pledge_id)
    scene.replay()


def test_the_sweeper_sends_what_was_never_answered(scene: Scene, later: Any) -> None:
    pledge_id = scene.pledge()
    scene.provider.lose_answer("open_page")
    with pytest.raises(ProviderUnavailable):
        service.open_checkout(scene.scope, pledge_id)
    assert service.sweep_calls(scene.scope) == 0  # too young
    later(minutes=3)
    assert service.sweep_calls(scene.scope) == 1
    (call,) = scene.calls()
    assert (call.state, call.attempts) == (CallState.OK, 2)
    assert scene.checkout(pledge_id).state == CheckoutState.OPEN
    assert len(scene.provider.accounts[scene.account].pages) == 1


def test_after_a_day_the_provider_is_asked_first(scene: Scene, later: Any) -> None:
    pledge_id = scene.pledge()
    scene.provider.lose_answer("open_page")
    with pytest.raises(ProviderUnavailable):
        service.open_checkout(scene.scope, pledge_id)
    (page,) = scene.provider.accounts[scene.account].pages
    scene.provider.pay(page)
    scene.provider.forget_keys()
    later(hours=25)
    service.sweep_calls(scene.scope)
    assert len(scene.provider.accounts[scene.account].pages) == 1
    assert scene.provider.calls["open_page"] == 1
    assert (scene.raised, scene.checkout(pledge_id).state) == (5000, CheckoutState.PAID)
    assert [call.state for call in scene.calls()] == [CallState.OK]


def test_after_a_day_a_page_that_was_never_opened_is_given_up(scene: Scene, later: Any) -> None:
    pledge_id = scene.pledge()
    scene.provider.fail("open_page", ProviderUnavailable("hang"))
    with pytest.raises(ProviderUnavailable):
        service.open_checkout(scene.scope, pledge_id)
    later(hours=25)
    service.sweep_calls(scene.scope)
    assert [call.state for call in scene.calls()] == [CallState.REFUSED]
    assert (scene.checkout(pledge_id).state, scene.pledge_state(pledge_id)) == (CheckoutState.FAILED, "expired")
    scene.open(pledge_id)
    assert scene.checkout(pledge_id).number == 2
    assert scene.pledge_state(pledge_id) == "made"


def test_an_old_request_that_can_no_longer_be_made_becomes_a_new_try(scene: Scene, later: Any) -> None:
    pledge_id = scene.pledge()
    scene.provider.fail("open_page", ProviderUnavailable("hang"))
    with pytest.raises(ProviderUnavailable):
        service.open_checkout(scene.scope, pledge_id)
    later(minutes=45)  # the page would end in a quarter of an hour: the provider refuses that
    scene.open(pledge_id)
    assert scene.checkout(pledge_id).number == 2
    keys = [call.key for call in scene.calls()]
    assert len(set(keys)) == 2


def test_after_an_expired_page_a_new_key_makes_a_new_page(scene: Scene, later: Any) -> None:
    pledge_id = scene.pledge()
    first = scene.open(pledge_id)
    later(minutes=59)
    second = scene.open(pledge_id)
    assert first != second
    assert scene.provider.page(scene.account, first).state == "expired"  # closed before the next one opens
    assert scene.checkout(pledge_id).number == 2


def test_a_page_paid_in_its_last_second_leads_to_the_gift(scene: Scene, later: Any) -> None:
    pledge_id = scene.pledge()
    page = scene.open(pledge_id)
    later(minutes=59)
    scene.provider.pay(page)
    assert "/gifts/" in service.open_checkout(scene.scope, pledge_id)
    assert scene.raised == 5000
    assert scene.provider.calls["open_page"] == 1


def test_what_was_frozen_is_sent_whatever_changed_since(scene: Scene) -> None:
    pledge_id = scene.pledge()
    scene.provider.lose_answer("open_page")
    with pytest.raises(ProviderUnavailable):
        service.open_checkout(scene.scope, pledge_id)
    with transaction(scene.scope) as session:
        session.get_one(Campaign, (scene.museum, scene.campaign_id)).title = {"fr": "Un autre titre"}
    service.open_checkout(scene.scope, pledge_id)  # other parameters under this key would be refused
    assert scene.calls()[0].params["title"] == "Title (fr)"


def test_an_error_before_the_first_commit_calls_nobody(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    pledge_id = scene.pledge()

    def refuse(_request: object) -> dict[str, Any]:
        raise ProviderRefused("last_decimal_must_be_zero")

    monkeypatch.setattr(scene.provider, "checkout_parameters", refuse)
    with pytest.raises(ProviderRefused):
        service.open_checkout(scene.scope, pledge_id)
    assert scene.calls() == []
    assert scene.provider.calls["open_page"] == 0


def test_a_refusal_ends_the_try(scene: Scene) -> None:
    pledge_id = scene.pledge()
    scene.provider.fail("open_page", ProviderRefused("amount_too_small", status=400, request_id="req_1"))
    with pytest.raises(ProviderRefused):
        service.open_checkout(scene.scope, pledge_id)
    (call,) = scene.calls()
    assert (call.state, call.error, call.http_status, call.request_id) == (
        CallState.REFUSED,
        "amount_too_small",
        400,
        "req_1",
    )
    assert (scene.checkout(pledge_id).state, scene.pledge_state(pledge_id)) == (CheckoutState.FAILED, "expired")


def test_a_refused_key_stops_the_account_until_it_is_put_right(scene: Scene, later: Any) -> None:
    pledge_id = scene.pledge()
    scene.provider.fail("open_page", ProviderKeyRejected("account_invalid", status=403))
    with pytest.raises(ProviderRefused):
        service.open_checkout(scene.scope, pledge_id)
    assert issuer_state(scene) == "blocked"
    assert scene.calls()[0].state == CallState.NEW
    assert scene.checkout(pledge_id).state == CheckoutState.NEW
    with pytest.raises(ProviderUnavailable):
        service.open_checkout(scene.scope, pledge_id)
    with pytest.raises(ProviderUnavailable):
        service.open_checkout(scene.scope, scene.pledge())
    later(minutes=5)
    assert service.sweep_calls(scene.scope) == 0
    assert scene.provider.calls["open_page"] == 1
    service.look_at_stopped(scene.scope)
    assert issuer_state(scene) == "active"
    assert scene.open(pledge_id)


def test_a_restricted_account_pauses_giving(scene: Scene) -> None:
    scene.provider.inactive.add(scene.account)
    scene.hear(scene.provider.tell(scene.account, "v2.core.account[requirements].updated", scene.account))
    assert issuer_state(scene) == "restricted"
    with pytest.raises(ProviderUnavailable):
        service.open_checkout(scene.scope, scene.pledge())
    scene.provider.inactive.clear()
    service.look_at_stopped(scene.scope)
    assert scene.open(scene.pledge())
    assert scene.provider.standing(scene.account) == AccountStanding(scene.account, active=True)


def test_a_withdrawn_account_is_not_asked_again(scene: Scene) -> None:
    scene.hear(scene.provider.tell(scene.account, "account.application.deauthorized", "ca_1"))
    assert issuer_state(scene) == "deauthorized"
    service.look_at_stopped(scene.scope)
    assert issuer_state(scene) == "deauthorized"


def test_a_closed_campaign_opens_no_page_but_books_what_was_open(scene: Scene) -> None:
    open_before, too_late = scene.pledge(), scene.pledge()
    page = scene.open(open_before)
    with transaction(scene.scope) as session:
        session.get_one(Campaign, (scene.museum, scene.campaign_id)).closes_at = clock.now() - timedelta(seconds=1)
    with pytest.raises(Conflict):
        service.open_checkout(scene.scope, too_late)
    scene.provider.pay(page)
    scene.hear()
    assert scene.raised == 5000


def test_a_refund_is_asked_once_with_its_own_key(scene: Scene) -> None:
    gift, _charge = scene.given()
    request = uuid4()
    with transaction(scene.scope) as session:
        refund = gifts.request_refund(session, gift.id, Money(2000, "EUR"), "asked", request)
        gifts.clear_refund(session, refund.id)
    scene.provider.lose_answer("make_refund")
    with pytest.raises(ProviderUnavailable):
        service.ask_refund(scene.scope, refund.id)
    assert scene.raised == 5000
    scene.work()
    service.ask_refund(scene.scope, refund.id)
    assert [one.amount.minor for one in scene.provider.accounts[scene.account].refunds.values()] == [2000]
    assert scene.raised == 3000
    call = scene.calls()[-1]
    assert (call.operation, call.state) == ("refund", CallState.OK)
    assert call.key.endswith(f":refund:{request}")
    scene.hear()
    scene.replay()
    scene.check_books()


def test_a_refund_without_an_answer_is_swept(scene: Scene, later: Any) -> None:
    gift, _charge = scene.given()
    with transaction(scene.scope) as session:
        refund = gifts.request_refund(session, gift.id, Money(5000, "EUR"), "asked", uuid4())
        gifts.clear_refund(session, refund.id)
    scene.provider.lose_answer("make_refund")
    with pytest.raises(ProviderUnavailable):
        service.ask_refund(scene.scope, refund.id)
    later(minutes=3)
    service.sweep_calls(scene.scope)
    assert len(scene.provider.accounts[scene.account].refunds) == 1
    assert scene.raised == 0


def test_a_refund_whose_key_was_forgotten_is_looked_for(scene: Scene, later: Any) -> None:
    gift, _charge = scene.given()
    with transaction(scene.scope) as session:
        refund = gifts.request_refund(session, gift.id, Money(1000, "EUR"), "asked", uuid4())
        gifts.clear_refund(session, refund.id)
    scene.provider.lose_answer("make_refund")
    with pytest.raises(ProviderUnavailable):
        service.ask_refund(scene.scope, refund.id)
    scene.provider.forget_keys()
    later(hours=25)
    service.sweep_calls(scene.scope)
    assert len(scene.provider.accounts[scene.account].refunds) == 1
    assert scene.raised == 4000
    assert scene.calls()[-1].state == CallState.OK


def test_a_refused_refund_is_closed_and_told(scene: Scene) -> None:
    gift, _charge = scene.given()
    with transaction(scene.scope) as session:
        refund = gifts.request_refund(session, gift.id, Money(1000, "EUR"), "asked", uuid4())
        gifts.clear_refund(session, refund.id)
    scene.provider.fail("make_refund", ProviderRefused("charge_disputed", status=400))
    scene.work()
    assert scene.facts("gift.refund_failed") == [{"refund_id": refund.id, "gift_id": gift.id}]
    assert scene.raised == 5000
    scene.work()
    assert scene.provider.calls["make_refund"] == 1
