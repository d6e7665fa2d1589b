"""The desk's page of bank details: where an issuer takes transfers and cheques."""

from __future__ import annotations

from flask import Blueprint, g, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from crowdfund.accounts.current import sign_next
from crowdfund.counter.forms import BankForm
from crowdfund.counter.queries import issuers_banks
from crowdfund.dashboard.frame import desk_here
from crowdfund.errors import Refusal
from crowdfund.forms import shown_values
from crowdfund.i18n import in_words
from crowdfund.institutions import bank
from crowdfund.institutions.permissions import can, keep_private, membership_here, person_here, requires
from crowdfund.institutions.rules import Permission
from crowdfund.numbers import row_number
from crowdfund.tenancy import transaction

blueprint = Blueprint("bank_page", __name__, url_prefix="/staff/<museum>/desk/bank")
blueprint.after_request(keep_private)


@blueprint.get("")
@requires(Permission.READ_GIFTS)
def show() -> AnyResponse:
    """Show where each issuer takes transfers and cheques."""
    return _page(0, {})


@blueprint.post("")
@requires(Permission.CHANGE_BANK, fresh=True)
def change() -> AnyResponse:
    """Change where an issuer takes transfers and cheques."""
    form = BankForm(request.form, context="")
    if not form.validate():
        return _page(form.issuer.data, form.first_errors(), 422)
    try:
        with transaction(g.scope) as session:
            bank.set_bank_details(session, form.issuer.data, form.details())
    except Refusal as refusal:
        if refusal.field is None:
            raise
        return _page(form.issuer.data, {refusal.field: in_words(refusal)}, refusal.status)
    return redirect(url_for(".show", museum=membership_here().slug) + f"#issuer-{form.issuer.data}", 303)


def _chosen(wrong: int, issuers: list[int]) -> int:
    """Tell whose form is open: one at a time, that of the only issuer at once."""
    asked = wrong or row_number(request.args.get("issuer"))
    return issuers[0] if len(issuers) == 1 else asked


def _page(issuer_id: int, errors: dict[str, str], status: int = 200) -> AnyResponse:
    with transaction(g.scope) as session:
        issuers = issuers_banks(session)
        desk = desk_here(session)
    here = url_for(".show", museum=membership_here().slug)
    may = can(Permission.CHANGE_BANK)
    page = render_template(
        "staff/desk/bank.html",
        desk=desk,
        place="desk",
        issuers=issuers,
        wrong=issuer_id,
        chosen=_chosen(issuer_id, [one.issuer_id for one in issuers]),
        typed=shown_values(request.form),
        errors=errors,
        may_change=may,
        confirm_url=url_for("accounts.confirm", next=sign_next(here)) if may and not person_here().is_fresh else "",
    )
    return make_response(page, status)
