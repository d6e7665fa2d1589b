"""When people give: steep at the start and the end, flat between, more at noon and in the evening."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from random import Random

# share of the time → share of the gifts: 48 hours bring 11 % and the last 72 hours 14 % of a campaign of 60 days
POINTS = ((0.0, 0.0), (0.033, 0.11), (0.5, 0.51), (0.95, 0.86), (1.0, 1.0))
HOURS = (7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22)
HOUR_WEIGHTS = (1, 2, 3, 4, 5, 10, 10, 6, 4, 4, 5, 6, 7, 12, 12, 8)


def given_by(time: float) -> float:
    """Tell the share of all gifts that came in the first `time` share of a campaign."""
    return _between(POINTS, time)


def reached_at(share: float) -> float:
    """Tell when a share of all gifts had come, as a share of the time."""
    return _between(tuple((y, x) for x, y in POINTS), share)


def _between(points: tuple[tuple[float, float], ...], x: float) -> float:
    for (x0, y0), (x1, y1) in pairwise(points):
        if x <= x1:
            return y0 + (y1 - y0) * (x - x0) / (x1 - x0)
    return points[-1][1]


def moments(random: Random, count: int, opens: datetime, closes: datetime, until: datetime) -> list[datetime]:
    """Draw `count` moments between the opening and `until`, in order (UTC)."""
    length = closes - opens
    elapsed = min(1.0, (until - opens) / length)
    drawn = []
    for _ in range(count):
        day = opens + length * reached_at(random.random() * given_by(elapsed))
        at = day.replace(
            hour=random.choices(HOURS, HOUR_WEIGHTS)[0], minute=random.randrange(60), second=random.randrange(60)
        )
        if not opens <= at < until:
            at = opens + (until - opens) * random.random()
        drawn.append(min(at, until - timedelta(seconds=1)))
    return sorted(drawn)
