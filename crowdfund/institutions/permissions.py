"""The door of the staff: the address names the museum, the membership grants it.

A museum that does not exist, one that is somebody else's, and one that is forbidden are the same 404. A role too low
inside one's own museum is a 403.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from flask import Response, current_app, g, make_response, redirect, request, url_for
from werkzeug.exceptions import Forbidden, MethodNotAllowed, NotFound, Unauthorized
from werkzeug.routing import RequestRedirect
from werkzeug.wrappers import Response as AnyResponse

from crowdfund.accounts import sessions
from crowdfund.accounts.csrf import check_csrf
from crowdfund.accounts.current import sign_next, signed_in_person, somebody
from crowdfund.accounts.rules import LONGEST_STRICT_PAUSE, Level
from crowdfund.accounts.sessions import SignedIn
from crowdfund.institutions.current import Membership, membership
from crowdfund.institutions.rules import STRICT_ROLES, Permission, allows
from crowdfund.tenancy import PlatformScope, StaffScope, transaction

View = Callable[..., Any]
READING = {"GET", "HEAD", "OPTIONS"}


def requires(permission: Permission, *, fresh: bool = False) -> Callable[[View], View]:
    """Let only members with this permission into a view of `/staff/<museum>/…`.

    The view is called without `museum`; it finds its scope in `g.scope`. What changes something must carry the
    session's token. `fresh` asks people who signed in a while ago for their password, before what moves money.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, museum: str, **kwargs: Any) -> AnyResponse:
            turned_away = _enter(museum, permission, fresh=fresh)
            answer = make_response(turned_away or view(*args, **kwargs))
            answer.headers["Cache-Control"] = "private, no-store"
            return answer

        guarded.permission = permission  # type: ignore[attr-defined] # read by `flask routes` and by the tests
        return guarded

    return decorate


def can(permission: Permission | str) -> bool:
    """Say whether the person at this desk may do it, for templates and views behind `requires`."""
    return "membership" in g and allows(g.membership.role, Permission(permission))


def membership_here() -> Membership:
    """Give the membership by which the person entered, behind `requires`."""
    return cast("Membership", g.membership)


def person_here() -> SignedIn:
    """Give who is at the desk, behind `requires`."""
    return cast("SignedIn", g.person)


def _enter(slug: str, permission: Permission, *, fresh: bool) -> AnyResponse | None:
    """Find the person, the museum and the scope; give the answer that turns away, if one does."""
    person = signed_in_person()
    if person is None:
        return send_to_sign_in()
    with transaction(PlatformScope()) as session:
        found = membership(session, person.account_id, slug)
    if found is None:
        raise NotFound
    if not allows(found.role, permission):
        raise Forbidden
    turned_away = _hold_to_account(person, strict=found.role in STRICT_ROLES)
    if turned_away is not None:
        return turned_away
    if request.method not in READING:
        check_csrf(person.token_hash)
    if fresh and not person.is_fresh:
        return redirect(url_for("accounts.confirm", next=sign_next(page_before(request.path))), 303)
    g.scope = StaffScope(found.institution_id, person.account_id)
    g.membership, g.person = found, person
    return None


def send_to_sign_in() -> AnyResponse:
    """Answer those who are not signed in: to the sign-in page and back for reading, a refusal (401) for the rest."""
    if request.method not in READING:
        raise Unauthorized
    step = "accounts.sign_in" if somebody() is None else "accounts.second_step"
    path = request.full_path if request.query_string else request.path
    return redirect(url_for(step, next=sign_next(path)), 303)


def _hold_to_account(person: SignedIn, *, strict: bool) -> AnyResponse | None:
    """Hold everybody to a second factor, and people near the money to shorter pauses."""
    if strict and person.pause > LONGEST_STRICT_PAUSE:
        with transaction(PlatformScope()) as session:
            sessions.end(session, person.token_hash, "expired")
        return send_to_sign_in()
    if not person.has_second_factor:
        if request.method not in READING:
            raise Forbidden
        return redirect(url_for("accounts.security.second_factor_setup", next=sign_next(request.path)), 303)
    if strict and person.level == Level.FULL:
        with transaction(PlatformScope()) as session:
            sessions.tighten(session, person.token_hash)
    return None


def page_before(path: str) -> str:
    """Give the page from which an address is posted to: who must prove who they are comes back there."""
    addresses = current_app.url_map.bind("")
    while path.count("/") > 2:
        try:
            addresses.match(path, method="GET")
        except (MethodNotAllowed, NotFound, RequestRedirect):
            path = path.rpartition("/")[0]
        else:
            return path
    return path


def keep_private(response: Response) -> Response:
    """Let no cache keep a page of the staff."""
    response.headers["Cache-Control"] = "private, no-store"
    return response
