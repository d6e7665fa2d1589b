"""At the desk: questions from the public, and how a campaign opens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from flask import Blueprint, g, make_response, redirect, render_template, request, url_for
from sqlalchemy import case, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from crowdfund.campaigns import early, service
from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.rules import CampaignState, moment_in
from crowdfund.campaigns.texts import said
from crowdfund.conversation import questions, replies
from crowdfund.conversation.answering import inbox_figures
from crowdfund.conversation.forms import AnswerForm, AsideForm, FriendsForm, OpeningForm
from crowdfund.conversation.models import Question
from crowdfund.conversation.rules import QuestionState
from crowdfund.conversation.tokens import absolute
from crowdfund.conversation.view import QuestionRow
from crowdfund.dashboard.frame import desk_here
from crowdfund.errors import Refusal
from crowdfund.forms import shown_values
from crowdfund.i18n import current_locale, in_words
from crowdfund.institutions.permissions import keep_private, membership_here, person_here, requires
from crowdfund.institutions.rules import Permission
from crowdfund.numbers import row_number
from crowdfund.tenancy import transaction

blueprint = Blueprint("talk", __name__, url_prefix="/staff/<museum>")
blueprint.after_request(keep_private)
LISTED = 200


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with the form of one row."""

    row: int
    errors: dict[str, str]
    status: int = 422


@dataclass(frozen=True, slots=True)
class FriendsLink:
    """A link for friends."""

    id: int
    note: str
    url: str


@dataclass(frozen=True, slots=True)
class Launch:
    """A campaign that opens later. `opens` is written as its field takes it, in the museum's time."""

    id: int
    title: str
    opens_at: datetime
    opens: str
    followers: int
    url: str
    links: tuple[FriendsLink, ...]


@blueprint.get("/questions")
@requires(Permission.CONVERSE)
def list_of_questions() -> AnyResponse:
    """Show the questions: those that wait first."""
    return _questions()


@blueprint.post("/questions/<int:question_id>/answer")
@requires(Permission.CONVERSE)
def answer_question(question_id: int) -> AnyResponse:
    """Answer, which publishes question and answer."""
    form = AnswerForm(request.form, context="")
    if not form.validate():
        return _questions(Problem(question_id, form.first_errors()))
    with transaction(g.scope) as session:
        questions.answer(
            session,
            question_id,
            form.answer.data,
            locale=form.locale.data,
            name=form.name.data,
            role=form.role.data,
        )
    return _to(".list_of_questions")


@blueprint.post("/questions/<int:question_id>/set-aside")
@requires(Permission.CONVERSE)
def set_question_aside(question_id: int) -> AnyResponse:
    """Leave a question unanswered."""
    form = AsideForm(request.form, context="")
    if not form.validate():
        return _questions(Problem(question_id, form.first_errors()))
    with transaction(g.scope) as session:
        questions.set_aside(session, question_id, form.reason.data)
    return _to(".list_of_questions")


@blueprint.post("/questions/<int:question_id>/take-back")
@requires(Permission.CONVERSE)
def take_question_back(question_id: int) -> AnyResponse:
    """Put a question among the new ones again."""
    with transaction(g.scope) as session:
        questions.take_back(session, question_id)
    return _to(".list_of_questions")


@blueprint.get("/launch")
@requires(Permission.LAUNCH)
def launches() -> AnyResponse:
    """Show the campaigns that open later, and the links by which friends see them."""
    return _launches()


@blueprint.post("/launch/<int:campaign_id>")
@requires(Permission.LAUNCH)
def set_opening(campaign_id: int) -> AnyResponse:
    """Let a campaign open at another minute."""
    form = OpeningForm(request.form, context="")
    if not form.validate():
        return _launches(Problem(campaign_id, form.first_errors()))
    try:
        with transaction(g.scope) as session:
            service.reschedule_campaign(session, campaign_id, moment_in(form.opens.data, membership_here().time_zone))
    except Refusal as refusal:
        if refusal.field is None:
            raise
        return _launches(Problem(campaign_id, {refusal.field: in_words(refusal)}, refusal.status))
    return _to(".launches")


@blueprint.post("/launch/<int:campaign_id>/links")
@requires(Permission.LAUNCH)
def make_link(campaign_id: int) -> AnyResponse:
    """Make a link for friends."""
    form = FriendsForm(request.form, context="")
    if not form.validate():
        return _launches(Problem(campaign_id, form.first_errors()))
    with transaction(g.scope) as session:
        early.invite_friends(session, campaign_id, form.note.data)
    return _to(".launches")


