"""Write to visitors who asked for one message: a reminder, the link of their group. Their address is not kept."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy.orm import Session

from config import Config
from crowdfund import clock
from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.rules import is_open
from crowdfund.campaigns.texts import said
from crowdfund.gifts import mails
from crowdfund.gifts.view import GiftMail
from crowdfund.i18n import use_locale
from crowdfund.institutions.models import Institution, Issuer
from crowdfund.mail import Mail
from crowdfund.money import Money
from crowdfund.pledges.models import Group, Reminder
from crowdfund.tenancy import museum_of


def reminder(session: Session, reminder_id: int) -> Mail | None:
    """Write the reminder; None when it was sent, is for a later day, or the campaign is over."""
    museum_id = museum_of(session)
    asked = session.get(Reminder, (museum_id, reminder_id))
    if asked is None or not is_due(session, asked):
        return None
    campaign = session.get_one(Campaign, (museum_id, asked.campaign_id))
    if not is_open(campaign.state, campaign.opens_at, campaign.closes_at, clock.now()):
        return None
    museum = session.get_one(Institution, museum_id)
    base = _content(session, "reminder", museum, campaign, asked.locale)
    content = replace(
        base,
        missing=mails.missing(session, campaign),
        retry_url=f"{base.campaign_url}give",
        answer_by=campaign.closes_at.astimezone(ZoneInfo(museum.time_zone)).date(),
    )
    written = mails.written_to(content, museum, locale=asked.locale, to=asked.email, to_name="")
    return replace(written, keep_address=False)


def group_link(session: Session, group_id: int) -> Mail | None:
    """Write to the organiser of a group; None when it was done."""
    museum_id = museum_of(session)
    group = session.get_one(Group, (museum_id, group_id))
    if group.organiser_email is None:
        return None
    museum = session.get_one(Institution, museum_id)
    campaign = session.get_one(Campaign, (museum_id, group.campaign_id))
    base = _content(session, "group", museum, campaign, group.locale)
    content = replace(base, dedicated_to=group.name, retry_url=f"{base.campaign_url}together/{group.code}")
    written = mails.written_to(content, museum, locale=group.locale, to=group.organiser_email, to_name="")
    return replace(written, keep_address=False)


def _content(session: Session, kind: str, museum: Institution, campaign: Campaign, locale: str) -> GiftMail:
    """Give what a mail to somebody says who has not given."""
    issuer = session.get_one(Issuer, (museum.id, campaign.issuer_id))
    config: Config = current_app.extensions["config"]
    with use_locale(locale):
        title = str(said(campaign.title, museum.default_locale))
    return GiftMail(
        kind=kind,
        museum_name=museum.name,
        museum_address=f"{issuer.address_line}, {issuer.postcode} {issuer.city}",
        campaign_title=title,
        campaign_url=f"{config.public_url}/{locale}/{museum.slug}/{campaign.slug}/",
        gift_url="",
        first_name="",
        amount=Money(0, campaign.currency),
    )


def is_due(session: Session, asked: Reminder) -> bool:
    """Say whether the day has come on the museum's calendar: an older wish of the same person may ring first."""
    museum = session.get_one(Institution, asked.institution_id)
    return asked.due_on <= clock.now().astimezone(ZoneInfo(museum.time_zone)).date()
