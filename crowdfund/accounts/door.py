"""What the doors of this feature share: forms to show, the way on, and who may pass."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec

from flask import Response, make_response, redirect, render_template, request, url_for
from werkzeug.exceptions import ServiceUnavailable, Unauthorized
from werkzeug.wrappers import Response as AnyResponse
from wtforms import Form

from crowdfund.accounts import passwords
from crowdfund.accounts.csrf import csrf_token
from crowdfund.accounts.current import read_next, sign_next, signed_in_person, visit_context
from crowdfund.accounts.sessions import SignedIn

P = ParamSpec("P")
HOME = "institutions.museums"  # the museums of the person who signed in


def signed_in_only(view: Callable[P, AnyResponse]) -> Callable[P, AnyResponse]:
    """Send people who are not signed in to the sign-in page; anything but reading is refused (401)."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> AnyResponse:
        if signed_in_person() is None:
            if request.method != "GET":
                raise Unauthorized
            return redirect(url_for("accounts.sign_in", next=sign_next(request.path)), 303)
        return view(*args, **kwargs)

    return guarded


def form_page(template: str, form: Form, status: int = 200, *, context: str | None = None, **shown: Any) -> Response:
    """Show a form as it was filled, save passwords, with what is wrong; its token is bound to `context`."""
    values = {name: value for name, value in form.data.items() if "password" not in name}
    errors = {name: words[0] for name, words in form.errors.items() if name}
    if form.form_errors:
        errors[""] = form.form_errors[0]
    page = render_template(
        template,
        form=form,
        values=values,
        errors=errors,
        next_url=signed_next() or "",
        csrf_token=csrf_token(context or visit_context()),
        **shown,
    )
    return make_response(page, status)


def on_from_here() -> AnyResponse:
    """Go on to where the person wanted to go, if we signed it, else to their museums."""
    return redirect(read_next(signed_next()) or url_for(HOME), 303)


def signed_next() -> str | None:
    """Pass on the signed address to come back to; one that we did not sign is dropped."""
    given = request.form.get("next") or request.args.get("next")
    return given if read_next(given) else None


def person_here() -> SignedIn:
    """Give who is signed in, behind `signed_in_only`."""
    person = signed_in_person()
    if person is None:
        raise LookupError("only for those who are signed in")
    return person


def user_agent() -> str:
    """Tell what the browser says it is."""
    return request.headers.get("User-Agent", "")


def verified(stored: str | None, password: str) -> bool:
    """Compare a password, in the same time whether or not there is one to compare with.

    Raises ServiceUnavailable.
    """
    try:
        return passwords.verify_password(stored, password)
    except passwords.TooBusy as error:
        raise ServiceUnavailable(retry_after=5) from error


def hashed(password: str) -> str:
    """Hash a new password. Raises ServiceUnavailable."""
    try:
        return passwords.hash_password(password)
    except passwords.TooBusy as error:
        raise ServiceUnavailable(retry_after=5) from error
