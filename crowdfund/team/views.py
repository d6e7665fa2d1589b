"""The door of an invited person: choose a password or, with an account already, say yes."""

from __future__ import annotations

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from crowdfund.accounts import service as accounts
from crowdfund.accounts.csrf import check_csrf, csrf_token
from crowdfund.accounts.current import mark_visit, sign_next, signed_in_person, visit_context
from crowdfund.accounts.door import form_page, hashed
from crowdfund.accounts.forms import NewPasswordForm
from crowdfund.accounts.models import Account
from crowdfund.accounts.rules import check_password
from crowdfund.errors import NotFound, Refusal
from crowdfund.i18n import LOCALES, in_words, negotiate, set_locale
from crowdfund.institutions.models import Institution
from crowdfund.links import BadLink, institution_of
from crowdfund.team import service
from crowdfund.team.models import Invitation
from crowdfund.tenancy import OperatorScope, transaction

blueprint = Blueprint("joining", __name__, url_prefix="/account/join")
blueprint.after_request(mark_visit)


@blueprint.after_request
def keep_private(response: AnyResponse) -> AnyResponse:
    """Let no cache keep what concerns one person."""
    response.headers["Cache-Control"] = "private, no-store"
    return response


@blueprint.errorhandler(NotFound)
def over(_error: NotFound) -> AnyResponse:
    """Say that the link is used up, withdrawn or too old, in one way for all."""
    set_locale(negotiate(request.headers.get("Accept-Language")))
    return make_response(render_template("accounts/join_over.html", errors={}), 404)


@blueprint.get("/<token>")
def show(token: str) -> AnyResponse:
    """Show what one is invited to."""
    return _page(token, NewPasswordForm())


@blueprint.post("/<token>")
def join(token: str) -> AnyResponse:
    """Take the invitation up: with a new password, or signed in as the person it was sent to."""
    scope = _scope(token)
    person = signed_in_person()
    check_csrf(person.token_hash if person is not None else visit_context())
    with transaction(scope) as session:
        found = service.open_invitation(session, token)
        known = accounts.account_by_email(session, str(found.email))
    if known is not None and known.password_hash is not None:
        if person is None or person.account_id != known.id:
            return _page(token, NewPasswordForm())
        with transaction(scope) as session:
            service.take_up(session, token, known.id)
        return redirect(url_for("institutions.museums"), 303)
    form = NewPasswordForm(request.form)
    if not form.validate() or not _may_be(form, found):
        return _page(token, form, 422)
    password_hash = hashed(str(form.password.data))
    with transaction(scope) as session:
        account = _account(session, found, known)
        accounts.set_password(session, account.id, password_hash)
        service.take_up(session, token, account.id)
    return redirect(url_for("accounts.sign_in"), 303)


def _account(session: Session, found: Invitation, known: Account | None) -> Account:
    return known or accounts.add_account(session, str(found.email), found.name, found.locale)


def _scope(token: str) -> OperatorScope:
    """Enter the museum whose number the token carries; that it opens something is looked at there."""
    try:
        return OperatorScope(institution_of(token), "invitation")
    except BadLink as error:
        raise NotFound from error


def _page(token: str, form: NewPasswordForm, status: int = 200) -> AnyResponse:
    scope = _scope(token)
    with transaction(scope) as session:
        found = service.open_invitation(session, token)
        museum = session.get_one(Institution, scope.institution_id)
        known = accounts.account_by_email(session, str(found.email))
    person = signed_in_person()
    asked = request.args.get("lang")
    set_locale(asked if asked in LOCALES else found.locale)
    return form_page(
        "accounts/join.html", form, status, context=person.token_hash if person else None, museum=museum.name,
        invitation=found, person=person, has_account=known is not None and known.password_hash is not None,
        is_mine=person is not None and known is not None and person.account_id == known.id,
        sign_in=url_for("accounts.sign_in", next=sign_next(request.path)),
        sign_out_token=csrf_token(person.token_hash) if person else "",
    )  # fmt: skip


def _may_be(form: NewPasswordForm, found: Invitation) -> bool:
    try:
        check_password(str(form.password.data), (str(found.email), found.name))
    except Refusal as refusal:
        form.password.errors = [in_words(refusal)]
        return False
    return True
