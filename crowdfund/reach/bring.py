"""The doors of ambassadors: set up from the gift's page, the page that others open, the poster; and the board at the desk."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from flask import Blueprint, current_app, g, make_response, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from config import Config
from crowdfund import clock
from crowdfund.accounts.buckets import limited
from crowdfund.ambassadors import service
from crowdfund.ambassadors.models import Ambassador
from crowdfund.ambassadors.rules import DRAWN, LONGEST_NAME, USUAL_GOAL, read_goal, way_of
from crowdfund.ambassadors.service import Wish
from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.rules import is_open
from crowdfund.campaigns.texts import said
from crowdfund.dashboard.frame import desk_here
from crowdfund.donors import service as donors
from crowdfund.donors.models import Donor
from crowdfund.donors.rules import short_name
from crowdfund.errors import NotFound, Refusal
from crowdfund.forms import STALE, form_token, shown_values, text_problem, tidy, token_age
from crowdfund.i18n import LOCALES, N_, current_locale, gettext, in_words, local_date, negotiate
from crowdfund.institutions.models import Institution
from crowdfund.institutions.permissions import keep_private, membership_here, requires
from crowdfund.institutions.rules import Permission
from crowdfund.links import BadLink, institution_of
from crowdfund.pledges import service as pledges
from crowdfund.pledges.models import Pledge
from crowdfund.pledges.rules import PledgeState
from crowdfund.reach.appeal import read_appeal
from crowdfund.reach.brought import board, people_brought
from crowdfund.reach.poster import Sheet, letter, poster
from crowdfund.reach.queries import campaign_here
from crowdfund.reach.rules import museum_of_code, museum_prefix, plain_code
from crowdfund.reach.view import Appeal
from crowdfund.tenancy import DonorScope, PublicScope, transaction

blueprint = Blueprint("bring", __name__)
NAMELESS = N_("Type the name that people will read")


@blueprint.get("/<lang:lang>/gifts/<token>/bring")
def set_up(token: str) -> AnyResponse:
    """Show what a donor needs to bring others: a name, a goal, and then the link and the poster."""
    return _page(token)


@blueprint.post("/<lang:lang>/gifts/<token>/bring")
def saved(token: str) -> AnyResponse:
    """Set the page up, change it, or switch it off and on."""
    form, scope = request.form, _scope(token)
    if token_age(token, form.get("csrf_token", "")) is None:
        return _page(token, {"": gettext(STALE)}, 422)
    name = tidy(form.get("name", ""))
    switch = form.get("switch", "")
    problem = None if switch else text_problem(name, LONGEST_NAME) or (None if name else gettext(NAMELESS))
    if problem:
        return _page(token, {"name": problem}, 422)
    try:
        with transaction(scope) as session:
            pledge = _paid(session, token)
            if switch:
                _switch(session, pledge, on=switch == "on")
            else:
                wish = Wish(name, read_goal(form.get("goal", "")), bool(form.get("wants_mail")), current_locale())
                service.become(session, pledge.campaign_id, pledge.donor_id, wish)
    except Refusal as refusal:
        if refusal.field is None:
            raise
        return _page(token, {refusal.field: in_words(refusal)}, refusal.status)
    return redirect(url_for(".set_up", token=token), 303)


def _switch(session: Session, pledge: Pledge, *, on: bool) -> None:
    found = service.ambassador_of(session, pledge.campaign_id, pledge.donor_id)
    if found is None:
        raise NotFound
    service.switch(session, found.id, on=on)


def _paid(session: Session, token: str) -> Pledge:
    """Find a paid pledge whose donor may bring others. Raises NotFound, for who was erased too."""
    pledge = pledges.pledge_by_token(session, token)
    donors.known_donor(session, pledge.donor_id)
    if pledge.state != PledgeState.PAID:
        raise NotFound
    return pledge


def _page(token: str, errors: dict[str, str] | None = None, status: int = 200) -> AnyResponse:
    with transaction(_scope(token)) as session:
        pledge = _paid(session, token)
        museum = session.get_one(Institution, pledge.institution_id)
        campaign = session.get_one(Campaign, (pledge.institution_id, pledge.campaign_id))
        donor = session.get_one(Donor, (pledge.institution_id, pledge.donor_id))
        found = service.ambassador_of(session, campaign.id, donor.id)
        people = people_brought(session, found) if found else 0
        running = is_open(campaign.state, campaign.opens_at, campaign.closes_at, clock.now())
    papers = running and _appeal(museum.slug, campaign.slug).gives
    path = f"/{current_locale()}/{museum.slug}/{campaign.slug}/"
    usual = short_name(donor.first_name or "", donor.last_name or "") or donor.company_name or ""
    values = {"name": found.name if found else usual, "goal": str(found.goal if found else USUAL_GOAL)}
    values |= {"wants_mail": "1"} if found and found.wants_mail else {}
    answer = make_response(
        render_template(
            "gifts/bring.html",
            museum_slug=museum.slug,
            museum_name=museum.name,
            campaign_title=said(campaign.title, museum.default_locale),
            campaign_url=path,
            token=token,
            ambassador=found,
            running=running,
            papers=papers,
            short=f"{urlsplit(_config().public_url).netloc}/with/{short_code(found)}" if found else "",
            has_mail=donor.email is not None,
            people=people,
            link=f"{_config().public_url}{path}with/{found.code}" if found else "",
            csrf_token=form_token(token),
            values=shown_values(request.form) if errors else values,
            errors=errors or {},
        ),
        status,
    )
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


@blueprint.get("/<lang:lang>/gifts/<token>/bring.pdf")
def own_poster(token: str) -> AnyResponse:
    """Give an ambassador the poster with their own code."""
    return _paper(token, poster, "poster")


@blueprint.get("/<lang:lang>/gifts/<token>/letter.pdf")
def own_letter(token: str) -> AnyResponse:
    """Give an ambassador a letter to hand to a neighbour, with their own code."""
    return _paper(token, letter, "letter")


def _paper(token: str, draw: Callable[[Appeal, Sheet], bytes], name: str) -> AnyResponse:
    """Print for an ambassador. Raises NotFound when their page is off, and once nothing can be given any more."""
    with transaction(_scope(token)) as session:
        pledge = _paid(session, token)
        found = service.ambassador_of(session, pledge.campaign_id, pledge.donor_id)
        museum = session.get_one(Institution, pledge.institution_id)
        campaign = session.get_one(Campaign, (pledge.institution_id, pledge.campaign_id)).slug
    if found is None or found.off_at is not None:
        raise NotFound
    appeal = _appeal(museum.slug, campaign)
    if not appeal.gives:
        raise NotFound
    site = urlsplit(_config().public_url)
    facts = Sheet(
        name=found.name,
        opened=f"{_config().public_url}{appeal.page(current_locale())}with/{found.code}",
        typed=f"{site.netloc}{site.path}/with/{short_code(found)}",
        takes_cash=False,
        made_at=clock.now(),
        day=local_date(clock.now(), museum.time_zone),
    )
    answer = make_response(draw(appeal, facts))
    answer.headers["Content-Type"] = "application/pdf"
    answer.headers["Content-Disposition"] = f'inline; filename="{name}-{found.code}.pdf"'
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def short_code(found: Ambassador) -> str:
    """Write an ambassador's code as it is typed without the campaign: the museum's number before it."""
    return museum_prefix(found.institution_id) + found.code


@blueprint.get("/with/<short>")
def typed_link(short: str) -> AnyResponse:
    """Lead from an ambassador's letter or poster to their page, in the reader's language. Raises NotFound."""
    limited("gift_page_ip", request.remote_addr or "")
    institution_id = museum_of_code(short)
    if institution_id is None:
        raise NotFound
    with transaction(DonorScope(institution_id)) as session:
        museum = session.get(Institution, institution_id)
        found = service.by_code(session, None, plain_code(short)[-DRAWN:])
        campaign = session.get_one(Campaign, (institution_id, found.campaign_id))
        if museum is None:
            raise NotFound
        asked = request.headers.get("Accept-Language")
        lang = negotiate(asked) if asked else museum.default_locale
        target = f"/{lang}/{museum.slug}/{campaign.slug}/with/{found.code}"
    answer = redirect(target, 302)
    answer.headers["Cache-Control"] = "private, no-store"
    answer.headers["Vary"] = "Accept-Language"
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer


@blueprint.get("/<lang:lang>/<museum>/<campaign>/with/<short>")
def with_somebody(museum: str, campaign: str, short: str) -> AnyResponse:
    """Show who brings people along, how many have come, and lead on to the work. No amount, no name but theirs."""
    appeal = _appeal(museum, campaign)
    with transaction(PublicScope()) as session:
        institution_id = session.scalar(select(Institution.id).where(Institution.slug == appeal.museum.slug))
    with transaction(DonorScope(int(institution_id or 0))) as session:
        found = service.by_code(session, campaign_here(session, campaign).id, short)
        people = people_brought(session, found)
    if found.off_at is not None:
        return redirect(appeal.page(current_locale()), 302)
    answer = make_response(
        render_template("reach/with.html", appeal=appeal, ambassador=found, people=people, way=way_of(found.code))
    )
    answer.headers["Cache-Control"] = "public, max-age=60"
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer


# ---------- at the desk ----------


@blueprint.get("/staff/<museum>/campaigns/<campaign>/ambassadors")
@requires(Permission.READ_GIFTS)
def ambassadors(campaign: str) -> AnyResponse:
    """Show who brings people along, the most people first; nobody's gift plays a part."""
    with transaction(g.scope) as session:
        found = campaign_here(session, campaign)
        page = render_template(
            "staff/reach/ambassadors.html",
            desk=desk_here(session),
            place="posters",
            campaign=found,
            title=said(found.title, membership_here().default_locale),
            rows=board(session, found.id),
            langs=LOCALES,
        )
    return make_response(page)


@blueprint.post("/staff/<museum>/campaigns/<campaign>/ambassadors/<int:ambassador_id>")
@requires(Permission.MAKE_POSTERS)
def switch(campaign: str, ambassador_id: int) -> AnyResponse:
    """Switch a code off, or on again."""
    with transaction(g.scope) as session:
        found = campaign_here(session, campaign)
        if ambassador_id not in {row.id for row in board(session, found.id)}:
            raise NotFound
        service.switch(session, ambassador_id, on=request.form.get("on") == "1")
    return redirect(url_for(".ambassadors", museum=membership_here().slug, campaign=campaign), 303)


blueprint.after_request(lambda answer: keep_private(answer) if request.path.startswith("/staff/") else answer)


def _appeal(museum: str, campaign: str) -> Appeal:
    if "\x00" in museum + campaign:
        raise NotFound
    with transaction(PublicScope()) as session:
        return read_appeal(session, museum, campaign)


def _scope(token: str) -> DonorScope:
    limited("gift_page_ip", request.remote_addr or "")
    try:
        return DonorScope(institution_of(token))
    except BadLink as error:
        raise NotFound from error


def _config() -> Config:
    config: Config = current_app.extensions["config"]
    return config
