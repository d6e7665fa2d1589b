"""The door for those who are not giving today."""

from __future__ import annotations

from datetime import date
from http import HTTPStatus
from urllib.parse import urlencode

from flask import Blueprint, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from crowdfund.accounts.buckets import limited
from crowdfund.errors import Conflict, NotFound, Refusal
from crowdfund.forms import form_token, shown_values
from crowdfund.i18n import current_locale, gettext
from crowdfund.pledges import reminders
from crowdfund.pledges.forms import ReminderForm
from crowdfund.pledges.offers import Offer, load_offer
from crowdfund.tenancy import DonorScope, PublicScope, transaction

blueprint = Blueprint("pledges", __name__)
ADDRESS = "/<lang:lang>/<museum>/<campaign>/remind"


@blueprint.get(ADDRESS)
def remind(museum: str, campaign: str) -> Response:
    """Ask when to remind, or say that it was noted (`on`)."""
    offer = _offer(museum, campaign)
    return _page(offer, {}, {}, noted=_day(request.args.get("on", "")))


@blueprint.post(ADDRESS)
def remind_posted(museum: str, campaign: str) -> Response:
    """Note a reminder. The answer is the same whether the address is known or not."""
    data = request.form
    offer = _offer(museum, campaign)
    form = ReminderForm(data, context=offer.url)
    errors = {} if form.validate() else form.first_errors()
    on = _day(form.on.data)
    if on is None and "on" not in errors:
        errors["on"] = gettext("Choose a day")
    if errors or on is None:
        return _page(offer, shown_values(data), errors)
    limited("reminder_network_hour", request.remote_addr or "")
    limited("reminder_email_day", form.email.data)
    try:
        with transaction(DonorScope(offer.institution_id)) as session:
            reminders.ask_reminder(session, offer.campaign_id, email=form.email.data, locale=current_locale(), on=on)
    except Refusal as refusal:
        if isinstance(refusal, Conflict) or refusal.field is None:
            raise
        return _page(offer, shown_values(data), {refusal.field: gettext(refusal.message)})
    return redirect(f"{offer.url}remind?{urlencode({'on': on.isoformat()})}", HTTPStatus.SEE_OTHER)


def _offer(museum: str, campaign: str) -> Offer:
    if "\x00" in museum + campaign:
        raise NotFound
    with transaction(PublicScope()) as session:
        return load_offer(session, museum, campaign)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _page(offer: Offer, values: dict[str, str], errors: dict[str, str], noted: date | None = None) -> Response:
    page = render_template(
        "give/remind.html",
        page=offer,
        first=offer.tomorrow,
        last=offer.day(offer.closes_at),
        values=values,
        errors=errors,
        noted=noted,
        csrf_token=form_token(offer.url),
    )
    answer = make_response(page, HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK)
    answer.headers["Cache-Control"] = "no-store"
    return answer
