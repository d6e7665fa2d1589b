from __future__ import annotations

import re
import time
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

import pytest
import stripe

from .conftest import ACCOUNT, AUTHENTICATE, DECLINED, GOOD, Driver, call, until

BANNERS = {"fr": "aucun argent ne circule", "it": "nessun denaro si muove", "en": "no money moves"}


def test_a_gift_is_paid(sim: Driver) -> None:
    session = sim.session(
        client_reference_id="attempt-1",
        metadata={"attempt": "1"},
        payment_intent_data={"metadata": {"attempt": "1"}, "description": "Un don"},
        customer_email="ada@example.org",
    )
    assert (session.status, session.payment_status, session.payment_intent) == ("open", "unpaid", None)
    assert session.url == f"{sim.url}/c/pay/{session.id}"
    answer = sim.pay(session)
    assert answer.status == 303
    assert answer.headers["location"] == f"http://127.0.0.1:9/thanks?session={session.id}"
    done = sim.expanded(session)
    intent = done.payment_intent
    assert (done.status, done.payment_status, done.client_reference_id, done.url) == (
        "complete",
        "paid",
        "attempt-1",
        None,
    )
    assert (intent.status, intent.amount_received, intent.metadata["attempt"]) == ("succeeded", 5000, "1")
    charge = intent.latest_charge
    assert (charge.amount, charge.currency, charge.paid, charge.metadata["attempt"]) == (5000, "eur", True, "1")
    assert charge.billing_details.email == "ada@example.org"
    assert sim.event_types()[:4] == [
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "checkout.session.completed",
    ]


def test_the_fee_comes_late(sim: Driver) -> None:
    sim.control("settings", settle_after=0.4)
    session = sim.session()
    sim.pay(session)
    assert sim.expanded(session).payment_intent.latest_charge.balance_transaction is None
    line = until(lambda: sim.expanded(session).payment_intent.latest_charge.balance_transaction)
    assert (line.amount, line.fee, line.net, line.reporting_category) == (5000, 100, 4900, "charge")
    assert sim.event_types()[-1] == "charge.updated"


@pytest.mark.parametrize(
    ("amount", "card", "fee"),
    [
        (5000, GOOD, 100),
        (1033, GOOD, 40),
        (1034, GOOD, 41),
        (5000, "4000008260000000", 150),
        (5000, "4000000760000002", 188),
    ],
)
def test_the_fee_is_rounded_half_up(sim: Driver, amount: int, card: str, fee: int) -> None:
    assert sim.paid(amount, card).payment_intent.latest_charge.balance_transaction.fee == fee


def test_the_platforms_share_is_kept_apart(sim: Driver) -> None:
    line = sim.paid(
        payment_intent_data={"application_fee_amount": 150}
    ).payment_intent.latest_charge.balance_transaction
    assert {one.type: one.amount for one in line.fee_details} == {"stripe_fee": 100, "application_fee": 150}
    assert line.net == 4750
    fee = sim.api.v1.application_fees.list().data[0]
    assert (fee.amount, fee.account) == (150, ACCOUNT)


def test_a_decline_lets_the_person_try_another_card(sim: Driver) -> None:
    session = sim.session(locale="fr")
    refused = sim.pay(session, DECLINED)
    assert refused.status == 402
    assert "Votre banque a refusé la carte." in refused.text
    assert "generic_decline" not in refused.text
    intent = sim.expanded(session).payment_intent
    assert (intent.status, intent.last_payment_error.decline_code) == ("requires_payment_method", "generic_decline")
    assert (intent.latest_charge.status, intent.latest_charge.outcome.type) == ("failed", "issuer_declined")
    assert sim.pay(session).status == 303
    assert sim.expanded(session).payment_intent.id == intent.id
    assert sim.event_types()[1:3] == ["charge.failed", "payment_intent.payment_failed"]


def test_insufficient_funds_are_said(sim: Driver) -> None:
    session = sim.session(locale="it")
    assert "I fondi della carta non bastano." in sim.pay(session, "4000000000009995").text
    assert sim.expanded(session).payment_intent.last_payment_error.decline_code == "insufficient_funds"


def test_after_four_declines_the_session_is_closed(sim: Driver) -> None:
    session = sim.session()
    assert [sim.pay(session, DECLINED).status for _ in range(4)] == [402, 402, 402, 410]
    closed = sim.expanded(session)
    assert (closed.status, closed.payment_status, closed.payment_intent.status) == ("expired", "unpaid", "canceled")
    assert sim.pay(session).status == 410
    assert not any(one["paid"] for one in sim.state("charges")["charges"])


