"""The public site: read only, cookie-less, cacheable."""

from __future__ import annotations

import json
from collections.abc import Callable

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.accounts.buckets import limited
from crowdfund.campaigns import documents
from crowdfund.campaigns.early import opened_by
from crowdfund.campaigns.rules import CampaignState
from crowdfund.conversation.queries import news_page, place_of
from crowdfund.errors import NotFound, Refusal
from crowdfund.forms import form_token, shown_values
from crowdfund.gifts import wall
from crowdfund.gifts.identity import complete_identity
from crowdfund.headers import SHOWN_AGAIN
from crowdfund.i18n import current_locale, in_words, negotiate
from crowdfund.links import BadLink, institution_of
from crowdfund.pages import about as about_pages
from crowdfund.pages import campaign as campaigns
from crowdfund.pages import discovery, lists
from crowdfund.pages.cache import Page, PageCache, answer
from crowdfund.pages.front import KEEP
from crowdfund.pages.gift import gift_page
from crowdfund.pages.wall import last_name
from crowdfund.pledges import service as pledges
from crowdfund.pledges.gift_forms import ReceiptForm, ShownForm
from crowdfund.tenancy import DonorScope, PublicScope, transaction

blueprint = Blueprint("pages", __name__)
HTML = "text/html; charset=utf-8"
SOON = 2  # seconds a browser may keep what shows a total
LATER = 60
_cache = PageCache()


def public_page(read: Callable[[Session], str], *, max_age: int = SOON, content_type: str = HTML) -> Response:
    """Answer a public page, from memory when its address asks nothing."""

    def make() -> tuple[str, str]:
        with transaction(PublicScope()) as session:
            return read(session), content_type

    if request.query_string:
        text, kind = make()
        return answer(Page.of(text, kind), max_age)
    request.environ[KEEP] = request.url_rule.rule if request.url_rule else ""
    return answer(_cache.get(request.path, make), max_age)


@blueprint.get("/")
def front() -> BaseResponse:
    """Send the visitor to the site in their language."""
    response = redirect(f"/{negotiate(request.headers.get('Accept-Language'))}/", 302)
    response.headers["Vary"] = "Accept-Language"
    response.headers["Cache-Control"] = "private, max-age=60"
    return response


@blueprint.get("/<lang:lang>/")
def home() -> Response:
    """Show the front page."""
    return public_page(lambda session: render_template("pages/home.html", home=lists.home(session)))


@blueprint.get("/<lang:lang>/campaigns")
def discover() -> Response:
    """Show the list of works as it was asked for."""
    asked = {name: value for name, value in request.args.items() if "\x00" not in value}
    return public_page(
        lambda session: render_template("pages/discover.html", found=discovery.discovery(session, asked))
    )


@blueprint.get("/<lang:lang>/<museum>/")
def museum(museum: str) -> Response:
    """Show a museum."""
    return public_page(lambda session: render_template("pages/museum.html", page=lists.museum(session, _slug(museum))))


@blueprint.get("/<lang:lang>/<museum>/<campaign>/")
def campaign(museum: str, campaign: str) -> Response:
    """Show a campaign."""
    asked = {name: value for name, value in request.args.items() if "\x00" not in value}
    return public_page(
        lambda session: render_template(
            "pages/campaign.html", page=campaigns.campaign(session, _slug(museum), _slug(campaign), asked)
        )
    )


@blueprint.get("/<lang:lang>/about/<page>")
def about(page: str) -> Response:
    """Say who we are and how we behave."""
    return public_page(lambda session: about_pages.about(session, _slug(page)), max_age=LATER)


@blueprint.get("/<lang:lang>/<museum>/<campaign>/news/<int(max=9223372036854775807):news_id>")
def news(museum: str, campaign: str, news_id: int) -> Response:
    """Show one piece of news."""

    def read(session: Session) -> str:
        place = place_of(session, _slug(museum), _slug(campaign))
        return render_template("pages/news.html", page=news_page(session, place, news_id))

    return public_page(read)


@blueprint.get("/<lang:lang>/<museum>/<campaign>/documents/<int(max=9223372036854775807):document_id>")
def document(museum: str, campaign: str, document_id: int) -> BaseResponse:
    """Hand a public document out, to be kept and not to be opened in the page's place."""
    with transaction(PublicScope()) as session:
        found = documents.public_document(session, _slug(museum), _slug(campaign), document_id)
    answer = Response(documents.content_of(found), content_type="application/pdf")
    answer.headers.set("Content-Disposition", "attachment", filename=f"{campaign}-{found.kind}-{found.id}.pdf")
    answer.set_etag(found.sha256)
    return answer.make_conditional(request)


