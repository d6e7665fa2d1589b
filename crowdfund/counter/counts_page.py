"""The desk's pages of counts: a box or cash on a denomination sheet, tickets of a day; one person counts, another counts again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from flask import Blueprint, g, make_response, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from crowdfund import clock
from crowdfund.counter.counts_read import count_row, list_counts
from crowdfund.counter.forms import ConfirmForm, CountForm, own_number
from crowdfund.counter.queries import campaign_meant, campaigns_counted
from crowdfund.dashboard.frame import desk_here, said_of, tried
from crowdfund.desk import counts
from crowdfund.desk.counts import Sheet
from crowdfund.desk.rules import DENOMINATIONS, CountKind
from crowdfund.errors import Refusal
from crowdfund.forms import amount_problem, shown_values
from crowdfund.i18n import N_, in_words
from crowdfund.institutions.permissions import keep_private, membership_here, requires
from crowdfund.institutions.rules import Permission
from crowdfund.money import Money, MoneyError
from crowdfund.tenancy import transaction

CHOOSE = N_("Choose the campaign the gift is for")
WHOLE = N_("Type a whole number, or leave it empty")

blueprint = Blueprint("counts", __name__, url_prefix="/staff/<museum>/desk/counts")
blueprint.after_request(keep_private)


@blueprint.get("")
@requires(Permission.READ_GIFTS)
def list_of_counts() -> AnyResponse:
    """List the counts, those that wait for a second person first."""
    with transaction(g.scope) as session:
        found = list_counts(session, membership_here())
        desk = desk_here(session)
    return make_response(
        render_template("staff/desk/counts.html", desk=desk, place="desk", found=found, me=g.scope.actor)
    )


@blueprint.get("/new")
@requires(Permission.RECORD_MONEY)
def new_count() -> AnyResponse:
    """Ask what was counted."""
    return _form({"kind": request.args.get("kind", "")}, {}, 200)


@blueprint.post("")
@requires(Permission.RECORD_MONEY)
def add_count() -> AnyResponse:
    """Keep one person's count. The same form twice is one count."""
    form = CountForm(request.form, context="")
    museum = membership_here()
    with transaction(g.scope) as session:
        chosen = next(
            (one for one in campaigns_counted(session, museum.default_locale) if one.id == form.campaign.data), None
        )
    errors = {} if form.validate() else form.first_errors()
    if chosen is None:
        return _form(shown_values(request.form), {"campaign": in_words(Refusal(CHOOSE))} | errors, 422)
    try:
        pieces = _pieces(form.kind.data, chosen.currency)
    except Refusal as refusal:
        return _form(shown_values(request.form), errors | {refusal.field or "": in_words(refusal)}, 422)
    if errors:
        return _form(shown_values(request.form), errors, 422)
    sheet = Sheet(
        attempt=own_number(form.attempt.data), kind=CountKind(form.kind.data), campaign_id=chosen.id,
        place=form.place.data, day=form.day.day, pieces=pieces,
    )  # fmt: skip
    try:
        with transaction(g.scope) as session:
            count_id = counts.record_count(session, sheet).id
    except Refusal as refusal:
        if refusal.field is None:
            raise
        return _form(shown_values(request.form), {refusal.field: in_words(refusal)}, refusal.status)
    return redirect(url_for(".one_count", museum=museum.slug, count_id=count_id), 303)


@blueprint.get("/<int:count_id>")
@requires(Permission.READ_GIFTS)
def one_count(count_id: int) -> AnyResponse:
    """Show one count, and ask a second person for theirs."""
    return _page(count_id, {})


@blueprint.post("/<int:count_id>/confirm")
@requires(Permission.RECORD_MONEY)
def confirm(count_id: int) -> AnyResponse:
    """Take a second person's total. The same makes it a gift."""
    with transaction(g.scope) as session:
        currency = counts.count_of(session, count_id).currency
    form = ConfirmForm(request.form, context="")
    form.total.currency = currency
    if not form.validate() or form.total.data is None:
        return _page(count_id, form.first_errors(), 422)
    total = form.total.data
    return _done(count_id, lambda session: counts.confirm_count(session, count_id, total))


@blueprint.post("/<int:count_id>/drop")
@requires(Permission.RECORD_MONEY)
def drop(count_id: int) -> AnyResponse:
    """Give a count up that nobody has confirmed."""
    return _done(count_id, lambda session: counts.drop_count(session, count_id))


def _pieces(kind: str, currency: str) -> dict[int, int]:
    """Read how many there are of each note and coin, or of the one ticket. Raises Refusal."""
    if kind == CountKind.TICKET:
        try:
            price = Money.parse(request.form.get("price", ""), currency)
        except MoneyError:
            raise Refusal(amount_problem(request.form.get("price", ""), currency), field="price") from None
        return {price.minor: _many("quantity")}
    return {worth: _many(f"n{worth}") for worth in DENOMINATIONS.get(currency, ())}


def _many(name: str) -> int:
    text = request.form.get(name, "").strip()
    if not text:
        return 0
    if not (text.isascii() and text.isdigit() and len(text) < 7):
        raise Refusal(WHOLE, field=name)
    return int(text)


def _done(count_id: int, act: Callable[[Session], Any]) -> AnyResponse:
    refusal = tried(act)
    if refusal is not None:
        return _page(count_id, said_of(refusal), refusal.status)
    return redirect(url_for(".one_count", museum=membership_here().slug, count_id=count_id), 303)


def _page(count_id: int, errors: dict[str, str], status: int = 200) -> AnyResponse:
    with transaction(g.scope) as session:
        row = count_row(session, membership_here(), counts.count_of(session, count_id))
        desk = desk_here(session)
    page = render_template(
        "staff/desk/count.html", desk=desk, place="desk", row=row, me=g.scope.actor, values=shown_values(request.form),
        errors=errors,
    )  # fmt: skip
    return make_response(page, status)


def _form(values: dict[str, str], errors: dict[str, str], status: int) -> AnyResponse:
    with transaction(g.scope) as session:
        campaigns = campaigns_counted(session, membership_here().default_locale)
        desk = desk_here(session)
    today = clock.now().astimezone(ZoneInfo(membership_here().time_zone)).date()
    kind = values.get("kind") if values.get("kind") in set(CountKind) else CountKind.BOX
    currency = next(
        (one.currency for one in campaigns if str(one.id) == values.get("campaign")),
        campaigns[0].currency if campaigns else "EUR",
    )
    page = render_template(
        "staff/desk/count_new.html",
        desk=desk,
        place="desk",
        campaigns=campaigns,
        pieces=[Money(worth, currency) for worth in DENOMINATIONS.get(currency, ())],
        kind=kind,
        currency=currency,
        values={
            "campaign": campaign_meant(campaigns),
            "attempt": str(uuid4()),
            "day": today.isoformat(),
        }
        | values,
        errors=errors,
    )
    return make_response(page, status)
