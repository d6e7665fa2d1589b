"""The worker's door: ask donors about their gifts, and carry out what they chose when the day has come."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

from flask import current_app
from sqlalchemy.orm import Session

from crowdfund import clock
from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.rules import CampaignState
from crowdfund.closing.figures import figures
from crowdfund.closing.settling import settle
from crowdfund.closing.written import subject, written
from crowdfund.errors import Refusal
from crowdfund.gifts import choice_mails, choices
from crowdfund.gifts.models import Gift
from crowdfund.mail import send_once
from crowdfund.outbox import publish, subscribes
from crowdfund.reckoning import EVERY, keep_large
from crowdfund.tenancy import OperatorScope, TaskScope, museum_of, transaction
from crowdfund.worker import sweeps_every

LONGEST = 45.0  # seconds of one sweep: the worker ends what takes twice as long


@subscribes("campaign.asked")
@subscribes("campaign.partly_asked")
def ask_donors(session: Session, asking_id: int, after: int = 0) -> None:
    """Ask about the campaign's gifts, some at a time: the rest is a fact of the same transaction, so that a worker may die."""
    last = choices.ask_about_some(session, asking_id, after)
    if last is not None:
        publish(session, "campaign.partly_asked", key=f"{asking_id}:{last}", asking_id=asking_id, after=last)


def _came_late(session: Session, gift_id: int) -> bool:
    gift = session.get_one(Gift, (museum_of(session), gift_id))
    campaign = session.get_one(Campaign, (gift.institution_id, gift.campaign_id))
    return campaign.state in {CampaignState.ENDED, CampaignState.WITHDRAWN}


@subscribes("gift.received", when=_came_late)
def ask_late_donor(session: Session, gift_id: int) -> None:
    """Ask about a gift that came after the campaign's donors were asked."""
    choices.ask_about_late(session, gift_id)


@subscribes("choice.asked", outside=True)
def send_question(scope: TaskScope, choice_id: int) -> None:
    """Write to the donor what may be chosen, and until when."""
    send_once(scope, f"choice_asked:{choice_id}", lambda session: choice_mails.asked(session, choice_id))


@subscribes("choice.done", outside=True)
def send_outcome(scope: TaskScope, choice_id: int) -> None:
    """Write to the donor that the gift was moved, or could not be; a refund has a mail of its own."""
    send_once(scope, f"choice_done:{choice_id}", lambda session: choice_mails.done(session, choice_id))


@sweeps_every(timedelta(minutes=10))
def settle_choices(institution_id: int) -> None:
    """Carry out the answers whose day is past, each in a transaction of its own; what is left waits for the next time."""
    scope = OperatorScope(institution_id, "gifts after a purchase that failed")
    last, until = 0, time.monotonic() + LONGEST
    while time.monotonic() < until:
        with transaction(scope) as session:
            due = choices.due(session, clock.now(), last)
        for choice_id in due:
            try:
                with transaction(scope) as session:
                    settle(session, choice_id)
            except (Refusal, LookupError):  # one gift that cannot be dealt with does not hold up the others
                current_app.logger.exception("question %s of museum %s cannot be settled", choice_id, institution_id)
        if len(due) < choices.PART:
            return
        last = due[-1]


@sweeps_every(EVERY)
def reckon_endings(institution_id: int) -> None:
    """Sum up the campaigns with very many gifts, for the pages of their end."""

    def reckon(session: Session, campaign_id: int) -> Any:
        return written(figures(session, session.get_one(Campaign, (institution_id, campaign_id))))

    keep_large(institution_id, "figures of a campaign", subject, reckon)
