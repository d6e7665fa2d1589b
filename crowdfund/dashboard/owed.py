"""What donors still wait for: a call, a reward whose time has come; and records to compare. One statement for each card."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crowdfund import clock
from crowdfund.campaigns.models import Campaign
from crowdfund.crm.doubles import MOST_COUNTED, doubles_counted
from crowdfund.dashboard.view import Card
from crowdfund.fulfilment.models import Counterpart
from crowdfund.fulfilment.queries import time_has_come
from crowdfund.fulfilment.rules import CounterpartState
from crowdfund.i18n import gettext as _
from crowdfund.i18n import ngettext
from crowdfund.institutions.rules import Permission
from crowdfund.thanks.models import ThankCall
from crowdfund.thanks.queries import OPEN_CALLS, count_letters
from crowdfund.thanks.rules import CALL_WITHIN

Can = Callable[[Permission], bool]
# A reward's time comes when it is ready, or when its campaign is over; three months after the end it is late.
HANDED_OVER_WITHIN = timedelta(days=90)


def owed_to_donors(session: Session, here: str, can: Can) -> Iterator[Card]:
    """List the cards of what donors wait for, as far as the person may deal with it."""
    if can(Permission.THANK):
        yield from _calls(session, here)
        yield from _letters(session, here)
    if can(Permission.HAND_OVER):
        yield from _rewards(session, here)
    if can(Permission.MANAGE_DONORS):
        yield from _doubles(session, here)


def _calls(session: Session, here: str) -> Iterator[Card]:
    now = clock.now()
    count, first = session.execute(
        select(func.count(), func.min(ThankCall.due_at)).where(
            ThankCall.state.in_(OPEN_CALLS), ThankCall.due_at < now + CALL_WITHIN
        )
    ).one()
    if not count:
        return
    late = first < now
    text = (
        _("The first should have been called already.")
        if late
        else _("A voice within two days is remembered longer than a letter.")
    )
    yield Card(ngettext("%(n)s call to make", "%(n)s calls to make", count), text, f"{here}/thanks#calls", late=late)


def _letters(session: Session, here: str) -> Iterator[Card]:
    count = count_letters(session)
    if count:
        title = ngettext("%(n)s letter of thanks to print", "%(n)s letters of thanks to print", count)
        yield Card(title, _("One file for the printer, with the address where the window is."), f"{here}/thanks")


def _rewards(session: Session, here: str) -> Iterator[Card]:
    """Count the rewards whose time has come; where they are all of one kind, lead to its list."""
    now = clock.now()
    ready = Counterpart.state == CounterpartState.READY
    found = session.execute(
        select(Counterpart.reward_id, func.count(), func.count().filter(ready), func.min(Campaign.closes_at))
        .join(Campaign, Campaign.id == Counterpart.campaign_id)
        .where(time_has_come())
        .group_by(Counterpart.reward_id)
    ).all()
    if not found:
        return
    count, waiting = sum(row[1] for row in found), sum(row[2] for row in found)
    text = (
        ngettext(
            "%(n)s is ready and waits to be collected or posted.",
            "%(n)s are ready and wait to be collected or posted.",
            waiting,
        )
        if waiting
        else _("Their campaign is over: it is time to keep the promise.")
    )
    url = f"{here}/rewards/{found[0][0]}" if len(found) == 1 else f"{here}/rewards"
    late = min(row[3] for row in found) < now - HANDED_OVER_WITHIN
    yield Card(ngettext("%(n)s reward to hand over", "%(n)s rewards to hand over", count), text, url, late=late)


def _doubles(session: Session, here: str) -> Iterator[Card]:
    count = doubles_counted(session)
    if not count:
        return
    title = ngettext(
        "%(n)s pair of records looks like one person", "%(n)s pairs of records look like one person", count
    )
    if count >= MOST_COUNTED:
        title = _("More than %(n)s pairs of records look like one person", n=MOST_COUNTED)
    yield Card(title, _("Say whether they are: letters and calls then go out once."), f"{here}/donors/doubles")
