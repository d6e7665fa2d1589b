"""Read how a campaign ended: what is open, what it came to, what came after its statement."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.rules import CampaignState
from crowdfund.campaigns.service import campaign_of
from crowdfund.campaigns.texts import said
from crowdfund.closing.asked import donors_asked
from crowdfund.closing.figures import figures, findings
from crowdfund.closing.models import FinalStatement, Lessons
from crowdfund.closing.rules import ENDED, digest
from crowdfund.closing.view import EndedRow, Ending, LessonsText, MethodSums, StatementRow, StepRow
from crowdfund.closing.written import read, subject, written
from crowdfund.institutions.current import Membership
from crowdfund.institutions.models import Institution
from crowdfund.ledger import service as ledger
from crowdfund.money import Money
from crowdfund.reckoning import lines_of, reckoned


def endable(session: Session, museum: Membership) -> tuple[EndedRow, ...]:
    """List the campaigns that have ended, and those that are live, the latest end first."""
    signed = (
        select(FinalStatement.campaign_id, func.max(FinalStatement.taken_at).label("at"))
        .group_by(FinalStatement.campaign_id)
        .subquery()
    )
    found = session.execute(
        select(Campaign, signed.c.at)
        .outerjoin(signed, signed.c.campaign_id == Campaign.id)
        .where(Campaign.state.in_([*ENDED, CampaignState.LIVE]))
        .order_by(Campaign.closes_at.desc(), Campaign.id.desc())
    )
    return tuple(
        EndedRow(
            one.id,
            said(one.title, museum.default_locale),
            one.state,
            one.closes_at,
            ledger.received(session, one.code),
            one.goal,
            at,
        )
        for one, at in found
    )


def read_ending(session: Session, museum: Membership, campaign_id: int) -> Ending:
    """Read one campaign's end. Raises NotFound."""
    campaign = campaign_of(session, campaign_id)
    sums = reckoned(
        session, subject(campaign_id), lines_of(session, campaign_id), lambda: written(figures(session, campaign))
    )
    now = read(sums.figures, campaign.currency)
    locales = session.scalars(select(Institution.locales).where(Institution.id == museum.institution_id)).one()
    return Ending(
        id=campaign.id,
        title=said(campaign.title, museum.default_locale),
        state=campaign.state,
        closes_at=campaign.closes_at,
        url=f"/{museum.slug}/{campaign.slug}/",
        locales=tuple(locales),
        goal=campaign.goal,
        findings=findings(session, campaign_id),
        figures=now,
        statements=_statements(session, campaign, now.total, sums.at),
        steps=_steps(campaign, museum.default_locale),
        lessons=_lessons(session, campaign_id),
        asked=donors_asked(session, campaign_id, museum.time_zone),
        reckoned_at=None if sums.fresh else sums.at,
    )


def _statements(session: Session, campaign: Campaign, now: MethodSums, at: datetime) -> tuple[StatementRow, ...]:
    signed = session.scalars(
        select(FinalStatement).where(FinalStatement.campaign_id == campaign.id).order_by(FinalStatement.number.desc())
    )
    return tuple(_statement(one, now, at) for one in signed)


def _statement(one: FinalStatement, now: MethodSums, at: datetime) -> StatementRow:
    """Tell a statement and what is not in it: the sums as of `at` less those stated, whenever each gift was booked."""
    stated, currency = one.body["total"], now.kept.currency
    known = at >= one.taken_at  # sums that were reckoned before it cannot tell
    return StatementRow(
        number=one.number,
        sha256=one.sha256,
        taken_at=one.taken_at,
        signed_name=one.signed_name,
        signed_as=one.signed_as,
        kept=Money(stated["kept_minor"], currency),
        late_gifts=known * (now.gifts - stated["gifts"]),
        late=Money(known * (now.gross.minor - stated["gross_minor"]), currency),
        given_back=Money(known * (now.given_back.minor - stated["given_back_minor"]), currency),
    )


def _steps(campaign: Campaign, own: str) -> tuple[StepRow, ...]:
    return tuple(
        StepRow(
            date.fromisoformat(step["on"]),
            said(step["title"], own),
            said(step["text"], own),
            Money(step["amount_minor"], campaign.currency) if step.get("amount_minor") else None,
            digest(step),
        )
        for step in sorted(campaign.timeline, key=lambda step: str(step["on"]))
    )


def _lessons(session: Session, campaign_id: int) -> LessonsText:
    one = session.scalars(select(Lessons).where(Lessons.campaign_id == campaign_id)).one_or_none()
    if one is None:
        return LessonsText()
    return LessonsText(one.went_well, one.went_badly, one.advice, one.shared, one.written_at)
