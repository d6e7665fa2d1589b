"""At the desk: the guest list, which is the door on a phone."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, g, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from crowdfund.dashboard.frame import desk_here
from crowdfund.errors import NotFound, Refusal
from crowdfund.forms import shown_values
from crowdfund.fulfilment.tables import table
from crowdfund.i18n import gettext, in_words
from crowdfund.institutions.permissions import keep_private, membership_here, requires
from crowdfund.institutions.rules import Permission
from crowdfund.invitations import door, queries, service
from crowdfund.invitations.rules import MOST_EACH, read_people
from crowdfund.numbers import row_number
from crowdfund.tenancy import transaction

blueprint = Blueprint("guests", __name__, url_prefix="/staff/<museum>/gatherings")
blueprint.after_request(keep_private)
LONGEST_QUERY = 80


@blueprint.get("/<int:gathering_id>")
@requires(Permission.READ_GIFTS)
def guests(gathering_id: int) -> AnyResponse:
    """Show the guest list; `q` narrows it to a name or to the code of a ticket."""
    return _guests(gathering_id)


def _guests(gathering_id: int, errors: dict[str, str] | None = None, status: int = 200) -> AnyResponse:
    here = membership_here()
    query = request.args.get("q", "").replace("\x00", "")[:LONGEST_QUERY].strip()
    with transaction(g.scope) as session:
        found = queries.gatherings(session, here.default_locale, gathering_id)
        if not found:
            raise NotFound
        page = render_template(
            "staff/gatherings/guests.html",
            desk=desk_here(session),
            place="gatherings",
            row=found[0],
            rows=queries.guests(session, gathering_id, here.slug, query),
            query=query,
            timezone=here.time_zone,
            invited=row_number(request.args.get("invited", "")),
            walked_in=request.args.get("walked", "")[:3],
            values=shown_values(request.form),
            errors=errors or {},
        )
    return make_response(page, status)


@blueprint.post("/<int:gathering_id>/in/<int:booking_id>")
@requires(Permission.HAND_OVER)
def let_in(gathering_id: int, booking_id: int) -> AnyResponse:
    """Let people in."""
    with transaction(g.scope) as session:
        service.gathering_of(session, gathering_id)  # another museum's is not there, whatever the form says
        people = read_people(request.form.get("people", ""), MOST_EACH)
        door.let_in(session, gathering_id, booking_id, people)
    return _to(gathering_id, q=request.form.get("q", ""))


@blueprint.post("/<int:gathering_id>/out/<int:booking_id>")
@requires(Permission.HAND_OVER)
def let_out(gathering_id: int, booking_id: int) -> AnyResponse:
    """Take back that they are in."""
    with transaction(g.scope) as session:
        door.undo_let_in(session, gathering_id, booking_id)
    return _to(gathering_id, q=request.form.get("q", ""))


@blueprint.post("/<int:gathering_id>/walk-in")
@requires(Permission.HAND_OVER)
def walk_in(gathering_id: int) -> AnyResponse:
    """Count a donor who comes without a place, by the gift's code."""
    try:
        with transaction(g.scope) as session:
            service.gathering_of(session, gathering_id)
            pledge = door.pledge_of_code(session, request.form.get("code", ""))
            new_today = door.count_visit(session, pledge, 1, door.DOOR)
    except Refusal as refusal:
        if refusal.field is None:
            raise
        return _guests(gathering_id, {refusal.field: in_words(refusal)}, refusal.status)
    return _to(gathering_id, walked="new" if new_today else "old")


@blueprint.get("/<int:gathering_id>/guests.csv")
@requires(Permission.READ_GIFTS)
def guest_table(gathering_id: int) -> AnyResponse:
    """Give the guest list as a table."""
    with transaction(g.scope) as session:
        service.gathering_of(session, gathering_id)
        rows = queries.guests(session, gathering_id, membership_here().slug)
    head = (gettext("Name"), gettext("Code"), gettext("People"), gettext("State"), gettext("In"))
    answer = make_response(table(head, [(row.name, row.code, row.people, row.state, row.came) for row in rows]))
    answer.headers["Content-Type"] = "text/csv; charset=utf-8"
    answer.headers["Content-Disposition"] = f'attachment; filename="guests-{gathering_id}.csv"'
    return answer


def _to(gathering_id: int, **given: Any) -> AnyResponse:
    there = {name: value for name, value in given.items() if value != ""}
    return redirect(url_for(".guests", museum=membership_here().slug, gathering_id=gathering_id, **there), 303)
