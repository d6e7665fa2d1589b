"""Tables of news, questions, followers and of what is sent to many."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from crowdfund import clock
from crowdfund.database import Base
from crowdfund.tenancy import OwnedByInstitution, owned_key


class News(OwnedByInstitution, Base):
    """A piece of news of a campaign. Published ones are never deleted; a note corrects them."""

    __tablename__ = "news"
    __table_args__ = (
        owned_key("campaign_id", "campaigns"),
        Index("ix_news_campaign", "institution_id", "campaign_id", "published_at"),
    )

    campaign_id: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str]  # rules.NewsKind
    state: Mapped[str] = mapped_column(default="draft")  # rules.NewsState
    published_at: Mapped[datetime | None]  # or is to be, while it is planned
    image: Mapped[str | None]  # a static path below images/art/
    image_width: Mapped[int | None]
    image_height: Mapped[int | None]
    image_alt: Mapped[dict[str, str]] = mapped_column(default=dict)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class NewsText(OwnedByInstitution, Base):
    """What a piece of news says in one language. The public reads approved ones of published news."""

    __tablename__ = "news_texts"
    __table_args__ = (UniqueConstraint("institution_id", "news_id", "locale"), owned_key("news_id", "news"))

    news_id: Mapped[int] = mapped_column(BigInteger)
    locale: Mapped[str]
    title: Mapped[str]
    text: Mapped[str]
    status: Mapped[str]  # rules.TextStatus
    changed_at: Mapped[datetime] = mapped_column(default=clock.now)


class Correction(OwnedByInstitution, Base):
    """A note below published news: what was wrong, and what is right. Only grows."""

    __tablename__ = "news_corrections"
    __table_args__ = (owned_key("news_id", "news"), Index("ix_news_corrections_news", "institution_id", "news_id"))

    news_id: Mapped[int] = mapped_column(BigInteger)
    locale: Mapped[str]
    text: Mapped[str]
    made_at: Mapped[datetime] = mapped_column(default=clock.now)


class Question(OwnedByInstitution, Base):
    """A question to the museum and its signed answer; shown once it is answered."""

    __tablename__ = "questions"
    __table_args__ = (
        UniqueConstraint("institution_id", "campaign_id", "fingerprint"),
        owned_key("campaign_id", "campaigns"),
        Index("ix_questions_asker", "institution_id", "asker_hash"),
        Index("ix_questions_state", "institution_id", "state", "asked_at"),
    )

    campaign_id: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(default="new")  # rules.QuestionState
    text: Mapped[str]
    asker_name: Mapped[str | None]  # shown with the question
    asker_email: Mapped[str | None]  # told of the answer, then forgotten
    asker_hash: Mapped[str | None]  # by which the question is found when its asker is to be erased
    locale: Mapped[str]
    holds_link: Mapped[bool]
    fingerprint: Mapped[str]  # the same words sent twice are one question
    asked_at: Mapped[datetime] = mapped_column(default=clock.now)
    answer: Mapped[str | None]
    answer_locale: Mapped[str | None]
    answered_by: Mapped[str | None]  # the name that signs
    answered_as: Mapped[str | None]  # and what they are in the museum
    answered_at: Mapped[datetime | None]
    reason: Mapped[str | None]  # why it was set aside


class Follower(OwnedByInstitution, Base):
    """Who asked to be told by mail, with the proof: in which words, language, when and where; and that they confirmed."""

    __tablename__ = "followers"
    __table_args__ = (
        UniqueConstraint("institution_id", "campaign_id", "purpose", "email"),
        UniqueConstraint("institution_id", "token_hash"),
        owned_key("campaign_id", "campaigns"),
        Index("ix_followers_email", "institution_id", "email"),
    )

    campaign_id: Mapped[int] = mapped_column(BigInteger)
    purpose: Mapped[str]  # rules.Purpose
    state: Mapped[str] = mapped_column(default="waiting")  # rules.FollowState
    email: Mapped[str | None]  # lower case; none once it has ended
    locale: Mapped[str]
    key: Mapped[UUID] = mapped_column(default=uuid4)  # the token is derived from it
    token_hash: Mapped[str]
    wording: Mapped[str]
    source: Mapped[str]
    times_asked: Mapped[int] = mapped_column(default=1)
    asked_at: Mapped[datetime] = mapped_column(default=clock.now)
    confirmed_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class Dispatch(OwnedByInstitution, Base):
    """One mail of a mailing to one address: `occasion` is "news:12" or "opened:3". Nobody is on a mailing twice."""

    __tablename__ = "dispatches"
    __table_args__ = (
        UniqueConstraint("institution_id", "occasion", "address_hash"),
        UniqueConstraint("institution_id", "token_hash"),
        owned_key("campaign_id", "campaigns"),
        owned_key("news_id", "news"),
        owned_key("follower_id", "followers"),
        owned_key("donor_id", "donors"),
        Index("ix_dispatches_donor_id", "institution_id", "donor_id"),
        Index("ix_dispatches_address", "institution_id", "address_hash"),
    )

    occasion: Mapped[str]
    address_hash: Mapped[str]
    token_hash: Mapped[str]  # of the link that stops these mails
    campaign_id: Mapped[int] = mapped_column(BigInteger)
    news_id: Mapped[int | None] = mapped_column(BigInteger)
    follower_id: Mapped[int | None] = mapped_column(BigInteger)
    donor_id: Mapped[int | None] = mapped_column(BigInteger)
    locale: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class ReplyTemplate(OwnedByInstitution, Base):
    """A beginning for answers that are given again and again."""

    __tablename__ = "reply_templates"
    __table_args__ = (UniqueConstraint("institution_id", "locale", "title"),)

    locale: Mapped[str]
    title: Mapped[str]  # only the museum sees it
    text: Mapped[str]
    changed_at: Mapped[datetime] = mapped_column(default=clock.now)


class Mention(OwnedByInstitution, Base):
    """What a paper, a station or a person said of a campaign, with where to read it."""

    __tablename__ = "mentions"
    __table_args__ = (
        owned_key("campaign_id", "campaigns"),
        Index("ix_mentions_campaign", "institution_id", "campaign_id", "said_on"),
    )

    campaign_id: Mapped[int] = mapped_column(BigInteger)
    source: Mapped[str]
    title: Mapped[str]
    url: Mapped[str]
    said_on: Mapped[date]
    locale: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
