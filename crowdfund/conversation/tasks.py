"""The worker's door: mails to one and to many, news at their moment, addresses that are forgotten."""

from __future__ import annotations

import smtplib
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta

from sqlalchemy.orm import Session

from crowdfund import clock
from crowdfund.conversation import dispatch, followers, mails, news, questions
from crowdfund.errors import Refusal
from crowdfund.mail import send_once
from crowdfund.outbox import subscribes
from crowdfund.tenancy import OperatorScope, TaskScope, transaction
from crowdfund.worker import sweeps_every


@subscribes("follow.asked", outside=True)
def ask_to_confirm(scope: TaskScope, follower_id: int, time: int) -> None:
    """Send the link that confirms."""
    send_once(scope, f"follow:{follower_id}:{time}", lambda session: mails.confirm_mail(session, follower_id))


@subscribes("question.answered", outside=True)
def tell_asker(scope: TaskScope, question_id: int) -> None:
    """Bring the answer to who asked, then forget the address."""
    send_once(scope, questions.mail_key(question_id), lambda session: mails.answer_mail(session, question_id))
    with transaction(scope) as session:
        questions.forget_asker(session, question_id)


@subscribes("news.published")
def address_news(session: Session, news_id: int) -> None:
    """List who gets a piece of news."""
    dispatch.address_news(session, news_id)


@subscribes("campaign.opened")
def address_opening(session: Session, campaign_id: int) -> None:
    """List who is told that a campaign is open."""
    dispatch.address_opening(session, campaign_id)


@subscribes("dispatch.part", outside=True)
def send_part(scope: TaskScope, dispatch_ids: Sequence[int]) -> None:
    """Send one part of a mailing. One address that is refused for now does not hold up those behind it."""
    refused: smtplib.SMTPException | None = None
    for dispatch_id in dispatch_ids:
        try:
            send_once(
                scope,
                f"dispatch:{dispatch_id}",
                lambda session, one=dispatch_id: mails.dispatch_mail(session, one),  # type: ignore[misc]
            )
        except (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError) as error:
            refused = error
    if refused is not None:
        raise refused
    with transaction(scope) as session:
        followers.end_told(session, dispatch_ids)


@sweeps_every(timedelta(seconds=30))
def publish_planned(institution_id: int) -> None:
    """Publish news at the moment they were planned for, each in a transaction of its own."""
    scope = OperatorScope(institution_id, "planned news")
    with transaction(scope) as session:
        due = news.due_news(session, clock.now())
    for news_id in due:
        with suppress(Refusal), transaction(scope) as session:  # taken back meanwhile, or published by a person
            news.publish_news(session, news_id)


@sweeps_every(timedelta(hours=6))
def forget_unconfirmed(institution_id: int) -> None:
    """Forget addresses that were never confirmed."""
    with transaction(OperatorScope(institution_id, "followers")) as session:
        followers.forget_unconfirmed(session, clock.now())
