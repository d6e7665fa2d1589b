"""How a campaign runs against its time: the pace to aim at, days ahead or behind, and a forecast with its band.

The method is told in docs/forecast.md. Pure: no database, no web. Times are shares of the campaign's length, sums are
minor units.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median, quantiles

# What the first 48 hours bring, what has come at half-time, what the last 72 hours bring, by the length in days.
# Source: the curves of museum campaigns; between the lengths and beyond them they are interpolated and held.
LENGTHS = ((30, 0.26, 0.56, 0.16), (60, 0.11, 0.51, 0.14), (120, 0.08, 0.50, 0.10))
FIRST_DAYS, LAST_DAYS = 2, 3
# Before these there is nothing to forecast from.
LEAST_DAYS, LEAST_GIFTS = 2, 10
# Eight of ten campaigns should end within the band: quantiles of the shapes, and as many deviations of chance.
LOW, HIGH, DEVIATIONS = 0.1, 0.9, 1.28
# Campaigns that come in sooner or later than usual: time raised to this power. They stand for what a museum has not
# lived through yet, and keep the band honest beside its own past.
HURRIES = (0.7, 0.85, 1.2, 1.45)


@dataclass(frozen=True, slots=True)
class Shape:
    """How gifts spread over a campaign: points (share of the time, share of the sum), rising from (0, 0) to (1, 1)."""

    points: tuple[tuple[float, float], ...]

    def come_by(self, time: float) -> float:
        """Tell the share of the sum that has come at a time."""
        return _between(self.points, time)

    def time_of(self, share: float) -> float:
        """Tell when a share of the sum has come: the first time it is reached."""
        return _between(tuple((y, x) for x, y in self.points), share)

    def hurried(self, power: float) -> Shape:
        """Give the same shape with its gifts sooner (a power below 1) or later (above 1)."""
        return Shape(tuple((time ** (1 / power), share) for time, share in self.points))


@dataclass(frozen=True, slots=True)
class Band:
    """What a campaign may come to at a time: eight of ten end between `low` and `high`."""

    time: float
    low: int
    likely: int
    high: int


def usual_shape(days: float) -> Shape:
    """Give the usual shape of a campaign of this length."""
    first, half, last = (_between(tuple((row[0], row[place]) for row in LENGTHS), days) for place in (1, 2, 3))
    begin, end = min(FIRST_DAYS / days, 0.25), max(1 - LAST_DAYS / days, 0.75)
    return Shape(((0.0, 0.0), (begin, first), (0.5, half), (end, 1 - last), (1.0, 1.0)))


def shape_of_past(sums: Sequence[tuple[float, int]]) -> Shape | None:
    """Make the shape of a campaign that is over from what had come at each time; None when it says nothing.

    `sums` are (share of the time, sum so far), in the order of time.
    """
    total = sums[-1][1] if sums else 0
    if total <= 0:
        return None
    points = [(0.0, 0.0)]
    for time, so_far in sums:
        share = min(1.0, max(points[-1][1], so_far / total))
        if time > points[-1][0]:
            points.append((min(time, 1.0), share))
    if points[-1][0] < 1.0:
        points.append((1.0, 1.0))
    return Shape(tuple(points))


def days_ahead(shape: Shape, share: float, time: float, days: float) -> float:
    """Tell how many days a campaign is ahead of the pace to aim at (behind: negative), from its share of the goal."""
    return (shape.time_of(min(1.0, share)) - time) * days


def forecast(
    raised: int, gifts: int, *, spread: float, time: float, days: float, past: Iterable[Shape] = ()
) -> tuple[Band, ...]:
    """Tell what a campaign may come to, from now (first) to its end (last); empty while there is too little to go by.

    `spread` is the standard deviation of its gifts over their mean, `past` the shapes of the museum's own campaigns.
    """
    if raised <= 0 or gifts < LEAST_GIFTS or time * days < LEAST_DAYS or not 0 < time < 1:
        return ()
    usual = usual_shape(days)
    shapes = [usual, *(usual.hurried(by) for by in HURRIES), *past]
    known = [shape for shape in shapes if shape.come_by(time) > 0]
    steps = 12
    bands = [Band(time, raised, raised, raised)]
    for step in range(1, steps + 1):
        at = time + (1 - time) * step / steps
        more = [(shape.come_by(at) - shape.come_by(time)) / shape.come_by(time) for shape in known]
        band = _band(at, raised, gifts, more, spread)
        bands.append(replace(band, high=max(band.high, bands[-1].high)))  # what may have come does not go again
    return tuple(bands)


def _band(at: float, raised: int, gifts: int, more: list[float], spread: float) -> Band:
    """Widen the quantiles of what the shapes add by chance: few gifts, and gifts of unlike size, say less."""
    middle, low, high = median(more), _quantile(more, LOW), _quantile(more, HIGH)
    coming = max(1.0, gifts * middle)
    chance = math.exp(DEVIATIONS * spread * math.sqrt(1 / gifts + 1 / coming))
    return Band(
        at, round(raised * (1 + low / chance)), round(raised * (1 + middle)), round(raised * (1 + high * chance))
    )


def _quantile(values: Sequence[float], share: float) -> float:
    return quantiles(values, n=10, method="inclusive")[0 if share < 0.5 else -1]


def _between(points: tuple[tuple[float, float], ...], x: float) -> float:
    if x <= points[0][0]:
        return points[0][1]
    for (x0, y0), (x1, y1) in pairwise(points):
        if x <= x1:
            return y0 + (y1 - y0) * (x - x0) / (x1 - x0) if x1 > x0 else y0
    return points[-1][1]
