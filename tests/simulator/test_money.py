from __future__ import annotations

from typing import Any

import pytest
import stripe

from .conftest import ACCOUNT, Driver, call, until


def charge_of(paid: Any) -> str:
    return str(paid.payment_intent.latest_charge.id)


def refund(sim: Driver, charge: str, **params: Any) -> Any:
    wish: Any = {"charge": charge, "expand": ["balance_transaction"], **params}
    return sim.api.v1.refunds.create(wish, options=sim.options)


def charge(sim: Driver, ident: str) -> Any:
    return sim.api.v1.charges.retrieve(ident, {"expand": ["refunds"]}, options=sim.options)


def net(sim: Driver) -> int:
    return sum(
        line["net"] for line in sim.state("balance_transactions")["balance_transactions"] if line["account"] == ACCOUNT
    )


def test_refunds_go_up_to_the_whole_and_no_further(sim: Driver) -> None:
    ident = charge_of(sim.paid())
    first, second = refund(sim, ident, amount=2000, reason="requested_by_customer"), refund(sim, ident, amount=2000)
    assert first.id != second.id
    assert (first.status, first.balance_transaction.net, first.balance_transaction.fee) == ("succeeded", -2000, 0)
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded") as caught:
        refund(sim, ident, amount=2000)
    assert caught.value.param == "amount"
    refund(sim, ident)
    with pytest.raises(stripe.InvalidRequestError) as caught:
        refund(sim, ident)
    assert caught.value.code == "charge_already_refunded"
    known = charge(sim, ident)
    assert (known.amount_refunded, known.refunded, len(known.refunds.data)) == (5000, True, 3)
    assert net(sim) == -100
    assert sim.event_types()[-2:] == ["refund.created", "charge.refunded"]


def test_a_refund_by_the_intent(sim: Driver) -> None:
    paid = sim.paid()
    made = sim.api.v1.refunds.create({"payment_intent": paid.payment_intent.id}, options=sim.options)
    assert (made.amount, made.charge) == (5000, charge_of(paid))


def test_the_platforms_share_goes_back_in_proportion(sim: Driver) -> None:
    ident = charge_of(sim.paid(payment_intent_data={"application_fee_amount": 151}))
    shares = [
        -refund(sim, ident, amount=amount, refund_application_fee=True).balance_transaction.fee
        for amount in (2500, 2500)
    ]
    assert sum(shares) == 151
    assert sim.api.v1.application_fees.list().data[0].refunded


def test_a_refund_made_in_the_dashboard(sim: Driver) -> None:
    ident = charge_of(sim.paid())
    sim.control("refunds", account=ACCOUNT, charge=ident, amount=700)
    event = sim.api.v1.events.list({"type": "refund.created"}, options=sim.options).data[0]
    assert event.request is not None
    assert event.request.id is None
    assert charge(sim, ident).amount_refunded == 700


def test_a_refund_fails_later(sim: Driver) -> None:
    ident = charge_of(sim.paid())
    made = refund(sim, ident, amount=2000)
    sim.control("refunds", action="fail", account=ACCOUNT, refund=made.id, reason="expired_or_canceled_card")
    failed = sim.api.v1.refunds.retrieve(made.id, options=sim.options)
    assert (failed.status, failed.failure_reason) == ("failed", "expired_or_canceled_card")
    assert failed.failure_balance_transaction
    assert charge(sim, ident).amount_refunded == 0
    assert net(sim) == 4900
    assert sim.event_types()[-2:] == ["refund.updated", "refund.failed"]


def test_a_refund_waits_while_the_balance_is_short(sim: Driver) -> None:
    ident = charge_of(sim.paid())
    sim.control("accounts", action="short_balance", id=ACCOUNT)
    made = refund(sim, ident)
    assert (made.status, made.balance_transaction) == ("pending", None)
    sim.control("accounts", action="short_balance", id=ACCOUNT, on=False)
    done = sim.api.v1.refunds.retrieve(made.id, options=sim.options)
    assert (done.status, bool(done.balance_transaction)) == ("succeeded", True)


def test_a_cards_refund_may_fail_by_itself(sim: Driver) -> None:
    made = refund(sim, charge_of(sim.paid(card="4000000000005126")))
    sim.control("clock", advance_seconds=10)
    assert sim.api.v1.refunds.retrieve(made.id, options=sim.options).status == "failed"


