"""The public doors of the conversation: ask, follow, confirm, stop. No cookie, no script needed, nothing told about an address."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from flask import Blueprint, current_app, make_response, redirect, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from config import Config
from crowdfund.accounts.buckets import allow, limited
from crowdfund.accounts.rules import limit_of
from crowdfund.conversation import followers, questions
from crowdfund.conversation.forms import AskForm, FollowForm, form_context
from crowdfund.conversation.models import Follower
from crowdfund.conversation.queries import Place, place_here, place_of
from crowdfund.conversation.rules import FollowState, Purpose
from crowdfund.conversation.tokens import address_hash
from crowdfund.conversation.view import TalkPage
from crowdfund.errors import NotFound
from crowdfund.forms import Form, form_token, shown_values
from crowdfund.headers import SHOWN_AGAIN
from crowdfund.i18n import N_, current_locale, gettext
from crowdfund.links import BadLink, institution_of
from crowdfund.tenancy import DonorScope, PublicScope, transaction

blueprint = Blueprint("conversation", __name__)

# The words under the form, kept with each consent as its proof.
WORDING = {
    Purpose.NEWS: N_("The museum writes to you about this work and nothing else. Each mail has a link to stop."),
    Purpose.NEXT_TIME: N_(
        "The museum writes to you once, when it opens its next campaign; then it forgets your address."
    ),
}


@blueprint.get("/<lang:lang>/<museum>/<campaign>/ask")
def ask(museum: str, campaign: str) -> AnyResponse:
    """Show the form for a question, or that one has arrived."""
    return _form_page("ask", _place(museum, campaign), sent="sent" in request.args)


@blueprint.post("/<lang:lang>/<museum>/<campaign>/ask")
def take_question(museum: str, campaign: str) -> AnyResponse:
    """Take a question for the museum to read."""
    place = _place(museum, campaign)
    form = AskForm(request.form, context=form_context("ask", place.institution_id, place.campaign_id))
    if not form.validate():
        return _form_page("ask", place, form)
    limited("question_ip", request.remote_addr or "")
    limited("question_campaign", f"{place.institution_id}:{place.campaign_id}")
    with transaction(DonorScope(place.institution_id)) as session:
        questions.ask(
            session,
            place.campaign_id,
            form.question.data,
            locale=current_locale(),
            name=form.asker.data,
            email=form.email.data,
        )
    return _see_other(f"{place.url}ask?sent=1")


@blueprint.get("/<lang:lang>/<museum>/<campaign>/follow")
def follow(museum: str, campaign: str) -> AnyResponse:
    """Show the form for an address, or that a mail is on its way."""
    return _form_page("follow", _place(museum, campaign), sent="sent" in request.args)


@blueprint.post("/<lang:lang>/<museum>/<campaign>/follow")
def take_follower(museum: str, campaign: str) -> AnyResponse:
    """Take an address that wants to be told. The answer is the same whether it is known or not."""
    place = _place(museum, campaign)
    form = FollowForm(request.form, context=form_context("follow", place.institution_id, place.campaign_id))
    if not form.validate():
        return _form_page("follow", place, form)
    limited("follow_ip", request.remote_addr or "")
    if _may_be_written_to(form.email.data):
        purpose = Purpose.NEXT_TIME if place.next_time else Purpose.NEWS
        with transaction(DonorScope(place.institution_id)) as session:
            followers.follow(
                session,
                place.campaign_id,
                form.email.data,
                locale=current_locale(),
                wording=gettext(WORDING[purpose]),
                source=f"/{place.museum_slug}/{place.slug}/",
            )
    return _see_other(f"{place.url}follow?sent=1")


def _may_be_written_to(email: str) -> bool:
    """Keep strangers from filling somebody's mailbox: beyond the limit nothing is sent, and the page does not tell."""
    config: Config = current_app.extensions["config"]
    limit = limit_of("follow_email", config.limits)
    return allow(None, f"follow_email:{address_hash(0, email)[:32]}", limit.capacity, limit.period)


