"""The papers behind a campaign: filed, described, shown or kept, replaced, withdrawn and brought back."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, g, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from crowdfund.accounts import buckets
from crowdfund.campaigns import documents, filing, inspection
from crowdfund.campaigns.documents import DocumentDetails, KeptFile
from crowdfund.campaigns.models import CampaignDocument
from crowdfund.campaigns.rules import LARGEST_DOCUMENT, DocumentKind, DocumentState
from crowdfund.campaigns.texts import said
from crowdfund.editor.forms import document_form
from crowdfund.editor.frame import author, campaign_here, head_of, kept_now, note, render
from crowdfund.errors import NotFound, Refusal
from crowdfund.forms import shown_values
from crowdfund.headers import policy
from crowdfund.i18n import LOCALES, N_, gettext, in_words
from crowdfund.institutions.current import languages_of
from crowdfund.institutions.permissions import keep_private, membership_here, person_here, requires
from crowdfund.institutions.rules import Permission
from crowdfund.tenancy import transaction

FORM_BESIDE = 256 * 1024  # what a form's words may add to the file
NO_STATE = N_("Choose one of the answers.")

blueprint = Blueprint("papers", __name__, url_prefix="/staff/<museum>/campaigns")
blueprint.after_request(keep_private)


@blueprint.before_request
def let_papers_in() -> None:
    """Take a larger body at the two addresses that papers are sent to; before anything reads it."""
    if request.endpoint in {"papers.file_document", "papers.replace"}:
        request.max_content_length = LARGEST_DOCUMENT + FORM_BESIDE


@blueprint.get("/<int:campaign_id>/edit/documents")
@requires(Permission.ENTER)
def papers(campaign_id: int) -> AnyResponse:
    """Show the campaign's papers, and the form that files one."""
    return _list(campaign_id)


@blueprint.post("/<int:campaign_id>/edit/documents")
@requires(Permission.EDIT)
def file_document(campaign_id: int) -> AnyResponse:
    """File a paper: check it, keep it, say what it is."""
    buckets.limited("document_account", str(person_here().account_id))
    with transaction(g.scope) as session:
        campaign_here(session, campaign_id)
    details, errors = _told()
    if details is None:
        return _list(campaign_id, errors)
    try:
        kept, public = _kept(), request.form.get("shown") == DocumentState.PUBLIC
        with transaction(g.scope) as session:
            filing.file_document(session, campaign_id, details, kept, public=public, author=author(), note=note())
    except Refusal as refusal:
        return _list(campaign_id, _errors(refusal), refusal.status)
    return redirect(url_for(".papers", museum=membership_here().slug, campaign_id=campaign_id, kept=kept_now()), 303)


@blueprint.get("/<int:campaign_id>/edit/documents/<int:document_id>")
@requires(Permission.EDIT)
def paper(campaign_id: int, document_id: int) -> AnyResponse:
    """Show one paper: its words, who reads it, its file."""
    return _one(campaign_id, document_id)


@blueprint.post("/<int:campaign_id>/edit/documents/<int:document_id>")
@requires(Permission.EDIT)
def describe(campaign_id: int, document_id: int) -> AnyResponse:
    """Say other words of a paper."""
    details, errors = _told()
    if details is None:
        return _one(campaign_id, document_id, errors, 422)
    try:
        with transaction(g.scope) as session:
            filing.describe_document(session, campaign_id, document_id, details, author=author(), note=note())
    except Refusal as refusal:
        return _one(campaign_id, document_id, _errors(refusal), refusal.status)
    return _to(campaign_id, document_id)


@blueprint.post("/<int:campaign_id>/edit/documents/<int:document_id>/move")
@requires(Permission.EDIT)
def move(campaign_id: int, document_id: int) -> AnyResponse:
    """Show a paper to everybody, keep it for the museum, withdraw it, bring it back."""
    state = request.form.get("state", "")
    if state not in set(DocumentState):
        return _one(campaign_id, document_id, {"": gettext(NO_STATE)}, 422)
    try:
        with transaction(g.scope) as session:
            filing.move_document(session, campaign_id, document_id, DocumentState(state), author=author(), note=note())
    except Refusal as refusal:
        errors = {("why" if field == "note" else field): words for field, words in _errors(refusal).items()}
        return _one(campaign_id, document_id, errors, refusal.status)
    return _to(campaign_id, document_id)


