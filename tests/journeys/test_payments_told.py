"""A gift is told of by the return, by events, twice, late, the wrong way round, or not at all: it is booked once."""

from __future__ import annotations

import threading

import pytest
import requests

from crowdfund.ledger.rules import AccountKind
from crowdfund.payments import service
from crowdfund.payments.models import StrayEvent
from crowdfund.payments.rules import CheckoutState, EventState
from crowdfund.tenancy import PlatformScope, transaction
from tests.journeys.town import AUTHENTICATE, Town

pytestmark = [pytest.mark.stack, pytest.mark.timeout(180)]


def as_case_1(town: Town) -> None:
    """See what a plain gift comes to: gross, fee, receipt, thanks, all once."""
    town.booked()
    (gift,) = town.gifts()
    assert (gift.amount_minor, gift.fee_minor, gift.state) == (5000, 100, "received")
    assert (town.raised, town.balance(AccountKind.CLEARING), town.balance(AccountKind.FEES)) == (5000, 4900, 100)
    assert town.checkout(gift.pledge_id or 0).state == CheckoutState.PAID
    town.wait(lambda: town.receipts() == 1)
    town.wait(lambda: town.mails("thanks") == 1)
    town.end()
    assert (town.receipts(), town.mails("thanks")) == (1, 1)


def test_01_a_plain_gift(town: Town) -> None:
    back = town.pay(town.page())
    seen = town.come_back(back)
    assert seen.status_code == 200
    assert "/fr/gifts/" in seen.url
    as_case_1(town)


def test_02_the_browser_never_returns(town: Town) -> None:
    town.pay(town.page())
    as_case_1(town)


def test_03_return_before_the_webhook(town: Town) -> None:
    town.control("events", action="hold")
    back = town.pay(town.page())
    assert town.gifts() == []
    assert town.come_back(back).status_code == 200
    assert len(town.gifts()) == 1  # at once
    town.control("events", action="clear")
    town.control("events", action="release")
    as_case_1(town)


def test_04_return_and_webhook_together(town: Town) -> None:
    town.control("events", action="hold")
    back = town.pay(town.page())
    barrier = threading.Barrier(3)

    def return_now() -> None:
        barrier.wait()
        town.come_back(back)

    threads = [threading.Thread(target=return_now) for _donor in range(2)]
    for thread in threads:
        thread.start()
    barrier.wait()
    town.control("events", action="clear")
    town.control("events", action="release")
    for thread in threads:
        thread.join()
    as_case_1(town)


def test_05_webhook_lost(town: Town) -> None:
    town.control("events", action="drop")
    town.pay(town.page())
    town.wait(lambda: town.held("charges")[0]["balance_transaction"])
    assert town.gifts() == []
    assert service.read_events(town.scope) > 0
    as_case_1(town)


def test_06_webhook_lost_and_events_too_old(town: Town) -> None:
    town.control("events", action="drop")
    town.pay(town.page())
    town.wait(lambda: town.held("charges")[0]["balance_transaction"])
    try:
        town.control("clock", advance_seconds=31 * 86_400)
        assert service.read_events(town.scope) == 0
        said = town.stack.flask("payments", "reconcile", "--institution", town.slug, "--json")
        assert '"charge"' in said
    finally:
        town.control("clock", offset_seconds=0)
    as_case_1(town)


def test_07_duplicate_events(town: Town) -> None:
    town.control("events", action="duplicate")
    town.pay(town.page())
    as_case_1(town)
    delivered = [one["event"] for one in town.held("deliveries")]
    assert len(delivered) > len(set(delivered))
    assert {one.event for one in town.events() if one.object_id != town.account} == set(delivered)


def test_08_thin_and_snapshot(town: Town) -> None:
    town.control("events", thin="both")
    town.pay(town.page())
    as_case_1(town)
    kept = {event.event for event in town.events()}
    assert any(name.startswith("evt_thin") for name in kept)
    assert any(not name.startswith("evt_thin") for name in kept)


def test_09_reverse_order(town: Town) -> None:
    town.control("events", action="hold")
    town.pay(town.page())
    (charge,) = town.wait(lambda: [one for one in town.held("charges") if one["balance_transaction"]])
    town.control("refunds", account=town.account, charge=charge["id"], amount=5000)
    town.control("events", action="clear")
    town.control("events", action="release", order="reverse")
    town.booked()
    town.wait(lambda: town.gifts()[0].state == "refunded")
    town.hear_nothing()
    assert (town.raised, town.balance(AccountKind.CLEARING), town.balance(AccountKind.FEES)) == (0, -100, 100)
    live = town.stack.sql("SELECT count(*) AS n FROM receipt_gifts WHERE institution_id = %s AND live", town.museum)
    assert live[0]["n"] == 0
    town.end()


