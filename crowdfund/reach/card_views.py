"""The doors of a donor's card: made and taken down on the gift's page, shown and drawn under a link of its own."""

from __future__ import annotations

import hashlib

from flask import Blueprint, Response, current_app, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from config import Config
from crowdfund.accounts.buckets import limited
from crowdfund.errors import NotFound, Refusal
from crowdfund.forms import STALE, Form
from crowdfund.gifts import cards
from crowdfund.i18n import current_locale
from crowdfund.links import BadLink, institution_of
from crowdfund.pages.cache import Page, answer
from crowdfund.pledges import service as pledges
from crowdfund.reach import share
from crowdfund.reach.appeal import read_appeal
from crowdfund.reach.card import SHAPES, Words, drawn, words_of
from crowdfund.reach.view import Appeal
from crowdfund.tenancy import DonorScope, PublicScope, transaction

blueprint = Blueprint("cards", __name__)
PICTURE_SECONDS = 300  # what is taken down is gone from caches in minutes


@blueprint.post("/<lang:lang>/gifts/<token>/share")
def make(token: str) -> AnyResponse:
    """Make the card of a gift, change what it tells, or take it down."""
    scope = _scope(token)
    with transaction(scope) as session:
        pledge_id = pledges.pledge_by_token(session, token).id
    form = Form(request.form, context=token)
    if not form.validate():
        raise Refusal(STALE, status=422)
    with transaction(scope) as session:
        if request.form.get("act") == "take_down":
            cards.take_card_down(session, pledge_id)
        else:
            cards.make_card(session, pledge_id, show_amount=bool(request.form.get("show_amount")))
    return redirect(f"/{current_locale()}/gifts/{token}#card", 303)


@blueprint.get("/<lang:lang>/cards/<token>")
def show(token: str) -> AnyResponse:
    """Show a card to whoever has its link, with the way to the work."""
    words, appeal = _read(token)
    pictures = {shape: f"/share/gifts/{token}.{shape}.{current_locale()}.png" for shape in SHAPES}
    return make_response(
        render_template(
            "reach/donor_card.html", words=words, appeal=appeal, pictures=pictures, sizes=SHAPES, token=token
        )
    )


@blueprint.get("/share/gifts/<token>.wide.<lang:lang>.png", defaults={"shape": "wide"})
@blueprint.get("/share/gifts/<token>.square.<lang:lang>.png", defaults={"shape": "square"})
def picture(token: str, shape: str) -> Response:
    """Draw a card."""
    words, appeal = _read(token)
    config: Config = current_app.extensions["config"]
    kept: share.Kept = current_app.extensions["pictures"]
    key = ("card", current_locale(), shape, appeal.path, appeal.version, words)
    body = kept.get(key, lambda: drawn(words, appeal, config.platform_name, shape))
    found = answer(Page(body, hashlib.sha256(body).hexdigest()[:20], "image/png", 0), PICTURE_SECONDS)
    found.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    found.headers["X-Robots-Tag"] = "noindex"
    if "download" in request.args:
        found.headers.set("Content-Disposition", "attachment", filename=f"{appeal.slug}-{shape}.png")
    return found


def _read(token: str) -> tuple[Words, Appeal]:
    """Read a card and its work. Raises NotFound, whatever is wrong with the token."""
    with transaction(_scope(token)) as session:
        card = cards.card_of(session, token)
    with transaction(PublicScope()) as session:
        appeal = read_appeal(session, card.museum, card.slug)
    return words_of(card, appeal), appeal


def _scope(token: str) -> DonorScope:
    limited("gift_page_ip", request.remote_addr or "")
    try:
        return DonorScope(institution_of(token))
    except BadLink as error:
        raise NotFound from error
