"""At the desk: write news, publish them, correct them."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from flask import Blueprint, g, make_response, redirect, render_template, request, url_for
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from crowdfund.campaigns import illustration
from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.rules import CampaignState, moment_in
from crowdfund.campaigns.texts import said
from crowdfund.campaigns.view import picture_at
from crowdfund.conversation import dispatch, news
from crowdfund.conversation.forms import CorrectionForm, NewNewsForm, PublishForm, TextForm
from crowdfund.conversation.models import Correction, Dispatch, News, NewsText
from crowdfund.conversation.rules import NewsKind, NewsState, TextStatus, paragraphs
from crowdfund.conversation.view import CorrectionNote, NewsRow, TextVersion
from crowdfund.dashboard.frame import desk_here
from crowdfund.errors import NotFound, Refusal
from crowdfund.forms import shown_values
from crowdfund.i18n import LOCALES, N_, current_locale, gettext, in_words
from crowdfund.institutions.permissions import keep_private, membership_here, requires
from crowdfund.institutions.rules import Permission
from crowdfund.numbers import row_number
from crowdfund.pictures import service as pictures
from crowdfund.tenancy import transaction

blueprint = Blueprint("journal", __name__, url_prefix="/staff/<museum>/news")
blueprint.after_request(keep_private)
LISTED = 200
NO_PICTURE = N_("Choose a picture.")


@blueprint.get("")
@requires(Permission.CONVERSE)
def list_of_news() -> AnyResponse:
    """Show the museum's news, drafts first."""
    return _list()


@blueprint.post("")
@requires(Permission.CONVERSE)
def begin() -> AnyResponse:
    """Begin a draft."""
    form = NewNewsForm(request.form, context="")
    if not form.validate():
        return _list(form.first_errors())
    number = row_number(form.campaign.data)
    with transaction(g.scope) as session:
        news_id = news.write_news(session, number, form.kind.data).id
    return _to(news_id)


@blueprint.get("/<int:news_id>")
@requires(Permission.CONVERSE)
def edit(news_id: int) -> AnyResponse:
    """Show a piece of news to be written, and how it will look."""
    return _editor(news_id)


@blueprint.post("/<int:news_id>")
@requires(Permission.CONVERSE)
def save(news_id: int) -> AnyResponse:
    """Keep the text in one language."""
    form = TextForm(request.form, context="")
    if not form.validate():
        return _editor(news_id, form.first_errors())
    with transaction(g.scope) as session:
        news.put_text(
            session, news_id, form.locale.data, title=form.title.data, text=form.text.data, status=form.status
        )
    return _to(news_id, form.locale.data)


@blueprint.post("/<int:news_id>/publish")
@requires(Permission.CONVERSE)
def publish(news_id: int) -> AnyResponse:
    """Publish now, or plan it."""
    form = PublishForm(request.form, context="")
    if not form.validate():
        return _editor(news_id, form.first_errors())
    try:
        at = moment_in(form.at.data, membership_here().time_zone) if form.at.data else None
        with transaction(g.scope) as session:
            news.publish_news(session, news_id, at)
    except Refusal as refusal:
        if refusal.field is None:
            raise
        field = "at" if refusal.field == "opens" else refusal.field
        return _editor(news_id, {field: in_words(refusal)}, refusal.status)
    return _to(news_id)


@blueprint.post("/<int:news_id>/picture")
@requires(Permission.CONVERSE)
def choose_picture(news_id: int) -> AnyResponse:
    """Show it with a picture of the museum, or with none."""
    typed = request.form.get("picture", "")
    if typed and not row_number(typed):
        return _editor(news_id, {"picture": gettext(NO_PICTURE)})
    with transaction(g.scope) as session:
        if typed:
            chosen = pictures.picture_of(session, row_number(typed))
            size, image = (chosen.width, chosen.height), illustration.reference_of(chosen)
            news.show_picture(session, news_id, image, size, chosen.alt)
        else:
            news.remove_picture(session, news_id)
    return _to(news_id, request.form.get("locale"))


@blueprint.post("/<int:news_id>/drop")
@requires(Permission.CONVERSE)
def drop(news_id: int) -> AnyResponse:
    """Throw a draft away."""
    with transaction(g.scope) as session:
        news.drop_news(session, news_id)
    return redirect(url_for(".list_of_news", museum=membership_here().slug), 303)


@blueprint.post("/<int:news_id>/correct")
@requires(Permission.CONVERSE)
def correct(news_id: int) -> AnyResponse:
    """Put a note below published news."""
    form = CorrectionForm(request.form, context="")
    if not form.validate():
        return _editor(news_id, form.first_errors())
    with transaction(g.scope) as session:
        news.correct_news(session, news_id, form.locale.data, form.text.data)
    return _to(news_id)