def test_10_a_late_event_leaves_a_paid_gift_paid(town: Town) -> None:
    town.pay(town.page())
    town.booked()
    town.control("events", action="forge", kind="type", as_type="payment_intent.processing", account=town.account)
    town.hear_nothing()
    as_case_1(town)


def test_11_declined_then_paid(town: Town) -> None:
    page = town.page()
    assert town.decline(page) == 402
    town.pay(page)
    as_case_1(town)
    assert town.mails("not_finished") == 0


@pytest.mark.parametrize("kind", ["wrong_secret", "old", "future", "unsigned", "tampered"])
def test_12_bad_signatures(town: Town, kind: str) -> None:
    town.pay(town.page())
    town.booked()
    town.hear_nothing()
    before = len(town.events())
    assert town.control("events", action="forge", kind=kind, account=town.account)["status"] == 400
    assert len(town.events()) == before
    town.end()


def test_13_a_rolled_secret(town: Town) -> None:
    """The platform knows one secret here; while it is rolled the provider signs with the old and the new."""
    try:
        town.control("events", action="secrets", connected=["whsec_next", "whsec_simulator"])
        town.pay(town.page())
        as_case_1(town)
    finally:
        town.control("events", action="secrets", connected=["whsec_simulator"])


def strays(reason: str) -> int:
    with transaction(PlatformScope()) as session:
        return session.query(StrayEvent).filter_by(reason=reason).count()


def test_14_the_other_mode(town: Town) -> None:
    town.pay(town.page())
    town.booked()
    town.hear_nothing()
    before, kept = strays("other_mode"), len(town.events())
    town.control("events", action="forge", kind="livemode", account=town.account)
    town.wait(lambda: strays("other_mode") == before + 1)
    assert len(town.events()) == kept
    town.end()


def test_15_unknown_type_account_and_object(town: Town) -> None:
    town.pay(town.page())
    town.booked()
    town.hear_nothing()
    before, aside = strays("unknown_account"), town.aside()
    town.control("events", action="forge", kind="type", as_type="tomorrow.invented", account=town.account)
    town.wait(lambda: [event for event in town.events() if event.state == EventState.IGNORED])
    town.control("events", action="forge", kind="account", as_account="acct_stranger", account=town.account)
    town.wait(lambda: strays("unknown_account") == before + 1)
    town.control(
        "events",
        action="forge",
        kind="body",
        account=town.account,
        type="charge.updated",
        body={"id": "evt_forged", "data": {"object": {"id": "ch_nowhere", "object": "charge"}}},
    )
    town.wait(lambda: [event for event in town.events() if event.note == "not_at_provider"])
    assert town.aside() == aside
    town.end()


def test_19_two_tabs(town: Town) -> None:
    first = town.form(email="deux@example.org", last_name="Onglets")
    second = town.form(email="deux@example.org", last_name="Onglets")
    for form in (first, second):
        town.pay(form.send().headers["Location"])
    town.booked(2)
    assert town.raised == 10000
    town.wait(lambda: town.mails("two_gifts") == 1)
    town.end()


@pytest.mark.parametrize("answer", ["accept", "refuse"])
def test_20_three_d_secure(town: Town, answer: str) -> None:
    page = town.page()
    bank = town.pay(page, AUTHENTICATE)
    assert "/3ds/" in bank
    done = requests.post(bank, data={"answer": answer}, allow_redirects=False, timeout=20)
    if answer == "refuse":
        town.hear_nothing()
        assert town.gifts() == []
        assert town.checkout(pledge_of(town)).state == CheckoutState.OPEN  # the page offers again
        town.pay(page)
    else:
        assert done.status_code == 303
    as_case_1(town)


def pledge_of(town: Town) -> int:
    rows = town.stack.sql("SELECT max(id) AS id FROM pledges WHERE institution_id = %s", town.museum)
    return int(rows[0]["id"])


def test_20_abandoned_at_the_bank_then_expired(town: Town) -> None:
    page = town.page()
    town.pay(page, AUTHENTICATE)
    pledge_id = pledge_of(town)
    town.control("sessions", session=town.checkout(pledge_id).session)
    town.wait(lambda: town.checkout(pledge_id).state == CheckoutState.EXPIRED)
    assert town.pledge_state(pledge_id) == "expired"
    assert town.gifts() == []
    town.end()
