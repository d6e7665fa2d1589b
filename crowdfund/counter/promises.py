"""The desk's pages of what is announced: enter a promise, find one, print its slip, note that it will not come."""

from __future__ import annotations

from uuid import uuid4

from flask import Blueprint, g, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from crowdfund.campaigns.models import Campaign
from crowdfund.counter.forms import AnnounceForm
from crowdfund.counter.queries import campaigns_open, list_promises, promise_row
from crowdfund.dashboard.frame import desk_here, tried
from crowdfund.desk import service
from crowdfund.desk.slip import Slip
from crowdfund.desk.views import as_pdf
from crowdfund.donors.models import Donor
from crowdfund.errors import Refusal
from crowdfund.forms import shown_values, tidy
from crowdfund.i18n import LOCALES, gettext, in_words, use_locale
from crowdfund.institutions.models import Institution
from crowdfund.institutions.permissions import keep_private, membership_here, requires
from crowdfund.institutions.rules import Permission
from crowdfund.numbers import row_number
from crowdfund.pledges.queries import countries_from
from crowdfund.tenancy import transaction

blueprint = Blueprint("promises", __name__, url_prefix="/staff/<museum>/desk")
blueprint.after_request(keep_private)


@blueprint.get("/")
@requires(Permission.READ_GIFTS)
def home() -> AnyResponse:
    """Show what is announced: the desk's first page."""
    return redirect(url_for(".list_of_promises", museum=membership_here().slug), 303)


@blueprint.get("/promises")
@requires(Permission.READ_GIFTS)
def list_of_promises() -> AnyResponse:
    """List what is announced and awaited."""
    before = request.args.get("before", "")
    asked = tidy(request.args.get("q", ""))[:100].replace("\x00", "")
    with transaction(g.scope) as session:
        found = list_promises(session, membership_here(), asked, row_number(before) or None)
        desk = desk_here(session)
    return make_response(render_template("staff/desk/promises.html", desk=desk, place="desk", found=found))


@blueprint.get("/promises/new")
@requires(Permission.RECORD_MONEY)
def new_promise() -> AnyResponse:
    """Ask what somebody at the desk promises."""
    return _form({"attempt": str(uuid4())})


@blueprint.post("/promises")
@requires(Permission.RECORD_MONEY)
def add_promise() -> AnyResponse:
    """Take the promise of somebody at the desk. The same form twice is one promise."""
    form = AnnounceForm(request.form, context="")
    museum = membership_here()
    with transaction(g.scope) as session:
        chosen = next(
            (one for one in campaigns_open(session, museum.default_locale) if one.id == form.campaign.data), None
        )
    form.amount.currency = chosen.currency if chosen else "EUR"
    valid = form.validate()
    errors = form.first_errors()
    if chosen is None:
        errors = {"campaign": gettext("Choose the campaign the gift is for")} | errors
    if not valid or chosen is None or form.amount.data is None:
        return _form(shown_values(request.form), errors, 422)
    try:
        with transaction(g.scope) as session:
            made = service.announce(session, form.request(form.amount.data, museum.default_locale))
            promise_id = made.id
    except Refusal as refusal:
        errors = {refusal.field or "": in_words(refusal)}
        return _form(shown_values(request.form), errors, refusal.status)
    return redirect(url_for(".one_promise", museum=museum.slug, promise_id=promise_id), 303)


@blueprint.get("/promises/<int:promise_id>")
@requires(Permission.READ_GIFTS)
def one_promise(promise_id: int) -> AnyResponse:
    """Show one promise, with its slip."""
    return _promise(promise_id)


@blueprint.get("/promises/<int:promise_id>/slip.pdf")
@requires(Permission.READ_GIFTS)
def slip(promise_id: int) -> AnyResponse:
    """Give the slip of a promise, in its donor's language, to print or to post."""
    with transaction(g.scope) as session:
        pledge = service.announced(session, promise_id)
        read, locale = Slip(session, pledge), pledge.locale
    with use_locale(locale):
        return as_pdf(read.pdf(), f"{read.way.reference}.pdf")


@blueprint.post("/promises/<int:promise_id>/call-off")
@requires(Permission.RECORD_MONEY)
def call_off(promise_id: int) -> AnyResponse:
    """Note that announced money will not come."""
    refusal = tried(lambda session: service.call_off(session, promise_id))
    if refusal is not None:
        return _promise(promise_id, {"": in_words(refusal)}, refusal.status)
    return redirect(url_for(".one_promise", museum=membership_here().slug, promise_id=promise_id), 303)


def _promise(pledge_id: int, errors: dict[str, str] | None = None, status: int = 200) -> AnyResponse:
    museum = membership_here()
    with transaction(g.scope) as session:
        pledge = service.announced(session, pledge_id)
        donor = session.get_one(Donor, (pledge.institution_id, pledge.donor_id))
        campaign = session.get_one(Campaign, (pledge.institution_id, pledge.campaign_id))
        row = promise_row(museum, pledge, donor, campaign)
        desk = desk_here(session)
    page = render_template("staff/desk/promise.html", desk=desk, place="desk", row=row, errors=errors or {})
    return make_response(page, status)


def _form(values: dict[str, str], errors: dict[str, str] | None = None, status: int = 200) -> AnyResponse:
    museum = membership_here()
    with transaction(g.scope) as session:
        campaigns = campaigns_open(session, museum.default_locale)
        country = session.get_one(Institution, museum.institution_id).country
        desk = desk_here(session)
    page = render_template(
        "staff/desk/announce.html",
        desk=desk,
        place="desk",
        campaigns=campaigns,
        countries=countries_from(country),
        languages=LOCALES,
        values={"attempt": str(uuid4()), "language": museum.default_locale, "country": country} | values,
        errors=errors or {},
    )
    return make_response(page, status)
