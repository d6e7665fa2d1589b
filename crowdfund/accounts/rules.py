"""What a password must be, how long a sign-in lasts, how often one may try. Pure: no database, no web."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from crowdfund.errors import Refusal
from crowdfund.i18n import N_

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 256
# What is left of a password once common words and the person's own names are taken out must still be hard to guess.
LEAST_OF_ITS_OWN = 5
LEAST_CHARACTERS = 5

LONGEST_SESSION = timedelta(hours=12)
LONGEST_PAUSE = timedelta(hours=2)
LONGEST_STRICT_PAUSE = timedelta(minutes=30)
SECOND_FACTOR_DUE = timedelta(minutes=10)
FRESH = timedelta(minutes=10)
RECOVERY_CODES = 8

TOO_SHORT = N_("A password has at least 12 characters")
TOO_LONG = N_("A password has at most 256 characters")
TOO_COMMON = N_("This password is too easy to guess: choose several words that have nothing to do with one another")

COMMON_WORDS = frozenset(Path(__file__).with_name("common_words.txt").read_text(encoding="ascii").split())
_LOOKALIKES = str.maketrans("013457@$!|", "oieastasil")


class Level(StrEnum):
    """What a session may do."""

    PASSWORD = "password"  # noqa: S105 - a name, not a secret: the second factor is still due
    FULL = "full"
    STRICT = "strict"  # as full, for roles near the money: it ends after a shorter pause


@dataclass(frozen=True, slots=True)
class Limit:
    """How much a bucket holds and in how many seconds a full one runs dry.

    `closed` buckets refuse when the database cannot be asked (money, sign-in), the others let pass.
    """

    capacity: int
    period: int
    closed: bool = True


LIMITS: Mapping[str, Limit] = {
    # Only tries that fail count for long: a sign-in that succeeds gives its drop back.
    "sign_in_ip": Limit(10, 300),
    "sign_in_network": Limit(60, 300),
    "sign_in_account": Limit(10, 300),
    "sign_in_all": Limit(1000, 300),
    "second_factor": Limit(5, 300),
    "second_factor_hour": Limit(20, 3600),
    "second_factor_day": Limit(50, 86400),
    "pledge_ip_hour": Limit(10, 3600),
    "pledge_ip_day": Limit(30, 86400),
    "pledge_network_hour": Limit(100, 3600),
    "pledge_email_hour": Limit(10, 3600),
    "payment_failed_ip": Limit(5, 600),
    "payment_failed_campaign": Limit(30, 600),
    "invitation_museum": Limit(20, 3600),
    "refund_account": Limit(60, 3600),
    "picture_account": Limit(120, 3600),
    "document_account": Limit(60, 3600),
    "export_account": Limit(20, 3600),
    "donor_file_account": Limit(30, 3600),
    "reminder_network_hour": Limit(30, 3600),
    "reminder_email_day": Limit(3, 86400),
    "group_network_hour": Limit(10, 3600),
    "group_email_day": Limit(5, 86400),
    "gift_page_ip": Limit(120, 600, closed=False),
    "receipt_check_ip": Limit(60, 600, closed=False),
    "short_link_ip": Limit(60, 600, closed=False),  # above it links still lead on, uncounted
    "me_link_ip": Limit(10, 3600),
    "me_link_network": Limit(60, 3600),
    "me_link_email": Limit(4, 3600),
    "me_link_email_day": Limit(10, 86400),
    "me_page_ip": Limit(240, 600, closed=False),
    "me_export": Limit(6, 3600),
    "question_ip": Limit(6, 3600),
    "question_campaign": Limit(60, 3600),
    "follow_ip": Limit(12, 3600),
    "follow_email": Limit(3, 3600),
    "search_ip": Limit(120, 60, closed=False),
}


def limit_of(name: str, overrides: Mapping[str, Any]) -> Limit:
    """Give a limit, as the setting LIMITS overrides it: `{"name": {"capacity": 10, "period": 300}}` or `[10, 300]`.

    Raises KeyError for an unknown name and ValueError for an override that is no limit.
    """
    built_in = LIMITS[name]
    given = overrides.get(name)
    if given is None:
        return built_in
    if isinstance(given, Mapping):
        capacity, period = given.get("capacity", built_in.capacity), given.get("period", built_in.period)
    elif isinstance(given, list) and len(given) == 2:
        capacity, period = given
    else:
        raise ValueError(f"LIMITS: {name} must be a capacity and a period in seconds")
    if type(capacity) is not int or type(period) is not int or capacity < 1 or period < 1:
        raise ValueError(f"LIMITS: {name} must be a capacity and a period in seconds")
    return Limit(capacity, period, built_in.closed)


def check_password(password: str, about: Iterable[str] = ()) -> None:
    """Make sure a new password is long enough and its own. `about` holds the person's names and address.

    No rules of composition (NIST SP 800-63B, 3.1.1.2). Raises Refusal.
    """
    if len(password) < SHORTEST_PASSWORD:
        raise Refusal(TOO_SHORT, field="password")
    if len(password) > LONGEST_PASSWORD:
        raise Refusal(TOO_LONG, field="password")
    plain = _plain(password)
    if len(set(plain)) < LEAST_CHARACTERS:
        raise Refusal(TOO_COMMON, field="password")
    own_names = {part for text in about for part in re.split(r"\W+", _plain(text)) if len(part) > 2}
    rest = plain
    for word in sorted(own_names | COMMON_WORDS, key=len, reverse=True):
        rest = rest.replace(word, " ")
    if len(re.sub(r"[\W_]|\d{1,4}(?!\d)", "", rest)) < LEAST_OF_ITS_OWN:
        raise Refusal(TOO_COMMON, field="password")


def _plain(text: str) -> str:
    """Take away what people change in a common word: case, accents, digits that look like letters."""
    folded = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(c for c in folded if not unicodedata.combining(c))
    return re.sub(r"(?<=[a-z])[0-9@$!|](?=[a-z])", lambda match: match[0].translate(_LOOKALIKES), bare)


def session_ends(level: str, created_at: datetime, last_seen_at: datetime) -> datetime:
    """Tell when a session ends by itself if nobody comes back."""
    if level == Level.PASSWORD:
        return created_at + SECOND_FACTOR_DUE
    pause = LONGEST_STRICT_PAUSE if level == Level.STRICT else LONGEST_PAUSE
    return min(created_at + LONGEST_SESSION, last_seen_at + pause)
