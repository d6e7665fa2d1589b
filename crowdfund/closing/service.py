"""End campaigns, freeze their statements, tell what becomes of the work, keep what was learnt."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from crowdfund import audit, clock
from crowdfund.campaigns import service as campaigns
from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.rules import CampaignState
from crowdfund.closing.figures import figures, findings
from crowdfund.closing.models import FinalStatement, Lessons
from crowdfund.closing.rules import Step, digest, has_ended
from crowdfund.closing.view import LessonsText
from crowdfund.closing.written import written
from crowdfund.errors import Conflict, NotFound, Refusal
from crowdfund.gifts import choices
from crowdfund.gifts.rules import Wish
from crowdfund.i18n import N_
from crowdfund.institutions.models import Institution
from crowdfund.ledger import service as ledger
from crowdfund.outbox import publish
from crowdfund.tenancy import museum_of

NOT_ENDED = N_("The campaign has not ended yet.")
STILL_OPEN = N_("Something is still open: settle it first, the sums would change.")
IN_FLIGHT = N_(
    "Money is being booked at this very moment: sign again in a minute. If this is said again, see what the books say."
)
NOTHING_NEW = N_("Nothing has changed since the last statement.")
NOTHING_TO_ASK = N_("Only the donors of a campaign that ended below its goal can be asked.")
LEAST_DAYS, MOST_DAYS = 7, 60  # to answer
NO_STEP = N_("There is no such step.")


def end_now(session: Session, campaign_id: int) -> Campaign:
    """Close a live campaign before its day. Raises Conflict for one that is not live."""
    campaign = campaigns.close_campaign(session, campaign_id)
    audit.record(session, "campaign.closed", f"campaign:{campaign.id}", state=campaign.state)
    return campaign


def withdraw(session: Session, campaign_id: int, reason: str, *, words: Mapping[str, str], until: date) -> Campaign:
    """Withdraw a campaign and ask its donors, until a day: give the money back, as was promised, or move it.

    Its page stays and says why, in `words` ({locale: text}); the reason is the museum's own note. Raises Conflict.
    """
    campaign = campaigns.withdraw_campaign(session, campaign_id)
    moment = _end_of(session, until)
    choices.ask_donors(session, campaign_id, words=words, until=moment, otherwise=Wish.REFUND)
    audit.record(session, "campaign.withdrawn", f"campaign:{campaign.id}", reason=reason, until=until.isoformat())
    return campaign


def ask_donors(session: Session, campaign_id: int, *, words: Mapping[str, str], until: date) -> Campaign:
    """Ask the donors of a campaign that ended below its goal: without an answer their gifts stay, as was promised.

    Raises Conflict for any other campaign, and when they were asked already.
    """
    campaign = campaigns.campaign_of(session, campaign_id, lock=True)
    if campaign.state != CampaignState.ENDED:
        raise Conflict(NOTHING_TO_ASK)
    moment = _end_of(session, until)
    choices.ask_donors(session, campaign_id, words=words, until=moment, otherwise=Wish.KEEP)
    campaigns.touch(session, campaign_id)
    audit.record(session, "campaign.asked", f"campaign:{campaign_id}", until=until.isoformat())
    return campaign


def _end_of(session: Session, day: date) -> datetime:
    """Give the moment (UTC) at which a day of the museum's calendar is over. Raises Refusal for one too near or too far."""
    zone = session.scalars(select(Institution.time_zone).where(Institution.id == museum_of(session))).one()
    days = (day - clock.now().astimezone(ZoneInfo(zone)).date()).days
    if not LEAST_DAYS <= days <= MOST_DAYS:
        raise Refusal(
            N_("Leave the donors between %(least)s and %(most)s days."),
            field="until", params={"least": LEAST_DAYS, "most": MOST_DAYS},
        )  # fmt: skip
    return choices.end_of(day, zone)


