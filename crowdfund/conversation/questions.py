"""Take questions, answer them under a name, or set them aside."""

from __future__ import annotations

import hashlib
import unicodedata

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from crowdfund import audit, clock
from crowdfund.campaigns import service as campaigns
from crowdfund.campaigns.rules import CampaignState
from crowdfund.conversation.models import Question
from crowdfund.conversation.rules import QUESTION_TRANSITIONS, QuestionState, holds_link
from crowdfund.errors import Conflict, NotFound
from crowdfund.i18n import N_
from crowdfund.mail import forget_address
from crowdfund.outbox import publish
from crowdfund.tenancy import museum_of

ALREADY = N_("This question has been dealt with already.")


def ask(session: Session, campaign_id: int, text: str, *, locale: str, name: str = "", email: str = "") -> None:
    """Keep a question until somebody of the museum has read it. The same words twice are one question.

    Raises NotFound for a draft's or another museum's campaign.
    """
    campaign = campaigns.campaign_of(session, campaign_id)
    if campaign.state == CampaignState.DRAFT:
        raise NotFound
    made = session.execute(
        insert(Question)
        .values(
            institution_id=museum_of(session),
            campaign_id=campaign.id,
            state=QuestionState.NEW,
            text=text,
            asker_name=name or None,
            asker_email=email or None,
            asker_hash=asker_hash(email) if email else None,
            locale=locale,
            holds_link=holds_link(f"{text} {name}"),
            fingerprint=_fingerprint(text),
            asked_at=clock.now(),
        )
        .on_conflict_do_nothing(index_elements=["institution_id", "campaign_id", "fingerprint"])
        .returning(Question.id)
    ).scalar_one_or_none()
    if made is not None:
        publish(session, "question.asked", key=str(made), question_id=made)


def asker_hash(email: str) -> str:
    """Write an address in the form under which its questions are found again, once it is forgotten itself."""
    return hashlib.sha256(email.lower().encode()).hexdigest()


def forget_asker_everywhere(session: Session, email: str) -> None:
    """Take a person's name and address off all they have asked; questions and answers stay."""
    found = select(Question).where(Question.asker_hash == asker_hash(email)).order_by(Question.id)
    for question in session.scalars(found.with_for_update(key_share=True)):
        question.asker_name = question.asker_email = question.asker_hash = None
        campaigns.touch(session, question.campaign_id)


def _fingerprint(text: str) -> str:
    plain = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    return hashlib.sha256(plain.encode()).hexdigest()


def question_of(session: Session, question_id: int, *, lock: bool = False) -> Question:
    """Find a question to the museum. Raises NotFound."""
    held = {"key_share": True} if lock else None
    found = session.get(Question, (museum_of(session), question_id), with_for_update=held, populate_existing=lock)
    if found is None:
        raise NotFound
    return found


def answer(session: Session, question_id: int, text: str, *, locale: str, name: str, role: str) -> Question:
    """Answer under a name, which publishes both; who left an address is told. Raises Conflict when it was answered."""
    question = _moved(session, question_id, QuestionState.ANSWERED)
    question.answer, question.answer_locale = text, locale
    question.answered_by, question.answered_as, question.answered_at = name, role, clock.now()
    campaigns.touch(session, question.campaign_id)
    publish(session, "question.answered", key=str(question.id), question_id=question.id)
    audit.record(session, "question.answered", f"question:{question.id}")
    return question


def set_aside(session: Session, question_id: int, reason: str) -> Question:
    """Leave a question unanswered, for a reason that the museum keeps; nobody outside sees either."""
    question = _moved(session, question_id, QuestionState.SET_ASIDE)
    question.reason = reason
    audit.record(session, "question.set_aside", f"question:{question.id}")
    return question


def take_back(session: Session, question_id: int) -> Question:
    """Put a question that was set aside among the new ones again."""
    question = _moved(session, question_id, QuestionState.NEW)
    question.reason = None
    return question


def forget_asker(session: Session, question_id: int) -> None:
    """Forget the address, once its owner was told: here and in the list of mails."""
    question = question_of(session, question_id, lock=True)
    question.asker_email = None
    forget_address(session, mail_key(question_id))


def mail_key(question_id: int) -> str:
    """Name the mail that tells the asker."""
    return f"answered:{question_id}"


def count_new(session: Session) -> int:
    """Count the questions that wait for an answer."""
    return session.scalar(select(func.count()).select_from(Question).where(Question.state == QuestionState.NEW)) or 0


def _moved(session: Session, question_id: int, state: QuestionState) -> Question:
    question = question_of(session, question_id, lock=True)
    if state not in QUESTION_TRANSITIONS[QuestionState(question.state)]:
        raise Conflict(ALREADY)
    question.state = state
    return question