def test_the_bank_asks_and_the_holder_confirms(sim: Driver) -> None:
    session = sim.session()
    answer = sim.pay(session, AUTHENTICATE)
    bank = sim.url + answer.headers["location"]
    assert (answer.status, bank) == (303, f"{sim.url}/c/3ds/{session.id}")
    intent = sim.expanded(session).payment_intent
    assert (intent.status, intent.next_action.redirect_to_url.url) == ("requires_action", bank)
    assert "3220" in call("GET", bank).text
    assert sim.submit(bank, answer="accept").headers["location"].endswith(f"thanks?session={session.id}")
    charge = sim.expanded(session).payment_intent.latest_charge
    assert charge.payment_method_details.card.three_d_secure.result == "authenticated"
    assert sim.submit(bank, answer="accept").status == 303
    assert len(sim.state("charges")["charges"]) == 1


def test_the_bank_asks_and_the_holder_refuses(sim: Driver) -> None:
    session = sim.session(locale="en")
    bank = sim.url + sim.pay(session, AUTHENTICATE).headers["location"]
    refused = sim.submit(bank, answer="refuse")
    assert refused.status == 402
    assert "could not confirm that it was you" in refused.text
    error = sim.expanded(session).payment_intent.last_payment_error
    assert error.code == "payment_intent_authentication_failure"
    assert sim.state("charges")["charges"] == []
    assert sim.pay(session).status == 303


def test_the_bank_asks_and_the_holder_leaves(sim: Driver) -> None:
    session = sim.session(expires_at=int(time.time()) + 3600)
    bank = sim.url + sim.pay(session, AUTHENTICATE).headers["location"]
    assert "http://127.0.0.1:9/give" in call("GET", bank).text
    assert call("GET", session.url).status == 200
    sim.control("clock", advance_seconds=3601)
    assert sim.expanded(session).status == "expired"
    assert sim.submit(bank, answer="accept").status == 303
    assert sim.state("charges")["charges"] == []


def test_a_card_refused_after_authentication(sim: Driver) -> None:
    session = sim.session()
    bank = sim.url + sim.pay(session, "4000008400001629").headers["location"]
    assert sim.submit(bank, answer="accept").status == 402
    assert sim.expanded(session).payment_intent.latest_charge.status == "failed"


def test_a_session_expires_on_the_clock(sim: Driver) -> None:
    session = sim.session(expires_at=int(time.time()) + 3600)
    sim.control("clock", advance_seconds=3590)
    assert sim.expanded(session).status == "open"
    sim.control("clock", advance_seconds=20)
    assert (sim.expanded(session).status, sim.event_types()) == ("expired", ["checkout.session.expired"])
    closed = sim.pay(session)
    assert closed.status == 410
    assert "http://127.0.0.1:9/give" in closed.text


def test_the_client_can_expire_an_open_session_only(sim: Driver) -> None:
    options: Any = sim.options
    session = sim.session()
    assert sim.api.v1.checkout.sessions.expire(session.id, options=options).status == "expired"
    paid = sim.paid()
    with pytest.raises(stripe.InvalidRequestError, match="complete"):
        sim.api.v1.checkout.sessions.expire(paid.id, options=options)
    with pytest.raises(stripe.InvalidRequestError, match="Checkout Session"):
        sim.api.v1.payment_intents.cancel(paid.payment_intent.id, options=options)


@pytest.mark.parametrize("life", [29 * 60 - 30, 24 * 3600 + 90])
def test_a_session_lives_between_half_an_hour_and_a_day(sim: Driver, life: int) -> None:
    with pytest.raises(stripe.InvalidRequestError) as caught:
        sim.session(expires_at=int(time.time()) + life)
    assert caught.value.param == "expires_at"


@pytest.mark.parametrize(
    ("amount", "currency", "code"),
    [
        (49, "eur", "amount_too_small"),
        (49, "chf", "amount_too_small"),
        (100_000_000, "eur", "amount_too_large"),
        (500, "zzz", None),
        (5124, "kwd", None),
    ],
)
def test_amounts_that_cannot_be_charged(sim: Driver, amount: int, currency: str, code: str | None) -> None:
    with pytest.raises(stripe.InvalidRequestError) as caught:
        sim.session(amount, currency)
    assert caught.value.code == code


def test_half_a_euro_and_five_hundred_yen_can_be_charged(sim: Driver) -> None:
    assert sim.session(50, "eur").amount_total == 50
    assert sim.session(500, "jpy").amount_total == 500