def sign_statement(
    session: Session, campaign_id: int, *, museum: str, account_id: int, name: str, quality: str
) -> FinalStatement:
    """Freeze what a campaign came to, under a name. Holds the campaign, so that two people sign two numbers.

    Raises Conflict before its end, while something is open that would change the sums, when the books and the gifts do
    not say the same sum, and when nothing has changed since the last statement.
    """
    campaign = campaigns.campaign_of(session, campaign_id, lock=True)
    if not has_ended(campaign.state):
        raise Conflict(NOT_ENDED)
    if any(one.blocks for one in findings(session, campaign_id)):
        raise Conflict(STILL_OPEN)
    last = session.scalars(
        select(FinalStatement)
        .where(FinalStatement.campaign_id == campaign_id)
        .order_by(FinalStatement.number.desc())
        .limit(1)
    ).one_or_none()
    body = _body(session, campaign, museum)
    if body["fund_minor"] != body["total"]["kept_minor"]:  # read one after the other: a gift came between
        raise Conflict(IN_FLIGHT)
    if last is not None and last.body["total"] == body["total"]:
        raise Conflict(NOTHING_NEW)
    signed = FinalStatement(
        campaign_id=campaign_id,
        number=1 if last is None else last.number + 1,
        body=body,
        sha256=digest(body),
        taken_at=clock.now(),
        signed_by_id=account_id,
        signed_name=name,
        signed_as=quality,
    )
    session.add(signed)
    session.flush()  # for its id
    publish(session, "statement.signed", key=str(signed.id), statement_id=signed.id)
    audit.record(session, "statement.signed", f"campaign:{campaign_id}", number=signed.number, sha256=signed.sha256)
    return signed


def _body(session: Session, campaign: Campaign, museum: str) -> dict[str, Any]:
    """Give a statement's figures as they are now, in minor units, ready to be frozen."""
    return {
        "museum": museum,
        "campaign": campaign.code,
        "title": campaign.title,
        "state": campaign.state,
        "currency": campaign.currency,
        "opened_at": campaign.opens_at.isoformat(),
        "closed_at": campaign.closes_at.isoformat(),
        "taken_at": clock.now().isoformat(),
        "goal_minor": campaign.goal_minor,
        "fund_minor": ledger.received(session, campaign.code).minor,
        **written(figures(session, campaign)),
        "open": {one.point.value: one.count for one in findings(session, campaign.id)},
    }


def statement_of(session: Session, campaign_id: int, number: int) -> FinalStatement:
    """Find a signed statement. Raises NotFound."""
    found = session.scalars(
        select(FinalStatement).where(FinalStatement.campaign_id == campaign_id, FinalStatement.number == number)
    ).one_or_none()
    if found is None:
        raise NotFound
    return found


def tell_step(
    session: Session,
    campaign_id: int,
    step: Step,
    on: date,
    *,
    title: Mapping[str, str],
    text: Mapping[str, str],
    amount_minor: int | None,
) -> None:
    """Add a step to what became of the work; its page and the museum's feed show it. Raises Conflict before the end."""
    campaign = campaigns.campaign_of(session, campaign_id, lock=True)
    if not has_ended(campaign.state):
        raise Conflict(NOT_ENDED)
    if not any(title.values()):
        raise Refusal(N_("Say in a few words what happened"), field="title")
    told: dict[str, Any] = {"on": on.isoformat(), "kind": step.value, "title": dict(title), "text": dict(text)}
    if amount_minor is not None:
        told["amount_minor"] = amount_minor
    campaign.timeline = sorted([*campaign.timeline, told], key=lambda one: str(one["on"]))
    campaigns.touch(session, campaign_id)
    audit.record(session, "campaign.step_told", f"campaign:{campaign_id}", step=step.value, on=on.isoformat())


def take_step_back(session: Session, campaign_id: int, mark: str) -> None:
    """Take a step away that was told by mistake; the trail keeps that it was there.

    It is named by what it says (`rules.digest`), so that a page that is not fresh takes no other one. Raises Conflict.
    """
    campaign = campaigns.campaign_of(session, campaign_id, lock=True)
    gone = next((one for one in campaign.timeline if digest(one) == mark), None)
    if gone is None:
        raise Conflict(NO_STEP)
    campaign.timeline = [one for one in campaign.timeline if one is not gone]
    campaigns.touch(session, campaign_id)
    audit.record(
        session, "campaign.step_taken_back", f"campaign:{campaign_id}", step=gone.get("kind", ""), on=str(gone["on"])
    )


def write_lessons(session: Session, campaign_id: int, account_id: int, text: LessonsText) -> None:
    """Keep what the museum learnt; where `shared`, the other museums of the network read it. Raises Conflict."""
    campaign = campaigns.campaign_of(session, campaign_id, lock=True)
    if not has_ended(campaign.state):
        raise Conflict(NOT_ENDED)
    one = session.scalars(select(Lessons).where(Lessons.campaign_id == campaign_id)).one_or_none()
    if one is None:
        one = Lessons(campaign_id=campaign_id)
        session.add(one)
    one.went_well, one.went_badly, one.advice, one.shared = (
        text.went_well,
        text.went_badly,
        text.advice,
        text.shared,
    )
    one.written_by_id, one.written_at = account_id, clock.now()
    audit.record(session, "lessons.written", f"campaign:{campaign_id}", shared=text.shared)