@blueprint.post("/<int:campaign_id>/edit/documents/<int:document_id>/replace")
@requires(Permission.EDIT)
def replace(campaign_id: int, document_id: int) -> AnyResponse:
    """Put a new file in a paper's place."""
    buckets.limited("document_account", str(person_here().account_id))
    with transaction(g.scope) as session:
        filing.document_in(session, campaign_here(session, campaign_id), document_id)
    try:
        kept = _kept()
        with transaction(g.scope) as session:
            new = filing.replace_document(session, campaign_id, document_id, kept, author=author(), note=note())
            new_id = new.id
    except Refusal as refusal:
        errors = {("why-file" if field == "note" else field): words for field, words in _errors(refusal).items()}
        return _one(campaign_id, document_id, errors, refusal.status)
    return _to(campaign_id, new_id)


@blueprint.get("/<int:campaign_id>/edit/documents/<int:document_id>/file")
@requires(Permission.ENTER)
def file(campaign_id: int, document_id: int) -> AnyResponse:
    """Hand a paper to the museum's people, to be kept and not to be opened in the page's place."""
    with transaction(g.scope) as session:
        found = filing.document_in(session, campaign_here(session, campaign_id), document_id)
    answer = Response(documents.content_of(found), content_type="application/pdf")
    answer.headers.set("Content-Disposition", "attachment", filename=f"{found.kind}-{found.id}.pdf")
    answer.headers["Content-Security-Policy"] = policy("document", "")
    return answer


def _kept() -> KeptFile:
    """Look into the file that was sent and put it into the storage. Raises Refusal."""
    sent = request.files.get("file")
    content = sent.read() if sent else b""
    inspection.inspect(content)
    return documents.keep_file(membership_here().institution_id, content)


def _told() -> tuple[DocumentDetails | None, dict[str, str]]:
    with transaction(g.scope) as session:
        languages = languages_of(session, membership_here().institution_id)
    form = document_form(languages)(request.form, context="")
    if not form.validate():
        return None, form.first_errors()
    titles = {locale: form[f"title_{locale}"].data for locale in languages}
    if not any(titles.values()):
        return None, {f"title_{languages[0]}": gettext(documents.NO_TITLE)}
    return form.said(titles), {}


def _errors(refusal: Refusal) -> dict[str, str]:
    if isinstance(refusal, NotFound):
        raise refusal
    return {refusal.field or "": in_words(refusal)}


def _to(campaign_id: int, document_id: int) -> AnyResponse:
    museum = membership_here().slug
    here = url_for(".paper", museum=museum, campaign_id=campaign_id, document_id=document_id, kept=kept_now())
    return redirect(here, 303)


def _asked(languages: tuple[str, ...]) -> dict[str, Any]:
    return {"kinds": [kind.value for kind in DocumentKind], "languages": languages, "tongues": LOCALES, "note": note()}


def _list(campaign_id: int, errors: dict[str, str] | None = None, status: int = 422) -> AnyResponse:
    home = membership_here().default_locale
    with transaction(g.scope) as session:
        campaign = campaign_here(session, campaign_id)
        head = head_of(session, campaign)
        beginning = {"kind": request.args.get("kind", ""), "locale": home}
        values = {
            "found": [(one, said(one.title, home)) for one in documents.documents_of(session, campaign.id)],
            "values": shown_values(request.form) if errors else beginning,
            "errors": errors or {},
        }
        page = values | _asked(head.languages)
        return render(session, "editor/documents.html", head, "documents", page, status if errors else 200)


def _one(campaign_id: int, document_id: int, errors: dict[str, str] | None = None, status: int = 200) -> AnyResponse:
    with transaction(g.scope) as session:
        campaign = campaign_here(session, campaign_id)
        head, one = head_of(session, campaign), filing.document_in(session, campaign, document_id)
        values = {
            "one": one,
            "title": said(one.title, membership_here().default_locale),
            "values": _words(one) | (shown_values(request.form) if errors else {}),
            "errors": errors or {},
        }
        return render(session, "editor/document.html", head, "documents", values | _asked(head.languages), status)


def _words(one: CampaignDocument) -> dict[str, str]:
    titles = {f"title_{locale}": text for locale, text in one.title.items()}
    return titles | {"kind": one.kind, "locale": one.locale, "dated_on": one.dated_on.isoformat()}
