"""What the doors share: the visitor's cookie, and the way through the museums, one scope at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from http import HTTPStatus
from typing import Concatenate, ParamSpec, TypeVar

from flask import Response, current_app, redirect, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from config import Config
from crowdfund.accounts.buckets import limited
from crowdfund.accounts.current import cookie_name
from crowdfund.errors import NotFound, Refusal
from crowdfund.forms import STALE, Form
from crowdfund.institutions import service as institutions
from crowdfund.institutions.models import Institution
from crowdfund.me import visits
from crowdfund.me.rules import LONGEST_VISIT
from crowdfund.me.visits import Visitor
from crowdfund.tenancy import DonorScope, MuseumScope, PlatformScope, transaction

COOKIE = "me"
T = TypeVar("T")
P = ParamSpec("P")


def visitor() -> Visitor | None:
    """Tell who is visiting, by the request's cookie."""
    token = request.cookies.get(cookie_name(COOKIE), "")
    if not token or len(token) > 100:
        return None
    with transaction(PlatformScope()) as session:
        return visits.load(session, token)


def visitors_only(view: Callable[Concatenate[Visitor, P], AnyResponse]) -> Callable[P, AnyResponse]:
    """Let in whoever is visiting their own gifts; others are led to where a link is asked for."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> AnyResponse:
        limited("me_page_ip", request.remote_addr or "")
        here = visitor()
        if here is None:
            return redirect(url_for("me.show"), HTTPStatus.SEE_OTHER)
        return view(here, *args, **kwargs)

    return guarded


def set_cookie(response: Response, token: str) -> None:
    """Hand the browser its visit's token."""
    response.set_cookie(
        cookie_name(COOKIE), token, max_age=int(LONGEST_VISIT.total_seconds()), path="/", secure=_config().secure,
        httponly=True, samesite="Lax",
    )  # fmt: skip


def drop_cookie(response: Response) -> None:
    """Take the visit's token from the browser."""
    response.delete_cookie(cookie_name(COOKIE), path="/", secure=_config().secure, httponly=True, samesite="Lax")


def museums() -> list[int]:
    """List the museums. Nobody asks the database for an address in all of them at once: it is asked in each."""
    with transaction(PlatformScope()) as session:
        return sorted(museum.id for museum in institutions.list_institutions(session))


def at(museum: str) -> DonorScope:
    """Enter a museum by its slug. Raises NotFound."""
    if "\x00" in museum:
        raise NotFound
    with transaction(PlatformScope()) as session:
        found = session.scalar(select(Institution.id).where(Institution.slug == museum))
    if found is None:
        raise NotFound
    return DonorScope(found)


def checked(form: Form) -> None:
    """Refuse a form whose token is not this visit's."""
    form.validate()
    check_token(form)


def check_token(form: Form) -> None:
    """Refuse a form that was looked at and whose token is not this visit's."""
    if "csrf_token" in form.errors:
        raise Refusal(STALE, status=HTTPStatus.UNPROCESSABLE_ENTITY)


def at_each(
    read: Callable[[Session], T], scope: Callable[[int], MuseumScope] = DonorScope
) -> Iterator[tuple[MuseumScope, T]]:
    """Read at every museum, each in its own scope and transaction."""
    for museum in museums():
        own = scope(museum)
        with transaction(own) as session:
            found = read(session)
        yield own, found


def _config() -> Config:
    config: Config = current_app.extensions["config"]
    return config
