"""At the desk: donors' words for the wall, beginnings for answers, what others say of the campaigns."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, g, make_response, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.rules import CampaignState
from crowdfund.campaigns.texts import said
from crowdfund.conversation import mentions, replies
from crowdfund.conversation.forms import MentionForm, ReplyForm
from crowdfund.conversation.models import Mention
from crowdfund.dashboard.frame import desk_here
from crowdfund.errors import Refusal
from crowdfund.forms import shown_values
from crowdfund.i18n import in_words
from crowdfund.institutions.permissions import keep_private, membership_here, requires
from crowdfund.institutions.rules import Permission
from crowdfund.numbers import row_number
from crowdfund.pledges import words
from crowdfund.tenancy import transaction

blueprint = Blueprint("inbox", __name__, url_prefix="/staff/<museum>")
blueprint.after_request(keep_private)
LISTED = 100


@blueprint.get("/words")
@requires(Permission.CONVERSE)
def list_of_words() -> AnyResponse:
    """Show what donors wrote for the wall: what nobody has read yet, and what was decided last."""
    own = membership_here().default_locale
    with transaction(g.scope) as session:
        waiting, decided = words.waiting(session), words.decided(session)
        desk = desk_here(session)
    return make_response(
        render_template(
            "staff/words_waiting.html", desk=desk, place="questions", waiting=waiting, decided=decided,
            title_of=lambda one: said(one.campaign, own),
        )
    )  # fmt: skip


@blueprint.post("/words/<int:entry_id>/show")
@requires(Permission.CONVERSE)
def show_words(entry_id: int) -> AnyResponse:
    """Show a donor's words on the wall."""
    return _decided(words.show, entry_id)


@blueprint.post("/words/<int:entry_id>/keep-back")
@requires(Permission.CONVERSE)
def keep_words_back(entry_id: int) -> AnyResponse:
    """Keep a donor's words off the wall."""
    return _decided(words.keep_back, entry_id)


@blueprint.post("/words/<int:entry_id>/look-again")
@requires(Permission.CONVERSE)
def look_again(entry_id: int) -> AnyResponse:
    """Put a donor's words among those that wait."""
    return _decided(words.look_again, entry_id)


def _decided(decide: Callable[..., None], entry_id: int) -> AnyResponse:
    with transaction(g.scope) as session:
        decide(session, entry_id)
    return _to(".list_of_words")


@blueprint.get("/replies")
@requires(Permission.CONVERSE)
def list_of_replies() -> AnyResponse:
    """Show the beginnings for answers."""
    return _replies()


@blueprint.post("/replies")
@requires(Permission.CONVERSE)
def keep_reply() -> AnyResponse:
    """Keep a beginning."""
    form = ReplyForm(request.form, context="")
    if not form.validate():
        return _replies(form.first_errors(), 422)
    with transaction(g.scope) as session:
        replies.keep(session, locale=form.locale.data, title=form.title.data, text=form.text.data)
    return _to(".list_of_replies")


@blueprint.post("/replies/<int:template_id>/drop")
@requires(Permission.CONVERSE)
def drop_reply(template_id: int) -> AnyResponse:
    """Throw a beginning away."""
    with transaction(g.scope) as session:
        replies.drop(session, template_id)
    return _to(".list_of_replies")


def _replies(errors: dict[str, str] | None = None, status: int = 200) -> AnyResponse:
    with transaction(g.scope) as session:
        rows, desk = replies.templates(session), desk_here(session)
    page = render_template(
        "staff/replies.html", desk=desk, place="questions", rows=rows, own=membership_here().default_locale,
        values=shown_values(request.form), errors=errors or {},
    )  # fmt: skip
    return make_response(page, status)


@blueprint.get("/mentions")
@requires(Permission.CONVERSE)
def list_of_mentions() -> AnyResponse:
    """Show what others said of the campaigns."""
    return _mentions()


@blueprint.post("/mentions")
@requires(Permission.CONVERSE)
def add_mention() -> AnyResponse:
    """Add what a paper, a station or a person said."""
    form = MentionForm(request.form, context="")
    if not form.validate() or form.on.data is None:
        return _mentions(form.first_errors(), 422)
    number = row_number(form.campaign.data)
    try:
        with transaction(g.scope) as session:
            mentions.add_mention(
                session, number, source=form.source.data, title=form.title.data, url=form.url.data, on=form.on.data,
                locale=form.locale.data,
            )  # fmt: skip
    except Refusal as refusal:
        if refusal.field is None:
            raise
        return _mentions({refusal.field: in_words(refusal)}, refusal.status)
    return _to(".list_of_mentions")


@blueprint.post("/mentions/<int:mention_id>/remove")
@requires(Permission.CONVERSE)
def remove_mention(mention_id: int) -> AnyResponse:
    """Take a mention away."""
    with transaction(g.scope) as session:
        mentions.remove_mention(session, mention_id)
    return _to(".list_of_mentions")


def _mentions(errors: dict[str, str] | None = None, status: int = 200) -> AnyResponse:
    own = membership_here().default_locale
    with transaction(g.scope) as session:
        campaigns = _campaigns(session, own)
        rows = session.scalars(select(Mention).order_by(Mention.said_on.desc(), Mention.id.desc()).limit(LISTED)).all()
        desk = desk_here(session)
    page = render_template(
        "staff/mentions.html", desk=desk, place="news", rows=rows, campaigns=campaigns, titles=dict(campaigns), own=own,
        values=shown_values(request.form), errors=errors or {},
    )  # fmt: skip
    return make_response(page, status)


def _campaigns(session: Session, own: str) -> list[tuple[int, str]]:
    rows = session.execute(
        select(Campaign.id, Campaign.title)
        .where(Campaign.state != CampaignState.DRAFT)
        .order_by(Campaign.closes_at.desc(), Campaign.id)
    )
    return [(number, said(title, own)) for number, title in rows]


def _to(endpoint: str) -> AnyResponse:
    return redirect(url_for(endpoint, museum=membership_here().slug), 303)
