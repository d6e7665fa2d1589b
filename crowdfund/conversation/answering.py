"""Count how a museum answers, for its own desk."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crowdfund import clock
from crowdfund.conversation.models import Question
from crowdfund.conversation.queries import answer_hours
from crowdfund.conversation.rules import QuestionState
from crowdfund.conversation.view import InboxFigures
from crowdfund.tenancy import museum_of

LATELY = timedelta(days=30)


def inbox_figures(session: Session) -> InboxFigures:
    """Read the figures of the last thirty days, and what waits now."""
    now = clock.now()
    waiting, oldest = session.execute(
        select(func.count(), func.min(Question.asked_at)).where(Question.state == QuestionState.NEW)
    ).one()
    lately = Question.asked_at >= now - LATELY
    by_state = dict(session.execute(select(Question.state, func.count()).where(lately).group_by(Question.state)).all())
    return InboxFigures(
        waiting=int(waiting),
        oldest_days=(now - oldest).days if waiting else 0,
        answered=int(by_state.get(QuestionState.ANSWERED, 0)),
        set_aside=int(by_state.get(QuestionState.SET_ASIDE, 0)),
        hours=answer_hours(session, museum_of(session)),
    )
