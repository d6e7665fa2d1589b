"""What may be told, asked and followed. Pure: no database, no web."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from urllib.parse import urlsplit

from crowdfund.campaigns.rules import CampaignState
from crowdfund.i18n import N_

NOT_AN_ADDRESS = N_("Paste the whole address of the page, with https:// in front.")


class NewsKind(StrEnum):
    """What a piece of news is about."""

    FOUND = "found"
    EXPERT = "expert"
    VISIT = "visit"
    MILESTONE = "milestone"
    PRESS = "press"
    PRICE = "price"
    ARRIVED = "arrived"
    ON_SHOW = "on_show"


class NewsState(StrEnum):
    """Where a piece of news stands. What is published stays; it is corrected by a note."""

    DRAFT = "draft"
    PLANNED = "planned"
    PUBLISHED = "published"
    DROPPED = "dropped"  # a draft that nobody wants any more


class TextStatus(StrEnum):
    """How far a language's text is; a language without a text is missing."""

    MACHINE = "machine"  # drafted by a machine: nobody outside sees it
    APPROVED = "approved"


class QuestionState(StrEnum):
    """Where a question stands. None is shown before its answer."""

    NEW = "new"
    ANSWERED = "answered"
    SET_ASIDE = "set_aside"


class Purpose(StrEnum):
    """What a follower wants to be told."""

    NEWS = "news"  # of one campaign
    NEXT_TIME = "next_time"  # when the museum opens its next one


class FollowState(StrEnum):
    """Where a follower stands."""

    WAITING = "waiting"  # the address has not confirmed
    CONFIRMED = "confirmed"
    ENDED = "ended"  # the address is forgotten, the proof stays


NEWS_TRANSITIONS: Mapping[NewsState, frozenset[NewsState]] = {
    NewsState.DRAFT: frozenset({NewsState.PLANNED, NewsState.PUBLISHED, NewsState.DROPPED}),
    NewsState.PLANNED: frozenset({NewsState.DRAFT, NewsState.PUBLISHED, NewsState.DROPPED}),
    NewsState.PUBLISHED: frozenset(),
    NewsState.DROPPED: frozenset(),
}
QUESTION_TRANSITIONS: Mapping[QuestionState, frozenset[QuestionState]] = {
    QuestionState.NEW: frozenset({QuestionState.ANSWERED, QuestionState.SET_ASIDE}),
    QuestionState.SET_ASIDE: frozenset({QuestionState.ANSWERED, QuestionState.NEW}),
    QuestionState.ANSWERED: frozenset(),
}
FOLLOW_TRANSITIONS: Mapping[FollowState, frozenset[FollowState]] = {
    FollowState.WAITING: frozenset({FollowState.CONFIRMED, FollowState.ENDED}),
    FollowState.CONFIRMED: frozenset({FollowState.ENDED}),
    FollowState.ENDED: frozenset(),
}

LONGEST_TITLE, LONGEST_NEWS = 160, 8000
LONGEST_QUESTION, LONGEST_ANSWER, LONGEST_SIGNATURE = 1000, 4000, 120
LONGEST_CORRECTION, LONGEST_REASON = 1000, 300
LONGEST_ADDRESS = 500
# How long an address has to confirm; then it is forgotten.
CONFIRM_WITHIN = timedelta(days=7)
# A median of fewer answers says nothing.
LEAST_ANSWERS = 3
# Fewer followers than this are not counted in public: it would name them.
LEAST_FOLLOWERS = 5

_FOLLOWED = {CampaignState.SCHEDULED, CampaignState.LIVE, CampaignState.SUCCEEDED}
_LINK = re.compile(
    r"https?:|www\.|[\w-]{2,}\.(?:com|net|org|info|biz|ru|cn|xyz|top|io|shop|site|online)\b", re.IGNORECASE
)


def purpose_in(state: str) -> Purpose:
    """Tell what can be followed of a campaign in this state."""
    return Purpose.NEWS if state in _FOLLOWED else Purpose.NEXT_TIME


def holds_link(text: str) -> bool:
    """Say whether a text would lead its readers elsewhere."""
    return _LINK.search(text) is not None


def address_problem(url: str) -> str | None:
    """Say what is wrong with the address of a page elsewhere; None when nothing is. Only https and http may be followed."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        return NOT_AN_ADDRESS
    whole = parts.scheme in {"https", "http"} and "." in host.strip(".") and parts.username is None
    return None if whole and not any(sign.isspace() for sign in url) else NOT_AN_ADDRESS


def paragraphs(text: str) -> tuple[str, ...]:
    """Part a text where it has an empty line."""
    return tuple(part.strip() for part in re.split(r"\n\s*\n", text) if part.strip())


def first_words(text: str, longest: int = 240) -> str:
    """Give the first paragraph, or as many of its words as fit."""
    first = next(iter(paragraphs(text)), "")
    if len(first) <= longest:
        return first
    return first[:longest].rsplit(" ", 1)[0].rstrip(" ,;:") + "…"
