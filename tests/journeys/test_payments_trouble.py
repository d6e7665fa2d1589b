"""Bad days of giving: the provider hangs, processes die, numbers do not fit. Nothing is lost, nothing is taken twice."""

from __future__ import annotations

import threading
from uuid import uuid4

import pytest
import requests

from crowdfund.campaigns.models import Campaign
from crowdfund.gifts import service as gifts
from crowdfund.ledger.rules import AccountKind
from crowdfund.money import Money
from crowdfund.payments import service
from crowdfund.payments.provider import ProviderUnavailable
from crowdfund.payments.rules import CallState, CheckoutState, EventState
from crowdfund.pledges import service as pledges
from crowdfund.tenancy import transaction
from tests import factories
from tests.journeys.test_payments_told import as_case_1, pledge_of
from tests.journeys.town import SESSIONS, Town, found

pytestmark = [pytest.mark.stack, pytest.mark.timeout(240)]


def test_16_no_worker_when_the_event_comes(town: Town) -> None:
    page = town.page()
    town.stack.kill("relay")
    town.stack.kill("worker")
    town.pay(page)
    as_case_1(town)


def test_17_the_worker_dies_while_it_settles(town: Town) -> None:
    page = town.page()
    town.control("faults", operation="GET /v1/checkout/sessions/{session}", kind="slow", times=3, seconds=3)
    town.control("faults", operation="GET /v1/charges/{charge}", kind="slow", times=3, seconds=3)
    town.pay(page)
    town.wait(town.events)
    town.stack.kill("worker")
    town.wait(town.gifts, 90)
    as_case_1(town)


def test_18_a_double_click(town: Town) -> None:
    form = town.form()
    town.control("faults", operation=SESSIONS, kind="slow", times=1, seconds=1)
    answers: list[requests.Response] = []
    threads = [threading.Thread(target=lambda: answers.append(form.send())) for _click in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status_code for answer in answers] == [303, 303]
    assert len({answer.headers["Location"] for answer in answers}) == 1
    assert len(town.held("sessions")) == 1
    town.pay(answers[0].headers["Location"])
    as_case_1(town)
    # And once more afterwards: the gift's own page, not a second payment.
    assert "/fr/gifts/" in form.send().headers["Location"]


def test_21_declined_four_times(town: Town) -> None:
    page = town.page()
    for _try in range(4):
        town.decline(page)
    pledge_id = pledge_of(town)
    town.wait(lambda: town.checkout(pledge_id).state in {CheckoutState.FAILED, CheckoutState.EXPIRED})
    assert (town.gifts(), town.pledge_state(pledge_id)) == ([], "expired")
    town.end()


def test_22_an_expired_page_frees_the_reward(town: Town) -> None:
    with transaction(town.scope) as session:
        reward = factories.make_reward(session, session.get_one(Campaign, (town.museum, town.campaign_id)), stock=1)
    reward_id = str(reward.id)
    town.page(reward=reward_id)
    pledge_id = pledge_of(town)

    def claimed() -> int:
        return int(town.stack.sql("SELECT claimed FROM rewards WHERE id = %s", reward.id)[0]["claimed"])

    assert claimed() == 1
    town.control("sessions", session=town.checkout(pledge_id).session)
    town.wait(lambda: town.checkout(pledge_id).state == CheckoutState.EXPIRED)
    assert claimed() == 0
    town.pay(town.page(reward=reward_id))
    town.booked()
    assert claimed() == 1
    town.end()


def test_23_paid_after_the_campaign_closed(town: Town) -> None:
    page = town.page()
    town.close_campaign_clock()
    back = town.pay(page)
    assert town.come_back(back).status_code == 200
    as_case_1(town)
    assert requests.get(town.address, timeout=20).status_code == 409


