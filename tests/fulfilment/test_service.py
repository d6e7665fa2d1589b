"""What is owed for gifts: made with the money, marked and undone, cancelled with a refund."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy.exc import IntegrityError

from crowdfund import clock, outbox
from crowdfund.campaigns import service as campaigns
from crowdfund.campaigns.models import Campaign, Reward
from crowdfund.errors import Conflict, NotFound, Refusal
from crowdfund.fulfilment import service
from crowdfund.fulfilment.models import Counterpart, CounterpartStep
from crowdfund.fulfilment.rules import CounterpartState
from crowdfund.gifts import service as gifts
from crowdfund.gifts.models import Gift, Refund
from crowdfund.money import Money
from crowdfund.pledges.models import Pledge
from tests import factories
from tests.after import Museum, row

GIVEN, READY = CounterpartState.HANDED_OVER, CounterpartState.READY


def _mark(museum: Museum, reward: int, ids: list[int], state: CounterpartState, note: str = "") -> object:
    act = uuid4()
    with museum.open() as session:
        service.mark(session, reward, ids, state, act, note)
    return act


def _states(museum: Museum) -> list[str]:
    return [one.state for one in museum.all(Counterpart)]


def test_a_gift_with_a_reward_owes_one_counterpart_however_often_the_fact_is_told(museum: Museum) -> None:
    reward = museum.reward()
    gift = museum.give(reward)
    museum.give()  # without a reward
    museum.hear()
    with museum.open() as session:
        service.owe(session, gift)
    [owed] = museum.all(Counterpart)
    assert (owed.gift_id, owed.reward_id, owed.state, owed.value_minor) == (gift, reward, "promised", 800)
    assert [(one.before, one.after) for one in museum.all(CounterpartStep)] == [(None, "promised")]


def test_a_waived_reward_and_one_that_had_gone_owe_nothing(museum: Museum) -> None:
    reward = museum.reward()
    for state in ("waived", "unavailable"):
        gift = museum.give(reward)
        with museum.open() as session:
            made = row(session, Gift, museum, gift)
            row(session, Pledge, museum, made.pledge_id).reward_state = state
    museum.hear()
    assert museum.all(Counterpart) == []


def test_several_are_marked_at_once_and_that_is_undone_as_one(museum: Museum) -> None:
    reward = museum.reward()
    for _one in range(3):
        museum.give(reward)
    museum.hear()
    ids = [one.id for one in museum.all(Counterpart)]
    act = _mark(museum, reward, ids[:2], GIVEN)
    assert _states(museum) == ["handed_over", "handed_over", "promised"]
    with museum.open() as session:
        assert service.mark(session, reward, ids[:2], GIVEN, act) == []  # type: ignore[arg-type] # the same form sent twice
        assert service.undo(session, reward, act) == 2  # type: ignore[arg-type]
    assert _states(museum) == ["promised"] * 3


def test_undoing_leaves_alone_what_was_marked_since(museum: Museum) -> None:
    reward = museum.reward()
    museum.give(reward)
    museum.give(reward)
    museum.hear()
    first, second = (one.id for one in museum.all(Counterpart))
    act = _mark(museum, reward, [first, second], READY)
    _mark(museum, reward, [first], GIVEN)
    with museum.open() as session:
        assert service.undo(session, reward, act) == 1  # type: ignore[arg-type]
    assert _states(museum) == ["handed_over", "promised"]
    with museum.open() as session, pytest.raises(Conflict):
        service.undo(session, reward, act)  # type: ignore[arg-type]
    with museum.open() as session, pytest.raises(Conflict):
        service.undo(session, reward, uuid4())


def test_all_are_marked_or_none(museum: Museum) -> None:
    reward, other = museum.reward(), museum.reward(position=2)
    museum.give(reward)
    museum.give(other)
    museum.hear()
    first, foreign = (one.id for one in museum.all(Counterpart))
    with pytest.raises(NotFound):
        _mark(museum, reward, [first, foreign], GIVEN)
    with pytest.raises(Refusal):
        _mark(museum, reward, [], GIVEN)
    with pytest.raises(Refusal):
        _mark(museum, reward, [first], CounterpartState.IMPOSSIBLE)  # without a word of why
    assert _states(museum) == ["promised", "promised"]
    _mark(museum, reward, [first], CounterpartState.IMPOSSIBLE, "the print shop burnt down")
    assert museum.all(Counterpart)[0].note == "the print shop burnt down"


def test_a_whole_refund_cancels_and_frees_the_stock_unless_it_is_out_of_the_house(museum: Museum) -> None:
    reward = museum.reward(stock=2, claimed=2)
    kept, given = museum.give(reward), museum.give(reward)
    museum.hear()
    out = next(one.id for one in museum.all(Counterpart) if one.gift_id == given)
    _mark(museum, reward, [out], GIVEN)
    for gift in (kept, given):
        museum.give_back(gift)
    museum.hear()
    assert sorted(_states(museum)) == ["cancelled", "handed_over"]
    [step] = [one for one in museum.all(CounterpartStep) if one.after == "cancelled"]
    assert step.before == "promised"
    with museum.open() as session:
        assert row(session, Reward, museum, reward).claimed == 1
        with pytest.raises(Conflict):
            service.mark(session, reward, [step.counterpart_id], READY, uuid4())


def test_a_part_given_back_still_owes(museum: Museum) -> None:
    reward = museum.reward()
    gift = museum.give(reward)
    museum.hear()
    with museum.open() as session:
        refund = gifts.request_refund(session, gift, Money(2000, "EUR"), "half", uuid4())
        gifts.clear_refund(session, refund.id)
    museum.hear()
    assert _states(museum) == ["promised"]


@pytest.mark.parametrize(("left", "state"), [(1, "promised"), (0, "impossible")])
def test_a_refund_that_fails_owes_again_if_one_is_left(museum: Museum, left: int, state: str) -> None:
    reward = museum.reward(stock=1, claimed=1)
    gift = museum.give(reward)
    museum.hear()
    museum.give_back(gift)
    museum.hear()
    assert _states(museum) == ["cancelled"]
    with museum.open() as session:
        if not left:
            assert campaigns.claim_reward(session, reward)
        made, refund = row(session, Gift, museum, gift), session.query(Refund).one()
        made.refunded_minor, made.state, refund.state = 0, "received", "failed"
        outbox.publish(session, "gift.refund_failed", key="1", refund_id=refund.id, gift_id=gift)
    museum.hear()
    assert _states(museum) == [state]


def test_those_whose_reward_is_ready_are_written_to_once_in_a_week(museum: Museum) -> None:
    reward = museum.reward(fulfilment="pick_up", title=factories.texts("Print"))
    for name in ("ada", "bob"):
        museum.give(reward, donor={"email": f"{name}@example.org", "locale": "it"})
    museum.hear()
    ada, bob = (one.id for one in museum.all(Counterpart))
    with museum.open() as session, pytest.raises(Conflict):
        service.remind(session, reward)
    _mark(museum, reward, [ada, bob], READY)
    with museum.open() as session:
        assert service.remind(session, reward) == 2
    _mark(museum, reward, [bob], GIVEN)  # before the mail leaves
    museum.hear()
    [mail] = museum.sent_to("ada@example.org")
    assert "Print (it)" in mail.subject
    assert "/it/gifts/" in mail.text
    assert museum.sent_to("bob@example.org") == []
    with museum.open() as session, pytest.raises(Conflict):
        service.remind(session, reward)
    with clock.at(clock.now() + timedelta(days=8)), museum.open() as session:
        assert service.remind(session, reward) == 1


def test_an_erased_donor_leaves_no_note(museum: Museum) -> None:
    reward = museum.reward()
    museum.give(reward)
    museum.hear()
    [one] = museum.all(Counterpart)
    _mark(museum, reward, [one.id], CounterpartState.WAIVED, "moved to her sister’s")
    with museum.open() as session:
        outbox.publish(session, "donor.erased", key=str(one.donor_id), donor_id=one.donor_id)
    museum.hear()
    assert museum.all(Counterpart)[0].note is None


def test_the_database_refuses_a_way_that_is_none_and_a_step_taken_back(museum: Museum) -> None:
    reward = museum.reward()
    museum.give(reward)
    museum.hear()
    [one] = museum.all(Counterpart)
    _mark(museum, reward, [one.id], GIVEN)
    with pytest.raises(IntegrityError) as refused, museum.open() as session:
        row(session, Counterpart, museum, one.id).state = "cancelled"
    assert isinstance(refused.value.orig, psycopg.errors.CheckViolation)


def test_a_moved_gift_takes_its_reward_nowhere(museum: Museum) -> None:
    reward = museum.reward()
    gift = museum.give(reward)
    museum.hear()
    with museum.open() as session:
        issuer = session.query(Campaign).filter(Campaign.id == museum.campaign_id).one().issuer_id
        target = factories.make_campaign(session, issuer_id=issuer)
        gifts.move_gift(session, gift, target.id, uuid4())
    museum.hear()
    assert _states(museum) == ["cancelled"]
