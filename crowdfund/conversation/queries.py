"""Read the conversation: for the public by its role, from what is published; for the desk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Row, and_, func, select
from sqlalchemy.orm import Session

from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.rules import CampaignState
from crowdfund.campaigns.texts import said
from crowdfund.campaigns.view import picture_at
from crowdfund.conversation.forms import form_context, page_token
from crowdfund.conversation.mentions import mentions_of
from crowdfund.conversation.models import Correction, News, NewsText, Question
from crowdfund.conversation.rules import (
    LEAST_ANSWERS,
    LEAST_FOLLOWERS,
    NewsState,
    Purpose,
    QuestionState,
    TextStatus,
    first_words,
    paragraphs,
    purpose_in,
)
from crowdfund.conversation.view import AnsweredQuestion, Conversation, CorrectionNote, MentionItem, NewsItem, NewsPage
from crowdfund.errors import NotFound
from crowdfund.i18n import current_locale
from crowdfund.institutions.models import Institution
from crowdfund.tenancy import museum_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A published campaign as the conversation needs it."""

    institution_id: int
    campaign_id: int
    museum_slug: str
    museum_name: str
    time_zone: str
    home: str
    slug: str
    title: str
    state: str
    followers: int

    @property
    def url(self) -> str:
        """Give the address of the campaign's page."""
        return f"/{current_locale()}/{self.museum_slug}/{self.slug}/"

    @property
    def next_time(self) -> bool:
        """Say whether only the next campaign can be followed."""
        return purpose_in(self.state) == Purpose.NEXT_TIME


def place_of(session: Session, museum: str, campaign: str) -> Place:
    """Find a published campaign by the names in its address. Raises NotFound."""
    return _place(session, Institution.slug == museum, Campaign.slug == campaign, Campaign.state != CampaignState.DRAFT)


def place_here(session: Session, campaign_id: int) -> Place:
    """Find a campaign of the museum in scope. Raises NotFound."""
    return _place(session, Campaign.institution_id == museum_of(session), Campaign.id == campaign_id)


def _place(session: Session, *which: ColumnElement[bool]) -> Place:
    row = session.execute(
        select(
            Campaign.institution_id,
            Campaign.id,
            Campaign.slug,
            Campaign.title,
            Campaign.state,
            Campaign.followers,
            Institution.slug.label("museum_slug"),
            Institution.name,
            Institution.time_zone,
            Institution.default_locale,
        )
        .join(Institution, Institution.id == Campaign.institution_id)
        .where(*which)
    ).one_or_none()
    if row is None:
        raise NotFound
    return Place(
        institution_id=row.institution_id,
        campaign_id=row.id,
        museum_slug=row.museum_slug,
        museum_name=row.name,
        time_zone=row.time_zone,
        home=row.default_locale,
        slug=row.slug,
        title=said(row.title, row.default_locale),
        state=row.state,
        followers=row.followers,
    )


def conversation(session: Session, place: Place) -> Conversation:
    """Read what a campaign's page shows of the conversation."""
    return Conversation(
        news=news_items(session, place),
        questions=answered(session, place),
        ask_url=f"{place.url}ask",
        ask_token=page_token(form_context("ask", place.institution_id, place.campaign_id)),
        follow_url=f"{place.url}follow",
        follow_token=page_token(form_context("follow", place.institution_id, place.campaign_id)),
        next_time=place.next_time,
        followers=place.followers if place.followers >= LEAST_FOLLOWERS else 0,
        answer_hours=answer_hours(session, place.institution_id),
        mentions=mention_items(session, place),
    )


def mention_items(session: Session, place: Place) -> tuple[MentionItem, ...]:
    """List what was said of a campaign elsewhere, the latest first."""
    return tuple(
        MentionItem(one.source, one.title, one.url, one.said_on, _foreign(one.locale), one.id)
        for one in mentions_of(session, place.institution_id, place.campaign_id)
    )


def news_items(session: Session, place: Place) -> tuple[NewsItem, ...]:
    """List a campaign's news, the latest first, each in the page's language or else visibly in another."""
    rows = session.execute(_news_statement(place).order_by(News.published_at.desc(), News.id.desc(), NewsText.id)).all()
    by_news: dict[int, list[Row[Any]]] = {}
    for row in rows:
        by_news.setdefault(row.id, []).append(row)
    return tuple(_item(place, versions) for versions in by_news.values())


