"""The staff's pages: posters by place, the codes for other sites, and what each way brought."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Response, current_app, g, make_response, redirect, render_template, request, url_for
from markupsafe import escape
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from config import Config
from crowdfund.accounts.csrf import csrf_token
from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.texts import said
from crowdfund.dashboard.queries import count_waiting
from crowdfund.errors import Refusal
from crowdfund.forms import shown_values
from crowdfund.gifts.view import Desk
from crowdfund.i18n import LOCALES, in_words, use_locale
from crowdfund.institutions.permissions import keep_private, membership_here, person_here, requires
from crowdfund.institutions.rules import Permission
from crowdfund.reach import service
from crowdfund.reach.appeal import read_appeal
from crowdfund.reach.forms import PlaceForm
from crowdfund.reach.heads import frame_code
from crowdfund.reach.poster import Sheet, poster
from crowdfund.reach.queries import campaign_here, campaigns_here, place_here, places_of, typed_link, ways_of
from crowdfund.reach.rules import PICTURE
from crowdfund.reach.share import TOTAL_HEIGHT, TOTAL_WIDTH
from crowdfund.reach.view import Appeal
from crowdfund.tenancy import PublicScope, transaction

blueprint = Blueprint("posters", __name__, url_prefix="/staff/<museum>")
blueprint.after_request(keep_private)


@dataclass(frozen=True, slots=True)
class Headed:
    """The campaign at the head of a page, and where its pages are. `link` is its public address."""

    title: str
    link: str
    posters: str
    ways: str
    ambassadors: str
    screen: str
    kiosk: str
    draft: bool


@dataclass(frozen=True, slots=True)
class ForSites:
    """What a museum's own site takes, by language: the frame, and the picture with its link."""

    lang: str
    frame: str
    picture: str


@blueprint.get("/posters")
@requires(Permission.ENTER)
def campaigns() -> AnyResponse:
    """List the campaigns, each with its posters and ways."""
    home = membership_here().default_locale
    with transaction(g.scope) as session:
        found = [(_headed(one), one.state) for one in campaigns_here(session)]
        desk = _desk(session)
    return make_response(
        render_template("staff/reach/campaigns.html", desk=desk, place="posters", campaigns=found, home=home)
    )


@blueprint.get("/campaigns/<campaign>/posters")
@requires(Permission.ENTER)
def posters(campaign: str) -> AnyResponse:
    """Show a campaign's posters and what other sites can show of it."""
    return _posters_page(campaign)


@blueprint.post("/campaigns/<campaign>/posters")
@requires(Permission.MAKE_POSTERS)
def add_place(campaign: str) -> AnyResponse:
    """Give one more place its poster."""
    form = PlaceForm(request.form, context="")
    if not form.validate():
        return _posters_page(campaign, form.first_errors(), 422)
    try:
        with transaction(g.scope) as session:
            found = campaign_here(session, campaign)
            service.make_place(session, found.id, form.name.data, takes_cash=form.takes_cash.data)
    except Refusal as refusal:
        if refusal.field is None:
            raise
        return _posters_page(campaign, {refusal.field: in_words(refusal)}, refusal.status)
    return redirect(f"{url_for('.posters', museum=membership_here().slug, campaign=campaign)}#places", 303)


@blueprint.get("/campaigns/<campaign>/posters/<int:place_id>.<any(fr, it, en):sheet>.pdf")
@requires(Permission.ENTER)
def download(campaign: str, place_id: int, sheet: str) -> AnyResponse:
    """Give the poster of a place in a language; `for=printers` adds the bleed and the marks."""
    with transaction(g.scope) as session:
        found = campaign_here(session, campaign)
        place = place_here(session, found.id, place_id)
        public_url = _config().public_url
        facts = Sheet(
            name=place.name,
            opened=f"{public_url}/c/{place.code}?c={place.way}",
            typed=typed_link(public_url, place.code),
            takes_cash=place.takes_cash,
            made_at=place.created_at,
            for_printers=request.args.get("for") == "printers",
        )
    with use_locale(sheet):
        appeal = _appeal(campaign)
        answer = Response(poster(appeal, facts), mimetype="application/pdf")
    answer.headers.set("Content-Disposition", "attachment", filename=f"{campaign}-{place.way}-{sheet}.pdf")
    return answer


@blueprint.get("/campaigns/<campaign>/ways")
@requires(Permission.READ_GIFTS)
def ways(campaign: str) -> AnyResponse:
    """Show what each way brought."""
    with transaction(g.scope) as session:
        found = campaign_here(session, campaign)
        read, headed, desk = ways_of(session, found), _headed(found), _desk(session)
    page = render_template(
        "staff/reach/ways.html",
        desk=desk,
        place="posters",
        headed=headed,
        ways=read.rows,
        reckoned_at=read.reckoned_at,
        timezone=membership_here().time_zone,
    )
    return make_response(page)


def _posters_page(campaign: str, errors: dict[str, str] | None = None, status: int = 200) -> AnyResponse:
    config = _config()
    with transaction(g.scope) as session:
        found = campaign_here(session, campaign)
        headed, desk = _headed(found), _desk(session)
        places = places_of(session, found.id, config.public_url)
    codes = () if headed.draft else tuple(_for_sites(campaign, lang, config.public_url) for lang in LOCALES)
    page = render_template(
        "staff/reach/posters.html",
        desk=desk,
        place="posters",
        headed=headed,
        places=places,
        codes=codes,
        values=shown_values(request.form),
        errors=errors or {},
    )
    return make_response(page, status)


def _for_sites(campaign: str, lang: str, home: str) -> ForSites:
    with use_locale(lang):
        appeal = _appeal(campaign)
        picture = (
            f'<a href="{home}{appeal.page(lang)}?c={PICTURE}"><img src="{home}/totals/{appeal.path}.{lang}.png"'
            f' width="{TOTAL_WIDTH}" height="{TOTAL_HEIGHT}" alt="{escape(appeal.title)}"></a>'
        )
        return ForSites(lang, frame_code(appeal.path, appeal.title, home), picture)


def _appeal(campaign: str) -> Appeal:
    """Read the campaign as the public sees it; a draft has nothing to show. Raises NotFound."""
    with transaction(PublicScope()) as session:
        return read_appeal(session, membership_here().slug, campaign)


def _headed(campaign: Campaign) -> Headed:
    museum = membership_here()
    here = f"/staff/{museum.slug}/campaigns/{campaign.slug}"
    path = f"{museum.slug}/{campaign.slug}"
    return Headed(
        title=said(campaign.title, museum.default_locale),
        link=f"/{museum.default_locale}/{path}/",
        posters=f"{here}/posters",
        ways=f"{here}/ways",
        ambassadors=f"{here}/ambassadors",
        screen=f"/screen/{path}",
        kiosk=f"/kiosk/{path}",
        draft=campaign.state == "draft",
    )


def _desk(session: Session) -> Desk:
    museum, person = membership_here(), person_here()
    return Desk(museum.slug, museum.name, person.name, csrf_token(person.token_hash), count_waiting(session))


def _config() -> Config:
    config: Config = current_app.extensions["config"]
    return config
