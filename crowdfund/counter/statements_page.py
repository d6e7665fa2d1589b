"""The desk's pages of the bank's files: bring one, say which column holds what, look at it, take it in."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, g, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from crowdfund.counter.lines_read import list_statements
from crowdfund.counter.queries import issuers_banks
from crowdfund.counter.view import CreditRow, StatementPage, StatementRow
from crowdfund.dashboard.frame import desk_here, said_of, tried
from crowdfund.desk import statements
from crowdfund.desk.models import Statement
from crowdfund.desk.rules import StatementState
from crowdfund.desk.statements import Preview
from crowdfund.desk.tables import FIELDS, NEEDED, SHOWN, guessed
from crowdfund.errors import Refusal
from crowdfund.i18n import in_words
from crowdfund.institutions.permissions import keep_private, membership_here, requires
from crowdfund.institutions.rules import Permission
from crowdfund.money import Money
from crowdfund.numbers import row_number
from crowdfund.sheets import Table
from crowdfund.tenancy import transaction

MOST_SHOWN = 200

blueprint = Blueprint("statements", __name__, url_prefix="/staff/<museum>/desk/statements")
blueprint.after_request(keep_private)


@blueprint.get("")
@requires(Permission.READ_GIFTS)
def list_of_statements() -> AnyResponse:
    """List the bank's files, and take a new one."""
    return _list({})


@blueprint.post("")
@requires(Permission.RECORD_MONEY)
def bring() -> AnyResponse:
    """Take a file of the bank's, to be looked at."""
    sent = request.files.get("file")
    issuer = row_number(request.form.get("issuer"))
    if sent is None or not sent.filename:
        return _list({"file": in_words(Refusal(statements.EMPTY))}, 422)
    try:
        with transaction(g.scope) as session:
            statement_id = statements.upload(session, issuer, sent.filename, sent.read()).id
    except Refusal as refusal:
        if refusal.field is None:
            raise
        return _list({refusal.field: in_words(refusal)}, refusal.status)
    return redirect(url_for(".one_statement", museum=membership_here().slug, statement_id=statement_id), 303)


@blueprint.get("/<int:statement_id>")
@requires(Permission.READ_GIFTS)
def one_statement(statement_id: int) -> AnyResponse:
    """Show what a file would bring; ask for its columns first, where nobody has said."""
    return _page(statement_id, {})


@blueprint.post("/<int:statement_id>/columns")
@requires(Permission.RECORD_MONEY)
def map_columns(statement_id: int) -> AnyResponse:
    """Say which column holds what. It is remembered for the next file of this layout."""
    columns = {field: request.form.get(f"column_{field}", "") for field in FIELDS}
    return _done(statement_id, lambda session: statements.map_columns(session, statement_id, columns))


@blueprint.post("/<int:statement_id>/take-in")
@requires(Permission.RECORD_MONEY)
def take_in(statement_id: int) -> AnyResponse:
    """Take the lines of a file in."""
    answer = _done(statement_id, lambda session: statements.take_in(session, statement_id))
    if answer.status_code != 303:
        return answer
    return redirect(url_for("lines.list_of_lines", museum=membership_here().slug), 303)


@blueprint.post("/<int:statement_id>/drop")
@requires(Permission.RECORD_MONEY)
def drop(statement_id: int) -> AnyResponse:
    """Throw a file away that was not taken in."""
    answer = _done(statement_id, lambda session: statements.drop(session, statement_id))
    return (
        answer
        if answer.status_code != 303
        else redirect(url_for(".list_of_statements", museum=membership_here().slug), 303)
    )


def _done(statement_id: int, act: Any) -> AnyResponse:
    refusal = tried(act)
    if refusal is not None:
        return _page(statement_id, said_of(refusal), refusal.status)
    return redirect(url_for(".one_statement", museum=membership_here().slug, statement_id=statement_id), 303)


def _list(errors: dict[str, str], status: int = 200) -> AnyResponse:
    with transaction(g.scope) as session:
        found = list_statements(session, membership_here())
        issuers = issuers_banks(session)
        desk = desk_here(session)
    page = render_template(
        "staff/desk/statements.html", desk=desk, place="desk", found=found, issuers=issuers, errors=errors
    )
    return make_response(page, status)


def _page(statement_id: int, errors: dict[str, str], status: int = 200) -> AnyResponse:
    slug = membership_here().slug
    with transaction(g.scope) as session:
        statement = statements.statement_of(session, statement_id)
        table = statements.table_of(statement)
        found, wrong = None, dict(errors)
        try:
            found = statements.preview(session, statement) if statement.state == StatementState.READ else None
        except Refusal as refusal:  # a file of a known layout with a line that cannot be read
            wrong = {refusal.field or "": in_words(refusal)} | wrong
        page = _shown(statement, found, slug)
        desk = desk_here(session)
    asks = statement.state == StatementState.READ and table is not None and found is None
    shown = render_template(
        "staff/desk/statement.html",
        desk=desk,
        place="desk",
        page=page,
        table=table if asks else None,
        picked=_picked(table) if table is not None and asks else {},
        fields=FIELDS,
        needed=NEEDED,
        sample=table.rows[:SHOWN] if table is not None else (),
        errors=wrong,
    )
    return make_response(shown, status)


def _picked(table: Table) -> dict[str, str]:
    typed = {field: request.form.get(f"column_{field}", "") for field in FIELDS}
    return typed if request.method == "POST" else guessed(table)


def _shown(statement: Statement, found: Preview | None, slug: str) -> StatementPage:
    row = StatementRow(
        statement.id, statement.filename, statement.created_at, statement.state, statement.lines_new,
        statement.lines_known, "", f"/staff/{slug}/desk/statements/{statement.id}",
    )  # fmt: skip
    if found is None:
        return StatementPage(row, statement.account)
    credits_ = found.read.credits
    news = found.news
    return StatementPage(
        row,
        statement.account,
        tuple(
            CreditRow(one.booked_on, one.payer, one.text, one.amount, one.key in found.known)
            for one in credits_[:MOST_SHOWN]
        ),
        total=len(credits_),
        new=len(news),
        others=found.read.others,
        sum=Money(sum(one.amount.minor for one in news), news[0].amount.currency) if news else None,
    )