def _news_statement(place: Place) -> Any:
    corrected = select(Correction.id).where(
        Correction.institution_id == News.institution_id, Correction.news_id == News.id
    )
    return (
        select(
            News.id,
            News.kind,
            News.published_at,
            News.image,
            News.image_width,
            News.image_height,
            News.image_alt,
            NewsText.locale,
            NewsText.title,
            NewsText.text,
            corrected.exists().label("corrected"),
        )
        .join(NewsText, and_(NewsText.institution_id == News.institution_id, NewsText.news_id == News.id))
        .where(
            News.institution_id == place.institution_id,
            News.campaign_id == place.campaign_id,
            News.state == NewsState.PUBLISHED,
            NewsText.status == TextStatus.APPROVED,
        )
    )


def _item(place: Place, versions: list[Row[Any]]) -> NewsItem:
    row = _in_page_language(place, versions)
    picture = None
    if row.image:
        alt = said(row.image_alt, place.home)
        picture = picture_at(row.image, row.image_width, row.image_height, alt)
    return NewsItem(
        kind=row.kind,
        title=row.title,
        text=first_words(row.text),
        published_on=row.published_at.astimezone(ZoneInfo(place.time_zone)).date(),
        url=f"{place.url}news/{row.id}",
        picture=picture,
        lang=_foreign(row.locale),
        corrected=row.corrected,
    )


def _in_page_language(place: Place, versions: list[Row[Any]]) -> Row[Any]:
    by_locale = {row.locale: row for row in versions}
    return by_locale.get(current_locale()) or by_locale.get(place.home) or versions[0]


def _foreign(locale: str) -> str:
    return "" if locale == current_locale() else locale


def news_page(session: Session, place: Place, news_id: int) -> NewsPage:
    """Read one piece of news with its corrections. Raises NotFound for what is not published, or not of this campaign."""
    versions = list(session.execute(_news_statement(place).where(News.id == news_id).order_by(NewsText.id)).all())
    if not versions:
        raise NotFound
    row = _in_page_language(place, versions)
    notes = session.execute(
        select(Correction.text, Correction.locale, Correction.made_at)
        .where(Correction.institution_id == place.institution_id, Correction.news_id == news_id)
        .order_by(Correction.id)
    )
    zone = ZoneInfo(place.time_zone)
    return NewsPage(
        museum_slug=place.museum_slug,
        museum_name=place.museum_name,
        campaign_title=place.title,
        campaign_url=place.url,
        item=_item(place, versions),
        paragraphs=paragraphs(row.text),
        corrections=tuple(
            CorrectionNote(one.text, one.made_at.astimezone(zone).date(), _foreign(one.locale)) for one in notes
        ),
    )


def answered(session: Session, place: Place) -> tuple[AnsweredQuestion, ...]:
    """List a campaign's answered questions, the latest answer first."""
    rows = session.execute(
        select(
            Question.id,
            Question.text,
            Question.asker_name,
            Question.locale,
            Question.asked_at,
            Question.answer,
            Question.answer_locale,
            Question.answered_by,
            Question.answered_as,
            Question.answered_at,
        )
        .where(
            Question.institution_id == place.institution_id,
            Question.campaign_id == place.campaign_id,
            Question.state == QuestionState.ANSWERED,
        )
        .order_by(Question.answered_at.desc(), Question.id.desc())
    )
    zone = ZoneInfo(place.time_zone)
    return tuple(
        AnsweredQuestion(
            question=row.text,
            answer=paragraphs(row.answer),
            by=row.answered_by,
            role=row.answered_as,
            asked_on=row.asked_at.astimezone(zone).date(),
            answered_on=row.answered_at.astimezone(zone).date(),
            asker=row.asker_name or "",
            lang=_foreign(row.locale),
            answer_lang=_foreign(row.answer_locale),
            number=row.id,
        )
        for row in rows
    )


def answer_time(session: Session, institution_id: int) -> tuple[timedelta, int] | None:
    """Tell a museum's median time from question to answer and from how many; None while too few say nothing.

    Reads what is published, so the public role may ask: it is the museum's track record.
    """
    took = func.extract("epoch", Question.answered_at - Question.asked_at)
    median, count = session.execute(
        select(func.percentile_cont(0.5).within_group(took), func.count()).where(
            Question.institution_id == institution_id, Question.state == QuestionState.ANSWERED
        )
    ).one()
    return (timedelta(seconds=float(median)), count) if count >= LEAST_ANSWERS else None


def answer_hours(session: Session, institution_id: int) -> int | None:
    """Tell the median in whole hours, rounded up."""
    found = answer_time(session, institution_id)
    return None if found is None else max(1, -int(-found[0].total_seconds() // 3600))
