"""The desk's pages of the bank's lines: whose is each, who says so, and who else approves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, g, make_response, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from crowdfund.counter.forms import PersonForm
from crowdfund.counter.lines_read import line_rows, list_lines, suggestions
from crowdfund.counter.queries import campaigns_of_issuer, list_promises
from crowdfund.counter.view import LineRow
from crowdfund.dashboard.frame import desk_here, said_of, tried
from crowdfund.desk import lines
from crowdfund.desk.models import BankLine
from crowdfund.desk.rules import LineState
from crowdfund.errors import Refusal
from crowdfund.forms import shown_values, text_problem, tidy
from crowdfund.i18n import LOCALES, gettext, in_words
from crowdfund.institutions.models import Institution
from crowdfund.institutions.permissions import can, keep_private, membership_here, requires
from crowdfund.institutions.rules import Permission
from crowdfund.numbers import row_number
from crowdfund.pledges.queries import countries_from
from crowdfund.tenancy import transaction

LONGEST_NOTE = 200
MOST_AT_ONCE = 200

blueprint = Blueprint("lines", __name__, url_prefix="/staff/<museum>/desk/lines")
blueprint.after_request(keep_private)


@blueprint.get("")
@requires(Permission.READ_GIFTS)
def list_of_lines() -> AnyResponse:
    """List the bank's lines: those to be matched, or those in another state."""
    return _list({})


@blueprint.post("/sure")
@requires(Permission.RECORD_MONEY)
def match_sure() -> AnyResponse:
    """Match every line whose reference is whole and whose sum is the one announced."""
    with transaction(g.scope) as session:
        waiting = session.scalars(
            select(BankLine).where(BankLine.state == LineState.RECORDED).order_by(BankLine.id).limit(MOST_AT_ONCE)
        ).all()
        taken = set()
        for line_id, found in suggestions(session, waiting).items():
            sure = [one.promise.id for one in found if one.is_sure]
            if len(sure) == 1 and sure[0] not in taken:
                taken.add(sure[0])
                lines.match_promise(session, line_id, sure[0])
    return redirect(url_for(".list_of_lines", museum=membership_here().slug), 303)


@blueprint.post("/approve")
@requires(Permission.APPROVE_MONEY)
def approve() -> AnyResponse:
    """Let the ticked lines become gifts: all of them, or none."""
    museum = membership_here().slug
    picked = [number for one in request.form.getlist("line") if (number := row_number(one))]
    if not picked:
        return _list({"": gettext("Tick what you have looked at and approve.")}, 422, LineState.MATCHED)
    try:
        with transaction(g.scope) as session:
            booked = len(lines.approve(session, picked[:MOST_AT_ONCE]))
    except Refusal as refusal:
        if refusal.status == 404:
            raise
        return _list({"": in_words(refusal)}, refusal.status, LineState.MATCHED)
    return redirect(url_for(".list_of_lines", museum=museum, state=LineState.MATCHED.value, booked=booked), 303)


@blueprint.get("/<int:line_id>")
@requires(Permission.READ_GIFTS)
def one_line(line_id: int) -> AnyResponse:
    """Show one line: whose it may be, and everything else that can be done with it."""
    return _page(line_id, {})


@blueprint.post("/<int:line_id>/match")
@requires(Permission.RECORD_MONEY)
def match(line_id: int) -> AnyResponse:
    """Say that a line is a promise's money."""
    pledge_id = row_number(request.form.get("promise"))
    if not pledge_id:
        with transaction(g.scope) as session:
            lines.line_of(session, line_id)
        return _page(line_id, {"": gettext("Nobody is known to have announced it.")}, 422)
    return _done(line_id, lambda session: lines.match_promise(session, line_id, pledge_id), tell=True)


@blueprint.post("/<int:line_id>/gift")
@requires(Permission.RECORD_MONEY)
def new_gift(line_id: int) -> AnyResponse:
    """Say that a line is the gift of somebody who had announced nothing."""
    with transaction(g.scope) as session:
        lines.line_of(session, line_id)
    form = PersonForm(request.form, context="")
    if not form.validate():
        return _page(line_id, form.first_errors(), 422)
    donor = form.donor(membership_here().default_locale)
    campaign = row_number(request.form.get("campaign"))
    return _done(
        line_id,
        lambda session: lines.match_donor(session, line_id, campaign, donor, wants_receipt=form.wants_receipt.data),
        tell=True,
    )


