"""Read what was typed into the content's plain values, and write values as fields show them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from crowdfund.editor.parts import NEEDED, OPTIONAL_MONEY, REGIMES, Field
from crowdfund.errors import Refusal
from crowdfund.forms import amount_problem, text_problem, tidy
from crowdfund.i18n import N_, gettext, in_words, money_exact
from crowdfund.i18n import date as day_in_words
from crowdfund.money import MAX_MINOR, Money, MoneyError

MOST_AMOUNTS = 5
MOST_OF_A_REWARD = 1_000_000
MISSING = N_("This is missing.")
NO_DAY = N_("Write the day like this: 2026-12-31")
NO_COUNT = N_("Write a number from 1 to 1,000,000, or leave it empty.")
NO_AMOUNTS = N_("Write one to five amounts above zero, with spaces between.")
NO_CHOICE = N_("Choose one of the answers.")
YES, NO = N_("Yes"), N_("No")


@dataclass(frozen=True, slots=True)
class Frame:
    """In which language, currency and time zone a form is filled in."""

    locale: str
    currency: str
    time_zone: str


def key_of(field: Field, locale: str) -> str:
    """Name a field in the content."""
    return f"{field.name}.{locale}" if field.worded else field.name


def read(fields: Iterable[Field], form: Mapping[str, str], frame: Frame) -> tuple[dict[str, Any], dict[str, str]]:
    """Read a form: the values wanted by name in the content, and what is wrong by name of the field."""
    wanted: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for field in fields:
        if field.name not in form and field.kind != "yes":
            continue  # a part of the form may be sent alone
        try:
            wanted[key_of(field, frame.locale)] = _value(field, form.get(field.name, ""), frame)
        except Refusal as refusal:
            errors[field.name] = in_words(refusal)
    return wanted, errors


def read_row(
    fields: Iterable[Field], form: Mapping[str, str], there: Mapping[str, Any], frame: Frame
) -> tuple[dict[str, Any], dict[str, str]]:
    """Read a row over what is there: words join those of the other languages."""
    row: dict[str, Any] = dict(there)
    errors: dict[str, str] = {}
    for field in fields:
        try:
            value = _value(field, form.get(field.name, ""), frame)
        except Refusal as refusal:
            errors[field.name] = in_words(refusal)
            continue
        if field.worded:
            row[field.name] = {**row.get(field.name, {}), frame.locale: value}
            value = next((text for text in row[field.name].values() if text), "")
        else:
            row[field.name] = value
        if field.name in NEEDED and not value:
            errors[field.name] = gettext(MISSING)
    return row, errors


def write(field: Field, content: Mapping[str, Any], frame: Frame) -> str:
    """Write a value of the content as its field shows it."""
    return written(field, content.get(key_of(field, frame.locale)), frame)


def write_row(field: Field, row: Mapping[str, Any], frame: Frame) -> str:
    """Write a value of a row as its field shows it."""
    value = row.get(field.name)
    return written(field, (value or {}).get(frame.locale) if field.worded else value, frame)


def written(field: Field, value: Any, frame: Frame) -> str:
    """Write one value."""
    if value is None or value == "":
        return ""
    match field.kind:
        case "money":
            return _typed(int(value), frame.currency)
        case "amounts":
            return " ".join(_typed(int(one), frame.currency) for one in value)
        case "last_day":
            local = datetime.fromisoformat(value).astimezone(ZoneInfo(frame.time_zone))
            return (local - timedelta(seconds=1)).date().isoformat()
        case "yes":
            return "1" if value else ""
        case _:
            return str(value)


def in_words_of(field: Field, value: Any, frame: Frame) -> str:
    """Say one value as a reader knows it: an answer by its words, a sum with its currency, a day as a day."""
    if value is None or (value == "" and field.kind != "choice"):
        return ""
    words = written(field, value, frame)
    match field.kind:
        case "choice":
            asked = field.choices or tuple(one for regimes in REGIMES.values() for one in regimes)
            words = gettext(next((label for one, label in asked if one == value), words))
        case "money" | "amounts":
            sums = [value] if field.kind == "money" else value
            words = " · ".join(money_exact(Money(int(one), frame.currency)) for one in sums)
        case "day" | "last_day":
            words = day_in_words(date.fromisoformat(words))
        case "yes":
            words = gettext(YES) if value else gettext(NO)
    return words


def _typed(minor: int, currency: str) -> str:
    text = str(Money(minor, currency).decimal)
    return text.rstrip("0").rstrip(".") if "." in text else text


def _value(field: Field, typed: str, frame: Frame) -> Any:
    """Read one value. Raises Refusal with what is wrong."""
    text = tidy(typed).replace("\r\n", "\n")
    match field.kind:
        case "yes":
            return bool(text)
        case "line" | "text" | "story":
            return _text(field, text)
        case "choice":
            return _choice(field, text)
        case "money":
            return _money(field, text, frame.currency)
        case "amounts":
            return _amounts(text, frame.currency)
        case _:
            return _count(text) if field.kind == "count" else _day(field, text, frame)


def _text(field: Field, text: str) -> str:
    problem = text_problem(text, field.longest, lines=field.kind != "line")
    if problem is not None:
        raise Refusal(problem)
    return text


def _choice(field: Field, text: str) -> str | None:
    if text not in {value for value, _label in field.choices}:
        raise Refusal(NO_CHOICE)
    return text or None


def _amounts(text: str, currency: str) -> list[int]:
    found = sorted({_amount(one, currency) for one in text.split()})
    if not 1 <= len(found) <= MOST_AMOUNTS or found[0] <= 0:
        raise Refusal(NO_AMOUNTS)
    return found


def _money(field: Field, text: str, currency: str) -> int | None:
    if not text:
        if field.name in OPTIONAL_MONEY:
            return None
        if field.name == "fair_value_minor":
            return 0
        raise Refusal(MISSING)
    minor = _amount(text, currency)
    if minor <= 0 and field.name != "fair_value_minor":
        raise Refusal(N_("Type an amount above zero"))
    return minor


def _amount(text: str, currency: str) -> int:
    plain = text.replace("\u202f", "").replace("\u00a0", "").replace("’", "")
    try:
        amount = Money.parse(plain.replace(" ", ""), currency)
    except MoneyError:
        raise Refusal(amount_problem(text, currency)) from None
    if not 0 <= amount.minor <= 100 * MAX_MINOR:
        raise Refusal(N_("Write the amount in figures, for example 50 or 12.50"))
    return amount.minor


def _count(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= MOST_OF_A_REWARD):
        raise Refusal(NO_COUNT)
    return int(text)


def _day(field: Field, text: str, frame: Frame) -> str | None:
    """Read a day; the last day of a campaign is the moment after it, in UTC."""
    if not text and field.kind == "day":
        return None
    try:
        day = date.fromisoformat(text)
        if field.kind == "day":
            return day.isoformat()
        after = datetime.combine(day + timedelta(days=1), time(0), ZoneInfo(frame.time_zone))
        return after.astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        raise Refusal(NO_DAY) from None
