"""The doors beside giving: remind me on a day, give together."""

from __future__ import annotations

from datetime import date
from http import HTTPStatus
from urllib.parse import urlencode

from flask import Blueprint, current_app, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from config import Config
from crowdfund.accounts.buckets import limited
from crowdfund.campaigns.early import CLOSED
from crowdfund.errors import Conflict, NotFound, Refusal
from crowdfund.forms import form_token, shown_values
from crowdfund.headers import SHOWN_AGAIN
from crowdfund.i18n import current_locale, gettext, in_words
from crowdfund.pledges import groups, reminders
from crowdfund.pledges.forms import GROUP
from crowdfund.pledges.gift_forms import GroupForm, ReminderForm
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
        return _page(offer, shown_values(data), {refusal.field: in_words(refusal)})
    return redirect(f"{offer.url}remind?{urlencode({'on': on.isoformat()})}", HTTPStatus.SEE_OTHER)


@blueprint.get("/<lang:lang>/<museum>/<campaign>/together")
def together(museum: str, campaign: str) -> Response:
    """Ask for the name of a group."""
    offer = _offer(museum, campaign)
    return _start(offer, {}, {}, HTTPStatus.CONFLICT if offer.is_over() else HTTPStatus.OK)


@blueprint.post("/<lang:lang>/<museum>/<campaign>/together")
def together_posted(museum: str, campaign: str) -> Response:
    """Start a group and show its page."""
    data = request.form
    offer = _offer(museum, campaign)
    if not offer.is_open():
        raise Conflict(CLOSED)
    form = GroupForm(data, context=offer.url)
    if not form.validate():
        return _start(offer, shown_values(data), form.first_errors())
    limited("group_network_hour", request.remote_addr or "")
    limited("group_email_day", form.email.data)
    with transaction(DonorScope(offer.institution_id)) as session:
        group = groups.start_group(
            session, offer.campaign_id, name=form.name.data, email=form.email.data, locale=current_locale()
        )
    return redirect(f"{offer.url}together/{group.code}", HTTPStatus.SEE_OTHER)


@blueprint.get("/<lang:lang>/<museum>/<campaign>/together/<group>")
def group(museum: str, campaign: str, group: str) -> Response:
    """Show a group: its name, how many have given, the way to give with it."""
    offer = _offer(museum, campaign)
    with transaction(DonorScope(offer.institution_id)) as session:
        found = groups.find_group(session, offer.campaign_id, group) if GROUP.fullmatch(group) else None
        if found is None:
            raise NotFound
        people = groups.people_of(session, found.id)
    config: Config = current_app.extensions["config"]
    link = f"{config.public_url}{offer.url}together/{group}"
    return _private(render_template("give/group.html", page=offer, group=found, people=people, link=link))


def _start(offer: Offer, values: dict[str, str], errors: dict[str, str], status: int = HTTPStatus.OK) -> Response:
    token = form_token(offer.url)
    text = render_template("give/together.html", page=offer, values=values, errors=errors, csrf_token=token)
    return _private(text, HTTPStatus.UNPROCESSABLE_ENTITY if errors else status)


def _private(text: str, status: int = HTTPStatus.OK) -> Response:
    answer = make_response(text, status)
    answer.headers["Cache-Control"] = SHOWN_AGAIN if status == HTTPStatus.UNPROCESSABLE_ENTITY else "no-store"
    return answer


def _offer(museum: str, campaign: str) -> Offer:
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
    return _private(page, HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK)
