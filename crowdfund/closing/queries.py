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
from crowdfund.closing.figures import KEPT, figures, findings
from crowdfund.closing.models import FinalStatement, Lessons
from crowdfund.closing.rules import ENDED, digest
from crowdfund.closing.view import EndedRow, Ending, LessonsText, StatementRow, StepRow
from crowdfund.closing.written import read, subject, written
from crowdfund.gifts.models import Gift
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
        figures=read(sums.figures, campaign.currency),
        statements=_statements(session, campaign),
        steps=_steps(campaign, museum.default_locale),
        lessons=_lessons(session, campaign_id),
        asked=donors_asked(session, campaign_id, museum.time_zone),
        reckoned_at=None if sums.fresh else sums.at,
    )


def _statements(session: Session, campaign: Campaign) -> tuple[StatementRow, ...]:
    signed = session.scalars(
        select(FinalStatement).where(FinalStatement.campaign_id == campaign.id).order_by(FinalStatement.number.desc())
    ).all()
    return tuple(_statement(session, campaign, one) for one in signed)


def _statement(session: Session, campaign: Campaign, one: FinalStatement) -> StatementRow:
    late, sum_late = late_after(session, campaign.id, one.taken_at)
    return StatementRow(
        number=one.number,
        sha256=one.sha256,
        taken_at=one.taken_at,
        signed_name=one.signed_name,
        signed_as=one.signed_as,
        kept=Money(one.body["total"]["kept_minor"], campaign.currency),
        late_gifts=late,
        late=Money(sum_late, campaign.currency),
    )


def late_after(session: Session, campaign_id: int, moment: datetime) -> tuple[int, int]:
    """Count the gifts booked after a moment (UTC), and sum what they keep, in minor units."""
    found = session.execute(
        select(func.count(), func.coalesce(func.sum(KEPT), 0)).where(
            Gift.campaign_id == campaign_id, Gift.created_at > moment
        )
    ).one()
    return int(found[0]), int(found[1])


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