@blueprint.post("/launch/links/<int:link_id>/revoke")
@requires(Permission.LAUNCH)
def revoke_link(link_id: int) -> AnyResponse:
    """Close a link for friends."""
    with transaction(g.scope) as session:
        early.revoke_link(session, link_id)
    return _to(".launches")


def _questions(problem: Problem | None = None) -> AnyResponse:
    with transaction(g.scope) as session:
        if problem:
            questions.question_of(session, problem.row)
        page = render_template(
            "staff/questions.html",
            desk=desk_here(session),
            place="questions",
            rows=_question_rows(session),
            figures=inbox_figures(session),
            beginnings=replies.templates(session),
            begun=_begun(session),
            timezone=membership_here().time_zone,
            name=person_here().name,
            role=_role_before(session, person_here().name),
            problem=problem,
            values=shown_values(request.form) if problem else {},
            errors=problem.errors if problem else {},
        )
    return make_response(page, problem.status if problem else 200)


def _role_before(session: Session, name: str) -> str:
    """Give what the person called themselves under their last answer."""
    signed = select(Question.answered_as).where(Question.answered_by == name, Question.answered_as.is_not(None))
    return session.scalar(signed.order_by(Question.answered_at.desc()).limit(1)) or ""


def _begun(session: Session) -> dict[int, str]:
    """Give the beginning that was chosen for a question's answer (`?question=…&with=…`), by the question's number."""
    question_id, template_id = (row_number(request.args.get(name)) for name in ("question", "with"))
    if not question_id or not template_id:
        return {}
    return {question_id: replies.template_of(session, template_id).text}


def _question_rows(session: Session) -> tuple[QuestionRow, ...]:
    slug, own = membership_here().slug, membership_here().default_locale
    found = session.execute(
        select(Question, Campaign.title, Campaign.slug)
        .join(Campaign, Campaign.id == Question.campaign_id)
        .order_by(
            case((Question.state == QuestionState.NEW, 0), (Question.state == QuestionState.SET_ASIDE, 1), else_=2),
            case((Question.state == QuestionState.NEW, Question.asked_at)),
            Question.asked_at.desc(),
        )
        .limit(LISTED)
    )
    return tuple(
        QuestionRow(
            id=one.id,
            text=one.text,
            asker=one.asker_name or "",
            wants_answer=one.asker_email is not None,
            campaign=said(title, own),
            language=one.locale,
            asked_at=one.asked_at,
            state=one.state,
            holds_link=one.holds_link,
            reason=one.reason or "",
            answer=one.answer or "",
            answered_by=one.answered_by or "",
            answered_at=one.answered_at,
            public_url=f"/{one.locale}/{slug}/{campaign}/#question-{one.id}",
        )
        for one, title, campaign in found
    )


def _launches(problem: Problem | None = None) -> AnyResponse:
    with transaction(g.scope) as session:
        if problem:
            service.campaign_of(session, problem.row)
        page = render_template(
            "staff/launch.html",
            desk=desk_here(session),
            place="launch",
            launches=_launch_rows(session),
            timezone=membership_here().time_zone,
            problem=problem,
            values=shown_values(request.form) if problem else {},
            errors=problem.errors if problem else {},
        )
    return make_response(page, problem.status if problem else 200)


def _launch_rows(session: Session) -> tuple[Launch, ...]:
    museum = membership_here()
    zone = ZoneInfo(museum.time_zone)
    found = session.scalars(
        select(Campaign).where(Campaign.state == CampaignState.SCHEDULED).order_by(Campaign.opens_at, Campaign.id)
    ).all()
    return tuple(
        Launch(
            id=one.id,
            title=said(one.title, museum.default_locale),
            opens_at=one.opens_at,
            opens=one.opens_at.astimezone(zone).strftime("%Y-%m-%dT%H:%M"),
            followers=one.followers,
            url=f"/{current_locale()}/{museum.slug}/{one.slug}/",
            links=tuple(
                FriendsLink(
                    link.id,
                    link.note,
                    absolute(f"/{museum.default_locale}/early/{early.early_token(museum.institution_id, link.key)}/"),
                )
                for link in early.links_of(session, one.id)
            ),
        )
        for one in found
    )


def _to(endpoint: str) -> AnyResponse:
    return redirect(url_for(endpoint, museum=membership_here().slug), 303)