def test_24_the_last_reward_and_two_who_pay(town: Town) -> None:
    with transaction(town.scope) as session:
        campaign = session.get_one(Campaign, (town.museum, town.campaign_id))
        reward = str(factories.make_reward(session, campaign, stock=1).id)
    slow = town.page(reward=reward)
    slow_pledge = pledge_of(town)
    refused = town.form()
    assert refused.send(reward=reward).status_code == 409  # it is taken while the first one pays
    with transaction(town.scope) as session:
        pledges.expire(session, slow_pledge)
    quick = town.page(reward=reward)
    town.pay(quick)
    town.pay(slow)
    town.booked(2)
    town.wait(lambda: town.mails("reward_unavailable") == 1)
    assert sorted(gift.counterpart_minor for gift in town.gifts()) == [0, 800]
    town.end()


def test_25_tampering(town: Town) -> None:
    form = town.form()
    first = form.send()
    changed = form.send(amount="5000", email="autre@example.org")
    assert changed.headers["Location"] == first.headers["Location"]  # the first one stands
    assert town.form().send(amount="-5").status_code == 422
    back = town.pay(first.headers["Location"])
    other = town.pay(town.page())
    mine, theirs = back.split("?")[0], town.session_of(other)
    assert requests.get(f"{mine}?session_id={theirs}", timeout=20).status_code == 404
    assert requests.get(f"{mine}?session_id=cs_test_forged", timeout=20).status_code == 404
    forged = mine.replace("/gifts/", "/gifts/0")
    assert requests.get(f"{forged}?session_id={theirs}", timeout=20).status_code == 404
    town.booked(2)
    assert town.raised == 10000
    town.end()


@pytest.mark.parametrize(("forged", "reason"), [
    ({"amount": 4000}, "other_amount"), ({"currency": "chf"}, "other_currency"),
])  # fmt: skip
def test_26_27_a_charge_that_differs(town: Town, forged: dict[str, object], reason: str) -> None:
    page = town.page()
    town.control("charges", action="tamper", **forged)
    back = town.pay(page)
    town.come_back(back)
    town.wait(town.aside)
    town.hear_nothing()
    assert [one.reason for one in town.aside()] == [reason]
    assert (town.gifts(), town.receipts(), town.mails("thanks")) == ([], 0, 0)
    assert EventState.SET_ASIDE in {event.state for event in town.events()}
    assert town.come_back(back).status_code == 200
    town.end()


def test_28_a_charge_at_one_museum_that_says_another(town: Town) -> None:
    other = found(town.app, town.stack)
    town.page()
    attempt = str(town.stack.sql("SELECT attempt FROM pledges WHERE institution_id = %s", town.museum)[0]["attempt"])
    said = {"institution": str(town.museum), "attempt": attempt, "number": "1"}
    other.control("charges", account=other.account, amount=5000, currency="eur", card="4242424242424242", metadata=said)
    other.wait(other.aside)
    other.hear_nothing()
    assert [one.reason for one in other.aside()] == ["other_museum"]
    assert (other.gifts(), town.gifts(), town.aside()) == ([], [], [])
    other.end()
    town.end()


def test_30_the_fee_is_covered(town: Town) -> None:
    town.pay(town.page(cover_fees="1"))
    town.booked()
    (gift,) = town.gifts()
    assert gift.amount_minor == 5102
    assert (gift.fee_minor or 0) + 5000 <= 5102
    town.end()


def test_31_the_fee_comes_late(town: Town) -> None:
    try:
        town.control("settings", settle_after=3)
        back = town.pay(town.page())
        town.come_back(back)
        assert (town.gifts()[0].fee_minor, town.balance(AccountKind.FEES), town.raised) == (None, 0, 5000)
        as_case_1(town)
    finally:
        town.control("settings", settle_after=0.3)


@pytest.mark.parametrize("kind", ["reset", "reset_after"])
def test_32_33_no_answer_when_opening(town: Town, kind: str) -> None:
    town.control("faults", operation=SESSIONS, kind=kind, times=3)  # the first call and both retries
    form = town.form()
    sorry = form.send()
    assert sorry.status_code == 503
    assert "Retry-After" in sorry.headers
    assert town.checkout(pledge_of(town)).state == CheckoutState.UNKNOWN
    answer = form.send()
    assert answer.status_code == 303
    assert len(town.held("sessions")) == 1
    town.pay(answer.headers["Location"])
    as_case_1(town)


