"""A partner museum reads a draft: asked from the campaign's editor, read at the partner's own desk, with remarks that come back."""

from __future__ import annotations

from flask import Blueprint, current_app, g, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from config import Config
from crowdfund.campaigns import reviews
from crowdfund.campaigns.texts import said
from crowdfund.conversation.tokens import absolute
from crowdfund.dashboard.frame import desk_here
from crowdfund.editor.frame import campaign_here, head_of, render
from crowdfund.errors import NotFound, Refusal
from crowdfund.forms import shown_values, text_problem, tidy
from crowdfund.headers import policy
from crowdfund.i18n import N_, gettext, in_words
from crowdfund.institutions.models import Institution
from crowdfund.institutions.permissions import keep_private, membership_here, person_here, requires
from crowdfund.institutions.rules import Permission
from crowdfund.links import BadLink, institution_of
from crowdfund.pages import campaign as pages
from crowdfund.tenancy import DonorScope, museum_of, transaction

blueprint = Blueprint("review", __name__, url_prefix="/staff/<museum>")
blueprint.after_request(keep_private)
NOTHING_SAID = N_("Write your remark.")


@blueprint.get("/campaigns/<int:campaign_id>/edit/review")
@requires(Permission.EDIT)
def asked(campaign_id: int) -> AnyResponse:
    """Show which museums were asked, and what they said."""
    return _asked(campaign_id)


@blueprint.post("/campaigns/<int:campaign_id>/edit/review")
@requires(Permission.EDIT)
def ask(campaign_id: int) -> AnyResponse:
    """Ask a museum to read the draft."""
    try:
        with transaction(g.scope) as session:
            campaign = campaign_here(session, campaign_id)
            reviews.ask_for_review(session, campaign.id, tidy(request.form.get("partner", "")))
    except Refusal as refusal:
        if isinstance(refusal, NotFound):
            raise
        return _asked(campaign_id, {refusal.field or "": in_words(refusal)}, refusal.status)
    return redirect(url_for(".asked", museum=membership_here().slug, campaign_id=campaign_id), 303)


@blueprint.post("/campaigns/<int:campaign_id>/edit/review/<int:row_id>/end")
@requires(Permission.EDIT)
def end(campaign_id: int, row_id: int) -> AnyResponse:
    """Close a link."""
    with transaction(g.scope) as session:
        campaign_here(session, campaign_id)
        if row_id >= 2**63:
            raise NotFound
        reviews.end_review(session, campaign_id, row_id)
    return redirect(url_for(".asked", museum=membership_here().slug, campaign_id=campaign_id), 303)


@blueprint.get("/reviews/<token>")
@requires(Permission.ENTER)
def read(token: str) -> AnyResponse:
    """Read another museum's draft, as its guest."""
    return _read(token)


@blueprint.post("/reviews/<token>")
@requires(Permission.ENTER)
def say(token: str) -> AnyResponse:
    """Send a remark to the museum whose draft it is."""
    text = tidy(request.form.get("text", "")).replace("\r\n", "\n")
    problem = text_problem(text, reviews.LONGEST_REMARK, lines=True) or ("" if text else gettext(NOTHING_SAID))
    if problem:
        return _read(token, {"text": problem}, 422)
    with transaction(_host(token)) as session:
        review, _campaign = reviews.review_by_token(session, token, membership_here().institution_id)
        reviews.remark(session, review, f"{person_here().name}, {membership_here().name}", text)
    return redirect(url_for(".read", museum=membership_here().slug, token=token), 303)


@blueprint.get("/reviews/<token>/page")
@requires(Permission.ENTER)
def page(token: str) -> AnyResponse:
    """Give the draft's page, for the frame beside the remarks."""
    with transaction(_host(token)) as session:
        _review, campaign = reviews.review_by_token(session, token, membership_here().institution_id)
        host = session.get_one(Institution, museum_of(session))
        shown = pages.campaign(session, host.slug, campaign.slug, {}, draft=True)
        answer = make_response(render_template("pages/campaign.html", page=shown, framed=True))
    own = policy("staff", _config().checkout_origin)
    answer.headers["Content-Security-Policy"] = own.replace("frame-ancestors 'none'", "frame-ancestors 'self'")
    return answer


def _config() -> Config:
    config: Config = current_app.extensions["config"]
    return config


def _host(token: str) -> DonorScope:
    """Enter the museum whose draft it is, as a guest; whatever is wrong with the token is one 404."""
    try:
        return DonorScope(institution_of(token))
    except BadLink as error:
        raise NotFound from error


def _asked(campaign_id: int, errors: dict[str, str] | None = None, status: int = 200) -> AnyResponse:
    with transaction(g.scope) as session:
        campaign = campaign_here(session, campaign_id)
        found = [
            (one, absolute(f"/staff/{one.slug}/reviews/{one.token}") if one.token else "")
            for one in reviews.reviews_of(session, campaign.id)
        ]
        values = {"found": found, "partners": reviews.partners_of(session), "errors": errors or {}}
        return render(session, "editor/review.html", head_of(session, campaign), "review", values, status)


def _read(token: str, errors: dict[str, str] | None = None, status: int = 200) -> AnyResponse:
    with transaction(_host(token)) as session:
        review, campaign = reviews.review_by_token(session, token, membership_here().institution_id)
        host = session.get_one(Institution, museum_of(session))
        about = {
            "title": said(campaign.title, host.default_locale),
            "host": host.name,
            "remarks": [
                one
                for other in reviews.reviews_of(session, campaign.id)
                if other.id == review.id
                for one in other.remarks
            ],
        }
    with transaction(g.scope) as session:
        text = render_template(
            "editor/read.html",
            desk=desk_here(session),
            place="",
            here=f"/staff/{membership_here().slug}/reviews/{token}",
            timezone=membership_here().time_zone,
            values=shown_values(request.form),
            errors=errors or {},
            **about,
        )
    answer = make_response(text, status)
    answer.headers["Content-Security-Policy"] = f"{policy('staff', _config().checkout_origin)}; frame-src 'self'"
    return answer
