"""At the desk: lists as files, written while they are sent. Asked for with the password at hand, noted in the trail."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, g, make_response, render_template, request, stream_with_context, url_for
from werkzeug.wrappers import Response as AnyResponse

from crowdfund import audit, clock
from crowdfund.accounts import buckets
from crowdfund.accounts.current import sign_next
from crowdfund.crm.people import read_segment
from crowdfund.dashboard.asked import Asked, read_asked
from crowdfund.dashboard.files import csv_here, gift_head, gift_rows
from crowdfund.dashboard.frame import desk_here
from crowdfund.dashboard.queries import list_gifts
from crowdfund.dashboard.segments import COUNTED, count_people, people_head, people_rows
from crowdfund.i18n import gettext as _
from crowdfund.institutions.current import Membership
from crowdfund.institutions.permissions import keep_private, membership_here, person_here, requires
from crowdfund.institutions.rules import Permission
from crowdfund.spreadsheets import Row, xlsx_parts
from crowdfund.tenancy import StaffScope, transaction

blueprint = Blueprint("exports", __name__, url_prefix="/staff/<museum>")
blueprint.after_request(keep_private)
CSV, XLSX = "text/csv; charset=utf-8", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True)
class ExportOffer:
    """What the page of an export shows. `confirm_url` stands in for the form when the person must first prove who they are."""

    url: str
    back_url: str
    total: int
    more: bool
    filtered: bool
    columns: tuple[str, ...]
    confirm_url: str = ""


@blueprint.get("/gifts/export")
@requires(Permission.EXPORT)
def offer_gifts() -> AnyResponse:
    """Show what the file of gifts will hold."""
    with transaction(g.scope) as session:
        found = list_gifts(session, membership_here(), read_asked(request.args))
        desk = desk_here(session)
    offer = _offer(found.export_url, found.total, more=found.more, filtered=found.filtered, columns=gift_head())
    return make_response(render_template("staff/export.html", desk=desk, place="gifts", offer=offer))


@blueprint.post("/gifts/export")
@requires(Permission.EXPORT, fresh=True)
def export_gifts() -> AnyResponse:
    """Send the gifts that match, as CSV or XLSX."""
    asked = read_asked(request.args)
    return _sent("gifts", asked.parameters(), gift_head(), _gifts(g.scope, membership_here(), asked))


@blueprint.get("/donors/export")
@requires(Permission.EXPORT)
def offer_people() -> AnyResponse:
    """Show what the file of donors will hold."""
    segment = read_segment(request.args)
    with transaction(g.scope) as session:
        total = count_people(session, membership_here(), segment)
        desk = desk_here(session)
    asked = segment.parameters()
    url = f"/staff/{membership_here().slug}/donors/export{'?' + urlencode(asked) if asked else ''}"
    more = total > COUNTED
    offer = _offer(url, min(total, COUNTED), more=more, filtered=bool(asked), columns=people_head())
    return make_response(render_template("staff/export.html", desk=desk, place="donors", offer=offer))


@blueprint.post("/donors/export")
@requires(Permission.EXPORT, fresh=True)
def export_people() -> AnyResponse:
    """Send the donors of a segment, as CSV or XLSX."""
    scope, museum, segment = g.scope, membership_here(), read_segment(request.args)
    return _sent("donors", segment.parameters(), people_head(), lambda: people_rows(scope, museum, segment))


def _gifts(scope: StaffScope, museum: Membership, asked: Asked) -> Callable[[], Iterator[Row]]:
    return lambda: gift_rows(scope, museum, asked)


def _offer(url: str, total: int, *, more: bool, filtered: bool, columns: Iterable[str]) -> ExportOffer:
    confirm = "" if person_here().is_fresh else url_for("accounts.confirm", next=sign_next(url))
    back = url.replace("/export", "", 1)
    return ExportOffer(url, back, total, more, filtered, tuple(columns), confirm)


def _sent(what: str, filters: Iterable[str], head: tuple[str, ...], rows: Callable[[], Iterator[Row]]) -> AnyResponse:
    """Note who took what in the trail (names of the filters, no word searched for), then send it part by part."""
    buckets.limited("export_account", str(person_here().account_id))
    kind = "xlsx" if request.form.get("format") == "xlsx" else "csv"
    with transaction(g.scope) as session:
        audit.record(session, f"{what}.exported", f"export:{what}", format=kind, filters=sorted(filters))
    museum = membership_here()
    title = _("Gifts") if what == "gifts" else _("Donors")
    parts = xlsx_parts(title, head, rows()) if kind == "xlsx" else csv_here(head, rows())
    answer = Response(stream_with_context(parts), content_type=XLSX if kind == "xlsx" else CSV)
    day = clock.now().astimezone(ZoneInfo(museum.time_zone)).date()
    answer.headers.set("Content-Disposition", "attachment", filename=f"{museum.slug}-{what}-{day.isoformat()}.{kind}")
    return answer
