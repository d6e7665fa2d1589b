"""The doors for others: pictures, cards, feeds, screens and short links. Read only, but for a count of openings."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, Response, current_app, redirect, render_template, request
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotImplemented as NotOffered
from werkzeug.exceptions import TooManyRequests
from werkzeug.wrappers import Response as AnyResponse

from config import Config
from crowdfund import clock, qr
from crowdfund.accounts.buckets import limited
from crowdfund.campaigns.models import Campaign
from crowdfund.errors import NotFound
from crowdfund.i18n import LOCALES, current_locale, negotiate, set_locale
from crowdfund.institutions.models import Institution
from crowdfund.pages.cache import Page, answer
from crowdfund.pages.views import LATER, SOON, public_page
from crowdfund.pledges.forms import CHANNEL
from crowdfund.reach import service, share
from crowdfund.reach.appeal import read_appeal
from crowdfund.reach.feeds import campaigns_feed, museum_feed, written
from crowdfund.reach.heads import CARD_SIZE, frame_code, share_path
from crowdfund.reach.rules import CARD, KIOSK, SCREEN, museum_of_code
from crowdfund.reach.sitemap import sitemap_text
from crowdfund.reach.view import Appeal
from crowdfund.tenancy import DonorScope, PublicScope, transaction

PRIVATE_DOORS = ("gifts", "cards", "me", "receipts", "early", "follow", "unsubscribe")
blueprint = Blueprint("reach", __name__)
ATOM = "application/atom+xml; charset=utf-8"
PICTURE_SECONDS = 3600
TOTAL_SECONDS = 60
SMALLEST_CARD = (240, 320)
SECURITY_TEXT_LASTS = timedelta(days=180)  # RFC 9116 asks for less than a year


# ---------- pictures ----------


@blueprint.get("/share/<museum>/<campaign>.<lang:lang>.png")
def shared_picture(museum: str, campaign: str) -> Response:
    """Give the picture under a shared link. `v` in the address names its step and is for readers' caches alone."""
    appeal = _appeal(museum, campaign)
    body = _kept().get(share.key_of(appeal), lambda: share.shared_picture(appeal, _config().platform_name))
    return _picture(body, PICTURE_SECONDS)


@blueprint.get("/totals/<museum>/<campaign>.<lang:lang>.png")
def small_total(museum: str, campaign: str) -> Response:
    """Give the total as a small picture, for sites that take nothing else."""
    appeal = _appeal(museum, campaign)
    key = ("total", current_locale(), appeal.path, appeal.headline, appeal.line, appeal.days_left, appeal.version)
    body = _kept().get(key, lambda: share.small_total(appeal, _config().platform_name))
    return _picture(body, TOTAL_SECONDS)


def _kept() -> share.Kept:
    kept: share.Kept = current_app.extensions["pictures"]
    return kept


def _picture(body: bytes, seconds: int) -> Response:
    found = answer(Page(body, hashlib.sha256(body).hexdigest()[:20], "image/png", 0), seconds)
    found.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return found


# ---------- the card in others' pages ----------


@blueprint.get("/embed/<museum>/<campaign>")
def card(museum: str, campaign: str) -> Response:
    """Show the card that other sites frame. No script, no cookie."""
    return _shown("reach/embed.html", museum, campaign, CARD, LATER)


@blueprint.get("/oembed")
def oembed() -> Response:
    """Answer how a campaign's page is shown in another one (oembed.com): JSON, type rich."""
    if request.args.get("format", "json") != "json":
        raise NotOffered
    lang, museum, campaign = _own_page(request.args.get("url", ""))
    width, height = (
        _at_most(request.args.get(name, ""), most, least)
        for name, most, least in zip(("maxwidth", "maxheight"), CARD_SIZE, SMALLEST_CARD, strict=True)
    )
    set_locale(lang)
    told = _embedding(_appeal(museum, campaign), lang, width, height)
    reply = answer(Page.of(json.dumps(told, ensure_ascii=False), "application/json"), LATER)
    reply.headers["Access-Control-Allow-Origin"] = "*"
    return reply


def _embedding(appeal: Appeal, lang: str, width: int, height: int) -> dict[str, object]:
    config = _config()
    return {
        "version": "1.0",
        "type": "rich",
        "provider_name": config.platform_name,
        "provider_url": config.public_url,
        "title": appeal.title,
        "author_name": appeal.museum.name,
        "author_url": f"{config.public_url}{appeal.museum.url}",
        "html": frame_code(appeal.path, appeal.title, config.public_url, (width, height)),
        "width": width,
        "height": height,
        "thumbnail_url": f"{config.public_url}{share_path(appeal.path, lang, appeal.phase, appeal.progress.percent)}",
        "thumbnail_width": share.WIDTH,
        "thumbnail_height": share.HEIGHT,
        "cache_age": 600,
    }


def _own_page(url: str) -> tuple[str, str, str]:
    """Read language, museum and campaign from the address of a page of ours. Raises NotFound."""
    try:
        parts, own = urlsplit(url), urlsplit(_config().public_url)
    except ValueError as error:
        raise NotFound from error
    names = parts.path.strip("/").split("/")
    ours = (parts.scheme, parts.netloc) == (own.scheme, own.netloc)
    if not ours or len(names) != 3 or names[0] not in LOCALES:
        raise NotFound
    return names[0], names[1], names[2]


