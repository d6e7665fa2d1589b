"""The donor's door after a purchase that came to nothing: have the gift back, or move it to another work."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from crowdfund.accounts.buckets import limited
from crowdfund.closing.asked import choice_page
from crowdfund.closing.forms import ChoiceForm
from crowdfund.errors import NotFound, Refusal
from crowdfund.forms import form_token, shown_values
from crowdfund.gifts import choices
from crowdfund.i18n import in_words
from crowdfund.links import BadLink, institution_of
from crowdfund.tenancy import DonorScope, transaction

blueprint = Blueprint("choosing", __name__)


@blueprint.get("/<lang:lang>/choices/<token>")
def choose(token: str) -> Response:
    """Show what may be chosen for a gift, the answer so far, and until when it may be changed."""
    return _page(_scope(token), token)


@blueprint.post("/<lang:lang>/choices/<token>")
def chosen(token: str) -> Response:
    """Note what the donor wishes; sent twice it is noted once."""
    scope = _scope(token)
    form = ChoiceForm(request.form, context=token)
    if not form.validate():
        return _page(scope, token, form.first_errors(), HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        with transaction(scope) as session:
            choice = choices.choice_by_token(session, token)
            choices.answer(session, choice.id, form.wished, form.target)
    except Refusal as refusal:
        if not refusal.message:
            raise
        return _page(scope, token, {refusal.field or "": in_words(refusal)}, refusal.status)
    return redirect(url_for(".choose", token=token, _anchor="answer"), HTTPStatus.SEE_OTHER)


def _scope(token: str) -> DonorScope:
    limited("gift_page_ip", request.remote_addr or "")
    try:
        return DonorScope(institution_of(token))
    except BadLink as error:
        raise NotFound from error


def _page(scope: DonorScope, token: str, errors: dict[str, str] | None = None, status: int = HTTPStatus.OK) -> Response:
    with transaction(scope) as session:
        page = choice_page(session, token)
        text = render_template(
            "gifts/choose.html",
            page=page,
            values=shown_values(request.form),
            errors=errors or {},
            csrf_token=form_token(token),
        )
    answer = make_response(text, status)
    answer.headers["Cache-Control"] = "private, no-store"
    return answer
