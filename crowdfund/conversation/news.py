"""Write news, publish them now or at their moment, correct them by a note."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from crowdfund import audit, clock
from crowdfund.campaigns import service as campaigns
from crowdfund.conversation.models import Correction, News, NewsText
from crowdfund.conversation.rules import NEWS_TRANSITIONS, NewsKind, NewsState, TextStatus
from crowdfund.errors import Conflict, NotFound, Refusal
from crowdfund.i18n import LOCALES, N_
from crowdfund.outbox import publish
from crowdfund.tenancy import museum_of

NO_APPROVED_TEXT = N_("Approve the text in one language at least: nothing goes out that nobody has approved.")
IS_PUBLISHED = N_("This text is published: it stays as it is. Add a correction below it.")
NOT_PUBLISHED = N_("Only what is published is corrected by a note.")


def write_news(session: Session, campaign_id: int, kind: str) -> News:
    """Begin a piece of news, as a draft."""
    campaign = campaigns.campaign_of(session, campaign_id)
    news = News(campaign_id=campaign.id, kind=NewsKind(kind), state=NewsState.DRAFT)
    session.add(news)
    session.flush()  # for its id
    return news


def news_of(session: Session, news_id: int, *, lock: bool = False) -> News:
    """Find a piece of news of the museum. Raises NotFound."""
    found = session.get(
        News,
        (museum_of(session), news_id),
        with_for_update={"key_share": True} if lock else None,
        populate_existing=lock,
    )
    if found is None:
        raise NotFound
    return found


def show_picture(session: Session, news_id: int, image: str, size: tuple[int, int], alt: dict[str, str]) -> None:
    """Put a picture to it, with what it shows in words. Raises Refusal without words, Conflict once it is out."""
    if not any(alt.values()):
        raise Refusal(N_("Say in words what the picture shows."), field="image_alt")
    news = _unpublished(session, news_id)
    news.image, (news.image_width, news.image_height), news.image_alt = image, size, dict(alt)


def remove_picture(session: Session, news_id: int) -> None:
    """Show it without a picture. Raises Conflict once it is out."""
    news = _unpublished(session, news_id)
    news.image, news.image_width, news.image_height, news.image_alt = None, None, None, {}


def follow_picture(session: Session, image: str, alt: dict[str, str]) -> None:
    """Let the news that a picture stands in say what is said of it now."""
    for news in session.scalars(select(News).where(News.image == image)):
        news.image_alt = dict(alt)
        campaigns.touch(session, news.campaign_id)


def text_in(session: Session, news_id: int, locale: str) -> NewsText | None:
    """Find its text in one language."""
    return session.scalars(select(NewsText).where(NewsText.news_id == news_id, NewsText.locale == locale)).one_or_none()


def put_text(session: Session, news_id: int, locale: str, *, title: str, text: str, status: str) -> NewsText:
    """Write its text in one language. Raises Conflict for a published one: only languages still missing may follow."""
    news = news_of(session, news_id, lock=True)
    if locale not in LOCALES:
        raise ValueError(f"no language {locale}")
    found = text_in(session, news_id, locale)
    if found is not None and found.status == TextStatus.APPROVED and news.state == NewsState.PUBLISHED:
        if (found.title, found.text, found.status) == (title, text, status):
            return found
        raise Conflict(IS_PUBLISHED)
    if found is None:
        found = NewsText(news_id=news_id, locale=locale, title=title, text=text, status=TextStatus(status))
        session.add(found)
    else:
        found.title, found.text, found.status, found.changed_at = title, text, TextStatus(status), clock.now()
    if news.state == NewsState.PUBLISHED:
        campaigns.touch(session, news.campaign_id)
    session.flush()
    if status == TextStatus.APPROVED:
        audit.record(session, "news.approved", f"news:{news_id}", locale=locale)
    return found


def publish_news(session: Session, news_id: int, at: datetime | None = None) -> News:
    """Publish now, or plan it for a moment (UTC) to come. Followers and donors who asked for news are written to.

    Raises Refusal while no language is approved, Conflict for what is published already.
    """
    news = news_of(session, news_id, lock=True)
    approved = select(NewsText.id).where(NewsText.news_id == news_id, NewsText.status == TextStatus.APPROVED).limit(1)
    if session.scalar(approved) is None:
        raise Refusal(NO_APPROVED_TEXT, field="text")
    if at is not None and at > clock.now():
        _move(news, NewsState.PLANNED)
        news.published_at = at
        return news
    _move(news, NewsState.PUBLISHED)
    news.published_at = clock.now()
    campaigns.touch(session, news.campaign_id)
    publish(session, "news.published", key=str(news.id), news_id=news.id)
    audit.record(session, "news.published", f"news:{news.id}")
    return news


def drop_news(session: Session, news_id: int) -> None:
    """Throw a draft away. Raises Conflict for what is published."""
    _move(news_of(session, news_id, lock=True), NewsState.DROPPED)


def due_news(session: Session, now: datetime) -> list[int]:
    """List what was planned for a moment (UTC) that has come."""
    return list(session.scalars(select(News.id).where(News.state == NewsState.PLANNED, News.published_at <= now)))


def correct_news(session: Session, news_id: int, locale: str, text: str) -> Correction:
    """Put a note below published news. Raises Conflict for a draft, which is simply written anew."""
    news = news_of(session, news_id)
    if news.state != NewsState.PUBLISHED:
        raise Conflict(NOT_PUBLISHED)
    note = Correction(news_id=news_id, locale=locale, text=text)
    session.add(note)
    campaigns.touch(session, news.campaign_id)
    audit.record(session, "news.corrected", f"news:{news_id}")
    return note


def _unpublished(session: Session, news_id: int) -> News:
    news = news_of(session, news_id, lock=True)
    if news.state not in {NewsState.DRAFT, NewsState.PLANNED}:
        raise Conflict(IS_PUBLISHED)
    return news


def _move(news: News, state: NewsState) -> None:
    if state == news.state == NewsState.PLANNED:
        return  # planned anew for another moment
    if state not in NEWS_TRANSITIONS[NewsState(news.state)]:
        raise Conflict(IS_PUBLISHED if news.state == NewsState.PUBLISHED else N_("This draft was thrown away."))
    news.state = state
