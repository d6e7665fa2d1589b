"""Money: whole minor units, a strict grammar, and no cent lost in sharing."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdfund.money import EXPONENTS, Money, MoneyError, exponent

GOOD = {
    "50": 5000,
    "0": 0,
    "5,1": 510,
    "5.12": 512,
    " 12.50 ": 1250,
    "1 000": 100_000,
    "1\u202f000,50": 100_050,
    "12\u00a0345,67": 1_234_567,
    "007": 700,
}
BAD = (
    *(
        "",
        " ",
        "-5",
        "+5",
        "1e9",
        "NaN",
        "inf",
        "５０",
        "٥٠",
        "12,345.67",
        "1.234.567",
        "5.124",
        "5.",
        ".5",
        "0x10",
        "5€",
    ),
    *("1 00", "1  000", "10 0000", "1_000", "5\u200e0", "5\x00", "1/2", "½", "1234567890", "cinquante", "5\n0"),
)


@pytest.mark.parametrize("typed", GOOD)
def test_an_amount_is_read_as_typed(typed: str) -> None:
    assert Money.parse(typed, "EUR") == Money(GOOD[typed], "EUR")


@pytest.mark.parametrize("typed", BAD)
def test_what_is_no_amount_is_refused(typed: str) -> None:
    with pytest.raises(MoneyError):
        Money.parse(typed, "EUR")


@given(st.text(alphabet="0159.,- +eE\u00a0\u202f５٥N", max_size=12))
def test_the_grammar_agrees_with_a_second_reading(typed: str) -> None:
    """Compare with a reader written otherwise: groups first, then Decimal."""
    plain = typed.strip()
    match = re.fullmatch(r"((?:[0-9]+)(?:[ \u00a0\u202f][0-9]{3})*)(?:[.,]([0-9]{1,2}))?", plain)
    whole = re.sub(r"[ \u00a0\u202f]", "", match[1]) if match else ""
    try:
        read = Money.parse(typed, "EUR").minor
    except MoneyError:
        read = None
    if match is None or len(whole) > 9:
        assert read is None
    else:
        assert read == int(Decimal(f"{whole}.{match[2] or '0'}") * 100)


@given(st.integers(0, 10**11), st.sampled_from(["EUR", "JPY", "TND", "CHF"]))
def test_what_is_written_is_read_back(minor: int, currency: str) -> None:
    money = Money(minor, currency)
    if minor < 10 ** (9 + exponent(currency)):
        assert Money.parse(f"{money.decimal:f}", currency) == money


@given(st.integers(-(10**9), 10**9), st.lists(st.integers(0, 10**6), min_size=1, max_size=12))
def test_a_split_loses_no_cent(minor: int, weights: list[int]) -> None:
    if not sum(weights):
        with pytest.raises(MoneyError):
            Money(minor, "EUR").split(weights)
        return
    parts = Money(minor, "EUR").split(weights)
    assert sum(part.minor for part in parts) == minor
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part.minor * sum(weights) - minor * weight) < sum(weights)  # within one cent of its share


def test_a_tie_goes_to_the_first() -> None:
    assert [part.minor for part in Money(100, "EUR").split([1, 1, 1])] == [34, 33, 33]
    with pytest.raises(MoneyError):
        Money(1, "EUR").split([2, -1])


@given(st.integers(-(10**9), 10**9), st.integers(-(10**9), 10**9))
def test_arithmetic_is_that_of_whole_numbers(one: int, other: int) -> None:
    a, b = Money(one, "EUR"), Money(other, "EUR")
    assert (a + b).minor == one + other
    assert a - b == -(b - a)
    assert (a < b, a <= b, a > b, a >= b) == (one < other, one <= other, one > other, one >= other)
    assert bool(a) is (one != 0)


def test_two_currencies_never_meet() -> None:
    for meet in ("__add__", "__sub__", "__lt__", "__ge__"):
        with pytest.raises(MoneyError):
            getattr(Money(1, "EUR"), meet)(Money(1, "CHF"))


@pytest.mark.parametrize("minor", [1.0, True, "1", Decimal(1), None])
def test_only_whole_numbers_are_minor_units(minor: object) -> None:
    with pytest.raises(MoneyError):
        Money(minor, "EUR")  # type: ignore[arg-type] # the fault under test


@pytest.mark.parametrize("currency", ["eur", "EU", "EURO", "ÉUR", ""])
def test_a_currency_has_three_capitals(currency: str) -> None:
    with pytest.raises(MoneyError):
        Money(1, currency)


def test_decimals_follow_iso_4217() -> None:
    assert {code for code, places in EXPONENTS.items() if places == 3} == set("BHD IQD JOD KWD LYD OMR TND".split())
    assert [exponent(code) for code in ("JPY", "KRW", "XAF", "EUR", "CHF", "GBP", "USD")] == [0, 0, 0, 2, 2, 2, 2]
    assert Money.parse("500", "JPY").minor == 500
    assert Money.parse("5,125", "TND").minor == 5125
    with pytest.raises(MoneyError):
        Money.parse("5,1", "JPY")
