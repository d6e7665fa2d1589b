"""At the desk: what is owed for gifts, marked as it is given; labels, lists, reminders, and what it comes to."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, g, make_response, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from crowdfund import clock
from crowdfund.campaigns.texts import said
from crowdfund.dashboard.frame import desk_here
from crowdfund.errors import Conflict, NotFound, Refusal
from crowdfund.forms import shown_values
from crowdfund.fulfilment import queries, service
from crowdfund.fulfilment.finding import find_rewards
from crowdfund.fulfilment.forms import MarkForm
from crowdfund.fulfilment.labels import label_of, sheets
from crowdfund.fulfilment.rules import OWED, CounterpartState
from crowdfund.fulfilment.tables import table
from crowdfund.fulfilment.view import CounterpartRow
from crowdfund.i18n import country_name, gettext, in_words
from crowdfund.institutions.models import Institution
from crowdfund.institutions.permissions import keep_private, membership_here, requires
from crowdfund.institutions.rules import Permission
from crowdfund.numbers import row_number
from crowdfund.tenancy import museum_of, transaction

blueprint = Blueprint("rewards", __name__, url_prefix="/staff/<museum>/rewards")
blueprint.after_request(keep_private)
LONGEST_QUERY = 80


@blueprint.get("")
@requires(Permission.READ_GIFTS)
def overview() -> AnyResponse:
    """Show what is owed, by campaign and reward."""
    here = membership_here()
    with transaction(g.scope) as session:
        page = render_template(
            "staff/rewards/overview.html",
            desk=desk_here(session),
            place="rewards",
            campaigns=queries.overview(session, here.default_locale),
            liability=queries.liability(session, _today(), here.time_zone, here.default_locale),
        )
    return make_response(page)


@blueprint.get("/find")
@requires(Permission.READ_GIFTS)
def find() -> AnyResponse:
    """Show rewards over all campaigns, by name, reward and state."""
    asked, here = request.args, membership_here()
    query = asked.get("q", "").replace("\x00", "")[:LONGEST_QUERY].strip()
    with transaction(g.scope) as session:
        found = find_rewards(
            session, query, asked.get("state", ""), row_number(asked.get("after", "")), here.default_locale
        )
        page = render_template(
            "staff/rewards/find.html", desk=desk_here(session), place="rewards", found=found, timezone=here.time_zone
        )
    return make_response(page)


@blueprint.get("/<int:reward_id>")
@requires(Permission.READ_GIFTS)
def reward(reward_id: int) -> AnyResponse:
    """Show who is owed one reward."""
    return _list(reward_id)


def _list(reward_id: int, errors: dict[str, str] | None = None, status: int = 200) -> AnyResponse:
    asked = request.args
    tab = asked.get("tab", "owed")
    tab = tab if tab in queries.TABS else "owed"
    after = asked.get("after", "0")
    query = asked.get("q", "").replace("\x00", "")[:LONGEST_QUERY].strip()
    with transaction(g.scope) as session:
        found = queries.reward_here(session, reward_id)
        page = render_template(
            "staff/rewards/reward.html",
            desk=desk_here(session),
            place="rewards",
            reward=found,
            title=said(found.title, membership_here().default_locale),
            automatic=service.by_itself(found),
            found=queries.page_of(session, reward_id, tab, query, row_number(after)),
            act=str(uuid4()),
            done=_done(asked.get("act", ""), asked.get("n", "")),
            reminded=row_number(asked.get("reminded", "")),
            timezone=membership_here().time_zone,
            values=shown_values(request.form),
            chosen=frozenset(request.form.getlist("rows")),
            errors=errors or {},
        )
    return make_response(page, status)


def _done(act: str, count: str) -> tuple[str, int] | None:
    """Read what was just marked, so that it can be undone."""
    try:
        return str(UUID(act)), row_number(count)
    except ValueError:
        return None


@blueprint.post("/<int:reward_id>/mark")
@requires(Permission.HAND_OVER)
def mark(reward_id: int) -> AnyResponse:
    """Mark one or many as ready, given, waived or impossible, or owed again."""
    form = MarkForm(request.form, context="")
    if not form.validate():
        return _list(reward_id, form.first_errors(), 422)
    ids = {row_number(one) for one in request.form.getlist("rows")}
    act = UUID(form.act.data)
    try:
        with transaction(g.scope) as session:
            queries.reward_here(session, reward_id)
            marked = service.mark(session, reward_id, ids, CounterpartState(form.state.data), act, form.note.data)
            count = len(marked)
    except Refusal as refusal:
        if refusal.field is None:
            raise
        return _list(reward_id, {refusal.field: in_words(refusal)}, refusal.status)
    return _to_reward(reward_id, act=str(act), n=count)


@blueprint.post("/<int:reward_id>/undo")
@requires(Permission.HAND_OVER)
def undo(reward_id: int) -> AnyResponse:
    """Take back what was marked in one go."""
    with transaction(g.scope) as session:
        queries.reward_here(session, reward_id)
        service.undo(session, reward_id, _act(request.form.get("act", "")))
    return _to_reward(reward_id)


def _act(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise Conflict(service.MARKED_ALREADY) from error


@blueprint.post("/<int:reward_id>/remind")
@requires(Permission.HAND_OVER)
def remind(reward_id: int) -> AnyResponse:
    """Write to those whose reward is ready."""
    with transaction(g.scope) as session:
        queries.reward_here(session, reward_id)
        count = service.remind(session, reward_id)
    return _to_reward(reward_id, reminded=count)


def _to_reward(reward_id: int, **given: Any) -> AnyResponse:
    tab = request.form.get("tab", "owed")
    given |= {"tab": tab} if tab in queries.TABS else {}
    return redirect(url_for(".reward", museum=membership_here().slug, reward_id=reward_id, **given), 303)


# ---------- what is printed or taken along ----------


@blueprint.get("/labels.pdf")
@requires(Permission.READ_GIFTS)
def all_labels() -> AnyResponse:
    """Give the labels of all that goes by post."""
    with transaction(g.scope) as session:
        rows, home = queries.to_send(session), _home(session)
    return _labels(rows, home, "labels")


@blueprint.get("/<int:reward_id>/labels.pdf")
@requires(Permission.READ_GIFTS)
def labels(reward_id: int) -> AnyResponse:
    """Give the labels of one reward."""
    with transaction(g.scope) as session:
        queries.reward_here(session, reward_id)
        rows, home = queries.all_of(session, reward_id, *OWED), _home(session)
    return _labels(rows, home, f"labels-{reward_id}")


def _labels(rows: tuple[CounterpartRow, ...], home: str, name: str) -> AnyResponse:
    addressed = [label_of(row, home) for row in rows if row.address]
    if not addressed:
        raise NotFound
    content = sheets(addressed, clock.now(), row_number(request.args.get("used", "")))
    answer = make_response(content)
    answer.headers["Content-Type"] = "application/pdf"
    answer.headers["Content-Disposition"] = f'inline; filename="{name}.pdf"'
    return answer


def _home(session: Session) -> str:
    return session.get_one(Institution, museum_of(session)).country


@blueprint.get("/<int:reward_id>/list.csv")
@requires(Permission.READ_GIFTS)
def whole_list(reward_id: int) -> AnyResponse:
    """Give everybody who chose one reward."""
    with transaction(g.scope) as session:
        queries.reward_here(session, reward_id)
        rows = queries.all_of(session, reward_id)
    zone = ZoneInfo(membership_here().time_zone)
    head = (
        gettext("Gift"), gettext("Name"), gettext("E-mail"), gettext("Address"), gettext("Country"), gettext("State"),
        gettext("Since"), gettext("Note"),
    )  # fmt: skip
    return _csv(f"reward-{reward_id}", head, [
        (row.gift_id, row.donor, row.email, ", ".join(row.address), country_name(row.country) if row.country else "",
         row.state, row.changed_at.astimezone(zone).date().isoformat(), row.note)
        for row in rows
    ])  # fmt: skip


@blueprint.get("/<int:reward_id>/engraving.csv")
@requires(Permission.READ_GIFTS)
def engraving(reward_id: int) -> AnyResponse:
    """Give the names to engrave, exactly as they were typed."""
    with transaction(g.scope) as session:
        queries.reward_here(session, reward_id)
        rows = queries.all_of(session, reward_id, *OWED)
    head = (gettext("Name to engrave"), gettext("Dedication"), gettext("Donor"), gettext("Gift"))
    return _csv(f"engraving-{reward_id}", head, [(row.wall, row.dedication, row.donor, row.gift_id) for row in rows])


def _csv(name: str, head: tuple[str, ...], rows: list[tuple[object, ...]]) -> Response:
    answer = make_response(table(head, rows))
    answer.headers["Content-Type"] = "text/csv; charset=utf-8"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer


# ---------- what it comes to ----------


@blueprint.get("/liability")
@requires(Permission.READ_GIFTS)
def liability() -> AnyResponse:
    """Show what the museum owed on a day."""
    on, wrong = _asked_day()
    here = membership_here()
    with transaction(g.scope) as session:
        page = render_template(
            "staff/rewards/liability.html",
            desk=desk_here(session),
            place="rewards",
            found=queries.liability(session, on, here.time_zone, here.default_locale),
            values={"on": request.args.get("on", on.isoformat())},
            errors={"on": gettext("Write the day like this: 2026-12-31")} if wrong else {},
        )
    return make_response(page, 422 if wrong else 200)


@blueprint.get("/liability.csv")
@requires(Permission.READ_GIFTS)
def liability_table() -> AnyResponse:
    """Give the same as a table."""
    on, _wrong = _asked_day()
    here = membership_here()
    with transaction(g.scope) as session:
        found = queries.liability(session, on, here.time_zone, here.default_locale)
    return _csv(
        f"rewards-owed-{on.isoformat()}",
        (gettext("Day"), gettext("Campaign"), gettext("Reward"), gettext("How many"), gettext("Value"), gettext("Currency")),
        [
            (on.isoformat(), line.campaign, line.reward, line.count, _decimal(line.value.minor), line.value.currency)
            for line in found.lines
        ],
    )  # fmt: skip


def _decimal(minor: int) -> str:
    """Write minor units with a point: the museums' currencies have two decimals, and a table is read by machines."""
    return f"{minor // 100}.{minor % 100:02d}"


def _asked_day() -> tuple[date, bool]:
    typed = request.args.get("on", "")
    if not typed:
        return _today(), False
    try:
        day = date.fromisoformat(typed)
    except ValueError:
        return _today(), True
    return (day, False) if date(2000, 1, 1) <= day <= date(2100, 1, 1) else (_today(), True)


def _today() -> date:
    return clock.now().astimezone(ZoneInfo(membership_here().time_zone)).date()
