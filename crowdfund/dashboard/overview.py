"""The first page of the desk: live totals, the pace against its forecast, what to do now, the last gifts."""

from __future__ import annotations

from datetime import timedelta
from statistics import mean, median
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row
from sqlalchemy.orm import Session

from crowdfund import clock
from crowdfund.campaigns.rules import CampaignState
from crowdfund.campaigns.texts import said
from crowdfund.campaigns.view import Progress
from crowdfund.dashboard.charts import Plot, draw
from crowdfund.dashboard.owed import Can
from crowdfund.dashboard.pace import Band, days_ahead, forecast, usual_shape
from crowdfund.dashboard.queries import latest_gifts
from crowdfund.dashboard.running import Course, campaigns, course, past_shapes, promises
from crowdfund.dashboard.todo import cards
from crowdfund.dashboard.view import CampaignLine, DayFigures, Pace, PaceRow, Today
from crowdfund.i18n import current_locale, date, local_date, money, ngettext
from crowdfund.i18n import gettext as _
from crowdfund.institutions.current import Membership
from crowdfund.money import Money

ROWS = 14
TOO_EARLY = 0.005  # of the time: a pace says nothing yet


def read_today(session: Session, museum: Membership, can: Can, asked: str = "") -> Today:
    """Read the first page. `asked` names the campaign at its head; else it is the one that runs and ends first."""
    zone = ZoneInfo(museum.time_zone)
    rows = campaigns(session)
    chosen = next((one for one in rows if one.slug == asked), rows[0] if rows else None)
    so_far = course(session, chosen, zone) if chosen is not None else None
    lines = tuple(_line(one, museum) for one in rows)
    at_head = next((line for line in lines if chosen is not None and line.slug == chosen.slug), None)
    return Today(
        finding=at_head.finding if at_head else _("No campaign is running."),
        timezone=museum.time_zone,
        now=clock.now(),
        lines=lines,
        chosen=at_head,
        figures=_figures(so_far, zone) if so_far else None,
        pace=_pace(session, so_far, zone) if so_far and so_far.row.state != CampaignState.SCHEDULED else None,
        todo=cards(session, museum, so_far, can),
        latest=latest_gifts(session, museum),
    )


def _line(row: Row[Any], museum: Membership) -> CampaignLine:
    raised = int(row.raised) + (int(row.promised) if promises(row) else 0)
    goal = None if row.goal_minor is None else Money(row.goal_minor, row.currency)
    left = row.closes_at - clock.now()
    return CampaignLine(
        slug=row.slug,
        title=said(row.title, museum.default_locale),
        url=f"/staff/{museum.slug}/?campaign={row.slug}",
        public_url=f"/{current_locale()}/{museum.slug}/{row.slug}/",
        progress=Progress(Money(raised, row.currency), goal),
        finding=_finding(row, raised, museum.time_zone),
        supporters=int(row.supporters),
        promised=Money(int(row.promised), row.currency) if row.promised else None,
        days_left=left.days if row.state == CampaignState.LIVE else None,
    )


def _finding(row: Row[Any], raised: int, time_zone: str) -> str:
    """Say in a sentence how a campaign stands."""
    if row.state == CampaignState.LIVE:
        return _running(row, raised)
    return {
        CampaignState.SCHEDULED: _("We open on %(day)s.", day=date(local_date(row.opens_at, time_zone), "day")),
        CampaignState.SUCCEEDED: _("We did it."),
    }.get(row.state, _("The campaign ended below its goal."))


def _running(row: Row[Any], raised: int) -> str:
    """Say how a campaign that is open runs: against its pace, where it has a goal and a past."""
    if not row.goal_minor:
        return _("%(sum)s so far.", sum=money(Money(raised, row.currency)))
    length = row.closes_at - row.opens_at
    time = min(1.0, max(0.0, (clock.now() - row.opens_at) / length))
    days = length / timedelta(days=1)
    ahead = round(days_ahead(usual_shape(days), raised / row.goal_minor, time, days))
    if raised >= row.goal_minor:
        return _("The goal is reached.")
    if time < TOO_EARLY:
        return _("The campaign has just opened.")
    if ahead > 0:
        return ngettext("We are a day ahead.", "We are %(n)s days ahead.", ahead)
    return ngettext("We are a day behind.", "We are %(n)s days behind.", -ahead) if ahead else _("We are on pace.")


