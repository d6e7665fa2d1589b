"""One contract for the real provider's client (over HTTP, against the simulator) and its stand-in in memory."""

from __future__ import annotations

import http.client
import json
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlencode, urlsplit
from uuid import UUID, uuid4

import pytest
import stripe
from flask import Flask

from config import Config
from crowdfund import clock
from crowdfund.money import Money
from crowdfund.payments import translation
from crowdfund.payments.provider import (
    Charge,
    CheckoutPage,
    CheckoutRequest,
    DisputeStage,
    Fate,
    NotAtProvider,
    PageState,
    Provider,
    ProviderKeyRejected,
    ProviderRefused,
    ProviderUnavailable,
    RefundRequest,
)
from crowdfund.payments.stripe import API_VERSION, EVENT_TYPES, StripeProvider
from simulator.server import Simulator
from simulator.settings import Settings
from tests.doubles import FakeProvider

ACCOUNT, OTHER = "acct_contract_one", "acct_contract_two"


def until(truth: Callable[[], Any], seconds: float = 5) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = truth()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError("it did not happen in time")


class World(Protocol):
    """What the donor, the bank and the museum do at the provider, however it is made."""

    @property
    def provider(self) -> Provider: ...
    def pay(self, page: CheckoutPage) -> None: ...
    def decline(self, page: CheckoutPage) -> None: ...
    def settle_fee(self, charge: str) -> None: ...
    def refund(self, charge: str, amount: int) -> None: ...
    def dispute(self, charge: str) -> None: ...
    def close_dispute(self, dispute: str, *, won: bool) -> None: ...


class InMemory:
    """The stand-in."""

    def __init__(self) -> None:
        self.provider = FakeProvider()

    def pay(self, page: CheckoutPage) -> None:
        self.provider.pay(page.id)

    def decline(self, page: CheckoutPage) -> None:
        self.provider.decline(page.id)

    def settle_fee(self, charge: str) -> None:
        self.provider.settle_fee(charge, 100)

    def refund(self, charge: str, amount: int) -> None:
        self.provider.refund_charge(charge, amount)

    def dispute(self, charge: str) -> None:
        self.provider.dispute_charge(charge)

    def close_dispute(self, dispute: str, *, won: bool) -> None:
        self.provider.close_dispute(dispute, DisputeStage.WON if won else DisputeStage.LOST)


class OverHttp:
    """The real client, and the simulator's controls."""

    def __init__(self, provider: Provider, base: str) -> None:
        self.provider = provider
        self.base = base

    def control(self, name: str, **body: Any) -> None:
        status = post(f"{self.base}/_sim/{name}", json.dumps(body), "application/json")
        assert status == 200

    def pay(self, page: CheckoutPage) -> None:
        assert post(f"{page.url}/pay", urlencode({"card": "4242424242424242"})) == 303

    def decline(self, page: CheckoutPage) -> None:
        assert post(f"{page.url}/pay", urlencode({"card": "4000000000000002"})) == 402

    def settle_fee(self, charge: str) -> None:
        until(lambda: self.provider.charge(ACCOUNT, charge).fee)

    def refund(self, charge: str, amount: int) -> None:
        self.control("refunds", account=ACCOUNT, charge=charge, amount=amount)

    def dispute(self, charge: str) -> None:
        self.control("disputes", account=ACCOUNT, charge=charge)

    def close_dispute(self, dispute: str, *, won: bool) -> None:
        self.control("disputes", account=ACCOUNT, action="close", dispute=dispute, outcome="won" if won else "lost")


def post(url: str, body: str, kind: str = "application/x-www-form-urlencoded") -> int:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=10)
    try:
        connection.request("POST", parts.path, body, {"Content-Type": kind})
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    running = Simulator(Settings(port=port, webhook_base="", settle_after=0.05, check_answers=True))
    running.start()
    yield running
    running.stop()


@pytest.fixture
def wired(simulator: Simulator, tmp_path: Path) -> OverHttp:
    base = simulator.settings.base_url
    config = Config.from_environ({"APP_ENV": "test", "DATA_DIR": str(tmp_path), "SIMULATOR_URL": base})
    world = OverHttp(StripeProvider(config, worker_timeout=(1, 1)), base)
    world.control("reset")
    for account in (ACCOUNT, OTHER):
        world.control("accounts", id=account, country="FR", currency="eur", display_name="Musée")
    return world


@pytest.fixture(params=["memory", "http"])
def world(request: pytest.FixtureRequest) -> World:
    if request.param == "memory":
        return InMemory()
    found: World = request.getfixturevalue("wired")
    return found


