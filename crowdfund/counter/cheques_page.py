"""The desk's pages of cheques: a batch typed by keyboard, one row for each cheque, its slip, and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4
from zoneinfo import ZoneInfo

from flask import Blueprint, g, make_response, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from crowdfund import clock
from crowdfund.counter.batches_read import batch_page, deposit_slip, known_promise, list_batches, row_to_correct
from crowdfund.counter.forms import NEEDS_CAMPAIGN, BatchForm, ChequeForm, own_number
from crowdfund.counter.queries import campaign_meant, campaigns_counted, campaigns_of_issuer, issuers_banks
from crowdfund.counter.view import KnownPromise
from crowdfund.dashboard.frame import desk_here, said_of, tried
from crowdfund.desk import cheques, entering
from crowdfund.desk.entering import Entered
from crowdfund.desk.rules import BatchState
from crowdfund.desk.views import as_pdf
from crowdfund.forms import shown_values, tidy
from crowdfund.i18n import LOCALES, gettext
from crowdfund.institutions.models import Institution, Issuer
from crowdfund.institutions.permissions import can, keep_private, membership_here, requires
from crowdfund.institutions.rules import Permission
from crowdfund.numbers import row_number
from crowdfund.pledges.queries import countries_from
from crowdfund.tenancy import transaction

# What the next cheque of a batch has in common with the last one.
KEPT = ("received_on", "handed", "campaign")

blueprint = Blueprint("cheques", __name__, url_prefix="/staff/<museum>/desk/cheques")
blueprint.after_request(keep_private)


@blueprint.get("")
@requires(Permission.READ_GIFTS)
def list_of_batches() -> AnyResponse:
    """List the batches of cheques, and begin one."""
    return _batches({})


def _batches(errors: dict[str, str], status: int = 200) -> AnyResponse:
    museum = membership_here()
    with transaction(g.scope) as session:
        found = list_batches(session, museum)
        issuers = issuers_banks(session)
        campaigns = campaigns_counted(session, museum.default_locale)
        desk = desk_here(session)
    page = render_template(
        "staff/desk/cheques.html", desk=desk, place="desk", found=found, issuers=issuers, campaigns=campaigns,
        values={"campaign": campaign_meant(campaigns)}, errors=errors, attempt=str(uuid4()),
    )  # fmt: skip
    return make_response(page, status)


@blueprint.post("")
@requires(Permission.RECORD_MONEY)
def begin_batch() -> AnyResponse:
    """Begin a batch, for the account that its campaign is paid into. The same form twice is one batch."""
    museum = membership_here()
    with transaction(g.scope) as session:
        campaigns = {str(one.id): one for one in campaigns_counted(session, museum.default_locale)}
        chosen = campaigns.get(request.form.get("campaign") or campaign_meant(list(campaigns.values())))
        issuer = row_number(request.form.get("issuer"))
        if chosen and (not issuer or request.form.get("campaign")):
            issuer = chosen.issuer_id
        asked = bool(campaigns) and chosen is None
        if issuer and not asked:
            batch_id = cheques.open_batch(session, issuer, own_number(request.form.get("attempt"))).id
    if asked or not issuer:
        return _batches({"campaign": gettext(NEEDS_CAMPAIGN)} if asked else {}, 422)
    here = url_for(".one_batch", museum=museum.slug, batch_id=batch_id)
    return redirect(f"{here}?campaign={chosen.id}" if chosen else here, 303)


@blueprint.get("/<int:batch_id>")
@requires(Permission.READ_GIFTS)
def one_batch(batch_id: int) -> AnyResponse:
    """Show a batch; while it is being entered, with the row for the next cheque."""
    return _page(batch_id)


@blueprint.post("/<int:batch_id>/rows")
@requires(Permission.RECORD_MONEY)
def add_row(batch_id: int) -> AnyResponse:
    """Enter a cheque. A reference alone, as a scanner sends it, fills the row with what was announced."""
    read = _read_row(batch_id)
    if read.promise is not None and not request.form.get("amount", "").strip():
        told = {"amount": str(read.promise.amount.decimal), "reference": read.promise.reference}
        return _page(batch_id, values=shown_values(request.form) | told, filled=read.promise.name)
    if read.entered is None:
        return _page(batch_id, read.errors, 422, shown_values(request.form))
    entered = read.entered
    return _done(batch_id, lambda session: entering.add_cheque(session, batch_id, entered), next_row=True)


@dataclass(frozen=True, slots=True)
class _Row:
    """A row as it was typed: the promise of its reference, and the cheque or what is wrong with it."""

    promise: KnownPromise | None
    entered: Entered | None
    errors: dict[str, str]


def _read_row(batch_id: int) -> _Row:
    with transaction(g.scope) as session:
        currency = entering.batch_of(session, batch_id).currency
        typed = tidy(request.form.get("reference", ""))[:40]
        promise = known_promise(session, typed)
    form = ChequeForm(request.form, context="", reference_known=promise is not None)
    form.amount.currency = currency
    errors = {} if form.validate() else form.first_errors()
    if typed and promise is None:
        errors = {
            "reference": gettext("No promise has this reference. Look again, or leave it empty and type the name.")
        } | errors
    if errors or form.amount.data is None:
        return _Row(promise, None, errors)
    pledge_id = promise.id if promise else None
    return _Row(promise, form.entered(pledge_id, form.amount.data, membership_here().default_locale), errors)


@blueprint.get("/<int:batch_id>/rows/<int:cheque_id>")
@requires(Permission.RECORD_MONEY)
def one_row(batch_id: int, cheque_id: int) -> AnyResponse:
    """Show a cheque in its row, to be corrected; where its batch is counted, the batch."""
    with transaction(g.scope) as session:
        entering.cheque_in(session, batch_id, cheque_id)
        open_ = entering.batch_of(session, batch_id).state == BatchState.RECORDED
    return _page(batch_id, correcting=cheque_id) if open_ else _to(batch_id)


@blueprint.post("/<int:batch_id>/rows/<int:cheque_id>")
@requires(Permission.RECORD_MONEY)
def correct_row(batch_id: int, cheque_id: int) -> AnyResponse:
    """Correct a cheque in its place."""
    with transaction(g.scope) as session:
        entering.cheque_in(session, batch_id, cheque_id)
    read = _read_row(batch_id)
    entered = read.entered
    if entered is None:
        return _page(batch_id, read.errors, 422, shown_values(request.form), correcting=cheque_id)
    return _done(
        batch_id,
        lambda session: entering.correct_cheque(session, batch_id, cheque_id, entered),
        correcting=cheque_id,
    )


@blueprint.post("/<int:batch_id>/rows/<int:cheque_id>/remove")
@requires(Permission.RECORD_MONEY)
def remove_row(batch_id: int, cheque_id: int) -> AnyResponse:
    """Take a cheque out of a batch that is being entered."""
    return _done(batch_id, lambda session: entering.remove_cheque(session, batch_id, cheque_id))


@blueprint.post("/<int:batch_id>/count")
@requires(Permission.RECORD_MONEY)
def count(batch_id: int) -> AnyResponse:
    """Compare a batch with what was counted by hand."""
    with transaction(g.scope) as session:
        currency = entering.batch_of(session, batch_id).currency
    form = BatchForm(request.form, context="")
    form.control_total.currency = currency
    if not form.validate() or form.control_total.data is None or form.control_count.data is None:
        return _page(batch_id, form.first_errors(), 422)
    number, total = form.control_count.data, form.control_total.data
    return _done(batch_id, lambda session: cheques.count_batch(session, batch_id, number, total))


@blueprint.post("/<int:batch_id>/reopen")
@requires(Permission.RECORD_MONEY)
def reopen(batch_id: int) -> AnyResponse:
    """Go back to entering a batch that was counted."""
    return _done(batch_id, lambda session: cheques.reopen_batch(session, batch_id))


@blueprint.post("/<int:batch_id>/drop")
@requires(Permission.RECORD_MONEY)
def drop(batch_id: int) -> AnyResponse:
    """Give a batch up that is being entered."""
    return _done(batch_id, lambda session: cheques.drop_batch(session, batch_id))


@blueprint.post("/<int:batch_id>/approve")
@requires(Permission.APPROVE_MONEY)
def approve(batch_id: int) -> AnyResponse:
    """Let the cheques of a counted batch become gifts."""
    told = tidy(request.form.get("accountant_reference", ""))[:60].replace("\x00", "")
    return _done(batch_id, lambda session: cheques.approve_batch(session, batch_id, told))


@blueprint.post("/<int:batch_id>/rows/<int:cheque_id>/returned")
@requires(Permission.APPROVE_MONEY, fresh=True)
def returned(batch_id: int, cheque_id: int) -> AnyResponse:
    """Note that the bank did not pay a cheque."""
    return _done(
        batch_id, lambda session: cheques.return_cheque(session, entering.cheque_in(session, batch_id, cheque_id).id)
    )


@blueprint.get("/<int:batch_id>/slip.pdf")
@requires(Permission.READ_GIFTS)
def slip(batch_id: int) -> AnyResponse:
    """Give the numbered deposit slip of a counted batch."""
    with transaction(g.scope) as session:
        read = deposit_slip(session, membership_here(), batch_id)
    return as_pdf(read.pdf(), f"{read.number}.pdf")


def _to(batch_id: int) -> AnyResponse:
    return redirect(url_for(".one_batch", museum=membership_here().slug, batch_id=batch_id), 303)


def _done(
    batch_id: int, act: Callable[[Session], Any], *, next_row: bool = False, correcting: int = 0
) -> AnyResponse:  # fmt: skip
    refusal = tried(act)
    if refusal is not None:
        return _page(batch_id, said_of(refusal), refusal.status, shown_values(request.form), correcting=correcting)
    if not next_row:
        return _to(batch_id)
    kept = {name: request.form[name] for name in KEPT if request.form.get(name)}
    here = url_for(".one_batch", museum=membership_here().slug, batch_id=batch_id)
    return redirect(f"{here}?{urlencode(kept)}", 303)  # no #fragment: browsers would not put the cursor into the row


def _page(
    batch_id: int, errors: dict[str, str] | None = None, status: int = 200, values: dict[str, str] | None = None,
    filled: str = "", correcting: int = 0,
) -> AnyResponse:  # fmt: skip
    museum = membership_here()
    with transaction(g.scope) as session:
        batch = entering.batch_of(session, batch_id)
        page = batch_page(session, museum, batch)
        issuer = session.get_one(Issuer, (museum.institution_id, batch.issuer_id))
        open_ = batch.state == BatchState.RECORDED
        campaigns = campaigns_of_issuer(session, issuer.id, batch.currency, museum.default_locale) if open_ else []
        row = row_to_correct(session, museum, batch, correcting) if open_ and correcting else None
        country = session.get_one(Institution, museum.institution_id).country
        desk = desk_here(session)
    today = clock.now().astimezone(ZoneInfo(issuer.time_zone)).date().isoformat()
    kept = {name: request.args[name] for name in KEPT if request.args.get(name)}
    # The batch's own campaign is the last cheque's; before the first one, what was chosen at its beginning.
    own = str(page.cheques[-1].campaign_id) if page.cheques else campaign_meant(campaigns)
    first = {
        "campaign": own,
        "attempt": str(uuid4()),
        "received_on": today,
        "country": country,
        "language": museum.default_locale,
    }
    shown = render_template(
        "staff/desk/batch.html", desk=desk, place="desk", page=page, me=g.scope.actor, campaigns=campaigns, languages=LOCALES,
        countries=countries_from(country), values=first | kept | (row.values if row else {}) | (values or {}), row_open=row,
        filled=filled, errors=errors or {}, may_approve=can(Permission.APPROVE_MONEY),
    )  # fmt: skip
    return make_response(shown, status)
