from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdfund.errors import Refusal
from crowdfund.money import MAX_MINOR, Money
from crowdfund.pledges.rules import (
    FEE_FIXED_MINOR,
    FEE_PERCENT,
    TRANSITIONS,
    PledgeState,
    can_become,
    card_fee,
    check_amount,
    check_reward_price,
    gross_up,
    wall_shows_from,
)

ALLOWED = {
    ("made", "promised"), ("made", "paid"), ("made", "expired"), ("made", "cancelled"),
    ("promised", "due"), ("promised", "cancelled"), ("promised", "released"),
    ("due", "paid"), ("due", "expired"), ("due", "cancelled"),
    ("expired", "made"), ("expired", "paid"), ("cancelled", "paid"), ("released", "paid"),
}  # fmt: skip


@pytest.mark.parametrize("before", PledgeState)
@pytest.mark.parametrize("after", PledgeState)
def test_each_pair_of_states(before: PledgeState, after: PledgeState) -> None:
    assert can_become(before, after) == ((before, after) in ALLOWED)


def test_every_state_has_its_line() -> None:
    assert set(TRANSITIONS) == set(PledgeState)


def euros(minor: int) -> Money:
    return Money(minor, "EUR")


def test_the_gross_sum_leaves_the_whole_gift_for_every_amount_up_to_200() -> None:
    """Every cent from 0.50 to 200.00: never short, and never more than a cent over."""
    for minor in range(50, 20_001):
        total = gross_up(euros(minor))
        left = total.minor - card_fee(total).minor
        assert minor <= left <= minor + 1, minor


def test_the_fee_is_rounded_half_up_as_the_provider_does() -> None:
    assert card_fee(euros(5000)) == euros(100)
    assert card_fee(euros(100)) == euros(27)  # 1.5 + 25, half a cent up
    assert gross_up(euros(5000)) == euros(5102)


@given(st.integers(50, MAX_MINOR // 2))
def test_the_gross_sum_is_the_least_that_does(minor: int) -> None:
    total = gross_up(euros(minor)).minor
    less = total - 2
    fee = (Decimal(less) * FEE_PERCENT + FEE_FIXED_MINOR).quantize(Decimal(1))
    assert less - int(fee) < minor


@pytest.mark.parametrize(
    ("minor", "currency", "minimum", "welcome"),
    [
        (500, "EUR", 500, True), (499, "EUR", 500, False), (49, "EUR", 1, False), (50, "EUR", 1, True), (30, "GBP", 1, True),
        (29, "GBP", 1, False), (0, "EUR", 1, False), (MAX_MINOR, "EUR", 1, False), (98_000_000, "EUR", 1, True),
        (500, "JPY", 1, True), (5124, "KWD", 1, False), (5120, "KWD", 1, True),
    ],
)  # fmt: skip
def test_amounts_that_are_welcome(minor: int, currency: str, minimum: int, *, welcome: bool) -> None:
    if welcome:
        check_amount(Money(minor, currency), Money(minimum, currency))
        return
    with pytest.raises(Refusal) as refused:
        check_amount(Money(minor, currency), Money(minimum, currency))
    assert (refused.value.field, refused.value.status) == ("amount", 422)


def test_a_reward_has_its_price() -> None:
    check_reward_price(euros(5000), euros(5000))
    with pytest.raises(Refusal) as refused:
        check_reward_price(euros(4999), euros(5000))
    assert refused.value.field == "reward"


@given(st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - hypothesis adds the zone
def test_names_appear_at_the_next_full_ten_minutes(now: datetime) -> None:
    shown = wall_shows_from(now)
    assert now < shown <= now + timedelta(minutes=10)
    assert (shown.minute % 10, shown.second, shown.microsecond) == (0, 0, 0)