def request(attempt: UUID | None = None, number: int = 1, minor: int = 5000, currency: str = "EUR") -> CheckoutRequest:
    return CheckoutRequest(
        institution_id=3, attempt=attempt or uuid4(), number=number, amount=Money(minor, currency), title="Un émail",
        locale="fr", email="camille@example.org",
        success_url="http://127.0.0.1:9/fr/gifts/x/return?session_id={CHECKOUT_SESSION_ID}",
        cancel_url="http://127.0.0.1:9/fr/gifts/x", expires_at=clock.now() + timedelta(hours=1),
    )  # fmt: skip


def opened(world: World, asked: CheckoutRequest | None = None, account: str = ACCOUNT) -> CheckoutPage:
    parameters = world.provider.checkout_parameters(asked or request())
    page = world.provider.open_page(account, parameters, str(uuid4())).page
    assert page is not None
    return page


def paid(world: World) -> Charge:
    page = opened(world)
    world.pay(page)
    charge = world.provider.page(ACCOUNT, page.id).charge
    assert charge is not None
    return charge


def test_a_page_says_what_was_asked(world: World) -> None:
    asked = request()
    page = opened(world, asked)
    assert (page.state, page.amount, page.account) == (PageState.OPEN, Money(5000, "EUR"), ACCOUNT)
    assert (page.claim.institution_id, page.claim.attempt, page.claim.number) == (3, asked.attempt, 1)
    assert page.url is not None
    assert abs(page.expires_at - asked.expires_at) < timedelta(seconds=2)
    again = world.provider.page(ACCOUNT, page.id)
    assert replace(again, expires_at=page.expires_at) == page


def test_the_same_key_gives_the_same_page(world: World) -> None:
    parameters = world.provider.checkout_parameters(request())
    key = str(uuid4())
    first = world.provider.open_page(ACCOUNT, parameters, key)
    assert world.provider.open_page(ACCOUNT, parameters, key).object_id == first.object_id
    assert world.provider.open_page(ACCOUNT, parameters, str(uuid4())).object_id != first.object_id


def test_other_parameters_under_a_key_are_refused(world: World) -> None:
    key = str(uuid4())
    world.provider.open_page(ACCOUNT, world.provider.checkout_parameters(request()), key)
    with pytest.raises(ProviderRefused):
        world.provider.open_page(ACCOUNT, world.provider.checkout_parameters(request(minor=6000)), key)


def test_a_paid_page_has_its_charge_and_later_the_fee(world: World) -> None:
    asked = request()
    page = opened(world, asked)
    world.pay(page)
    found = world.provider.page(ACCOUNT, page.id)
    assert found.state == PageState.PAID
    assert found.charge is not None
    charge = found.charge
    assert (charge.paid, charge.amount, charge.refunded, charge.disputed) == (
        True,
        Money(5000, "EUR"),
        Money(0, "EUR"),
        False,
    )
    assert (charge.claim, charge.payment, charge.account) == (page.claim, found.payment, ACCOUNT)
    world.settle_fee(charge.id)
    settled = world.provider.charge(ACCOUNT, charge.id)
    assert settled.fee is not None
    assert settled.fee.amount == Money(100, "EUR")
    lines = list(world.provider.balance_lines(ACCOUNT, clock.now() - timedelta(hours=1)))
    assert [(line.category, line.source, line.fee, line.id) for line in lines] == [
        ("charge", charge.id, Money(100, "EUR"), settled.fee.balance_transaction)
    ]


def test_a_declined_card_leaves_the_page_open(world: World) -> None:
    page = opened(world)
    world.decline(page)
    world.decline(page)
    found = world.provider.page(ACCOUNT, page.id)
    assert found.state == PageState.OPEN
    assert found.payment is not None
    tried = world.provider.charges_of(ACCOUNT, found.payment)
    assert [charge.paid for charge in tried] == [False, False]
    assert all(charge.claim == page.claim for charge in tried)


def test_a_page_can_be_closed_and_closing_again_changes_nothing(world: World) -> None:
    page = opened(world)
    assert world.provider.close_page(ACCOUNT, page.id).state == PageState.EXPIRED
    assert world.provider.close_page(ACCOUNT, page.id).state == PageState.EXPIRED
    done = opened(world)
    world.pay(done)
    assert world.provider.close_page(ACCOUNT, done.id).state == PageState.PAID