@blueprint.post("/<int:line_id>/aside")
@requires(Permission.RECORD_MONEY)
def set_aside(line_id: int) -> AnyResponse:
    """Note that a line is no gift, or that it was sent back."""
    state = LineState.RETURNED if request.form.get("how") == LineState.RETURNED else LineState.ASIDE
    note = tidy(request.form.get("note", ""))
    problem = text_problem(note, LONGEST_NOTE)
    if problem:
        with transaction(g.scope) as session:
            lines.line_of(session, line_id)
        return _page(line_id, {"note": problem}, 422)
    return _done(line_id, lambda session: lines.set_aside(session, line_id, state, note))


@blueprint.post("/<int:line_id>/undo")
@requires(Permission.RECORD_MONEY)
def undo(line_id: int) -> AnyResponse:
    """Lay a line back to those nobody has dealt with."""
    return _done(line_id, lambda session: lines.undo(session, line_id), stay=True)


@blueprint.post("/<int:line_id>/take-back")
@requires(Permission.APPROVE_MONEY, fresh=True)
def take_back(line_id: int) -> AnyResponse:
    """Take back a gift that was booked under a wrong name."""
    return _done(line_id, lambda session: lines.take_back(session, line_id), stay=True)


def _done(
    line_id: int, act: Callable[[Session], Any], *, stay: bool = False, tell: bool = False
) -> AnyResponse:  # fmt: skip
    museum = membership_here().slug
    refusal = tried(act)
    if refusal is not None:
        return _page(line_id, said_of(refusal), refusal.status)
    if stay:
        return redirect(url_for(".one_line", museum=museum, line_id=line_id), 303)
    return redirect(url_for(".list_of_lines", museum=museum, matched=line_id if tell else None), 303)


def _list(errors: dict[str, str], status: int = 200, state: LineState | None = None) -> AnyResponse:
    asked = request.args.get("state", "")
    after = request.args.get("after", "")
    wanted = state or (LineState(asked) if asked in set(LineState) else LineState.RECORDED)
    with transaction(g.scope) as session:
        found = list_lines(session, membership_here(), wanted, row_number(after) or None)
        just = _just_matched(session, request.args.get("matched", 0, int))
        desk = desk_here(session)
    page = render_template(
        "staff/desk/lines.html", desk=desk, place="desk", found=found, me=g.scope.actor, errors=errors, just=just,
        booked=min(max(request.args.get("booked", 0, int), 0), MOST_AT_ONCE),
    )  # fmt: skip
    return make_response(page, status)


def _just_matched(session: Session, line_id: int) -> LineRow | None:
    """Show the line that was matched a moment ago, as long as it waits: its undo stands beside what was said."""
    found = select(BankLine).where(BankLine.id == line_id, BankLine.state == LineState.MATCHED)
    line = session.scalars(found).one_or_none() if 0 < line_id < 2**63 else None
    return line_rows(session, membership_here(), [line], suggest=False)[0] if line is not None else None


def _page(line_id: int, errors: dict[str, str], status: int = 200) -> AnyResponse:
    museum = membership_here()
    asked = tidy(request.args.get("q", ""))[:100].replace("\x00", "")
    with transaction(g.scope) as session:
        line = lines.line_of(session, line_id)
        waits = line.state == LineState.RECORDED
        [row] = line_rows(session, museum, [line], suggest=waits)
        campaigns = campaigns_of_issuer(session, line.issuer_id, line.currency, museum.default_locale) if waits else []
        found = list_promises(session, museum, asked, None).rows if waits and asked else ()
        country = session.get_one(Institution, museum.institution_id).country
        desk = desk_here(session)
    page = render_template(
        "staff/desk/line.html",
        desk=desk,
        place="desk",
        row=row,
        me=g.scope.actor,
        asked=asked,
        found=found,
        campaigns=campaigns,
        countries=countries_from(country),
        languages=LOCALES,
        values={"language": museum.default_locale, "country": country} | shown_values(request.form),
        errors=errors,
        may_approve=can(Permission.APPROVE_MONEY),
    )
    return make_response(page, status)
