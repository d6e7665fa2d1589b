"""Gifts from every means of payment, money given back and moved: in the books, in the states, in the facts."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from crowdfund.campaigns import service as campaigns
from crowdfund.campaigns.models import Campaign, Reward
from crowdfund.errors import Conflict, NotFound, Refusal
from crowdfund.gifts import service as gifts
from crowdfund.gifts.models import Gift, Refund
from crowdfund.gifts.rules import Method
from crowdfund.ledger import service as ledger
from crowdfund.ledger.rules import AccountKind, fund_code
from crowdfund.money import Money
from crowdfund.pledges import service as pledges
from crowdfund.pledges.models import Pledge
from crowdfund.tenancy import transaction
from tests import factories
from tests.payments.conftest import Scene

EUR50 = Money(5000, "EUR")


def received(scene: Scene, method: Method = Method.CASH, **given: Any) -> Gift:
    values: dict[str, Any] = {
        "reference": f"desk:{uuid4()}", "campaign_id": scene.campaign_id, "amount": EUR50, "method": method,
        "received_at": datetime(2026, 11, 20, 9, tzinfo=UTC),
    } | given  # fmt: skip
    with transaction(scene.scope) as session:
        return gifts.receive_gift(session, gifts.MoneyReceived(**values))


@pytest.mark.parametrize(("method", "kind"), [
    (Method.CARD, AccountKind.CLEARING), (Method.BANK_TRANSFER, AccountKind.BANK), (Method.CHEQUE, AccountKind.BANK),
    (Method.CASH, AccountKind.CASH), (Method.BOX, AccountKind.CASH), (Method.TICKET, AccountKind.CASH),
])  # fmt: skip
def test_money_lies_where_it_came_in(scene: Scene, method: Method, kind: AccountKind) -> None:
    received(scene, method)
    assert (scene.balance(kind), scene.raised) == (5000, 5000)
    scene.check_books()


def test_one_reference_is_one_gift(scene: Scene) -> None:
    first = received(scene, reference="box:7")
    assert received(scene, reference="box:7", amount=Money(9900, "EUR")).id == first.id
    assert scene.raised == 5000
    assert scene.facts("gift.received") == [{"gift_id": first.id}]


@pytest.mark.parametrize(("method", "given", "day", "basis"), [
    (Method.CARD, {"received_at": datetime(2026, 12, 31, 23, 30, tzinfo=UTC)}, date(2027, 1, 1), "credited"),
    (Method.CARD, {"received_at": datetime(2026, 12, 31, 22, 30, tzinfo=UTC)}, date(2026, 12, 31), "credited"),
    (Method.BANK_TRANSFER, {}, date(2026, 11, 20), "credited"),
    (Method.CHEQUE, {"handed_at": date(2026, 11, 12)}, date(2026, 11, 12), "handed_over"),
    (Method.CHEQUE, {}, date(2026, 11, 20), "received"),
    (Method.CASH, {"handed_at": date(2026, 11, 19)}, date(2026, 11, 19), "handed_over"),
    (Method.BOX, {}, date(2026, 11, 20), "received"),
    (Method.TICKET, {}, date(2026, 11, 20), "received"),
])  # fmt: skip
def test_the_legal_date_is_the_issuers_day(
    scene: Scene, method: Method, given: dict[str, Any], day: date, basis: str
) -> None:
    gift = received(scene, method, **given)
    assert (gift.gift_date, gift.gift_date_basis) == (day, basis)


def test_a_pledge_tells_donor_receipt_and_counterpart(scene: Scene) -> None:
    with transaction(scene.scope) as session:
        reward = factories.make_reward(session, session.get_one(Campaign, (scene.museum, scene.campaign_id)), stock=3)
        reward_id = reward.id
        assert campaigns.claim_reward(session, reward_id)
    pledge_id = scene.pledge(reward_id=reward_id, reward_state="claimed", counterpart_minor=800)
    gift = received(scene, Method.CARD, reference=f"pledge:{pledge_id}", pledge_id=pledge_id, counterpart_minor=5)
    assert (gift.counterpart_minor, gift.wants_receipt, gift.donor_id is not None) == (800, True, True)
    assert scene.pledge_state(pledge_id) == "paid"


def test_the_last_reward_gone_leaves_a_gift_without_and_asks(scene: Scene) -> None:
    with transaction(scene.scope) as session:
        campaign = session.get_one(Campaign, (scene.museum, scene.campaign_id))
        reward_id = factories.make_reward(session, campaign, stock=1).id
        assert campaigns.claim_reward(session, reward_id)
    late = scene.pledge(reward_id=reward_id, reward_state="claimed", counterpart_minor=800)
    page = scene.open(late)
    with transaction(scene.scope) as session:
        pledges.expire(session, late)
        assert campaigns.claim_reward(session, reward_id)  # somebody else
    quick = scene.pledge(reward_id=reward_id, reward_state="claimed", counterpart_minor=800)
    scene.provider.pay(scene.open(quick))
    scene.provider.pay(page)
    scene.hear()
    assert [gift.counterpart_minor for gift in scene.gifts()] == [800, 0]
    assert scene.raised == 10000
    (key,) = scene.mailer.keys("reward_unavailable")
    mail = next(mail for one, mail in scene.mailer.sent if one == key)
    assert "Print (fr)" in mail.text
    with transaction(scene.scope) as session:
        assert session.get_one(Reward, (scene.museum, reward_id)).claimed == 1
    scene.replay()


def test_history_is_booked_on_its_day_and_writes_to_nobody(scene: Scene) -> None:
    with transaction(scene.scope) as session:
        donor_id = factories.make_donor(session).id
    gift = received(scene, Method.CARD, imported=True, donor_id=donor_id, charge="ch_old")
    with transaction(scene.scope) as session:
        gifts.record_fee(session, gift.id, Money(100, "EUR"), "txn_old")
        gifts.record_fee(session, gift.id, Money(100, "EUR"), "txn_old")
    scene.work()
    assert scene.mailer.sent == []
    assert (scene.balance(AccountKind.CLEARING), scene.balance(AccountKind.FEES)) == (4900, 100)


def refund(scene: Scene, gift: Gift, minor: int, request: Any = None) -> Refund:
    with transaction(scene.scope) as session:
        return gifts.request_refund(session, gift.id, Money(minor, "EUR"), "asked", request or uuid4())


def test_a_refund_asked_for_changes_nothing_until_it_is_made(scene: Scene) -> None:
    gift, _charge = scene.given()
    asked = refund(scene, gift, 2000)
    assert (asked.state, scene.raised, scene.gifts()[0].state) == ("requested", 5000, "received")
    assert scene.facts("gift.refund_requested") == [{"refund_id": asked.id}]
    assert scene.provider.calls["make_refund"] == 0


def test_one_form_is_one_refund(scene: Scene) -> None:
    gift, _charge = scene.given()
    request = uuid4()
    assert refund(scene, gift, 2000, request).id == refund(scene, gift, 3000, request).id


def test_no_more_is_given_back_than_is_left(scene: Scene) -> None:
    gift, charge = scene.given()
    refund(scene, gift, 2000)
    with pytest.raises(Conflict):
        refund(scene, gift, 3001)  # what was asked for counts
    scene.provider.refund_charge(charge, 2500)
    scene.hear()
    with pytest.raises(Conflict):
        refund(scene, gift, 501)
    refund(scene, gift, 500)
    for wrong in (0, -5):
        with pytest.raises(Refusal):
            refund(scene, gift, wrong)


def test_two_equal_partial_refunds_are_two(scene: Scene) -> None:
    gift, _charge = scene.given()
    for _time in range(2):
        asked = refund(scene, gift, 2000)
        with transaction(scene.scope) as session:
            gifts.clear_refund(session, asked.id)
        scene.work()
    assert (scene.gifts()[0].refunded_minor, scene.raised) == (4000, 1000)
    assert len(scene.mailer.keys("refunded")) == 2
    with pytest.raises(Conflict):
        refund(scene, gift, 2000)
    scene.hear()
    scene.replay()
    scene.check_books()


def test_cash_is_given_back_by_hand(scene: Scene) -> None:
    gift = received(scene, Method.CASH)
    asked = refund(scene, gift, 5000)
    with transaction(scene.scope) as session:
        gifts.clear_refund(session, asked.id)
        gifts.clear_refund(session, asked.id)
    scene.work()
    assert (scene.raised, scene.balance(AccountKind.CASH), scene.gifts()[0].state) == (0, 0, "refunded")
    assert scene.provider.calls["make_refund"] == 0


def other_campaign(scene: Scene, **given: Any) -> Campaign:
    with transaction(scene.scope) as session:
        issuer_id = given.pop("issuer_id", scene.issuer_id)
        return factories.make_campaign(session, issuer_id=issuer_id, **given)


def test_a_gift_moves_with_its_date_and_its_money(scene: Scene) -> None:
    gift, charge = scene.given()
    target = other_campaign(scene)
    request = uuid4()
    with transaction(scene.scope) as session:
        moved = gifts.move_gift(session, gift.id, target.id, request)
        assert gifts.move_gift(session, gift.id, target.id, request).id == moved.id
    assert (moved.method, moved.amount_minor, moved.gift_date, moved.moved_from_id) == (
        Method.MOVED, 5000, gift.gift_date, gift.id)  # fmt: skip
    with transaction(scene.scope) as session:
        assert ledger.balance(session, fund_code(target.code)).amount == Money(-5000, "EUR")
    assert (scene.raised, scene.balance(AccountKind.CLEARING)) == (0, 4900)
    scene.work()
    assert [key for key, _mail in scene.mailer.sent] == [f"thanks:{gift.id}"]  # the move is no new gift
    # The bank gives the charge back: the campaign that has the money now bears it.
    scene.provider.refund_charge(charge, 5000)
    scene.hear()
    with transaction(scene.scope) as session:
        assert ledger.balance(session, fund_code(target.code)).amount == Money(0, "EUR")
        assert [one.state for one in session.scalars(select(Gift).order_by(Gift.id))] == ["refunded", "refunded"]
    scene.check_books()


def test_a_move_is_refused_where_the_money_cannot_follow(scene: Scene) -> None:
    gift, charge = scene.given()
    with transaction(scene.scope) as session:
        stranger = factories.make_issuer(session)
    for target in (other_campaign(scene, issuer_id=stranger.id).id, scene.campaign_id):
        with pytest.raises(Conflict), transaction(scene.scope) as session:
            gifts.move_gift(session, gift.id, target, uuid4())
    with pytest.raises(NotFound), transaction(scene.scope) as session:
        gifts.move_gift(session, gift.id, 10**9, uuid4())
    scene.provider.refund_charge(charge, 5000)
    scene.hear()
    with pytest.raises(Conflict), transaction(scene.scope) as session:
        gifts.move_gift(session, gift.id, other_campaign(scene).id, uuid4())


def test_what_is_to_be_given_back_does_not_move(scene: Scene) -> None:
    gift, _charge = scene.given()
    target = other_campaign(scene)
    asked = refund(scene, gift, 2000)
    with transaction(scene.scope) as session:
        moved = gifts.move_gift(session, gift.id, target.id, uuid4())
        gifts.clear_refund(session, asked.id)
    assert moved.amount_minor == 3000
    scene.work()
    with transaction(scene.scope) as session:
        source = session.get_one(Gift, (scene.museum, gift.id))
        assert (source.refunded_minor, source.state) == (5000, "refunded")
        assert ledger.balance(session, fund_code(target.code)).amount == Money(-3000, "EUR")
    assert scene.raised == 0


def test_history_by_card_is_given_back_by_hand(scene: Scene) -> None:
    gift = received(scene, Method.CARD, charge="ch_before_us", imported=True)
    asked = refund(scene, gift, gift.amount_minor)
    with transaction(scene.scope) as session:
        gifts.clear_refund(session, asked.id)
    scene.work()
    with transaction(scene.scope) as session:
        assert session.get_one(Refund, (scene.museum, asked.id)).state == "succeeded"
        assert session.get_one(Gift, (scene.museum, gift.id)).state == "refunded"


def test_several_sums_are_booked_like_each_alone(scene: Scene) -> None:
    first, second = scene.pledge(), scene.pledge()
    known = received(scene, reference="box:7")
    came = datetime(2026, 11, 20, 9, tzinfo=UTC)

    def money(reference: str, **given: Any) -> gifts.MoneyReceived:
        return gifts.MoneyReceived(
            reference=reference, campaign_id=scene.campaign_id, amount=EUR50, received_at=came, **given
        )

    fee = gifts.FeeReported("txn_1", Money(100, "EUR"))
    together = [
        money(f"pledge:{second}", method=Method.CARD, pledge_id=second, charge="ch_2", fee=fee, imported=True),
        money("box:7", method=Method.BOX),
        money(f"pledge:{first}", method=Method.BANK_TRANSFER, pledge_id=first),
    ]
    for _again in range(2):
        with transaction(scene.scope) as session:
            booked = [gift.reference for gift in gifts.receive_gifts(session, together)]
        assert booked == [f"pledge:{second}", "box:7", f"pledge:{first}"]
    assert (scene.pledge_state(first), scene.pledge_state(second)) == ("paid", "paid")
    assert (scene.balance(AccountKind.CLEARING), scene.balance(AccountKind.FEES)) == (4900, 100)
    assert scene.raised == 15000
    assert len(scene.facts("gift.received")) == 3
    with transaction(scene.scope) as session:
        assert session.get_one(Pledge, (scene.museum, second)).closed_at == came
        assert session.get_one(Gift, (scene.museum, known.id)).reference == "box:7"
    scene.check_books()


def test_a_pledge_that_is_not_there_stops_the_whole_batch(scene: Scene) -> None:
    with pytest.raises(NotFound), transaction(scene.scope) as session:
        gifts.receive_gifts(session, [gifts.MoneyReceived(
            reference="pledge:1", campaign_id=scene.campaign_id, pledge_id=987_654, amount=EUR50, method=Method.CARD,
            received_at=datetime(2026, 11, 20, 9, tzinfo=UTC))])  # fmt: skip
    assert scene.raised == 0