def test_a_page_is_found_by_what_it_says(world: World) -> None:
    asked = request()
    first = opened(world, asked)
    second = opened(world, replace(asked, number=2))
    since = clock.now() - timedelta(hours=1)
    found = world.provider.page_of(ACCOUNT, second.claim, since)
    assert found is not None
    assert found.id == second.id != first.id
    assert world.provider.page_of(ACCOUNT, replace(second.claim, number=3), since) is None
    assert world.provider.page_of(OTHER, second.claim, since) is None


def test_what_is_another_accounts_is_not_there(world: World) -> None:
    page = opened(world)
    charge = paid(world)
    with pytest.raises(NotAtProvider):
        world.provider.page(OTHER, page.id)
    with pytest.raises(NotAtProvider):
        world.provider.charge(OTHER, charge.id)
    with pytest.raises(NotAtProvider):
        world.provider.close_page(OTHER, page.id)
    with pytest.raises(NotAtProvider):
        world.provider.refund(ACCOUNT, "re_nowhere")
    with pytest.raises(NotAtProvider):
        world.provider.dispute(ACCOUNT, "du_nowhere")


def test_a_refund_of_ours_carries_our_name_and_its_key(world: World) -> None:
    charge = paid(world)
    ours = uuid4()
    parameters = world.provider.refund_parameters(
        RefundRequest(
            institution_id=3, request=ours, charge=charge.id, payment=charge.payment, amount=Money(2000, "EUR")
        )
    )
    key = str(uuid4())
    made = world.provider.make_refund(ACCOUNT, parameters, key)
    assert world.provider.make_refund(ACCOUNT, parameters, key).object_id == made.object_id
    assert made.refund is not None
    assert (made.refund.request, made.refund.amount, made.refund.charge, made.refund.fate) == (
        ours,
        Money(2000, "EUR"),
        charge.id,
        Fate.SUCCEEDED,
    )
    assert world.provider.refund(ACCOUNT, made.object_id) == made.refund
    assert world.provider.charge(ACCOUNT, charge.id).refunded == Money(2000, "EUR")
    with pytest.raises(ProviderRefused):
        world.provider.make_refund(ACCOUNT, {**parameters, "amount": 4000}, str(uuid4()))


def test_a_refund_of_the_dashboard_has_no_name_of_ours(world: World) -> None:
    charge = paid(world)
    world.refund(charge.id, 1000)
    (found,) = world.provider.refunds(ACCOUNT, clock.now() - timedelta(hours=1))
    assert (found.request, found.amount, found.charge) == (None, Money(1000, "EUR"), charge.id)


@pytest.mark.parametrize("won", [True, False])
def test_a_dispute_is_opened_and_decided(world: World, *, won: bool) -> None:
    charge = paid(world)
    world.dispute(charge.id)
    (found,) = world.provider.disputes(ACCOUNT, clock.now() - timedelta(hours=1))
    assert (found.stage, found.amount, found.charge) == (DisputeStage.OPEN, Money(5000, "EUR"), charge.id)
    assert [fee.amount for fee in found.fees] == [Money(2000, "EUR")]
    assert world.provider.charge(ACCOUNT, charge.id).disputed
    world.close_dispute(found.id, won=won)
    closed = world.provider.dispute(ACCOUNT, found.id)
    assert closed.stage == (DisputeStage.WON if won else DisputeStage.LOST)
    assert sum(fee.amount.minor for fee in closed.fees) == 2000


def test_lists_begin_with_the_oldest(world: World) -> None:
    charges = [paid(world).id for _time in range(3)]
    since = clock.now() - timedelta(hours=1)
    assert [one.id for one in world.provider.charges(ACCOUNT, since)] == charges
    assert list(world.provider.charges(OTHER, since)) == []
    assert list(world.provider.charges(ACCOUNT, clock.now() + timedelta(hours=1))) == []


def test_events_name_their_object(world: World) -> None:
    page = opened(world)
    world.pay(page)
    notices = list(world.provider.notices(ACCOUNT, clock.now() - timedelta(hours=1)))
    assert ("checkout.session.completed", page.id) in {(one.type, one.object_id) for one in notices}
    assert {one.account for one in notices} == {ACCOUNT}
    assert {one.type for one in notices} <= set(EVENT_TYPES)
    assert not any(one.livemode for one in notices)


def test_a_ready_account_stands_well(world: World) -> None:
    assert world.provider.standing(ACCOUNT).active


# what only the wire can show


def test_our_version_is_the_one_the_sdk_speaks() -> None:
    from stripe._api_version import _ApiVersion  # noqa: PLC0415 - where the SDK says it

    assert _ApiVersion.CURRENT == API_VERSION
    assert len(EVENT_TYPES) <= 20