@blueprint.get("/<lang:lang>/early/<token>/")
def early(token: str) -> BaseResponse:
    """Show a scheduled campaign to friends; once it is open, its public page."""
    try:
        scope = DonorScope(institution_of(token))
    except BadLink as error:
        raise NotFound from error
    with transaction(scope) as session:
        found = opened_by(session, token)
    if found.state != CampaignState.SCHEDULED:
        return redirect(f"/{current_locale()}/{found.museum}/{found.slug}/", 302)
    asked = {name: value for name, value in request.args.items() if "\x00" not in value}
    with transaction(PublicScope()) as session:
        page = campaigns.campaign(session, found.museum, found.slug, asked, early=token)
        return Response(render_template("pages/campaign.html", page=page), content_type=HTML)


@blueprint.get("/totals/<museum>/<campaign>.json")
def totals(museum: str, campaign: str) -> Response:
    """Tell a campaign's live total, for the small script and for others' pages."""

    def read(session: Session) -> str:
        row = campaigns.find(session, _slug(museum), _slug(campaign))
        parts = campaigns.parts_of(session, row)
        progress = campaigns.progress_together(parts)
        return json.dumps(
            {
                "raised_minor": progress.raised.minor,
                "goal_minor": progress.goal.minor if progress.goal else None,
                "currency": row.currency,
                "donors": campaigns.donors_of(parts),
                "state": row.state,
                "last": last_name(session, row),
            }
        )

    return public_page(read, max_age=SOON, content_type="application/json")


@blueprint.get("/theme.css")
def themes() -> Response:
    """Give the walls' colours of all museums."""
    return public_page(
        lambda session: render_template("theme.css", museums=lists.themes(session)),
        max_age=LATER,
        content_type="text/css",
    )


@blueprint.get("/theme/<museum>.css")
def theme(museum: str) -> Response:
    """Give one museum's wall colour."""

    def read(session: Session) -> str:
        found = lists.themes(session, _slug(museum))
        if not found:
            raise NotFound
        return render_template("theme.css", museums=found)

    return public_page(read, max_age=LATER, content_type="text/css")


@blueprint.get("/<lang:lang>/gifts/<token>")
def gift(token: str) -> BaseResponse:
    """Show one gift to whoever holds its token."""
    return _gift_page(_holder(token), token)


@blueprint.post("/<lang:lang>/gifts/<token>/wall")
def change_wall(token: str) -> BaseResponse:
    """Change what the public sees of a donor."""
    scope = _holder(token)
    limited("gift_page_ip", request.remote_addr or "")
    form = ShownForm(request.form, context=token)
    if not form.validate():
        return _gift_page(scope, token, form.first_errors())
    with transaction(scope) as session:
        pledge = pledges.first_in_chain(session, pledges.pledge_by_token(session, token))
        wall.change_wall(session, pledge.id, **form.wishes)
    return redirect(f"{url_for('.gift', token=token)}?kept=1#shown", 303)


@blueprint.post("/<lang:lang>/gifts/<token>/receipt")
def ask_receipt(token: str) -> BaseResponse:
    """Ask for a receipt after all, or complete the address it needs."""
    scope = _holder(token)
    limited("gift_page_ip", request.remote_addr or "")
    form = ReceiptForm(request.form, context=token)
    if not form.validate():
        return _gift_page(scope, token, form.first_errors())
    try:
        with transaction(scope) as session:
            pledge = pledges.pledge_by_token(session, token)
            complete_identity(session, pledge.id, form.details(current_locale()))
    except Refusal as refusal:
        if refusal.field is None:
            raise
        return _gift_page(scope, token, {refusal.field: in_words(refusal)})
    return redirect(url_for(".gift", token=token), 303)


def _holder(token: str) -> DonorScope:
    """Enter the museum of a token; whatever is wrong with the token is one 404."""
    try:
        scope = DonorScope(institution_of(token))
    except BadLink as error:
        raise NotFound from error
    with transaction(scope) as session:
        pledges.pledge_by_token(session, token)
    return scope


def _gift_page(scope: DonorScope, token: str, errors: dict[str, str] | None = None) -> BaseResponse:
    """Show a gift's page; with `errors`, the form that was sent as it was filled, each sentence beside its field."""
    with transaction(scope) as session:
        page = gift_page(session, token, waiting="waiting" in request.args)
        text = render_template(
            "gifts/show.html",
            gift=page,
            values=shown_values(request.form),
            errors=errors or {},
            csrf_token=form_token(token),
            kept="kept" in request.args and not errors,
        )
    answer = make_response(text, 422 if errors else 200)
    if errors:
        answer.headers["Cache-Control"] = SHOWN_AGAIN
    return answer


def _slug(text: str) -> str:
    if "\x00" in text:
        raise NotFound
    return text
