"""At the desk: an existing file of donors, brought, mapped, looked through, taken in with its proof, taken back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, current_app, g, make_response, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from crowdfund.accounts import buckets
from crowdfund.accounts.current import sign_next
from crowdfund.campaigns.documents import keep_file
from crowdfund.campaigns.rules import LARGEST_DOCUMENT
from crowdfund.dashboard.file_page import list_files, problem_row, read_file_page
from crowdfund.dashboard.files import csv_here
from crowdfund.dashboard.forms import OriginForm
from crowdfund.dashboard.frame import desk_here, said_of, tried
from crowdfund.errors import NotFound, Refusal
from crowdfund.forms import shown_values
from crowdfund.i18n import gettext as _
from crowdfund.i18n import in_words
from crowdfund.institutions.permissions import keep_private, membership_here, person_here, requires
from crowdfund.institutions.rules import Permission
from crowdfund.intake import service
from crowdfund.intake.entries import FIELDS
from crowdfund.intake.reading import read_file
from crowdfund.intake.rules import EMPTY, LARGEST_FILE, report_of
from crowdfund.storage import Storage
from crowdfund.tenancy import transaction

FORM_BESIDE = 256 * 1024  # what a form's words may add to the file
LARGEST = {"donor_files.bring_file": LARGEST_FILE, "donor_files.take_file_in": LARGEST_DOCUMENT}

blueprint = Blueprint("donor_files", __name__, url_prefix="/staff/<museum>/donors/files")
blueprint.after_request(keep_private)


@blueprint.before_request
def let_files_in() -> None:
    """Take a larger body at the addresses that files are sent to; before anything reads it."""
    if request.endpoint in LARGEST:
        request.max_content_length = LARGEST[request.endpoint] + FORM_BESIDE


@blueprint.get("")
@requires(Permission.MANAGE_DONORS)
def list_of_files() -> AnyResponse:
    """List the files that were brought, and take a new one."""
    return _list({})


@blueprint.post("")
@requires(Permission.MANAGE_DONORS)
def bring_file() -> AnyResponse:
    """Keep a file to be looked at. Nothing is taken in."""
    buckets.limited("donor_file_account", str(person_here().account_id))
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        return _list({"file": _(EMPTY)}, 422)
    content = sent.read()
    try:
        table = read_file(content)
        with transaction(g.scope) as session:
            file_id = service.bring(session, sent.filename, content, table).id
    except Refusal as refusal:
        return _list({refusal.field or "": in_words(refusal)}, refusal.status)
    return _to(file_id)


@blueprint.get("/<int:file_id>")
@requires(Permission.MANAGE_DONORS)
def one_file(file_id: int) -> AnyResponse:
    """Show a file as far as it is: its columns, what it would bring, what it brought."""
    return _page(file_id, {})


@blueprint.post("/<int:file_id>/columns")
@requires(Permission.MANAGE_DONORS)
def map_file(file_id: int) -> AnyResponse:
    """Say which column holds what, and look the whole file through."""
    columns = {name: request.form.get(f"column_{name}", "") for name in FIELDS}
    return _done(file_id, lambda session: service.map_columns(session, file_id, columns))


@blueprint.post("/<int:file_id>/take-in")
@requires(Permission.MANAGE_DONORS, fresh=True)
def take_file_in(file_id: int) -> AnyResponse:
    """Take a file in, with where it comes from and the paper that proves its consents."""
    form = OriginForm(request.form, context="")
    with transaction(g.scope) as session:
        service.file_of(session, file_id)
    if not form.validate():
        return _page(file_id, form.first_errors(), 422)
    paper = request.files.get("document")
    content = paper.read() if paper is not None and paper.filename else b""
    try:
        key = keep_file(membership_here().institution_id, content).key if content else None
    except Refusal as refusal:
        return _page(file_id, {"document": in_words(refusal)}, refusal.status)
    return _done(file_id, lambda session: service.apply(session, file_id, form.origin.data, key))


@blueprint.post("/<int:file_id>/undo")
@requires(Permission.MANAGE_DONORS, fresh=True)
def take_file_back(file_id: int) -> AnyResponse:
    """Take a file back: what it made goes, unless something has happened to it since."""
    return _done(file_id, lambda session: service.undo(session, file_id))


@blueprint.post("/<int:file_id>/drop")
@requires(Permission.MANAGE_DONORS)
def drop_file(file_id: int) -> AnyResponse:
    """Throw a file away that was not taken in."""
    return _done(file_id, lambda session: service.drop(session, file_id))


@blueprint.get("/<int:file_id>/problems.csv")
@requires(Permission.MANAGE_DONORS)
def problems(file_id: int) -> AnyResponse:
    """Send the list of what is wrong, line by line."""
    with transaction(g.scope) as session:
        found = report_of(service.file_of(session, file_id).report).problems
    head = (_("Line"), _("Column"), _("What is wrong"), _("The row is"))
    rows = ((one.line, one.column, one.sentence, one.weight) for one in map(problem_row, found))
    answer = Response(b"".join(csv_here(head, rows)), content_type="text/csv; charset=utf-8")
    answer.headers.set("Content-Disposition", "attachment", filename=f"problems-{file_id}.csv")
    return answer


@blueprint.get("/<int:file_id>/document")
@requires(Permission.MANAGE_DONORS)
def document(file_id: int) -> AnyResponse:
    """Send the paper that proves a file's consents."""
    with transaction(g.scope) as session:
        key = service.file_of(session, file_id).document_key
    if key is None:
        raise NotFound
    storage: Storage = current_app.extensions["storage"]
    answer = Response(storage.read(key), content_type="application/pdf")
    answer.headers.set("Content-Disposition", "attachment", filename=f"proof-{file_id}.pdf")
    return answer


def _done(file_id: int, act: Callable[[Session], Any]) -> AnyResponse:
    refusal = tried(act)
    if refusal is not None:
        return _page(file_id, said_of(refusal), refusal.status)
    return _to(file_id)


def _to(file_id: int) -> AnyResponse:
    return redirect(url_for(".one_file", museum=membership_here().slug, file_id=file_id), 303)


def _list(errors: dict[str, str], status: int = 200) -> AnyResponse:
    museum = membership_here()
    with transaction(g.scope) as session:
        found = list_files(session, f"/staff/{museum.slug}/donors/files")
        desk = desk_here(session)
    page = render_template(
        "staff/donors/files.html", desk=desk, place="donors", found=found, timezone=museum.time_zone, errors=errors
    )
    return make_response(page, status)


def _page(file_id: int, errors: dict[str, str], status: int = 200) -> AnyResponse:
    museum = membership_here()
    with transaction(g.scope) as session:
        here = f"/staff/{museum.slug}/donors/files"
        page = read_file_page(session, service.file_of(session, file_id), here, museum.time_zone)
        desk = desk_here(session)
    typed = {name: request.form.get(f"column_{name}", "") for name in FIELDS}
    shown = render_template(
        "staff/donors/file.html",
        desk=desk,
        place="donors",
        page=page,
        picked=typed if any(name.startswith("column_") for name in request.form) else page.picked,
        confirm_url="" if person_here().is_fresh else url_for("accounts.confirm", next=sign_next(page.row.url)),
        values=shown_values(request.form),
        errors=errors,
    )
    return make_response(shown, status)