def opened(sim: Driver, ident: str, **more: Any) -> Any:
    return sim.control("disputes", account=ACCOUNT, charge=ident, **more)


def test_a_dispute_is_lost(sim: Driver) -> None:
    ident = charge_of(sim.paid())
    dispute = opened(sim, ident)
    read = sim.api.v1.disputes.retrieve(dispute["id"], options=sim.options)
    (line,) = read.balance_transactions
    assert (read.status, line.amount, line.fee, line.reporting_category) == ("needs_response", -5000, 2000, "dispute")
    assert charge(sim, ident).disputed
    with pytest.raises(stripe.InvalidRequestError) as caught:
        refund(sim, ident)
    assert caught.value.code == "charge_disputed"
    closed = sim.api.v1.disputes.close(read.id, options=sim.options)
    assert closed.status == "lost"
    assert net(sim) == 4900 - 7000
    kinds = [kind for kind in sim.event_types() if "dispute" in kind]
    assert kinds == ["charge.dispute.created", "charge.dispute.funds_withdrawn", "charge.dispute.closed"]


def test_a_dispute_is_won(sim: Driver) -> None:
    ident = charge_of(sim.paid())
    dispute = opened(sim, ident)
    sim.control("disputes", action="status", account=ACCOUNT, dispute=dispute["id"], status="under_review")
    sim.control("disputes", action="close", account=ACCOUNT, dispute=dispute["id"], outcome="won")
    read = sim.api.v1.disputes.list({"charge": ident}, options=sim.options).data[0]
    assert [line.net for line in read.balance_transactions] == [-7000, 5000]
    assert read.balance_transactions[1].reporting_category == "dispute_reversal"
    assert sim.event_types()[-3:] == [
        "charge.dispute.updated",
        "charge.dispute.funds_reinstated",
        "charge.dispute.closed",
    ]
    assert refund(sim, ident, amount=100).status == "succeeded"


def test_a_partial_dispute_and_an_inquiry(sim: Driver) -> None:
    part = opened(sim, charge_of(sim.paid()), amount=2000)
    assert part["amount"] == 2000
    before = net(sim)
    ident = charge_of(sim.paid())
    inquiry = opened(sim, ident, status="warning_needs_response")
    assert net(sim) == before + 4900
    closed = sim.control("disputes", action="close", account=ACCOUNT, dispute=inquiry["id"], outcome="lost")
    assert closed["status"] == "warning_closed"
    assert net(sim) == before + 4900


def test_an_inquiry_becomes_a_dispute(sim: Driver) -> None:
    inquiry = opened(sim, charge_of(sim.paid()), status="warning_needs_response")
    sim.control("disputes", action="status", account=ACCOUNT, dispute=inquiry["id"], status="needs_response")
    assert net(sim) == 4900 - 7000


def test_the_cards_that_bring_trouble(sim: Driver) -> None:
    disputed, warned = sim.paid(card="4000000000000259"), sim.paid(card="4000000000005423")
    sim.control("clock", advance_seconds=10)
    until(lambda: sim.state("disputes")["disputes"])
    (dispute,) = sim.state("disputes")["disputes"]
    (warning,) = sim.state("early_fraud_warnings")["early_fraud_warnings"]
    assert (dispute["charge"], dispute["reason"]) == (charge_of(disputed), "fraudulent")
    assert warning["charge"] == charge_of(warned)
    elevated = sim.paid(card="4000000000009235").payment_intent.latest_charge
    assert elevated.outcome.risk_level == "elevated"


def test_a_charge_differs_from_its_session(sim: Driver) -> None:
    sim.control("charges", action="tamper", amount=4000, currency="chf")
    odd = sim.paid().payment_intent
    assert (odd.amount, odd.latest_charge.amount, odd.latest_charge.currency) == (5000, 4000, "chf")
    assert sim.paid().payment_intent.latest_charge.amount == 5000


def test_a_charge_that_the_platform_does_not_know(sim: Driver) -> None:
    stray = sim.control("charges", account=ACCOUNT, amount=1234, metadata={"attempt": "of somebody else"})
    assert charge(sim, stray["id"]).metadata["attempt"] == "of somebody else"
    assert sim.state("sessions")["sessions"] == []