def test_three_pages_of_a_list_are_read(wired: OverHttp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crowdfund.payments.stripe.ROWS", 2)
    charges = [paid(wired).id for _time in range(5)]
    assert [one.id for one in wired.provider.charges(ACCOUNT, clock.now() - timedelta(hours=1))] == charges


@pytest.mark.parametrize("kind", ["reset", "429", "500", "409"])
def test_trouble_once_is_no_trouble(wired: OverHttp, kind: str) -> None:
    wired.control("faults", operation="POST /v1/checkout/sessions", kind=kind, times=1)
    assert opened(wired).state == PageState.OPEN


@pytest.mark.parametrize("kind", ["reset", "429", "500", "409"])
def test_trouble_always_is_not_knowing(wired: OverHttp, kind: str) -> None:
    wired.control("faults", operation="POST /v1/checkout/sessions", kind=kind, times=-1)
    with pytest.raises(ProviderUnavailable):
        opened(wired)


def test_an_answer_that_never_comes_is_not_knowing_and_the_same_again_finds_it(wired: OverHttp) -> None:
    wired.control("faults", operation="POST /v1/checkout/sessions", kind="hang_after", times=3, seconds=1.5)
    parameters = wired.provider.checkout_parameters(request())
    key = str(uuid4())
    with pytest.raises(ProviderUnavailable):
        wired.provider.open_page(ACCOUNT, parameters, key)
    page = wired.provider.open_page(ACCOUNT, parameters, key)
    assert [one.id for one in _pages(wired)] == [page.object_id]


def _pages(wired: OverHttp) -> list[Any]:
    client = stripe.StripeClient("sk_test_simulator", base_addresses={"api": wired.base})
    return list(client.v1.checkout.sessions.list({}, {"stripe_account": ACCOUNT}).data)


def test_an_account_that_is_not_ours_is_a_refused_key(wired: OverHttp) -> None:
    with pytest.raises(ProviderKeyRejected) as caught:
        opened(wired, account="acct_stranger")
    assert caught.value.status == 403


def test_a_wrong_key_is_a_refused_key(wired: OverHttp, tmp_path: Path) -> None:
    config = Config.from_environ(
        {
            "APP_ENV": "test",
            "DATA_DIR": str(tmp_path),
            "SIMULATOR_URL": wired.base,
            "STRIPE_SECRET_KEY": "sk_test_other",
        }
    )
    with pytest.raises(ProviderKeyRejected) as caught:
        StripeProvider(config).charge(ACCOUNT, "ch_1")
    assert caught.value.status == 401


def test_an_amount_that_is_too_small_is_refused_with_its_reason(wired: OverHttp) -> None:
    with pytest.raises(ProviderRefused) as caught:
        opened(wired, request(minor=49))
    assert (caught.value.code, caught.value.status) == ("amount_too_small", 400)
    assert caught.value.request_id is not None


def test_a_restricted_account_does_not_stand_well(wired: OverHttp) -> None:
    wired.control("accounts", id=ACCOUNT, account=ACCOUNT, action="restrict")
    standing = wired.provider.standing(ACCOUNT)
    assert not standing.active
    assert standing.reasons == ("requirements_past_due",)


def test_a_page_waits_less_than_a_worker(config: Config, app: Flask) -> None:
    provider = StripeProvider(config)
    with app.test_request_context("/"):
        assert provider._client() is provider._pages
    with app.app_context():
        assert provider._client() is provider._workers


# amounts on the wire


@pytest.mark.parametrize(("money", "wire"), [
    (Money(5000, "EUR"), 5000), (Money(500, "JPY"), 500), (Money(5120, "KWD"), 5120), (Money(700, "UGX"), 70000),
])  # fmt: skip
def test_amounts_are_sent_as_the_provider_counts(money: Money, wire: int) -> None:
    assert translation.to_wire(money) == wire
    assert translation.from_wire(wire, money.currency.lower()) == money


@pytest.mark.parametrize("money", [Money(5124, "KWD"), Money(150, "ISK")])
def test_amounts_the_provider_does_not_take_are_refused(money: Money) -> None:
    with pytest.raises(ProviderRefused):
        translation.to_wire(money)


def test_metadata_that_is_not_ours_says_nothing() -> None:
    for metadata in (None, {}, {"institution": "x", "attempt": "no", "number": "-1"}, {"institution": "٣"}):
        claim = translation.claim(metadata)
        assert (claim.institution_id, claim.attempt, claim.number) == (None, None, None)
