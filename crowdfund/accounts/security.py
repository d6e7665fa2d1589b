"""A person's own security settings: open sessions, password, second factor, taking up an invitation."""

from __future__ import annotations

from typing import cast

import segno
from flask import Blueprint, current_app, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from config import Config
from crowdfund import clock, links
from crowdfund.accounts import buckets, passkeys, second_factor, service, sessions
from crowdfund.accounts.csrf import check_csrf, csrf_token
from crowdfund.accounts.current import set_session_cookie, sign_next, visit_context
from crowdfund.accounts.door import form_page, hashed, person_here, signed_in_only, user_agent
from crowdfund.accounts.forms import CodeForm, NewPasswordForm
from crowdfund.accounts.models import Account
from crowdfund.accounts.rules import Level, check_password
from crowdfund.accounts.service import WRONG_CODE
from crowdfund.errors import NotFound, Refusal
from crowdfund.i18n import LOCALES, gettext, in_words
from crowdfund.tenancy import PlatformScope, transaction

blueprint = Blueprint("security", __name__)

SETUP_PURPOSE = "second factor"
SETUP_LIFE = 900


@blueprint.get("/")
@signed_in_only
def settings() -> AnyResponse:
    """Show the open sessions and what guards the account."""
    person = person_here()
    with transaction(PlatformScope()) as session:
        open_sessions = sessions.list_open(session, person)
        codes_left = service.recovery_codes_left(session, person.account_id)
        has_codes = service.has_codes(session, person.account_id)
        keys = passkeys.list_of(session, person.account_id)
    return make_response(
        render_template(
            "accounts/security.html",
            person=person,
            sessions=open_sessions,
            codes_left=codes_left,
            has_codes=has_codes,
            keys=keys,
            passkeys_possible=passkeys.are_possible(),
            csrf_token=csrf_token(person.token_hash),
        )
    )


@blueprint.post("/sessions/revoke")
@signed_in_only
def revoke_session() -> AnyResponse:
    """End one of the person's sessions, or all others."""
    person = person_here()
    check_csrf(person.token_hash)
    with transaction(PlatformScope()) as session:
        if request.form.get("all"):
            sessions.end_all(session, person.account_id, "revoked", but=person.token_hash)
        elif not sessions.revoke(session, person.account_id, request.form.get("session", "")):
            raise NotFound
    return redirect(url_for("accounts.security.settings"), 303)


@blueprint.post("/language")
@signed_in_only
def choose_language() -> AnyResponse:
    """Set the language in which the desk and its mails speak to this person."""
    person = person_here()
    check_csrf(person.token_hash)
    chosen = request.form.get("locale", "")
    if chosen not in LOCALES:
        raise NotFound
    with transaction(PlatformScope()) as session:
        service.speak(session, person.account_id, chosen)
    return redirect(url_for("accounts.security.settings", _anchor="language"), 303)


@blueprint.get("/second-factor")
@signed_in_only
def second_factor_setup() -> AnyResponse:
    """Show a new secret for the person's app, as a QR code and in letters."""
    return _setup_page(CodeForm(), second_factor.new_secret())


@blueprint.post("/second-factor")
@signed_in_only
def set_second_factor() -> AnyResponse:
    """Require codes from now on, once the app has shown a right one; show the recovery codes this one time."""
    person = person_here()
    check_csrf(person.token_hash)
    if not person.is_fresh:
        return redirect(url_for("accounts.confirm", next=sign_next(request.path)), 303)
    secret = _unsigned_secret(person.account_id)
    form = CodeForm(request.form)
    if not form.validate():
        return _setup_page(form, secret, 422)
    buckets.limited("second_factor", str(person.account_id))
    typed = "".join(str(form.code.data).split())
    if second_factor.matching_step(secret, typed, clock.now(), 0) is None:
        form.code.errors = [gettext(WRONG_CODE)]
        return _setup_page(form, secret, 422)
    with transaction(PlatformScope()) as session:
        codes = service.set_second_factor(session, person.account_id, secret, keep=person.token_hash)
        service.take_code(session, person.account_id, typed)  # the code that proved it is used up
        token = sessions.renew(session, person, Level(person.level), request.remote_addr, user_agent())
    answer = make_response(render_template("accounts/recovery_codes.html", person=person, codes=codes))
    set_session_cookie(answer, token)
    return answer


def _setup_page(form: CodeForm, secret: str, status: int = 200) -> AnyResponse:
    person = person_here()
    if not person.is_fresh:
        return redirect(url_for("accounts.confirm", next=sign_next(request.path)), 303)
    uri = second_factor.setup_uri(secret, person.email, _config().platform_name)
    signed = links.sign(_config().secret_key, SETUP_PURPOSE, [person.account_id, secret])
    return form_page(
        "accounts/second_factor_setup.html",
        form,
        status,
        context=person.token_hash,
        person=person,
        passkeys_possible=passkeys.are_possible(),
        secret=secret,
        setup=signed,
        qr=segno.make(uri, error="m").svg_data_uri(scale=5, border=4, light="#fff"),
    )


def _unsigned_secret(account_id: int) -> str:
    try:
        whose, secret = links.unsign(_config().secret_key, SETUP_PURPOSE, request.form.get("setup", ""), SETUP_LIFE)
    except (links.BadLink, ValueError) as error:
        raise NotFound from error
    if whose != account_id:
        raise NotFound
    return str(secret)


@blueprint.get("/invitation/<token>")
def invitation(token: str) -> AnyResponse:
    """Ask an invited person for a password."""
    with transaction(PlatformScope()) as session:
        account = service.invited(session, token)
        email = account.email
    return form_page("accounts/invitation.html", NewPasswordForm(), email=email)


@blueprint.post("/invitation/<token>")
def take_up_invitation(token: str) -> AnyResponse:
    """Set the invited person's first password and go on to the sign-in page."""
    check_csrf(visit_context())
    form = NewPasswordForm(request.form)
    with transaction(PlatformScope()) as session:
        account = service.invited(session, token)
    if not form.validate() or not _may_be(form, account):
        return form_page("accounts/invitation.html", form, 422, email=account.email)
    password_hash = hashed(str(form.password.data))
    with transaction(PlatformScope()) as session:
        service.set_password(session, service.invited(session, token).id, password_hash)
    return redirect(url_for("accounts.sign_in"), 303)


def _may_be(form: NewPasswordForm, account: Account) -> bool:
    try:
        check_password(str(form.password.data), (account.email, account.name))
    except Refusal as refusal:
        form.password.errors = [in_words(refusal)]
        return False
    return True


def _config() -> Config:
    return cast("Config", current_app.extensions["config"])