def _to(news_id: int, lang: str | None = None) -> AnyResponse:
    return redirect(url_for(".edit", museum=membership_here().slug, news_id=news_id, version=lang), 303)


def _list(errors: dict[str, str] | None = None) -> AnyResponse:
    own = membership_here().default_locale
    with transaction(g.scope) as session:
        open_ones = session.execute(
            select(Campaign.id, Campaign.title)
            .where(Campaign.state != CampaignState.DRAFT)
            .order_by(Campaign.id.desc())
        )
        page = render_template(
            "staff/journal.html",
            desk=desk_here(session),
            place="news",
            rows=_rows(session),
            campaigns=[(one.id, said(one.title, own)) for one in open_ones],
            kinds=[kind.value for kind in NewsKind],
            timezone=membership_here().time_zone,
            values=shown_values(request.form),
            errors=errors or {},
        )
    return make_response(page, 422 if errors else 200)


def _rows(session: Session, news_id: int | None = None) -> list[NewsRow]:
    museum = membership_here()
    which = News.state != NewsState.DROPPED if news_id is None else News.id == news_id
    found = session.execute(
        select(News, Campaign.title, Campaign.slug)
        .join(Campaign, Campaign.id == News.campaign_id)
        .where(which)
        .order_by(News.state == NewsState.PUBLISHED, News.published_at.desc(), News.id.desc())
        .limit(LISTED)
    ).all()
    ids = [one.id for one, _title, _slug in found]
    texts = _texts(session, ids)
    counted = select(Dispatch.news_id, func.count()).where(Dispatch.news_id.in_(ids)).group_by(Dispatch.news_id)
    sent = {row[0]: row[1] for row in session.execute(counted)}
    return [
        _row(one, texts.get(one.id, {}), said(title, museum.default_locale), f"/{museum.slug}/{slug}/", sent)
        for one, title, slug in found
    ]


def _texts(session: Session, ids: list[int]) -> dict[int, dict[str, NewsText]]:
    found: dict[int, dict[str, NewsText]] = {}
    for one in session.scalars(select(NewsText).where(NewsText.news_id.in_(ids)).order_by(NewsText.id)):
        found.setdefault(one.news_id, {})[one.locale] = one
    return found


def _row(one: News, texts: dict[str, NewsText], campaign: str, path: str, sent: dict[int | None, int]) -> NewsRow:
    title = next(
        (texts[locale].title for locale in (membership_here().default_locale, *LOCALES) if locale in texts), ""
    )
    return NewsRow(
        id=one.id,
        kind=one.kind,
        state=one.state,
        title=title,
        campaign=campaign,
        at=one.published_at,
        versions=tuple(
            TextVersion(locale, texts[locale].status, texts[locale].title, texts[locale].text)
            if locale in texts
            else TextVersion(locale, "missing")
            for locale in LOCALES
        ),
        url=f"/{current_locale()}{path}news/{one.id}" if one.state == NewsState.PUBLISHED else "",
        readers=sent.get(one.id, 0),
    )


def _editor(news_id: int, errors: dict[str, str] | None = None, status: int = 422) -> AnyResponse:
    museum = membership_here()
    asked = request.form.get("locale") or request.args.get("version") or museum.default_locale
    with transaction(g.scope) as session:
        found = news.news_of(session, news_id)
        rows = _rows(session, news_id)
        if not rows:
            raise NotFound
        readers = {
            **dispatch.followers_of(session, found.campaign_id),
            **dispatch.donors_of(session, found.campaign_id),
        }
        version = next((one for one in rows[0].versions if one.locale == asked), rows[0].versions[0])
        page = render_template(
            "staff/news.html",
            desk=desk_here(session),
            place="news",
            row=rows[0],
            version=version,
            preview=paragraphs(version.text),
            fixed=found.state == NewsState.PUBLISHED and version.status == TextStatus.APPROVED,
            corrections=_corrections(session, news_id),
            pictures=illustration.picture_choices(session, found.image, LOCALES),
            drawn=picture_at(found.image, found.image_width, found.image_height) if found.image else None,
            readers=len(readers),
            planned=_local(found.published_at) if found.state == NewsState.PLANNED else "",
            timezone=museum.time_zone,
            values=shown_values(request.form) or {"title": version.title, "text": version.text},
            errors=errors or {},
        )
    return make_response(page, status if errors else 200)


def _corrections(session: Session, news_id: int) -> list[CorrectionNote]:
    zone = ZoneInfo(membership_here().time_zone)
    found = session.scalars(select(Correction).where(Correction.news_id == news_id).order_by(Correction.id))
    return [CorrectionNote(one.text, one.made_at.astimezone(zone).date(), one.locale) for one in found]


def _local(moment: datetime | None) -> str:
    return moment.astimezone(ZoneInfo(membership_here().time_zone)).strftime("%Y-%m-%dT%H:%M") if moment else ""
