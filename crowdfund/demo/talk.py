"""Tell what was said around a campaign: news, questions with their answers, people who follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from crowdfund import clock, outbox
from crowdfund.conversation import followers, mentions, news, questions, replies
from crowdfund.conversation.models import Follower, Question
from crowdfund.conversation.tokens import follow_token
from crowdfund.demo.people import SPEAKS
from crowdfund.pledges import words
from crowdfund.tenancy import OperatorScope, transaction

SOURCE = "demo"
UNREAD = 2  # of the words for each wall: the last ones wait, and what would be asked about anywhere
SHARP = "parking"


def converse(scope: OperatorScope, written: Mapping[str, Any], campaign_id: int, opens: datetime, museum: str) -> None:
    """Tell it at the moments when it happened; nobody is written to."""
    latest = clock.now() - timedelta(hours=1)
    with transaction(scope) as session:
        for number in range(written.get("followers", 0)):
            with clock.at(min(opens - timedelta(days=12) + timedelta(hours=number * 2), latest)):
                _follow(session, campaign_id, f"suit{number + 1}.{campaign_id}@exemple.example", SPEAKS[museum])
        outbox.mark_told(session)
    for piece in written.get("news", ()):
        with clock.at(opens + timedelta(days=piece["day"], hours=17)), transaction(scope) as session:
            _publish(session, campaign_id, piece)
            outbox.mark_told(session)
    for one in written.get("mentions", ()):
        with transaction(scope) as session:
            mentions.add_mention(
                session, campaign_id, source=one["source"], title=one["title"], url=one["url"],
                on=(opens + timedelta(days=one["day"])).date(), locale=one["locale"],
            )  # fmt: skip
    for one in written.get("questions", ()):
        with transaction(scope) as session:
            _question(session, campaign_id, one, opens + timedelta(days=one["day"], hours=9))
            outbox.mark_told(session)


def read_words(scope: OperatorScope) -> None:
    """Read what the museum's donors wrote for the wall; the last of it waits, so that the inbox is not empty."""
    with transaction(scope) as session:
        while batch := [one for one in words.waiting(session) if SHARP not in one.text][:-UNREAD]:
            words.show(session, *(one.entry_id for one in batch))


def keep_beginnings(scope: OperatorScope, written: Sequence[Mapping[str, str]]) -> None:
    """Keep the museum's ready answers."""
    with transaction(scope) as session:
        for one in written:
            replies.keep(session, locale=one["locale"], title=one["title"], text=one["text"].strip())


def _follow(session: Session, campaign_id: int, email: str, locale: str) -> None:
    followers.follow(session, campaign_id, email, locale=locale, wording=SOURCE, source=SOURCE)
    follower = session.scalars(select(Follower).where(Follower.email == email)).one()
    followers.confirm(session, follow_token(follower.institution_id, follower.key))


def _publish(session: Session, campaign_id: int, piece: Mapping[str, Any]) -> None:
    made = news.write_news(session, campaign_id, piece["kind"])
    for locale, title in piece["title"].items():
        text = piece["text"][locale].strip()
        news.put_text(session, made.id, locale, title=title, text=text, status="approved")
    news.publish_news(session, made.id)
    if note := piece.get("correction"):
        news.correct_news(session, made.id, note["locale"], note["text"])


def _question(session: Session, campaign_id: int, one: Mapping[str, Any], asked_at: datetime) -> None:
    with clock.at(asked_at):
        questions.ask(session, campaign_id, one["text"], locale=one["locale"], name=one.get("name", ""))
    if "answer" not in one:
        return
    found = session.scalars(
        select(Question).where(Question.campaign_id == campaign_id, Question.text == one["text"])
    ).one()
    with clock.at(asked_at + timedelta(hours=one["hours"])):
        questions.answer(
            session, found.id, one["answer"].strip(), locale=one["locale"], name=one["by"], role=one["role"]
        )
