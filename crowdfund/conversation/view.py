"""What pages and mails show of the conversation: frozen plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crowdfund.campaigns.view import Picture


@dataclass(frozen=True, slots=True)
class CorrectionNote:
    """What was wrong, and what is right. `lang` is empty where the note is in the page's language."""

    text: str
    on: date
    lang: str = ""


@dataclass(frozen=True, slots=True)
class NewsItem:
    """An entry of the journal. `lang` names the language it is shown in, empty where that is the page's own."""

    kind: str
    title: str
    text: str
    published_on: date
    url: str = ""
    picture: Picture | None = None
    lang: str = ""
    corrected: bool = False


@dataclass(frozen=True, slots=True)
class NewsPage:
    """One piece of news on a page of its own."""

    museum_slug: str
    museum_name: str
    campaign_title: str
    campaign_url: str
    item: NewsItem
    paragraphs: tuple[str, ...]
    corrections: tuple[CorrectionNote, ...] = ()


@dataclass(frozen=True, slots=True)
class AnsweredQuestion:
    """A question and the museum's signed answer. Languages are empty where they are the page's own."""

    question: str
    answer: tuple[str, ...]
    by: str
    role: str
    asked_on: date
    answered_on: date
    asker: str = ""
    lang: str = ""
    answer_lang: str = ""
    number: int = 0


@dataclass(frozen=True, slots=True)
class MentionItem:
    """What was said elsewhere of a campaign, and where to read it. `lang` is empty where it is in the page's language."""

    source: str
    title: str
    url: str
    on: date
    lang: str = ""
    number: int = 0


@dataclass(frozen=True, slots=True)
class Conversation:
    """What can be read and done on a campaign's page. `answer_hours` is the museum's median, none while it says nothing."""

    news: tuple[NewsItem, ...]
    questions: tuple[AnsweredQuestion, ...]
    ask_url: str
    ask_token: str
    follow_url: str
    follow_token: str
    next_time: bool
    followers: int = 0
    answer_hours: int | None = None
    mentions: tuple[MentionItem, ...] = ()


@dataclass(frozen=True, slots=True)
class TalkPage:
    """A small page of the conversation: a form, or what came of it. `step` names what it says."""

    step: str
    museum_slug: str
    museum_name: str
    campaign_title: str
    campaign_url: str
    action: str = ""
    token: str = ""
    next_time: bool = False
    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TalkMail:
    """What a mail of the conversation says, in the reader's language. Addresses are absolute.

    `lang_note` says that the text is in another language than the reader's. `stop_url` is empty where nothing is to stop.
    """

    kind: str
    museum_name: str
    museum_address: str
    campaign_title: str
    campaign_url: str
    page_url: str
    timezone: str = "UTC"
    wall: str = "#3d3a35"
    stop_url: str = ""
    heading: str = ""
    news_kind: str = ""
    paragraphs: tuple[str, ...] = ()
    lang: str = ""
    next_time: bool = False
    question: str = ""
    closes_at: datetime | None = None
    signed_by: str = ""
    signed_as: str = ""
    picture_url: str = ""
    picture_alt: str = ""
    picture_height: int = 300


@dataclass(frozen=True, slots=True)
class QuestionRow:
    """A question as the desk sees it."""

    id: int
    text: str
    asker: str
    wants_answer: bool
    campaign: str
    language: str
    asked_at: datetime
    state: str
    holds_link: bool
    reason: str = ""
    answer: str = ""
    answered_by: str = ""
    answered_at: datetime | None = None
    public_url: str = ""


@dataclass(frozen=True, slots=True)
class TextVersion:
    """A piece of news in one language at the desk; `status` is "missing" where nothing is written."""

    locale: str
    status: str
    title: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class NewsRow:
    """A piece of news as the desk sees it. `readers` counts the addresses it was sent to."""

    id: int
    kind: str
    state: str
    title: str
    campaign: str
    at: datetime | None
    versions: tuple[TextVersion, ...]
    url: str = ""
    readers: int = 0
    corrections: tuple[CorrectionNote, ...] = ()


@dataclass(frozen=True, slots=True)
class InboxFigures:
    """How the museum answers: what waits and for how long, what was answered in the last thirty days."""

    waiting: int
    oldest_days: int
    answered: int
    set_aside: int
    hours: int | None  # the median, none while too few were answered