def _figures(so_far: Course, zone: ZoneInfo) -> DayFigures:
    today = clock.now().astimezone(zone).date()
    by_day = {one.day: one for one in so_far.days}
    now, before = by_day.get(today), by_day.get(today - timedelta(days=1))
    currency, last = so_far.row.currency, so_far.last
    missing = (so_far.row.goal_minor or 0) - so_far.total
    left = so_far.row.closes_at - clock.now()
    running = so_far.row.state == CampaignState.LIVE and left > timedelta(0)
    return DayFigures(
        today=Money(now.minor if now else 0, currency),
        today_gifts=now.gifts if now else 0,
        yesterday_gifts=before.gifts if before else 0,
        median=Money(round(median(last)), currency) if last else None,
        mean=Money(round(mean(last)), currency) if last else None,
        median_of=len(last),
        needed_a_day=Money(-(-missing // (100 * max(1, left.days))) * 100, currency)
        if running and missing > 0
        else None,
    )


def _pace(session: Session, so_far: Course, zone: ZoneInfo) -> Pace:
    row = so_far.row
    goal = Money(row.goal_minor, row.currency) if row.goal_minor else None
    bands: tuple[Band, ...] = ()
    if goal is not None and row.state == CampaignState.LIVE:
        bands = forecast(
            so_far.total,
            so_far.gifts,
            spread=so_far.spread,
            time=so_far.time,
            days=so_far.length,
            past=past_shapes(session, zone),
        )
    opens, closes = local_date(row.opens_at, zone), local_date(row.closes_at, zone)
    end = bands[-1] if bands else None
    band = (
        (Money(end.low, row.currency), Money(end.likely, row.currency), Money(end.high, row.currency)) if end else None
    )
    plot = Plot(so_far.actual, goal, row.currency, so_far.usual if goal else None, bands, opens, closes)
    text = _compared(so_far, goal)
    return Pace(
        said=text,
        described=" ".join(filter(None, (text, _foreseen(band, closes)))),
        drawings=draw(plot),
        rows=_rows(so_far, goal, zone),
        forecast=tuple(_rounded(one) for one in band) if band else None,  # type: ignore[arg-type] # three of three
    )


def _compared(so_far: Course, goal: Money | None) -> str:
    """Say how far above or below the pace the sum is."""
    if goal is None:
        return _("This campaign has no goal: what comes is welcome.")
    aimed = round(goal.minor * so_far.usual.come_by(so_far.time))
    apart = Money(abs(so_far.total - aimed) // 100 * 100, goal.currency)
    if not apart:
        return _("On the pace aimed at.")
    if so_far.total > aimed:
        return _("%(sum)s above the pace aimed at.", sum=money(apart))
    return _("%(sum)s below the pace aimed at.", sum=money(apart))


def _foreseen(band: tuple[Money, Money, Money] | None, closes: Any) -> str:
    if band is None:
        return ""
    low, _likely, high = (money(_rounded(one)) for one in band)
    return _("Foreseen: between %(low)s and %(high)s on %(day)s.", low=low, high=high, day=date(closes, "day"))


def _rounded(sum_: Money) -> Money:
    """Round a sum that is foreseen: more figures would pretend to know more."""
    step = 10 ** max(2, len(str(sum_.minor)) - 2)
    return Money(round(sum_.minor / step) * step, sum_.currency)


def _rows(so_far: Course, goal: Money | None, zone: ZoneInfo) -> tuple[PaceRow, ...]:
    """Give the table: at most `ROWS` moments, the last one is now."""
    points = so_far.actual[1:]
    kept = points[:: max(1, -(-len(points) // ROWS))]
    if points and kept[-1] != points[-1]:
        kept = (*kept, points[-1])
    opens, length = so_far.row.opens_at, so_far.row.closes_at - so_far.row.opens_at
    return tuple(
        PaceRow(
            local_date(opens + length * time - timedelta(seconds=1), zone),
            Money(minor, so_far.row.currency),
            Money(round(goal.minor * so_far.usual.come_by(time)), goal.currency) if goal else None,
        )
        for time, minor in kept
    )