def test_money_becomes_available_and_is_paid_out(sim: Driver) -> None:
    sim.paid()
    refund(sim, charge_of(sim.paid()), amount=1000)
    v1, options = sim.api.v1, sim.options
    balance = v1.balance.retrieve(options=options)
    assert (balance.available[0].amount, balance.pending[0].amount) == (-1000, 9800)
    sim.control("clock", advance_seconds=8 * 86_400)
    assert v1.balance.retrieve(options=options).available[0].amount == 8800
    payout = sim.control("payouts", account=ACCOUNT)
    assert payout["amount"] == 8800
    lines = v1.balance_transactions.list({"payout": payout["id"]}, options=options).data
    assert sum(line.net for line in lines if line.type != "payout") == 8800
    assert v1.balance.retrieve(options=options).available[0].amount == 0
    assert sim.event_types()[-3:] == ["payout.created", "payout.paid", "payout.reconciliation_completed"]
    sim.control("payouts", action="fail", account=ACCOUNT, payout=payout["id"])
    assert v1.payouts.retrieve(payout["id"], options=options).status == "failed"
    assert v1.balance.retrieve(options=options).available[0].amount == 8800


def test_a_payout_with_a_line_that_nothing_explains(sim: Driver) -> None:
    sim.paid()
    payout = sim.control("payouts", account=ACCOUNT, unknown_line=-300)
    lines = sim.api.v1.balance_transactions.list({"payout": payout["id"]}, options=sim.options).data
    assert payout["amount"] == 4600
    assert [line.reporting_category for line in lines if line.source is None] == ["other_adjustment"]


def direct(sim: Driver, method: str, **more: Any) -> Any:
    params = {"amount": 2500, "currency": "eur", "payment_method": method, "confirm": True, "off_session": True}
    return sim.api.v1.payment_intents.create({**params, "return_url": "http://127.0.0.1:9/"}, {**sim.options, **more})


def test_a_card_is_charged_without_a_page(sim: Driver) -> None:
    intent = direct(sim, "pm_card_visa")
    assert (intent.status, intent.amount_received) == ("succeeded", 2500)


@pytest.mark.parametrize(
    ("method", "code", "decline_code"),
    [
        ("pm_card_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", "expired_card"),
        ("pm_card_authenticationRequired", "authentication_required", "authentication_required"),
    ],
)
def test_a_refused_card_is_a_card_error(sim: Driver, method: str, code: str, decline_code: str) -> None:
    refusals: list[Any] = []
    for _ in range(2):
        with pytest.raises(stripe.CardError) as caught:
            direct(sim, method, idempotency_key="card-1")
        refusals.append(caught.value)
    first, second = refusals
    assert (first.http_status, first.code, first.error.decline_code) == (402, code, decline_code)
    assert first.error.payment_intent.status == "requires_payment_method"
    assert second.headers["Idempotent-Replayed"] == "true"
    assert len(sim.state("payment_intents")["payment_intents"]) == 1
    assert "payment_intent.payment_failed" in sim.event_types()


def test_a_failed_intent_is_cancelled_or_confirmed_again(sim: Driver) -> None:
    intents = sim.api.v1.payment_intents
    for _ in range(2):
        with pytest.raises(stripe.CardError):
            direct(sim, "pm_card_chargeDeclined")
    first, second = [one.id for one in intents.list(options=sim.options).data]
    assert intents.cancel(first, {"cancellation_reason": "abandoned"}, sim.options).status == "canceled"
    with pytest.raises(stripe.InvalidRequestError) as caught:
        intents.confirm(first, {"payment_method": "pm_card_visa"}, sim.options)
    assert caught.value.code == "payment_intent_unexpected_state"
    assert intents.confirm(second, {"payment_method": "pm_card_visa"}, sim.options).status == "succeeded"


def test_a_control_that_makes_no_sense_is_refused(sim: Driver) -> None:
    answer = call("POST", f"{sim.url}/_sim/payouts", '{"account": "acct_nobody"}', {"Content-Type": "application/json"})
    assert answer.status == 404
    answer = call("POST", f"{sim.url}/_sim/faults", '{"kind": "sulk"}', {"Content-Type": "application/json"})
    assert (answer.status, answer.json["error"]["param"]) == (400, "kind")
