"""What is to be done now, one card for each kind, the most pressing first. A card appears only when there is something."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crowdfund import clock
from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.rules import CampaignState
from crowdfund.campaigns.texts import said
from crowdfund.conversation.models import News, Question
from crowdfund.conversation.rules import NewsState, QuestionState
from crowdfund.dashboard.colleagues import asked_by_colleagues
from crowdfund.dashboard.owed import Can, owed_to_donors
from crowdfund.dashboard.running import Course
from crowdfund.dashboard.view import Card
from crowdfund.gifts.models import Refund
from crowdfund.gifts.rules import RefundState
from crowdfund.i18n import gettext as _
from crowdfund.i18n import money, ngettext
from crowdfund.institutions.current import Membership
from crowdfund.institutions.rules import Permission
from crowdfund.mail import SentMail
from crowdfund.money import Money
from crowdfund.payments.models import QuarantinedCharge
from crowdfund.payments.rules import AsideState
from crowdfund.receipts.models import ReceiptHold

# Two working days for an answer, two days for money that waits; news grow old, mails and refunds are told for a while.
ANSWERED_WITHIN = timedelta(days=2)
DECIDED_WITHIN = timedelta(days=2)
NEWS_GROW_OLD = timedelta(days=10)
TOLD_FOR = timedelta(days=30)
END_IS_NEAR = timedelta(days=7)
MIDDLE = (0.15, 0.85)
WEEK = 7
SLUMP = 0.5  # of what the pace asks for


def cards(session: Session, museum: Membership, course: Course | None, can: Can) -> tuple[Card, ...]:
    """List what is to be done by a person who may do what `can` says."""
    here = f"/staff/{museum.slug}"
    asked = asked_by_colleagues(session, museum, can)
    found = [*_money(session, here, can), *asked, *owed_to_donors(session, here, can), *_mails(session, here)]
    if can(Permission.CONVERSE):
        found += [*_questions(session, here), *_news(session, museum, here)]
        if course is not None:
            found += [*_slump(course, here), *_deadline(course, here)]
    return tuple(sorted(found, key=lambda card: not card.late))  # stable: the late ones first


def _money(session: Session, here: str, can: Can) -> Iterator[Card]:
    count, oldest = _waiting(
        session, QuarantinedCharge.created_at, QuarantinedCharge, QuarantinedCharge.state == AsideState.OPEN
    )
    if count:
        text = _("They contradict what was asked. You decide: book them or give them back.")
        if not can(Permission.DECIDE):
            text = _("They contradict what was asked. The finance officer decides.")
        title = ngettext("%(n)s payment set aside", "%(n)s payments set aside", count)
        yield Card(title, text, f"{here}/charges", late=_late(oldest, DECIDED_WITHIN))
    held, since = _waiting(
        session, ReceiptHold.held_at, ReceiptHold, ReceiptHold.released_at.is_(None), ReceiptHold.outcome == "hold"
    )
    if held:
        title = ngettext("%(n)s receipt held", "%(n)s receipts held", held)
        yield Card(
            title,
            _("Something is missing or uncertain: each gift says what."),
            f"{here}/gifts?receipt=held",
            late=_late(since, TOLD_FOR),
        )
    failed, _since = _waiting(
        session, Refund.closed_at, Refund, Refund.state == RefundState.FAILED, Refund.closed_at > clock.now() - TOLD_FOR
    )
    if failed:
        title = ngettext("%(n)s refund failed", "%(n)s refunds failed", failed)
        yield Card(
            title,
            _("The donor’s bank did not take it back. Ask for another way."),
            f"{here}/gifts?state=refund_failed",
            late=True,
        )


def _mails(session: Session, here: str) -> Iterator[Card]:
    count, _oldest = _waiting(
        session,
        SentMail.created_at,
        SentMail,
        SentMail.state.in_(["bounced", "failed"]),
        SentMail.created_at > clock.now() - TOLD_FOR,
    )
    if count:
        title = ngettext("%(n)s mail did not arrive", "%(n)s mails did not arrive", count)
        yield Card(title, _("An address may be wrong. A call or a letter helps."), f"{here}/mails")


def _questions(session: Session, here: str) -> Iterator[Card]:
    count, oldest = _waiting(session, Question.asked_at, Question, Question.state == QuestionState.NEW)
    if count:
        title = ngettext("%(n)s question waits", "%(n)s questions wait", count)
        text = _("Promised within two working days.")
        yield Card(title, text, f"{here}/questions", late=_late(oldest, ANSWERED_WITHIN))


def _news(session: Session, museum: Membership, here: str) -> Iterator[Card]:
    """Name each campaign that runs and has told nothing for long, since it opened or since its last news."""
    last = select(func.max(News.published_at)).where(
        News.campaign_id == Campaign.id,
        News.institution_id == Campaign.institution_id,
        News.state == NewsState.PUBLISHED,
    )
    since = func.greatest(Campaign.opens_at, last.scalar_subquery())  # PostgreSQL leaves a null out
    silent = session.execute(
        select(Campaign.title, since.label("since"))
        .where(
            Campaign.state == CampaignState.LIVE,
            Campaign.goal_minor.is_not(None),
            since < clock.now() - NEWS_GROW_OLD,
        )
        .order_by("since", Campaign.id)
    )
    for title, told in silent:
        days = (clock.now() - told).days
        text = ngettext("%(n)s day without news in the journal", "%(n)s days without news in the journal", days)
        yield Card(_("Tell how “%(title)s” goes", title=said(title, museum.default_locale)), text, f"{here}/news")


def _slump(course: Course, here: str) -> Iterator[Card]:
    """Say when the week behind brought less than half of what the pace asks for."""
    goal = course.row.goal_minor
    if not goal or not MIDDLE[0] < course.time < MIDDLE[1] or course.total >= goal:
        return
    begin = max(0.0, course.time - WEEK / course.length)
    aimed = round(goal * (course.usual.come_by(course.time) - course.usual.come_by(begin)))
    since = clock.now().date() - timedelta(days=WEEK)
    came = sum(day.minor for day in course.days if day.day > since)
    if came < SLUMP * aimed:
        sums = {"came": _sum(came, course), "aimed": _sum(aimed, course)}
        yield Card(
            _("The quiet middle has begun"),
            _("%(came)s in seven days, the pace asks for %(aimed)s. Tell a story, ask the public, invite to a visit.", **sums),
            f"{here}/news",
        )  # fmt: skip


def _deadline(course: Course, here: str) -> Iterator[Card]:
    left = course.row.closes_at - clock.now()
    if course.row.state != CampaignState.LIVE or not timedelta(0) < left < END_IS_NEAR:
        return
    missing = (course.row.goal_minor or 0) - course.total
    days = ngettext("%(n)s day is left", "%(n)s days are left", left.days) if left.days else _("The last day")
    if missing > 0:
        text = _(
            "%(missing)s are missing. The last three days bring the most: write to those who follow.",
            missing=_sum(missing, course),
        )
    else:
        text = _("The goal is reached: say thank you, and what happens next.")
    yield Card(days, text, f"{here}/news", late=missing > 0)


def _waiting(session: Session, moment: Any, table: Any, *which: Any) -> tuple[int, Any]:
    """Count what waits, and tell since when the oldest does."""
    count, oldest = session.execute(select(func.count(), func.min(moment)).select_from(table).where(*which)).one()
    return int(count), oldest


def _late(oldest: Any, within: timedelta) -> bool:
    return oldest is not None and clock.now() - oldest > within


def _sum(minor: int, course: Course) -> str:
    return money(Money(minor, course.row.currency))
