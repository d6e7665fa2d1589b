"""Sign in, in two steps where a second factor is set; sign out; prove again who one is."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, make_response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from crowdfund.accounts import buckets, keys, passkeys, security, service, sessions
from crowdfund.accounts.csrf import check_csrf
from crowdfund.accounts.current import (
    drop_session_cookie,
    load_signed_in,
    mark_visit,
    set_session_cookie,
    signed_in_person,
    somebody,
    visit_context,
)
from crowdfund.accounts.door import (
    form_page,
    hashed,
    on_from_here,
    person_here,
    signed_in_only,
    signed_next,
    user_agent,
    verified,
)
from crowdfund.accounts.forms import CodeForm, ConfirmForm, SignInForm
from crowdfund.accounts.passwords import is_outdated
from crowdfund.accounts.rules import Level
from crowdfund.accounts.service import WRONG_CODE, Credentials
from crowdfund.accounts.sessions import SignedIn, ip_prefix
from crowdfund.i18n import LOCALES, N_, gettext, set_locale
from crowdfund.tenancy import PlatformScope, transaction

blueprint = Blueprint("accounts", __name__)
blueprint.register_blueprint(security.blueprint)
blueprint.register_blueprint(keys.blueprint)

WRONG = N_("The e-mail address or the password is not right")
WRONG_PASSWORD = N_("The password is not right")


@blueprint.before_request
def choose_language() -> None:
    """Speak the language asked for by `?lang=`, else the account's or the browser's."""
    asked = request.args.get("lang")
    if asked in LOCALES:
        set_locale(asked)


@blueprint.after_request
def keep_private(response: Response) -> Response:
    """Let no cache keep what concerns one person, and mark a new browser for its forms."""
    response.headers["Cache-Control"] = "private, no-store"
    return mark_visit(response)


@blueprint.get("/sign-in")
def sign_in() -> AnyResponse:
    """Show the sign-in form."""
    if signed_in_person() is not None:
        return on_from_here()
    return form_page("accounts/sign_in.html", SignInForm(), demo=_demonstration())


@blueprint.post("/sign-in")
def sign_in_with_password() -> AnyResponse:
    """Compare address and password; open a session, or half a one where the second factor is due."""
    check_csrf(visit_context())
    form = SignInForm(request.form)
    if not form.validate():
        return form_page("accounts/sign_in.html", form, 422, demo=_demonstration())
    email, password = str(form.email.data), str(form.password.data)
    budget = _sign_in_budget(email)
    for name, key in budget:
        buckets.limited(name, key)
    with transaction(PlatformScope()) as session:
        found = service.credentials_of(session, email)
    if not verified(found.password_hash if found else None, password) or found is None:
        form.form_errors.append(gettext(WRONG))
        return form_page("accounts/sign_in.html", form, 422, demo=_demonstration())
    for name, key in budget:
        buckets.give_back(None, name, key)
    return _open_session(found, password)


def _demonstration() -> list[tuple[str, str, str]]:
    """List the sign-ins of the demonstration: what its data put under this name, and nothing anywhere else."""
    listed = current_app.extensions.get("demo_sign_ins")
    return listed() if listed is not None and current_app.extensions["config"].app_env == "demo" else []


def _sign_in_budget(email: str) -> list[tuple[str, str]]:
    ip = request.remote_addr or ""
    return [("sign_in_all", ""), ("sign_in_network", ip_prefix(ip)), ("sign_in_ip", ip), ("sign_in_account", email)]


def _open_session(found: Credentials, password: str) -> AnyResponse:
    level = Level.PASSWORD if found.has_second_factor else Level.FULL
    newer = hashed(password) if found.password_hash and is_outdated(found.password_hash) else None
    before = load_signed_in(request)
    with transaction(PlatformScope()) as session:
        if before is not None:
            sessions.end(session, before.token_hash, "renewed")
        if newer is not None:
            service.rehash(session, found.account_id, newer)
        token = sessions.open_session(session, found.account_id, level, request.remote_addr, user_agent())
    if level == Level.PASSWORD:
        answer = make_response(redirect(url_for("accounts.second_step", next=signed_next()), 303))
    else:
        answer = make_response(on_from_here())
    set_session_cookie(answer, token)
    return answer


@blueprint.get("/sign-in/code")
def second_step() -> AnyResponse:
    """Ask for the code of the second factor."""
    if signed_in_person() is not None:
        return on_from_here()
    person = somebody()
    if person is None:
        return redirect(url_for("accounts.sign_in", next=signed_next()), 303)
    return _second_step(person, CodeForm())


@blueprint.post("/sign-in/code")
def sign_in_with_code() -> AnyResponse:
    """Take the code and open the whole session, under a new token."""
    person = somebody()
    if person is None or person.is_authenticated:
        return redirect(url_for("accounts.sign_in", next=signed_next()), 303)
    check_csrf(person.token_hash)
    form = CodeForm(request.form)
    if not form.validate():
        return _second_step(person, form, 422)
    budget = _second_factor_budget(person)
    for name, key in budget:
        buckets.limited(name, key)
    with transaction(PlatformScope()) as session:
        accepted = service.take_code(session, person.account_id, str(form.code.data))
        token = sessions.renew(session, person, Level.FULL, request.remote_addr, user_agent()) if accepted else None
    if token is None:
        form.code.errors = [gettext(WRONG_CODE)]
        return _second_step(person, form, 422)
    for name, key in budget:
        buckets.give_back(None, name, key)
    answer = make_response(on_from_here())
    set_session_cookie(answer, token)
    return answer


def _second_step(person: SignedIn, form: CodeForm, status: int = 200) -> AnyResponse:
    with transaction(PlatformScope()) as session:
        asked = passkeys.ask_for_proof(session, person)
        has_codes = service.has_codes(session, person.account_id)
    _tell_of_passkey(form)
    return form_page(
        "accounts/second_factor.html",
        form,
        status,
        context=person.token_hash,
        asked=asked,
        has_codes=has_codes,
        demo_code=next((code for email, _password, code in _demonstration() if email == person.email), ""),
    )


def _confirmation(person: SignedIn, form: ConfirmForm, status: int = 200) -> AnyResponse:
    with transaction(PlatformScope()) as session:
        asked = passkeys.ask_for_proof(session, person)
    _tell_of_passkey(form)
    return form_page("accounts/confirm.html", form, status, context=person.token_hash, email=person.email, asked=asked)


def _tell_of_passkey(form: CodeForm | ConfirmForm) -> None:
    """Say on the page that a passkey was refused just now."""
    if request.args.get("passkey") == "refused" and not form.errors:
        form.form_errors.append(gettext(passkeys.NOT_ACCEPTED))


def _second_factor_budget(person: SignedIn) -> list[tuple[str, str]]:
    key = str(person.account_id)
    return [("second_factor", key), ("second_factor_hour", key), ("second_factor_day", key)]


@blueprint.get("/confirm")
@signed_in_only
def confirm() -> AnyResponse:
    """Ask who is there once more, before a step that moves money or changes the team."""
    return _confirmation(person_here(), ConfirmForm())


@blueprint.post("/confirm")
@signed_in_only
def confirm_with_password() -> AnyResponse:
    """Take the password and renew the session under a new token."""
    person = person_here()
    check_csrf(person.token_hash)
    form = ConfirmForm(request.form)
    if not form.validate():
        return _confirmation(person, form, 422)
    buckets.limited("sign_in_account", person.email)
    with transaction(PlatformScope()) as session:
        found = service.credentials_by_id(session, person.account_id)
    if not verified(found.password_hash, str(form.password.data)):
        form.password.errors = [gettext(WRONG_PASSWORD)]
        return _confirmation(person, form, 422)
    buckets.give_back(None, "sign_in_account", person.email)
    with transaction(PlatformScope()) as session:
        token = sessions.renew(session, person, Level(person.level), request.remote_addr, user_agent())
    answer = make_response(on_from_here())
    set_session_cookie(answer, token)
    return answer


@blueprint.post("/sign-out")
def sign_out() -> AnyResponse:
    """End the session."""
    person = somebody()
    answer = make_response(redirect(url_for("accounts.sign_in"), 303))
    if person is None:
        return answer
    check_csrf(person.token_hash)
    with transaction(PlatformScope()) as session:
        sessions.end(session, person.token_hash, "signed out")
    drop_session_cookie(answer)
    return answer
