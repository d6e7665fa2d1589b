"""Remind a visitor of a campaign on a day of their choice: one mail, then forgotten."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from crowdfund import clock
from crowdfund.campaigns import service as campaigns
from crowdfund.campaigns.early import CLOSED
from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.rules import CampaignState
from crowdfund.errors import Conflict, Refusal
from crowdfund.i18n import N_
from crowdfund.institutions.models import Institution
from crowdfund.outbox import publish
from crowdfund.pledges.models import Reminder
from crowdfund.tenancy import museum_of

AT = time(9)  # on the museum's clock
LIVING = (CampaignState.SCHEDULED, CampaignState.LIVE)


def ask_reminder(session: Session, campaign_id: int, *, email: str, locale: str, on: date) -> None:
    """Note whom to remind and when; the newest wish of an address replaces its older one.

    Raises Conflict when the campaign is over, Refusal for a day that is past or after its end.
    """
    campaign = campaigns.campaign_of(session, campaign_id)
    first, last = days_offered(session, campaign)
    if campaign.state not in LIVING or last < first:
        raise Conflict(CLOSED)
    if not first <= on <= last:
        raise Refusal(N_("Choose a day between tomorrow and the last day of the appeal"), field="on")
    wish = insert(Reminder).values(
        institution_id=museum_of(session),
        campaign_id=campaign_id,
        email=email,
        locale=locale,
        due_on=on,
        created_at=clock.now(),
    )
    reminder_id = session.execute(
        wish.on_conflict_do_update(
            index_elements=["institution_id", "campaign_id", "email"], set_={"due_on": on, "locale": locale}
        ).returning(Reminder.id)
    ).scalar_one()
    due = datetime.combine(on, AT, tzinfo=ZoneInfo(_time_zone(session)))
    publish(
        session,
        "reminder.due",
        key=f"{reminder_id}:{on.isoformat()}",
        delay=max(due - clock.now(), timedelta(seconds=1)),
        reminder_id=reminder_id,
    )


def days_offered(session: Session, campaign: Campaign) -> tuple[date, date]:
    """Give the first and the last day on which a reminder makes sense, on the museum's calendar."""
    zone = ZoneInfo(_time_zone(session))
    first = clock.now().astimezone(zone).date() + timedelta(days=1)
    return first, campaign.closes_at.astimezone(zone).date()


def forget(session: Session, reminder_id: int) -> None:
    """Forget a reminder that was sent, or that has become pointless."""
    session.execute(delete(Reminder).where(Reminder.id == reminder_id))


def _time_zone(session: Session) -> str:
    return session.get_one(Institution, museum_of(session)).time_zone
