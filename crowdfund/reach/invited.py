"""A donor's invitations, by the link of the gift: places, ticket, calendar file; and the page at the case."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, current_app, g, make_response, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from config import Config
from crowdfund import clock, qr
from crowdfund.accounts.buckets import limited
from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.texts import said
from crowdfund.errors import NotFound, Refusal
from crowdfund.forms import STALE, form_token, shown_values, token_age
from crowdfund.gifts.calendar import Moment, calendar_file
from crowdfund.i18n import current_locale, gettext, in_words, use_locale
from crowdfund.institutions.models import Institution
from crowdfund.institutions.permissions import membership_here, requires
from crowdfund.institutions.rules import Permission
from crowdfund.invitations import door, service
from crowdfund.invitations.queries import invitations_of
from crowdfund.invitations.rules import read_people, visit_code, written_code
from crowdfund.invitations.view import InvitationCard
from crowdfund.links import BadLink, institution_of
from crowdfund.numbers import row_number
from crowdfund.pdf import renderer
from crowdfund.pledges import service as pledges
from crowdfund.pledges.models import Pledge
from crowdfund.reach.appeal import read_appeal
from crowdfund.reach.queries import campaign_here
from crowdfund.tenancy import DonorScope, PublicScope, transaction

blueprint = Blueprint("invited", __name__)
HERE = "/<lang:lang>/<museum>/<campaign>/here"


@blueprint.get("/<lang:lang>/gifts/<token>/invitations")
def invitations(token: str) -> Response:
    """Show what a gift's donor is invited to."""
    return _page(token)


@blueprint.post("/<lang:lang>/gifts/<token>/invitations")
def book(token: str) -> Response:
    """Book places, change how many, or give them back."""
    scope = _scope(token)
    form, errors = request.form, {}
    if token_age(token, form.get("csrf_token", "")) is None:
        errors[""] = gettext(STALE)
    number = row_number(form.get("g", ""))
    if not errors:
        try:
            with transaction(scope) as session:
                pledge = pledges.pledge_by_token(session, token)
                if form.get("give_up"):
                    service.give_up(session, number, pledge)
                else:
                    gathering = service.gathering_of(session, number)
                    people = read_people(form.get("people", ""), gathering.most_each)
                    service.book(session, number, pledge, people)
        except Refusal as refusal:
            if refusal.status == NotFound().status:
                raise
            errors[refusal.field or ""] = in_words(refusal)
            return _page(token, number, errors, refusal.status)
        return redirect(f"{url_for('.invitations', token=token)}#g-{number}", 303)
    return _page(token, number, errors, 422)


def _page(token: str, wrong: int = 0, errors: dict[str, str] | None = None, status: int = 200) -> Response:
    with transaction(_scope(token)) as session:
        pledge = pledges.pledge_by_token(session, token)
        about = _about(session, pledge)
        cards = invitations_of(session, pledge)
    page = render_template(
        "gifts/invitations.html",
        about=about,
        cards=cards,
        token=token,
        code=written_code(visit_code(pledge.token_hash)),
        csrf_token=form_token(token),
        wrong=wrong,
        values=shown_values(request.form),
        errors=errors or {},
    )
    return _private(page, status)


def _about(session: Session, pledge: Pledge) -> dict[str, Any]:
    museum = session.get_one(Institution, pledge.institution_id)
    campaign = session.get_one(Campaign, (pledge.institution_id, pledge.campaign_id))
    return {
        "museum_slug": museum.slug,
        "museum_name": museum.name,
        "campaign_title": said(campaign.title, museum.default_locale),
        "opening": said(museum.opening, museum.default_locale),
    }


@blueprint.get("/<lang:lang>/gifts/<token>/ticket")
def ticket(token: str) -> Response:
    """Show the ticket of a booking, with the code that the door reads."""
    with transaction(_scope(token)) as session:
        pledge = pledges.pledge_by_token(session, token)
        about = _about(session, pledge)
        card = _booked(invitations_of(session, pledge))
    code = visit_code(pledge.token_hash)
    address = f"{_config().public_url}/staff/{about['museum_slug']}/gatherings/{card.id}?q={code}"
    page = render_template(
        "gifts/ticket.html", about=about, card=card, code=written_code(code), drawn=qr.draw(address), token=token
    )
    return _private(page)


