"""States tried pair by pair: what may become what, and that the sums alone decide a gift's state."""

from __future__ import annotations

import itertools
from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdfund.gifts.rules import (
    DISPUTE_TRANSITIONS,
    REFUND_TRANSITIONS,
    TRANSITIONS,
    DisputeState,
    GiftState,
    Overdrawn,
    RefundState,
    gone_twice,
    share_out,
    state_after,
)
from crowdfund.payments.rules import CHECKOUT_TRANSITIONS, CheckoutState

REFUNDS = {
    ("requested", "pending"), ("requested", "succeeded"), ("requested", "failed"),
    ("pending", "succeeded"), ("pending", "failed"), ("succeeded", "failed"),
}  # fmt: skip
DISPUTES = {("warning", "open"), ("warning", "won"), ("warning", "lost"), ("open", "won"), ("open", "lost")}
CHECKOUTS = {
    ("new", "open"), ("new", "unknown"), ("new", "failed"), ("new", "paid"), ("new", "expired"),
    ("unknown", "open"), ("unknown", "failed"), ("unknown", "paid"), ("unknown", "expired"),
    ("open", "processing"), ("open", "paid"), ("open", "failed"), ("open", "expired"),
    ("processing", "paid"), ("processing", "failed"), ("failed", "paid"), ("expired", "paid"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("states", "table", "allowed"),
    [
        (RefundState, REFUND_TRANSITIONS, REFUNDS),
        (DisputeState, DISPUTE_TRANSITIONS, DISPUTES),
        (CheckoutState, CHECKOUT_TRANSITIONS, CHECKOUTS),
    ],
)
def test_every_pair(
    states: type[StrEnum], table: dict[StrEnum, frozenset[StrEnum]], allowed: set[tuple[str, str]]
) -> None:
    found = {(str(one), str(other)) for one, other in itertools.product(states, states) if other in table[one]}
    assert found == allowed


def test_money_that_has_come_is_never_unpaid() -> None:
    assert CHECKOUT_TRANSITIONS[CheckoutState.PAID] == frozenset()
    assert all(CheckoutState.PAID in CHECKOUT_TRANSITIONS[state] for state in CheckoutState if state != "paid")


@pytest.mark.parametrize(("refunded", "disputed", "lost", "state"), [
    (0, 0, 0, "received"), (1, 0, 0, "partly_refunded"), (100, 0, 0, "refunded"), (0, 100, 0, "disputed"),
    (40, 60, 0, "disputed"), (0, 0, 100, "lost"), (40, 0, 60, "lost"), (0, 0, 40, "partly_refunded"),
    (0, 1, 99, "disputed"),
])  # fmt: skip
def test_sums_make_the_state(refunded: int, disputed: int, lost: int, state: str) -> None:
    assert state_after(100, refunded, disputed, lost) == state


@given(st.integers(1, 10**8), st.data())
def test_whatever_is_given_back_the_state_may_be_reached(amount: int, data: st.DataObject) -> None:
    """Any change that a refund or a dispute can make, one beside the other, is a transition that the table knows."""
    refunded = disputed = lost = 0
    state = GiftState.RECEIVED
    for _step in range(6):
        match data.draw(st.sampled_from(["refund", "fail", "open", "win", "lose"])):
            case "refund":
                refunded += data.draw(st.integers(0, amount - refunded))
            case "fail":
                refunded -= data.draw(st.integers(0, refunded))
            case "open":
                disputed += data.draw(st.integers(0, amount - disputed - lost))
            case "win":
                disputed = 0
            case _:
                disputed, lost = 0, lost + disputed
        sums = share_out(amount, refunded, disputed, lost)
        assert min(sums) >= 0
        assert sum(sums) <= amount
        assert sums[0] + sums[2] + gone_twice(amount, refunded, lost) == refunded + lost  # every cent is somewhere
        after = state_after(amount, *sums)
        assert after == state or after in TRANSITIONS[state], (state, after, sums)
        state = after


def test_no_way_gives_back_more_than_was_given() -> None:
    for refunded, disputed, lost in ((101, 0, 0), (0, 101, 0), (0, 60, 41)):
        with pytest.raises(Overdrawn):
            share_out(100, refunded, disputed, lost)