@blueprint.get("/<lang:lang>/follow/<token>")
def confirm(token: str) -> AnyResponse:
    """Show what a link confirms. Only a click does it: programs that look at links before people do change nothing."""
    with transaction(_scope(token)) as session:
        return _follow_page(session, followers.by_token(session, token), token)


@blueprint.post("/<lang:lang>/follow/<token>")
def confirmed(token: str) -> AnyResponse:
    """Confirm."""
    with transaction(_scope(token)) as session:
        followers.confirm(session, token)
    return _see_other(f"/{current_locale()}/follow/{token}")


@blueprint.post("/<lang:lang>/follow/<token>/stop")
def stop_following(token: str) -> AnyResponse:
    """Stop following, and forget the address."""
    with transaction(_scope(token)) as session:
        followers.stop(session, token)
    return _see_other(f"/{current_locale()}/follow/{token}")


@blueprint.get("/<lang:lang>/unsubscribe/<token>")
def unsubscribe(token: str) -> AnyResponse:
    """Show what stops; a click does it."""
    with transaction(_scope(token)) as session:
        sent = followers.dispatch_by_token(session, token)
        return _small("stopped" if "done" in request.args else "stop", session, sent.campaign_id, token)


@blueprint.post("/<lang:lang>/unsubscribe/<token>")
def unsubscribed(token: str) -> AnyResponse:
    """Stop these mails: by a person's click, or by a mail program's one-click request (RFC 8058), which gets a 200."""
    with transaction(_scope(token)) as session:
        sent = followers.stop_dispatch(session, token, everything="everything" in request.form)
        if request.form.get("List-Unsubscribe") == "One-Click":
            return _small("stopped", session, sent.campaign_id, token)
    return _see_other(f"/{current_locale()}/unsubscribe/{token}?done=1")


def _follow_page(session: Session, follower: Follower, token: str) -> AnyResponse:
    steps = {
        FollowState.WAITING: "confirm",
        FollowState.CONFIRMED: "following",
        FollowState.ENDED: "stopped",
    }
    next_time = follower.purpose == Purpose.NEXT_TIME
    return _small(steps[FollowState(follower.state)], session, follower.campaign_id, token, next_time=next_time)


def _small(step: str, session: Session, campaign_id: int, token: str, *, next_time: bool = False) -> AnyResponse:
    """Show a page behind a token."""
    place = place_here(session, campaign_id)
    path = "unsubscribe" if step == "stop" else "follow"
    return _show(
        TalkPage(
            step,
            place.museum_slug,
            place.museum_name,
            place.title,
            place.url,
            action=f"/{current_locale()}/{path}/{token}",
            next_time=next_time,
        )
    )


def _form_page(step: str, place: Place, form: Form | None = None, *, sent: bool = False) -> AnyResponse:
    """Show a form, filled as it was sent, or that it has arrived."""
    errors: Mapping[str, str] = form.first_errors() if form is not None else {}
    page = TalkPage(
        f"{step}_sent" if sent else step,
        place.museum_slug,
        place.museum_name,
        place.title,
        place.url,
        action=f"{place.url}{step}",
        token=form_token(form_context(step, place.institution_id, place.campaign_id)),
        next_time=place.next_time,
        values=shown_values(request.form) if form is not None else {},
        errors=errors,
    )
    return _show(page, HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK)


def _show(page: TalkPage, status: int = HTTPStatus.OK) -> AnyResponse:
    answer = make_response(render_template("talk/page.html", page=page, errors=page.errors), status)
    answer.headers["Cache-Control"] = SHOWN_AGAIN if page.errors else "private, no-store"
    return answer


def _place(museum: str, campaign: str) -> Place:
    if "\x00" in museum + campaign:
        raise NotFound
    with transaction(PublicScope()) as session:
        return place_of(session, museum, campaign)


def _scope(token: str) -> DonorScope:
    try:
        return DonorScope(institution_of(token))
    except BadLink as error:
        raise NotFound from error


def _see_other(url: str) -> AnyResponse:
    answer = redirect(url, HTTPStatus.SEE_OTHER)
    answer.headers["Cache-Control"] = "private, no-store"
    return answer
