"""Where the lines of the pace chart run: one drawing for wide pages and one for narrow ones, told in words beside them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from crowdfund.dashboard.pace import Band, Shape
from crowdfund.i18n import currency_symbol, number
from crowdfund.i18n import date as written
from crowdfund.money import Money, exponent

MOST_STEPS = 5
AIM_POINTS = 48


@dataclass(frozen=True, slots=True)
class Frame:
    """The measures of a drawing, in its own units: the plot lies between the edges."""

    name: str
    width: int
    height: int
    left: int = 52
    right: int = 10
    top: int = 26
    bottom: int = 34

    def x(self, time: float) -> float:
        """Place a share of the time."""
        return self.left + (self.width - self.left - self.right) * min(1.0, max(0.0, time))

    def y(self, share: float) -> float:
        """Place a share of the height."""
        return self.height - self.bottom - (self.height - self.top - self.bottom) * min(1.0, max(0.0, share))


WIDE, NARROW = Frame("w", 560, 320), Frame("n", 330, 270)


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark beside an axis: where, its words, and whether it is the goal."""

    at: str
    text: str
    goal: bool = False
    anchor: str = "middle"


@dataclass(frozen=True, slots=True)
class Drawing:
    """One drawing: points as SVG takes them."""

    frame: Frame
    sums: tuple[Tick, ...]
    days: tuple[Tick, ...]
    now: str
    head: tuple[str, str]
    actual: str
    area: str
    aim: str
    cone: str
    likely: str

    @property
    def view_box(self) -> str:
        """Give the drawing's box."""
        return f"0 0 {self.frame.width} {self.frame.height}"

    @property
    def base(self) -> int:
        """Give the height of the lower axis."""
        return self.frame.height - self.frame.bottom


@dataclass(frozen=True, slots=True)
class Plot:
    """What is drawn: sums by time, the goal with its pace, the forecast, from which day to which."""

    actual: Sequence[tuple[float, int]]  # shares of the time, minor units
    goal: Money | None
    currency: str
    aim: Shape | None
    bands: Sequence[Band]
    opens: date
    closes: date


def draw(plot: Plot) -> tuple[Drawing, ...]:
    """Draw the chart, wide and narrow."""
    most = max(
        [minor for _time, minor in plot.actual]
        + ([plot.goal.minor] if plot.goal else [])
        + [band.high for band in plot.bands]
        + [1]
    )
    step = _step(most, exponent(plot.currency))
    top = step * math.ceil(most / step)
    return tuple(_drawing(frame, plot, step, top) for frame in (WIDE, NARROW))


def _drawing(frame: Frame, plot: Plot, step: int, top: int) -> Drawing:
    def place(points: Sequence[tuple[float, float]]) -> str:
        return " ".join(f"{frame.x(time):.1f},{frame.y(minor / top):.1f}" for time, minor in points)

    last_time, last_minor = plot.actual[-1]
    actual = place(plot.actual)
    floor = f"{frame.y(0):.1f}"
    aim = ""
    if plot.aim is not None and plot.goal is not None:
        times = [n / AIM_POINTS for n in range(AIM_POINTS + 1)]
        aim = place([(time, plot.goal.minor * plot.aim.come_by(time)) for time in times])
    cone = [(band.time, band.low) for band in plot.bands] + [(band.time, band.high) for band in reversed(plot.bands)]
    return Drawing(
        frame=frame,
        sums=_sums(frame, plot, step, top),
        days=_days(frame, plot, last_time),
        now=f"{frame.x(last_time):.1f}",
        head=(f"{frame.x(last_time):.1f}", f"{frame.y(last_minor / top):.1f}"),
        actual=actual,
        area=f"{frame.x(plot.actual[0][0]):.1f},{floor} {actual} {frame.x(last_time):.1f},{floor}",
        aim=aim,
        cone=place(cone),
        likely=place([(band.time, band.likely) for band in plot.bands]),
    )


def _sums(frame: Frame, plot: Plot, step: int, top: int) -> tuple[Tick, ...]:
    goal = plot.goal.minor if plot.goal else 0
    marks = [n for n in range(0, top + 1, step) if not goal or n == 0 or abs(n - goal) > top * 0.05]
    if goal:
        marks.append(goal)
    return tuple(
        Tick(f"{frame.y(minor / top):.1f}", _short(minor, plot.currency), goal=minor == goal and bool(goal))
        for minor in sorted(marks)
    )


def _days(frame: Frame, plot: Plot, now: float) -> tuple[Tick, ...]:
    """Name the first and the last day, and days between them that do not stand too close."""
    length = max(1, (plot.closes - plot.opens).days)
    ticks = [Tick(f"{frame.x(0):.1f}", written(plot.opens, "day_short"), anchor="start")]
    for time in (1 / 3, 2 / 3) if frame is WIDE else (1 / 2,):
        day = plot.opens + timedelta(days=round(length * time))
        ticks.append(Tick(f"{frame.x(time):.1f}", written(day, "day_short"), goal=abs(time - now) < 0.05))
    ticks.append(Tick(f"{frame.x(1):.1f}", written(plot.closes, "day_short"), anchor="end"))
    return tuple(ticks)


def _step(most: int, places: int) -> int:
    """Choose a round distance between the lines: 1, 2, 2.5 or 5 times a power of ten."""
    rough = most / MOST_STEPS
    power: int = 10 ** max(places, math.floor(math.log10(max(rough, 1))))
    for times in (1, 2, 2.5, 5, 10):
        if power * times >= rough:
            return int(power * times)
    return power * 10


def _short(minor: int, currency: str) -> str:
    """Write a sum beside an axis: "0", "25 k€", "750 €"."""
    whole = minor // 10 ** exponent(currency)
    sign = currency_symbol(currency)
    if whole == 0:
        return "0"
    if whole >= 10_000 and whole % 1000 == 0:
        return f"{number(whole // 1000)} k{sign}" if len(sign) == 1 else f"{number(whole // 1000)} k"
    return f"{number(whole)} {sign}" if len(sign) == 1 else number(whole)
