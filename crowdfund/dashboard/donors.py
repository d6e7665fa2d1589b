"""At the desk: the museum's donors, by segments; segments are kept under a name, and leave as files."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask import Blueprint, g, make_response, redirect, render_template, request
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from crowdfund.crm import saved
from crowdfund.crm.models import DonorTag
from crowdfund.crm.people import Segment, best_first, people, read_segment
from crowdfund.crm.service import tags_in_use
from crowdfund.dashboard.forms import ViewForm
from crowdfund.dashboard.frame import desk_here
from crowdfund.dashboard.queries import campaign_choices
from crowdfund.dashboard.segments import COUNTED, count_found, currency_of, waits_among
from crowdfund.dashboard.shelf import shelf_of
from crowdfund.errors import Refusal
from crowdfund.forms import shown_values
from crowdfund.i18n import in_words
from crowdfund.institutions.permissions import keep_private, membership_here, requires
from crowdfund.institutions.rules import Permission
from crowdfund.money import Money
from crowdfund.tenancy import transaction

blueprint = Blueprint("people", __name__, url_prefix="/staff/<museum>/donors")
blueprint.after_request(keep_private)
PAGE = 50


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A donor in the list."""

    name: str
    url: str
    email: str
    phone: str
    town: str
    language: str
    gifts: int
    kept: Money
    last_at: datetime | None
    tags: tuple[str, ...]
    waiting: bool = False  # money of theirs is entered or matched, and nobody has approved it


@dataclass(frozen=True, slots=True)
class PeopleList:
    """A page of the donors and how it was asked for. `more` than `total`, where the count stopped; `best` match first.

    `to_approve` of them have given nothing yet but money that waits for approval.
    """

    rows: tuple[PersonRow, ...]
    total: int
    more: bool
    asked: dict[str, str]
    timezone: str
    next_url: str
    first_url: str
    best: bool = False
    to_approve: int = 0


@blueprint.get("")
@requires(Permission.READ_GIFTS)
def list_of_people() -> AnyResponse:
    """Show the museum's donors, by segments."""
    return _page()


@blueprint.post("")
@requires(Permission.KEEP_DONORS)
def keep_segment() -> AnyResponse:
    """Keep the segment of the address under a name."""
    form = ViewForm(request.form, context="")
    if not form.validate():
        return _page(form.first_errors(), 422)
    try:
        with transaction(g.scope) as session:
            kept = saved.keep_view(session, "donors", form.name.data, read_segment(request.args).parameters()).filters
    except Refusal as refusal:
        return _page({refusal.field or "name": in_words(refusal)}, refusal.status)
    return redirect(f"/staff/{membership_here().slug}/donors?{urlencode(kept)}", 303)


def name_of(row: Any) -> str:
    """Name a donor as the museum knows them."""
    return row.company_name or " ".join(part for part in (row.first_name, row.last_name) if part)


def _page(errors: dict[str, str] | None = None, status: int = 200) -> AnyResponse:
    museum = membership_here()
    with transaction(g.scope) as session:
        found = _list(session, read_segment(request.args))
        values: dict[str, Any] = {
            "found": found,
            "shelf": shelf_of(session, "donors", found.asked),
            "campaigns": campaign_choices(session, museum),
            "tags": tags_in_use(session),
            "desk": desk_here(session),
        }
    page = render_template(
        "staff/people.html", place="donors", values=shown_values(request.form), errors=errors or {}, **values
    )
    return make_response(page, status)


def _list(session: Session, segment: Segment) -> PeopleList:
    museum = membership_here()
    currency = currency_of(session, museum)
    statement = people(session, segment, currency, ZoneInfo(museum.time_zone))
    total, to_approve = count_found(session, statement)
    if segment.query and total <= COUNTED:
        statement = best_first(session, segment, statement)
    elif segment.after is not None:
        statement = statement.where(statement.selected_columns.id < segment.after)
    rows = session.execute(statement.limit(PAGE + 1)).all()
    shown = rows[:PAGE]
    tags: dict[int, list[str]] = {row.id: [] for row in shown}
    for donor_id, tag in session.execute(
        select(DonorTag.donor_id, DonorTag.tag).where(DonorTag.donor_id.in_(tags)).order_by(DonorTag.tag)
    ):
        tags[donor_id].append(tag)
    waiting = waits_among(session, [row.id for row in shown if not row.gifts])
    here, asked = f"/staff/{museum.slug}/donors", segment.parameters()
    return PeopleList(
        rows=tuple(_row(row, here, currency, tags[row.id], waiting=row.id in waiting) for row in shown),
        total=min(total, COUNTED),
        more=total > COUNTED,
        to_approve=to_approve if total <= COUNTED else 0,  # of more than were counted nobody knows
        asked=asked,
        timezone=museum.time_zone,
        next_url=f"{here}?{urlencode(asked | {'after': str(shown[-1].id)})}" if len(rows) > PAGE else "",
        best=bool(segment.query) and total <= COUNTED,
        first_url=(f"{here}?{urlencode(asked)}" if asked else here) if segment.after is not None else "",
    )


def _row(row: Any, here: str, currency: str, tags: list[str], *, waiting: bool) -> PersonRow:
    return PersonRow(
        name=name_of(row),
        url=f"{here}/{row.id}",
        email=row.email or "",
        phone=row.phone or "",
        town=row.city or "",
        language=row.locale,
        gifts=int(row.gifts),
        kept=Money(int(row.kept), currency),
        last_at=row.last_at,
        tags=tuple(tags),
        waiting=waiting,
    )
