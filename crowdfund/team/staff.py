"""At the desk: who works for the museum, what each may do, who is invited."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from flask import Blueprint, g, make_response, render_template, request, url_for
from flask import redirect as lead
from sqlalchemy.orm import Session
from werkzeug.exceptions import Forbidden
from werkzeug.wrappers import Response as AnyResponse

from crowdfund.accounts import buckets
from crowdfund.accounts.current import sign_next
from crowdfund.dashboard.frame import desk_here
from crowdfund.errors import Refusal
from crowdfund.forms import shown_values
from crowdfund.i18n import in_words
from crowdfund.institutions.permissions import can, keep_private, membership_here, person_here, requires
from crowdfund.institutions.rules import PERMISSIONS, Permission, Role
from crowdfund.team import service
from crowdfund.team.forms import InviteForm, RoleForm
from crowdfund.team.queries import read_team
from crowdfund.tenancy import transaction

blueprint = Blueprint("team", __name__, url_prefix="/staff/<museum>/team")
blueprint.after_request(keep_private)


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one of the page's forms, and what was typed there."""

    errors: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)
    status: int = 200


@blueprint.get("")
@requires(Permission.ENTER)
def team() -> AnyResponse:
    """Show the members and what their roles may do; to owners, who is invited and what can be changed."""
    return _page(Problem())


@blueprint.post("/invite")
@requires(Permission.MANAGE_MEMBERS, fresh=True)
def invite() -> AnyResponse:
    """Invite a person by mail."""
    form = InviteForm(request.form, context="")
    values = shown_values(request.form)
    if not form.validate():
        return _page(Problem(form.first_errors(), values, 422))
    buckets.limited("invitation_museum", str(membership_here().institution_id))
    try:
        with transaction(g.scope) as session:
            service.invite(
                session, form.email.data, form.name.data, str(form.role.data), locale=str(form.locale.data), by=_me()
            )
    except Refusal as refusal:
        return _page(Problem({refusal.field or "": in_words(refusal)}, values, refusal.status))
    return _back()


@blueprint.post("/invitations/<int:invitation_id>/send")
@requires(Permission.MANAGE_MEMBERS, fresh=True)
def send_again(invitation_id: int) -> AnyResponse:
    """Send an invitation again, under a new link."""
    with transaction(g.scope) as session:
        service.send_again(session, invitation_id)
    return _back()


@blueprint.post("/invitations/<int:invitation_id>/withdraw")
@requires(Permission.MANAGE_MEMBERS, fresh=True)
def withdraw(invitation_id: int) -> AnyResponse:
    """Take an invitation back."""
    with transaction(g.scope) as session:
        service.withdraw(session, invitation_id)
    return _back()


@blueprint.post("/<int:member_id>/role")
@requires(Permission.MANAGE_MEMBERS, fresh=True)
def change_role(member_id: int) -> AnyResponse:
    """Give a member another role."""
    form = RoleForm(request.form, context="")
    with transaction(g.scope) as session:
        service.is_mine(session, member_id, _me())  # who is not here is not there, whatever was typed
    if not form.validate():
        return _page(Problem({"": form.first_errors()["role"]}, {}, 422))
    return _done_or_told(lambda session: service.change_role(session, member_id, str(form.role.data), by=_me()))


@blueprint.post("/<int:member_id>/remove")
@requires(Permission.MANAGE_MEMBERS, fresh=True)
def remove(member_id: int) -> AnyResponse:
    """Let a member go."""
    return _done_or_told(lambda session: service.remove(session, member_id, by=_me()))


@blueprint.post("/<int:member_id>/reset")
@requires(Permission.MANAGE_MEMBERS, fresh=True)
def ask_reset(member_id: int) -> AnyResponse:
    """Start the day after which a member may set a second factor anew."""
    return _done_or_told(lambda session: service.ask_reset(session, member_id, by=_me()))


@blueprint.post("/<int:member_id>/reset/stop")
@requires(Permission.ENTER)
def stop_reset(member_id: int) -> AnyResponse:
    """Stop it before the day is over: any owner may, and the person concerned."""
    with transaction(g.scope) as session:
        mine = service.is_mine(session, member_id, _me())
    if not mine and not can(Permission.MANAGE_MEMBERS):
        raise Forbidden
    return _done_or_told(lambda session: service.stop_reset(session, member_id, by=_me()))


def _done_or_told(act: Callable[[Session], object]) -> AnyResponse:
    """Act, and go back to the team; what a rule forbids is told on its page."""
    try:
        with transaction(g.scope) as session:
            act(session)
    except Refusal as refusal:
        if not refusal.message:
            raise
        return _page(Problem({"": in_words(refusal)}, {}, refusal.status))
    return _back()


def _me() -> int:
    return person_here().account_id


def _back() -> AnyResponse:
    return lead(url_for("team.team", museum=membership_here().slug), 303)


def _page(problem: Problem) -> AnyResponse:
    here = url_for("team.team", museum=membership_here().slug)
    with transaction(g.scope) as session:
        shown, desk = read_team(session, _me()), desk_here(session)
    page = render_template(
        "staff/team/team.html", desk=desk, place="team", team=shown, errors=problem.errors, values=problem.values,
        timezone=membership_here().time_zone, roles=list(Role), permissions=list(Permission), allowed=PERMISSIONS,
        manages=can(Permission.MANAGE_MEMBERS),
        confirm="" if person_here().is_fresh else url_for("accounts.confirm", next=sign_next(here)),
    )  # fmt: skip
    return make_response(page, problem.status)
