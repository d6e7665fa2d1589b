"""The doors of passkeys: make one, take one away, sign in and confirm with one."""

from __future__ import annotations

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from crowdfund.accounts import buckets, passkeys, sessions
from crowdfund.accounts.csrf import check_csrf, csrf_token
from crowdfund.accounts.current import set_session_cookie, sign_next, somebody
from crowdfund.accounts.door import on_from_here, person_here, signed_in_only, signed_next, user_agent
from crowdfund.accounts.rules import Level
from crowdfund.accounts.sessions import SignedIn
from crowdfund.errors import NotFound, Refusal
from crowdfund.forms import text_problem, tidy
from crowdfund.i18n import gettext, in_words
from crowdfund.tenancy import PlatformScope, transaction

blueprint = Blueprint("keys", __name__)


@blueprint.get("/passkeys/new")
@signed_in_only
def new() -> AnyResponse:
    """Show the form that makes a passkey."""
    return _form({}, "")


@blueprint.post("/passkeys/new")
@signed_in_only
def keep() -> AnyResponse:
    """Keep the passkey that the browser made; with the first second factor come the recovery codes."""
    person = person_here()
    check_csrf(person.token_hash)
    if not person.is_fresh:
        return _confirm_first()
    name = tidy(request.form.get("name", "")) or gettext("Passkey")
    problem = text_problem(name, passkeys.LONGEST_NAME)
    if problem:
        return _form({"name": problem}, name, 422)
    buckets.limited("second_factor", str(person.account_id))
    try:
        with transaction(PlatformScope()) as session:
            codes = passkeys.keep_new(session, person, name, _sent("credential"), _sent("challenge"))
            token = sessions.renew(session, person, Level(person.level), request.remote_addr, user_agent())
    except Refusal as refusal:
        return _form({"": in_words(refusal)}, name, refusal.status)
    buckets.give_back(None, "second_factor", str(person.account_id))
    if codes:
        answer = make_response(render_template("accounts/recovery_codes.html", person=person, codes=codes))
    else:
        answer = make_response(redirect(url_for("accounts.security.settings"), 303))
    set_session_cookie(answer, token)
    return answer


@blueprint.post("/passkeys/<int:passkey_id>/remove")
@signed_in_only
def remove(passkey_id: int) -> AnyResponse:
    """Take a passkey away."""
    person = person_here()
    check_csrf(person.token_hash)
    if not person.is_fresh:
        return redirect(url_for("accounts.confirm", next=sign_next(url_for("accounts.security.settings"))), 303)
    with transaction(PlatformScope()) as session:
        passkeys.remove(session, person, passkey_id)
    return redirect(url_for("accounts.security.settings"), 303)


@blueprint.post("/sign-in/passkey")
def sign_in() -> AnyResponse:
    """Take the second step with a passkey and open the whole session, under a new token."""
    person = somebody()
    if person is None or person.is_authenticated:
        return redirect(url_for("accounts.sign_in", next=signed_next()), 303)
    return _proved(person, Level.FULL, "accounts.second_step")


@blueprint.post("/confirm/passkey")
@signed_in_only
def confirm() -> AnyResponse:
    """Prove again who one is, with a passkey in place of the password."""
    person = person_here()
    return _proved(person, Level(person.level), "accounts.confirm")


def _proved(person: SignedIn, level: Level, otherwise: str) -> AnyResponse:
    check_csrf(person.token_hash)
    key = str(person.account_id)
    budget = [(name, key) for name in ("second_factor", "second_factor_hour", "second_factor_day")]
    for name, one in budget:
        buckets.limited(name, one)
    with transaction(PlatformScope()) as session:
        proved = passkeys.is_proved(session, person, _sent("credential"), _sent("challenge"))
        token = sessions.renew(session, person, level, request.remote_addr, user_agent()) if proved else None
    if token is None:
        return redirect(url_for(otherwise, next=signed_next(), passkey="refused"), 303)
    for name, one in budget:
        buckets.give_back(None, name, one)
    answer = make_response(on_from_here())
    set_session_cookie(answer, token)
    return answer


def _form(errors: dict[str, str], name: str, status: int = 200) -> AnyResponse:
    person = person_here()
    if not passkeys.are_possible():
        raise NotFound
    if not person.is_fresh:
        return _confirm_first()
    with transaction(PlatformScope()) as session:
        asked = passkeys.ask_for_new(session, person)
    page = render_template(
        "accounts/passkey_new.html", asked=asked, errors=errors, values={"name": name},
        csrf_token=csrf_token(person.token_hash), has_second_factor=person.has_second_factor,
    )  # fmt: skip
    return make_response(page, status)


def _confirm_first() -> AnyResponse:
    return redirect(url_for("accounts.confirm", next=sign_next(url_for("accounts.keys.new"))), 303)


def _sent(name: str) -> str:
    return request.form.get(name, "")
