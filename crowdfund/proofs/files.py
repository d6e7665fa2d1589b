"""At the desk: what a plaque hands out, to look at and for the engraver: sheets as PDF, names as CSV and XLSX."""

from __future__ import annotations

from collections.abc import Iterable

from flask import Blueprint, Response, g, request
from werkzeug.wrappers import Response as AnyResponse

from crowdfund import clock
from crowdfund.campaigns.service import campaign_of
from crowdfund.dashboard.files import csv_here
from crowdfund.i18n import gettext
from crowdfund.institutions.permissions import keep_private, membership_here, requires
from crowdfund.institutions.rules import Permission
from crowdfund.proofs import signing
from crowdfund.proofs.printing import pdf
from crowdfund.proofs.reading import read_proof
from crowdfund.spreadsheets import Row, xlsx_parts
from crowdfund.tenancy import transaction

blueprint = Blueprint("plaque_files", __name__, url_prefix="/staff/<museum>/plaques")
blueprint.after_request(keep_private)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PLAQUE = "any(pdf, csv, xlsx)"


@blueprint.get(f"/<int:campaign_id>/proof.<{PLAQUE}:form>")
@requires(Permission.READ_GIFTS)
def proof(campaign_id: int, form: str) -> AnyResponse:
    """Give the plaque as it would be cut now; `for=printers` adds the bleed and the marks."""
    with transaction(g.scope) as session:
        found = read_proof(session, membership_here(), campaign_id)
    name = f"{found.code}-proof"
    if form == "pdf":
        for_printers = request.args.get("for") == "printers"
        return _sent(pdf(found, clock.now(), for_printers=for_printers), "application/pdf", f"{name}.pdf")
    return _names(form, name, ((part.heading, one.name) for part in found.parts for one in part.names))


@blueprint.get(f"/<int:campaign_id>/version-<int:number>.<{PLAQUE}:form>")
@requires(Permission.READ_GIFTS)
def version(campaign_id: int, number: int, form: str) -> AnyResponse:
    """Give a signed version, byte for byte as it was signed, or its names."""
    with transaction(g.scope) as session:
        code = campaign_of(session, campaign_id).code
        signed = signing.version_of(session, campaign_id, number)
        lines = [(line.heading, line.name) for line in signing.lines_of(session, signed)]
    name = f"{code}-plaque-{number}"
    if form == "pdf":
        return _sent(signing.content_of(signed), "application/pdf", f"{name}.pdf")
    return _names(form, name, lines)


def _names(form: str, name: str, names: Iterable[tuple[str, str]]) -> AnyResponse:
    """Write the names for the engraver, numbered, exactly as they were typed."""
    head = (gettext("No."), gettext("Section"), gettext("Name to engrave"))
    rows: list[Row] = [(number, heading, one) for number, (heading, one) in enumerate(names, 1)]
    if form == "xlsx":
        return _sent(b"".join(xlsx_parts(gettext("Plaque"), head, rows)), XLSX, f"{name}.xlsx")
    return _sent(b"".join(csv_here(head, rows)), "text/csv; charset=utf-8", f"{name}.csv")


def _sent(content: bytes, kind: str, name: str) -> AnyResponse:
    answer = Response(content, content_type=kind)
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    return answer
