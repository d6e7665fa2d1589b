"""Read the museums side by side: each in its own scope, one after the other; only counts and sums come out.

What a museum's own pages show to everybody is read by the public role. What waits at a desk is counted in the museum's
scope, and no row of a person leaves it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Date, Row, Select, cast, func, select
from sqlalchemy.orm import Session

from crowdfund import clock
from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.rules import CampaignState
from crowdfund.campaigns.texts import said
from crowdfund.closing.models import FinalStatement, Lessons
from crowdfund.closing.rules import ENDED
from crowdfund.conversation.models import Question
from crowdfund.conversation.rules import QuestionState
from crowdfund.donors.models import Donor
from crowdfund.gifts.models import Gift
from crowdfund.gifts.rules import GIVEN_BACK
from crowdfund.i18n import current_locale
from crowdfund.institutions.models import Institution
from crowdfund.mail import SentMail
from crowdfund.me.visits import person_hash
from crowdfund.money import Money
from crowdfund.network import rules
from crowdfund.network.rules import Sign
from crowdfund.network.view import CampaignRow, Lesson, MuseumRow, Network, Notice
from crowdfund.outbox import OutboxRow
from crowdfund.pages.cards import card_statement, days_left, progress_of
from crowdfund.payments.models import QuarantinedCharge
from crowdfund.payments.rules import AsideState
from crowdfund.receipts.models import ReceiptHold
from crowdfund.tenancy import OperatorScope, PublicScope, transaction

SHOWN_DAYS = 14
REASON = "network overview"


def read_network() -> Network:
    """Read every museum. Opens a transaction for the public part and one for each museum."""
    with transaction(PublicScope()) as session:
        museums = session.scalars(select(Institution).order_by(Institution.name)).all()
        rows = session.execute(
            card_statement()
            .where(Campaign.state != CampaignState.DRAFT, Campaign.kind != "add_on")
            .order_by(Campaign.closes_at.desc(), Campaign.id)
        ).all()
    by_museum = {museum.id: [row for row in rows if row.institution_id == museum.id] for museum in museums}
    found: list[MuseumRow] = []
    lessons: list[Lesson] = []
    people: dict[str, list[set[str]]] = {}
    for museum in museums:
        with transaction(OperatorScope(museum.id, REASON)) as session:
            found.append(_museum(session, museum, by_museum[museum.id]))
            lessons.extend(_lessons(session, museum))
            for row in by_museum[museum.id]:
                if row.joint_code:
                    people.setdefault(row.joint_code, []).append(_people(session, row.id))
    sums: dict[str, int] = {}
    for row in rows:
        sums[row.currency] = sums.get(row.currency, 0) + int(row.raised_minor)
    return Network(
        museums=tuple(found),
        running=sum(row.state == CampaignState.LIVE for row in rows),
        ended=sum(row.state in ENDED for row in rows),
        bought=sum(row.state == CampaignState.SUCCEEDED for row in rows),
        sums=tuple(Money(total, currency) for currency, total in sorted(sums.items())),
        supporters=sum(int(row.supporters) for row in rows) - _counted_twice(people),
        lessons=tuple(lessons),
    )


def _people(session: Session, campaign_id: int) -> set[str]:
    """Name who supports a part of a joint campaign, by their address under the platform's secret, to be counted and let go."""
    emails = session.scalars(
        select(Donor.email)
        .join(Gift, Gift.donor_id == Donor.id)
        .where(Gift.campaign_id == campaign_id, Gift.state.not_in(GIVEN_BACK), Donor.email.is_not(None))
        .distinct()
    )
    return {person_hash(str(email)) for email in emails}


def _counted_twice(people: Mapping[str, Sequence[set[str]]]) -> int:
    """Count how often the sums of joint campaigns hold a person more than once, who gave to several of their museums."""
    return sum(sum(map(len, parts)) - len(set().union(*parts)) for parts in people.values())


def _museum(session: Session, museum: Institution, rows: list[Row[Any]]) -> MuseumRow:
    sparks = _sparks(session, museum.time_zone)
    campaigns = tuple(
        CampaignRow(
            title=said(row.title, museum.default_locale),
            url=f"/{current_locale()}/{museum.slug}/{row.slug}/",
            state=row.state,
            progress=progress_of(row),
            days=days_left(row.closes_at, museum.time_zone) if row.state == CampaignState.LIVE else None,
            supporters=rules.cell(int(row.supporters)),
            spark=sparks.get(row.id, ()) if row.state == CampaignState.LIVE else (),
        )
        for row in rows
    )
    notices = (*_waiting(session, museum.slug), *_of_campaigns(session, museum, rows))
    order = list(Sign)
    return MuseumRow(
        museum.slug,
        museum.name,
        museum.city,
        campaigns,
        tuple(sorted(notices, key=lambda one: order.index(one.sign))),
    )