def _at_most(asked: str, most: int, least: int) -> int:
    return min(most, max(least, int(asked))) if asked.isascii() and asked.isdigit() and len(asked) < 6 else most


# ---------- hall screen and kiosk ----------


@blueprint.get("/screen/<museum>/<campaign>")
def screen(museum: str, campaign: str) -> Response:
    """Show the upright screen of a hall: the total, the last name on the wall, a code to give by."""
    return _shown("reach/screen.html", museum, campaign, SCREEN, SOON)


@blueprint.get("/kiosk/<museum>/<campaign>")
def kiosk(museum: str, campaign: str) -> Response:
    """Show the page of a touch screen: amounts, and a code for one's own phone."""
    return _shown("reach/kiosk.html", museum, campaign, KIOSK, SOON)


def _shown(template: str, museum: str, campaign: str, way: str, seconds: int) -> Response:
    """Show a page that stands alone, in the language asked for or the museum's own."""
    asked = request.args.get("lang", "")

    def read(session: Session) -> str:
        set_locale(asked if asked in LOCALES else _home(session, museum))
        appeal = read_appeal(session, _slug(museum), _slug(campaign))
        address = f"{_config().public_url}{appeal.page(current_locale())}?c={way}"
        return render_template(template, appeal=appeal, way=way, code=qr.draw(address), here=request.path)

    return public_page(read, max_age=seconds)


def _home(session: Session, museum: str) -> str:
    home = session.scalar(select(Institution.default_locale).where(Institution.slug == _slug(museum)))
    if home is None:
        raise NotFound
    return home


# ---------- short links ----------


@blueprint.get("/c/<short>")
def short_link(short: str) -> AnyResponse:
    """Lead from a poster to its campaign, in the reader's language, and count that it was opened."""
    institution_id = museum_of_code(short)
    if institution_id is None:
        raise NotFound
    counted = _counts()  # in a transaction of its own
    with transaction(DonorScope(institution_id)) as session:
        place = service.place_of_code(session, short)
        museum, campaign, home = session.execute(
            select(Institution.slug, Campaign.slug, Institution.default_locale)
            .join(Campaign, Campaign.institution_id == Institution.id)
            .where(Campaign.id == place.campaign_id)
        ).one()
        if counted:
            service.count_opening(session, place)
        way = place.way
    given = request.args.get("c", "")
    asked = request.headers.get("Accept-Language")
    lang = negotiate(asked) if asked else home
    target = f"/{lang}/{museum}/{campaign}/?{urlencode({'c': given if CHANNEL.fullmatch(given) else way})}"
    response = redirect(target, 302)
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["Vary"] = "Accept-Language"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _counts() -> bool:
    """Say whether an opening counts: a person's, not a browser's guess or a link tried again and again."""
    early = request.headers.get("Sec-Purpose", request.headers.get("Purpose", ""))
    if request.method != "GET" or "prefetch" in early:
        return False
    try:
        limited("short_link_ip", request.remote_addr or "")
    except TooManyRequests:
        return False
    return True


# ---------- feeds and lists for machines ----------


@blueprint.get("/<lang:lang>/campaigns.atom")
def all_campaigns() -> Response:
    """Give the feed of all campaigns."""
    return _feed(campaigns_feed)


@blueprint.get("/<lang:lang>/news/<museum>.atom")
def museum_news(museum: str) -> Response:
    """Give the feed of one museum."""
    return _feed(lambda session: museum_feed(session, _slug(museum)))


def _feed(read: Callable[[Session], object]) -> Response:
    config = _config()
    return public_page(
        lambda session: written(read(session), config.public_url, config.platform_name),  # type: ignore[arg-type]
        max_age=LATER,
        content_type=ATOM,
    )


@blueprint.get("/sitemap.xml")
def sitemap() -> Response:
    """List the public pages, each with its languages and the day of its last change."""
    return public_page(
        lambda session: sitemap_text(session, _config().public_url), max_age=LATER, content_type="application/xml"
    )


@blueprint.get("/robots.txt")
def robots() -> Response:
    """Tell crawlers what is not theirs."""
    lines = [
        "User-agent: *",
        *(f"Disallow: /{lang}/{door}/" for lang in LOCALES for door in PRIVATE_DOORS),
        *(f"Disallow: /{door}/" for door in ("staff", "account", "c", "kiosk", "screen")),
        f"Sitemap: {_config().public_url}/sitemap.xml",
    ]
    return Response("\n".join(lines) + "\n", mimetype="text/plain")


@blueprint.get("/.well-known/security.txt")
def security_text() -> Response:
    """Tell where a weakness is reported (RFC 9116): to those who run the platform."""
    config = _config()
    expires = (clock.now() + SECURITY_TEXT_LASTS).replace(hour=0, minute=0, second=0, microsecond=0)
    lines = [
        f"Contact: mailto:{config.operator.email}",
        f"Expires: {expires.strftime('%Y-%m-%dT%H:%M:%SZ')}",
        f"Preferred-Languages: {', '.join(LOCALES)}",
        f"Canonical: {config.public_url}/.well-known/security.txt",
    ]
    return Response("\n".join(lines) + "\n", mimetype="text/plain")


def _appeal(museum: str, campaign: str) -> Appeal:
    with transaction(PublicScope()) as session:
        return read_appeal(session, _slug(museum), _slug(campaign))


def _slug(text: str) -> str:
    if "\x00" in text:
        raise NotFound
    return text


def _config() -> Config:
    config: Config = current_app.extensions["config"]
    return config