def test_36_no_answer_to_a_refund(town: Town) -> None:
    town.pay(town.page())
    town.booked()
    (gift,) = town.gifts()
    town.control("faults", operation="POST /v1/refunds", kind="reset_after", times=3)
    with transaction(town.scope) as session:
        gifts.request_refund(session, gift.id, Money(2000, "EUR"), "asked", uuid4())
    town.wait(lambda: town.gifts()[0].refunded_minor == 2000, 60)
    town.work()
    assert [one["amount"] for one in town.held("refunds")] == [2000]
    town.wait(lambda: town.mails("refunded") == 1)
    assert town.raised == 3000
    town.wait(lambda: town.receipts() == 2)  # the first is replaced by one for what is kept
    town.end()


def test_37_no_answer_when_settling(town: Town) -> None:
    page = town.page()
    town.control("faults", operation="GET /v1/checkout/sessions/{session}", kind="reset", times=6)
    town.control("faults", operation="GET /v1/charges/{charge}", kind="reset", times=6)
    back = town.pay(page)
    assert town.come_back(back).status_code == 200  # "we are waiting for the bank"
    town.wait(town.gifts, 60)
    as_case_1(town)


def test_38_39_the_web_dies_around_the_call(town: Town) -> None:
    form = town.form()
    town.control("faults", operation=SESSIONS, kind="slow", times=1, seconds=3)

    def click() -> None:
        with pytest.raises(requests.RequestException):
            form.send()

    dying = threading.Thread(target=click)
    dying.start()
    town.wait(town.calls)
    town.stack.kill("web")
    dying.join()
    town.wait(town.stack.is_up)
    (call,) = town.calls()
    assert call.state == CallState.SENT

    def swept() -> bool:
        """Sweep as if two minutes had passed; the provider may still be busy with the first request."""
        town.stack.sql(
            "UPDATE provider_calls SET sent_at = sent_at - interval '3 minutes' WHERE institution_id = %s", town.museum
        )
        service.sweep_calls(town.scope)
        return town.calls()[0].state == CallState.OK

    town.wait(swept)
    assert len(town.held("sessions")) == 1
    answer = form.send()
    assert answer.headers["Location"] == town.checkout(pledge_of(town)).url
    town.pay(answer.headers["Location"])
    as_case_1(town)


@pytest.mark.parametrize("kind", ["429", "500", "409"])
def test_41_trouble_once_and_always(town: Town, kind: str) -> None:
    town.control("faults", operation=SESSIONS, kind=kind, times=1)
    page = town.page()
    town.control("faults", operation=SESSIONS, kind=kind, times=-1)
    form = town.form()
    assert form.send().status_code == 503
    assert {call.state for call in town.calls()} == {CallState.OK, CallState.UNKNOWN}
    with pytest.raises(ProviderUnavailable):
        service.open_checkout(town.scope, pledge_of(town))
    town.control("faults", clear=True)
    town.pay(form.send().headers["Location"])
    town.pay(page)
    town.booked(2)
    assert len(town.held("sessions")) == 2
    town.end()


def test_43_restored_from_yesterday(town: Town) -> None:
    """What the books lost is found at the provider; who was charged is not charged again."""
    town.control("events", action="drop")
    town.pay(town.page())
    town.wait(lambda: town.held("charges")[0]["balance_transaction"])
    pledge_id = pledge_of(town)
    town.stack.sql(
        "UPDATE checkouts SET session = NULL, url = NULL WHERE institution_id = %s", town.museum
    )  # as it was before the call
    report = service.reconcile(town.scope)
    assert [(one.what, one.repaired) for one in report.findings] == [("charge", True)]
    town.booked()
    assert "/gifts/" in service.open_checkout(town.scope, pledge_id)
    assert len(town.held("sessions")) == 1
    as_case_1(town)
