"""At the desk: note what a donor answered by letter, by telephone or at the museum, and take it back."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, g, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from crowdfund.closing.asked import question_page
from crowdfund.closing.forms import NotedForm
from crowdfund.dashboard.frame import desk_here
from crowdfund.donors.models import Donor
from crowdfund.errors import Refusal
from crowdfund.forms import shown_values
from crowdfund.gifts import choices
from crowdfund.gifts.mails import name_of
from crowdfund.gifts.models import Gift
from crowdfund.gifts.rules import Heard
from crowdfund.i18n import in_words
from crowdfund.institutions.permissions import keep_private, membership_here, requires
from crowdfund.institutions.rules import Permission
from crowdfund.tenancy import transaction

blueprint = Blueprint("answers", __name__, url_prefix="/staff/<museum>/thanks/answers")
blueprint.after_request(keep_private)


@blueprint.get("/<int:gift_id>")
@requires(Permission.THANK)
def question(gift_id: int) -> Response:
    """Show what a donor was asked, the answer so far, and a form for what they told the museum."""
    return _page(gift_id)


@blueprint.post("/<int:gift_id>")
@requires(Permission.THANK)
def note_answer(gift_id: int) -> Response:
    """Note the answer; it may change until the day."""
    form = NotedForm(request.form, context="")
    if not form.validate():
        return _page(gift_id, form.first_errors(), HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        with transaction(g.scope) as session:
            choice = choices.choice_of(session, gift_id)
            choices.answer(session, choice.id, form.wished, form.target, Heard(form.heard.data))
    except Refusal as refusal:
        return _refused(gift_id, refusal)
    return _noted(gift_id)


@blueprint.post("/<int:gift_id>/back")
@requires(Permission.THANK)
def take_answer_back(gift_id: int) -> Response:
    """Take back an answer that was noted here."""
    try:
        with transaction(g.scope) as session:
            choices.take_back(session, choices.choice_of(session, gift_id).id)
    except Refusal as refusal:
        return _refused(gift_id, refusal)
    return _noted(gift_id)


def _refused(gift_id: int, refusal: Refusal) -> Response:
    if not refusal.message:
        raise refusal
    return _page(gift_id, {refusal.field or "": in_words(refusal)}, refusal.status)


def _page(gift_id: int, errors: dict[str, str] | None = None, status: int = HTTPStatus.OK) -> Response:
    with transaction(g.scope) as session:
        choice = choices.choice_of(session, gift_id)
        gift = session.get_one(Gift, (choice.institution_id, gift_id))
        donor = session.get(Donor, (choice.institution_id, gift.donor_id)) if gift.donor_id is not None else None
        text = render_template(
            "staff/thanks/answer.html",
            desk=desk_here(session),
            place="thanks",
            page=question_page(session, choice),
            gift_id=gift_id,
            donor=name_of(donor) if donor is not None else "",
            values=shown_values(request.form),
            errors=errors or {},
        )
    return make_response(text, status)


def _noted(gift_id: int) -> Response:
    place = url_for(".question", museum=membership_here().slug, gift_id=gift_id, _anchor="answer")
    return redirect(place, HTTPStatus.SEE_OTHER)