def _sparks(session: Session, time_zone: str) -> dict[int, tuple[int, ...]]:
    """Count the gifts of each of the last days, campaign by campaign, as heights; few on a day are none."""
    today = clock.now().astimezone(ZoneInfo(time_zone)).date()
    day = cast(func.timezone(time_zone, Gift.received_at), Date)
    rows = session.execute(
        select(Gift.campaign_id, day, func.count())
        .where(Gift.received_at >= clock.now() - timedelta(days=SHOWN_DAYS + 1))
        .group_by(Gift.campaign_id, day)
    )
    counted: dict[int, list[int]] = {}
    for campaign_id, on, count in rows:
        place = SHOWN_DAYS - 1 - (today - on).days
        if 0 <= place < SHOWN_DAYS:
            counted.setdefault(campaign_id, [0] * SHOWN_DAYS)[place] = rules.cell(count) or 0
    return {campaign_id: tuple(count * 100 // max(1, *days) for count in days) for campaign_id, days in counted.items()}


def _waiting(session: Session, slug: str) -> Iterator[Notice]:
    """Count what waits at the museum's desk."""
    now = clock.now()
    desk = f"/staff/{slug}"
    asked: tuple[tuple[Sign, Select[Any], str], ...] = (
        (
            Sign.FACTS_FAILING,
            select(func.count()).select_from(OutboxRow).where(
                OutboxRow.delivered_at.is_(None), OutboxRow.error_class.is_not(None), OutboxRow.attempts >= rules.LEAST
            ),
            f"{desk}/",
        ),
        (Sign.MAILS_FAILED, select(func.count()).select_from(SentMail).where(SentMail.state == "failed"), f"{desk}/"),
        (
            Sign.ASIDE,
            select(func.count()).select_from(QuarantinedCharge).where(
                QuarantinedCharge.state == AsideState.OPEN, QuarantinedCharge.created_at < now - rules.LONG_ASIDE
            ),
            f"{desk}/charges",
        ),
        (
            Sign.RECEIPTS_HELD,
            select(func.count()).select_from(ReceiptHold).where(
                ReceiptHold.outcome == "hold", ReceiptHold.released_at.is_(None)
            ),
            f"{desk}/gifts?receipt=held",
        ),
        (
            Sign.QUESTIONS,
            select(func.count()).select_from(Question).where(
                Question.state == QuestionState.NEW, Question.asked_at < now - rules.SLOW_ANSWER
            ),
            f"{desk}/questions",
        ),
    )  # fmt: skip
    for sign, statement, url in asked:
        count = session.scalar(statement) or 0
        if count:
            yield Notice(sign, rules.cell(count), "", url)


def _of_campaigns(session: Session, museum: Institution, rows: list[Row[Any]]) -> Iterator[Notice]:
    """Look at each campaign: quiet for a week, ending far from its goal, ended without a statement."""
    now = clock.now()
    last: dict[int, datetime] = dict(
        session.execute(select(Gift.campaign_id, func.max(Gift.received_at)).group_by(Gift.campaign_id)).all()
    )
    signed = set(session.scalars(select(FinalStatement.campaign_id)))
    for row in rows:
        title = said(row.title, museum.default_locale)
        ending = f"/staff/{museum.slug}/ending/{row.id}"
        if row.state == CampaignState.LIVE:
            if max(last.get(row.id, row.opens_at), row.opens_at) < now - rules.QUIET:
                yield Notice(Sign.QUIET, None, title, f"/staff/{museum.slug}/")
            reached = rules.share(progress_of(row).raised.minor, row.goal_minor)
            if reached is not None and reached < rules.FAR_FROM_GOAL and row.closes_at - now < rules.LAST_DAYS:
                yield Notice(Sign.ENDS_FAR, reached, title, ending)
        elif row.state in ENDED and row.id not in signed and row.closes_at < now - rules.LATE_STATEMENT:
            yield Notice(Sign.NOT_SIGNED, None, title, ending)


def _lessons(session: Session, museum: Institution) -> Iterator[Lesson]:
    found = session.execute(
        select(Lessons, Campaign.title)
        .join(Campaign, Campaign.id == Lessons.campaign_id)
        .where(Lessons.shared)
        .order_by(Lessons.written_at.desc())
    )
    for one, title in found:
        yield Lesson(
            museum.name,
            said(title, museum.default_locale),
            museum.default_locale,
            one.went_well,
            one.went_badly,
            one.advice,
        )