@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"success_url": "thanks"}, "success_url"),
        ({"customer_email": "nobody"}, "customer_email"),
        ({"line_items": []}, "line_items"),
        ({"client_reference_id": "x" * 201}, "client_reference_id"),
        ({"payment_intent_data": {"application_fee_amount": 5001}}, "payment_intent_data[application_fee_amount]"),
    ],
)
def test_what_the_types_cannot_say_is_checked_too(sim: Driver, more: dict[str, Any], param: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as caught:
        sim.session(**more)
    assert caught.value.param == param


def test_paying_twice_charges_once(sim: Driver) -> None:
    session = sim.session()
    assert sim.pay(session).headers["location"] == sim.pay(session).headers["location"]
    page = call("GET", session.url)
    assert "Already paid" in page.text
    assert f"thanks?session={session.id}" in page.text
    assert len(sim.state("charges")["charges"]) == 1


def test_a_restricted_account_opens_no_session_but_open_ones_are_paid(sim: Driver) -> None:
    session = sim.session()
    sim.control("accounts", action="restrict", id=ACCOUNT)
    with pytest.raises(stripe.InvalidRequestError):
        sim.session()
    assert sim.pay(session).status == 303
    sim.control("accounts", action="activate", id=ACCOUNT)
    assert sim.session().id


def test_an_unknown_session_or_card(sim: Driver) -> None:
    assert call("GET", f"{sim.url}/c/pay/cs_test_nothing").status == 404
    assert sim.submit(f"{sim.url}/c/pay/cs_test_nothing/pay", card=GOOD).status == 404
    session = sim.session(locale="en")
    answer = sim.pay(session, "4111111111111111")
    assert (answer.status, "not one of the test cards" in answer.text) == (422, True)
    assert sim.submit(f"{session.url}/pay", card=DECLINED, number="5555 5555 5555 4444").status == 303


class Labels(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.labelled: set[str] = set()
        self.inputs: list[str] = []
        self.tags: list[str] = []
        self.language: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append(tag)
        if tag == "html":
            self.language = found["lang"]
        if tag == "label":
            self.labelled.add(str(found["for"]))
        if tag == "input":
            self.inputs.append(str(found.get("id")))


@pytest.mark.parametrize(("locale", "amount"), [("fr", "50,00\u00a0€"), ("it", "50,00\u00a0€"), ("en", "€50.00")])
def test_the_page_speaks_the_donors_language(sim: Driver, locale: str, amount: str) -> None:
    page = call("GET", sim.session(locale=locale).url)
    read = Labels()
    read.feed(page.text)
    assert read.language == locale
    assert BANNERS[locale] in page.text
    assert amount in page.text
    assert "Museo di Val" in page.text
    assert set(read.inputs) <= read.labelled
    assert "script" not in read.tags
    assert page.headers["cache-control"] == "no-store"
    policy = page.headers["content-security-policy"]
    assert "form-action 'self' http://127.0.0.1:9;" in policy
    sheet = re.search(r'href="(/c/static/[^"]+)"', page.text)
    assert sheet is not None
    assert call("GET", sim.url + sheet[1]).status == 200


def test_onboarding_is_finished_or_left_half_done(sim: Driver) -> None:
    account = sim.api.v2.core.accounts.create(
        {
            "display_name": "Museo nuovo",
            "contact_email": "museo@example.org",
            "dashboard": "full",
            "identity": {"country": "it", "entity_type": "non_profit"},
            "configuration": {"merchant": {"capabilities": {"card_payments": {"requested": True}}}},
            "defaults": {
                "currency": "eur",
                "responsibilities": {"fees_collector": "stripe", "losses_collector": "stripe"},
            },
            "include": ["configuration.merchant", "requirements"],
        }
    )

    def status() -> str:
        read = sim.api.v2.core.accounts.retrieve(account.id, {"include": ["configuration.merchant"]})
        merchant: Any = read.configuration and read.configuration.merchant
        return str(merchant.capabilities.card_payments.status)

    def link() -> str:
        use_case: Any = {
            "type": "account_onboarding",
            "account_onboarding": {"refresh_url": "http://127.0.0.1:9/again", "return_url": "http://127.0.0.1:9/back"},
        }
        return str(sim.api.v2.core.account_links.create({"account": account.id, "use_case": use_case}).url)

    first = link()
    assert status() == "restricted"
    assert call("GET", first).status == 200
    assert sim.submit(first, answer="half").headers["location"] == "http://127.0.0.1:9/back"
    assert status() == "restricted"
    assert call("GET", first).headers["location"] == "http://127.0.0.1:9/again"
    late = link()
    sim.control("clock", advance_seconds=600)
    assert sim.submit(late, answer="finish").headers["location"] == "http://127.0.0.1:9/again"
    assert sim.submit(link(), answer="finish").status == 303
    assert status() == "active"
    assert account.id in [one.id for one in sim.api.v2.core.accounts.list().data]
    assert sim.api.v1.accounts.retrieve(account.id).charges_enabled
    kinds = until(lambda: [one for one in sim.receiver.types() if "capability_status_updated" in one])
    assert kinds == ["v2.core.account[configuration.merchant].capability_status_updated"]
    paths = {urlsplit(one.path).path for one in sim.receiver.seen}
    assert paths == {"/webhooks/stripe/platform"}