@blueprint.get("/<lang:lang>/gifts/<token>/invitation.ics")
def calendar(token: str) -> Response:
    """Give a booking for the donor's calendar. The file is passed on: it does not hold the gift's link."""
    with transaction(_scope(token)) as session:
        pledge = pledges.pledge_by_token(session, token)
        about = _about(session, pledge)
        card = _booked(invitations_of(session, pledge))
    site = _config().public_url
    answer = make_response(
        calendar_file(
            Moment(
                uid=f"gathering-{pledge.institution_id}-{card.id}@{site.partition('://')[2]}",
                at=card.starts_at,
                made_at=clock.now(),
                title=card.title,
                text=f"{card.place}, {about['museum_name']}",
                url=f"{site}/{current_locale()}/{about['museum_slug']}/",
                until=card.ends_at,
            )
        )
    )
    answer.headers["Content-Type"] = "text/calendar; charset=utf-8"
    answer.headers["Content-Disposition"] = 'attachment; filename="invitation.ics"'
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def _booked(cards: tuple[InvitationCard, ...]) -> InvitationCard:
    """Find the booking that the address asks for. Raises NotFound."""
    asked = row_number(request.args.get("g", ""))
    for card in cards:
        if card.id == asked and card.mine == "booked":
            return card
    raise NotFound


# ---------- at the case ----------


@blueprint.get(HERE)
def here(museum: str, campaign: str) -> Response:
    """Welcome who stands before the work, and ask donors for their gift's code."""
    return _here(museum, campaign)


@blueprint.post(HERE)
def came(museum: str, campaign: str) -> Response:
    """Count that a donor came, once a day."""
    limited("gift_page_ip", request.remote_addr or "")
    code = request.form.get("code", "")
    if token_age(request.path, request.form.get("csrf_token", "")) is None:
        return _here(museum, campaign, {"": gettext(STALE)}, 422)
    try:
        with transaction(DonorScope(_museum_id(museum, campaign))) as session:
            pledge = door.pledge_of_code(session, code)
            door.count_visit(session, pledge, 1, door.CASE)
    except Refusal as refusal:
        if refusal.field is None:
            raise
        return _here(museum, campaign, {refusal.field: in_words(refusal)}, 422)
    return redirect(f"{request.path}?welcome=1", 303)


def _museum_id(museum: str, campaign: str) -> int:
    with transaction(PublicScope()) as session:
        from_public = read_appeal(session, museum, campaign)
        found = session.scalar(select(Institution.id).where(Institution.slug == from_public.museum.slug))
    if found is None:
        raise NotFound
    return int(found)


def _here(museum: str, campaign: str, errors: dict[str, str] | None = None, status: int = 200) -> Response:
    if "\x00" in museum + campaign:
        raise NotFound
    with transaction(PublicScope()) as session:
        appeal = read_appeal(session, museum, campaign)
    page = render_template(
        "gifts/here.html",
        appeal=appeal,
        welcome=bool(request.args.get("welcome")),
        csrf_token=form_token(request.path),
        values=shown_values(request.form),
        errors=errors or {},
    )
    return _private(page, status)


def _private(page: str, status: int = 200) -> Response:
    answer = make_response(page, status)
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def _scope(token: str) -> DonorScope:
    limited("gift_page_ip", request.remote_addr or "")
    try:
        return DonorScope(institution_of(token))
    except BadLink as error:
        raise NotFound from error


def _config() -> Config:
    config: Config = current_app.extensions["config"]
    return config


@blueprint.get("/staff/<museum>/campaigns/<campaign>/case.pdf")
@requires(Permission.READ_GIFTS)
def case_sheet(campaign: str) -> Response:
    """Give the sheet that stands beside the work, in the museum's language."""
    with transaction(g.scope) as session:
        campaign_here(session, campaign)
    home = membership_here()
    with transaction(PublicScope()) as session:
        appeal = read_appeal(session, home.slug, campaign)
    path = f"{appeal.page(home.default_locale)}here"
    address, site = f"{_config().public_url}{path}", urlsplit(_config().public_url)
    with use_locale(home.default_locale):
        html = render_template(
            "letters/case.html", appeal=appeal, typed=f"{site.netloc}{site.path}{path}", lang=current_locale()
        )
        content = renderer().render(
            html, title=appeal.title, lang=current_locale(), created_at=clock.now(), passing={"qr.png": qr.png(address)}
        )
    answer = _private("")
    answer.set_data(content)
    answer.headers["Content-Type"] = "application/pdf"
    answer.headers["Content-Disposition"] = f'inline; filename="case-{campaign}.pdf"'
    return answer
