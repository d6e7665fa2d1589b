"""The forecast: its shapes, its band on the histories of the demo, and what it does not dare to say."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from random import Random
from statistics import mean, pstdev
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdfund.dashboard.pace import LENGTHS, Band, Shape, days_ahead, forecast, shape_of_past, usual_shape
from crowdfund.demo import loader
from crowdfund.demo.amounts import amounts
from crowdfund.demo.curve import moments

OPENS = datetime(2026, 1, 1, tzinfo=UTC)
History = list[tuple[float, int]]


def _plans() -> list[dict[str, Any]]:
    written = [plan for code in loader.MUSEUMS for plan in loader.content(code)["campaigns"]]
    return [plan for plan in written if plan["state"] in {"succeeded", "ended"} and plan["donors"]]


def _history(plan: dict[str, Any], seed: int, warp: Callable[[float], float]) -> tuple[History, float]:
    """Draw when and how much was given, as the demo does; `warp` lets it come sooner or later."""
    history, days = _drawn(plan["code"], seed)
    return [(warp(time), minor) for time, minor in history], days


@cache
def _drawn(code: str, seed: int) -> tuple[History, float]:
    [plan] = [one for one in _plans() if one["code"] == code]
    random = Random(f"{plan['code']} {seed}")
    drawn = [
        minor
        for part in plan["donors"]
        for minor in amounts(random, plan["amounts"], part["count"], part["total_minor"])
    ]
    random.shuffle(drawn)
    length = timedelta(days=plan["closes"] - plan["opens"])
    at = moments(random, len(drawn), OPENS, OPENS + length, OPENS + length)
    times = [(moment - OPENS) / length for moment in at]
    return list(zip(times, drawn, strict=True)), length / timedelta(days=1)


def _band(history: History, time: float, days: float, past: tuple[Shape, ...] = ()) -> Band:
    so_far = [minor for at, minor in history if at <= time]
    spread = pstdev(so_far) / mean(so_far)
    return forecast(sum(so_far), len(so_far), spread=spread, time=time, days=days, past=past)[-1]


def _share_within(warp: Callable[[float], float], past: tuple[Shape, ...] = ()) -> float:
    within = []
    for plan in _plans():
        history, days = _history(plan, 1, warp)
        end = sum(minor for _at, minor in history)
        for tenth in range(1, 10):
            band = _band(history, tenth / 10, days, past)
            within.append(band.low <= end <= band.high)
    return mean(within)


def test_eight_of_ten_histories_of_the_demo_end_within_the_band() -> None:
    assert _share_within(lambda time: time) >= 0.8


@pytest.mark.parametrize("warp", [lambda time: time**1.5, lambda time: time**0.7], ids=["sooner", "later"])
def test_a_museum_whose_campaigns_run_otherwise_is_foreseen_by_its_own_past(warp: Callable[[float], float]) -> None:
    past = []
    for plan in _plans():
        history, _days = _history(plan, 2, warp)
        sums, so_far = [], 0
        for at, minor in sorted(history):
            so_far += minor
            sums.append((at, so_far))
        shape = shape_of_past(sums)
        assert shape is not None
        past.append(shape)
    alone = _share_within(warp)
    assert _share_within(warp, (*past, *past, *past)) >= max(0.8, alone)


def test_the_band_grows_narrower_as_time_goes_by() -> None:
    history, days = _history(_plans()[0], 1, lambda time: time)
    widths = [(band.high - band.low) for band in (_band(history, tenth / 10, days) for tenth in (1, 3, 5, 7, 9))]
    assert widths == sorted(widths, reverse=True)


@pytest.mark.parametrize(("days", "first", "half", "last"), LENGTHS)
def test_the_usual_shape_is_that_of_the_known_lengths(days: int, first: float, half: float, last: float) -> None:
    shape = usual_shape(days)
    assert shape.come_by(2 / days) == pytest.approx(first)
    assert shape.come_by(0.5) == pytest.approx(half)
    assert shape.come_by(1 - 3 / days) == pytest.approx(1 - last)


@given(days=st.floats(1, 400), time=st.floats(0, 1), later=st.floats(0, 1))
def test_shares_only_rise_and_times_answer_them(days: float, time: float, later: float) -> None:
    shape = usual_shape(days)
    assert (shape.come_by(0), shape.come_by(1)) == (0, 1)
    low, high = sorted((time, later))
    assert shape.come_by(low) <= shape.come_by(high)
    assert shape.time_of(shape.come_by(time)) == pytest.approx(time, abs=1e-6)
    assert days_ahead(shape, shape.come_by(time), time, days) == pytest.approx(0, abs=1e-3)


@given(
    raised=st.integers(1, 10**9),
    gifts=st.integers(10, 10**6),
    spread=st.floats(0, 8),
    time=st.floats(0.05, 0.99),
    days=st.floats(45, 200),
)
def test_what_has_come_is_never_foreseen_away(raised: int, gifts: int, spread: float, time: float, days: float) -> None:
    bands = forecast(raised, gifts, spread=spread, time=time, days=days)
    assert bands[0] == Band(time, raised, raised, raised)
    for before, after in pairwise(bands):
        assert raised <= after.low <= after.likely <= after.high
        assert before.high <= after.high
        assert before.time < after.time <= 1.0000001


@pytest.mark.parametrize(
    ("raised", "gifts", "time"),
    [(0, 50, 0.5), (5000, 9, 0.5), (5000, 50, 1 / 61), (5000, 50, 0.0), (5000, 50, 1.0)],
    ids=["nothing came", "too few gifts", "too early", "not begun", "over"],
)
def test_too_little_is_no_forecast(raised: int, gifts: int, time: float) -> None:
    assert forecast(raised, gifts, spread=1.5, time=time, days=60) == ()


def test_a_past_in_which_nothing_came_says_nothing() -> None:
    assert shape_of_past([]) is None
    assert shape_of_past([(0.2, 0), (1.0, 0)]) is None


def test_money_given_back_does_not_make_a_past_fall() -> None:
    shape = shape_of_past([(0.2, 60), (0.4, 50), (1.0, 100)])
    assert shape is not None
    assert shape.come_by(0.4) == pytest.approx(0.6)


def test_ahead_and_behind_are_days_of_the_shape() -> None:
    shape = usual_shape(60)
    assert days_ahead(shape, shape.come_by(33 / 60), 0.5, 60) == pytest.approx(3)
    assert days_ahead(shape, shape.come_by(28 / 60), 0.5, 60) == pytest.approx(-2)
