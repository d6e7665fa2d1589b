"""Numbers, money and dates as a language writes them, in the forms of CLDR.

The forms are taken from Babel once for each locale and then filled by plain string work: Babel's own formatters are
too slow for a loop over rows. What they write is the same (tests compare). `i18n` calls these with the current locale.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from babel import Locale
from babel.numbers import format_currency, format_decimal, format_percent

from crowdfund.money import Money, exponent

if TYPE_CHECKING:
    from collections.abc import Mapping


@cache
def _cldr(locale: str) -> Locale:
    """Give the CLDR data of a language; English is that of Europe: 14 December, 14:02."""
    return Locale.parse("en_GB" if locale == "en" else locale)


@dataclass(frozen=True, slots=True)
class NumberForm:
    """How a locale writes a number: what stands around it, between thousands, and before decimals."""

    group: str
    decimal: str
    grouped_from: int
    positive: tuple[str, str]
    negative: tuple[str, str]

    def write(self, digits: int, places: int = 0) -> str:
        """Write a number given in units of 10 to the power of minus `places`."""
        before, after = self.positive if digits >= 0 else self.negative
        whole, part = divmod(abs(digits), 10**places)
        text = f"{whole:,}".replace(",", self.group) if whole >= self.grouped_from else str(whole)
        if places:
            text = f"{text}{self.decimal}{part:0{places}d}"
        return f"{before}{text}{after}"


def _form(locale: str, positive: str, negative: str, small: str) -> NumberForm:
    """Read a form off what Babel writes for 1234567, -1234567 and 1234."""
    symbols = _cldr(locale).number_symbols["latn"]
    return NumberForm(
        group=positive[positive.index("1") + 1 : positive.index("2")],
        decimal=str(symbols["decimal"]),
        grouped_from=10_000 if "1234" in small else 1000,
        positive=(positive[: positive.index("1")], positive[positive.rindex("7") + 1 :]),
        negative=(negative[: negative.index("1")], negative[negative.rindex("7") + 1 :]),
    )


@cache
def _currency_form(locale: str, currency: str) -> NumberForm:
    cldr = _cldr(locale)
    pattern = str(cldr.currency_formats["standard"].pattern).replace(".00", "")
    if pattern.startswith("\xa4#") and str(cldr.currency_symbols.get(currency, currency))[-1].isalpha():
        pattern = pattern.replace("\xa4", "\xa4\xa0")  # CLDR's alphaNextToNumber, which Babel leaves out: CHF 50
    texts = [format_currency(n, currency, pattern, cldr, currency_digits=False) for n in (1234567, -1234567, 1234)]
    return _form(locale, *texts)


@cache
def _decimal_form(locale: str) -> NumberForm:
    return _form(locale, *(format_decimal(n, locale=_cldr(locale)) for n in (1234567, -1234567, 1234)))


@cache
def _percent_form(locale: str) -> NumberForm:
    return _form(locale, *(format_percent(Decimal(n) / 100, locale=_cldr(locale)) for n in (1234567, -1234567, 1234)))


def money_exact(amount: Money, locale: str) -> str:
    """Write an amount with all its decimals: "50,00 €"."""
    return _currency_form(locale, amount.currency).write(amount.minor, exponent(amount.currency))


def money(amount: Money, locale: str, *, whole: bool = True) -> str:
    """Write an amount; `whole` leaves out decimals that are zero: "50 €", but "17,50 €"."""
    places = exponent(amount.currency)
    if whole and amount.minor % 10**places == 0:
        form = _currency_form(locale, amount.currency)
        return form.write(amount.minor // 10**places)
    return money_exact(amount, locale)


def number(value: int, locale: str) -> str:
    """Write a whole number: "1 043"."""
    return _decimal_form(locale).write(value)


def percent(value: int, locale: str) -> str:
    """Write whole percents: 68 is "68 %"."""
    return _percent_form(locale).write(value)


def currency_symbol(currency: str, locale: str) -> str:
    """Give the sign that stands beside an amount field: "€", "CHF"."""
    return str(_cldr(locale).currency_symbols.get(currency, currency))


def country_name(code: str, locale: str) -> str:
    """Name a country by its ISO 3166 code."""
    return str(_cldr(locale).territories.get(code, code))


def language_within(code: str, locale: str) -> str:
    """Name a language as it stands within a sentence: "it" is "italien" in French."""
    return str(_cldr(locale).languages.get(code, code))


# ---------- dates ----------

SKELETONS = {"day": "MMMMd", "day_short": "MMMd", "month": "yMMMM"}


@cache
def _date_pattern(locale: str, style: str) -> str:
    """Give a pattern like "%(d)s %(MMMM)s %(y)s" for "long", "medium", "short" or a key of SKELETONS."""
    known = _cldr(locale)
    if style in SKELETONS:
        return str(known.datetime_skeletons[SKELETONS[style]].format)
    return str(known.date_formats[style].format)


@cache
def _names(locale: str) -> dict[str, Mapping[int, str]]:
    known = _cldr(locale)
    return {
        "MMMM": known.months["format"]["wide"],
        "MMM": known.months["format"]["abbreviated"],
        "LLLL": known.months["stand-alone"]["wide"],
        "EEEE": known.days["format"]["wide"],
    }


@lru_cache(maxsize=4096)
def _date(day: dt.date, style: str, locale: str) -> str:
    names = _names(locale)
    parts: dict[str, str] = {
        "d": str(day.day),
        "dd": f"{day.day:02d}",
        "M": str(day.month),
        "MM": f"{day.month:02d}",
        "y": str(day.year),
        "yy": f"{day.year % 100:02d}",
        "MMMM": names["MMMM"][day.month],
        "MMM": names["MMM"][day.month],
        "LLLL": names["LLLL"][day.month],
        "EEEE": names["EEEE"][day.weekday()],
    }
    if locale == "fr" and day.day == 1 and "%(d)s %(MMM" in _date_pattern(locale, style):
        parts["d"] = "1er"  # as French writes it; CLDR does not
    return _date_pattern(locale, style) % parts


def date(day: dt.date, style: str, locale: str) -> str:
    """Write a calendar day: "long" 14 décembre 2026, "day" 14 décembre, "day_short" 14 déc., "medium", "short"."""
    if isinstance(day, dt.datetime):
        raise TypeError("a moment needs its time zone: use datetime()")
    return _date(day, style, locale)


def time(moment: dt.datetime, tz: str | dt.tzinfo, locale: str) -> str:
    """Write the hour of a moment in the time zone: "14:02"."""
    local = moment.astimezone(ZoneInfo(tz) if isinstance(tz, str) else tz)
    return _time_pattern(locale) % {"HH": f"{local.hour:02d}", "H": str(local.hour), "mm": f"{local.minute:02d}"}


@cache
def _time_pattern(locale: str) -> str:
    return str(_cldr(locale).time_formats["short"].format)


def datetime(moment: dt.datetime, tz: str | dt.tzinfo, style: str, locale: str) -> str:
    """Write a UTC moment as day and hour in the time zone: "22 nov. 2026, 14:02"."""
    zone = ZoneInfo(tz) if isinstance(tz, str) else tz
    joined = _joined(locale, style if style in {"long", "medium", "short"} else "medium")
    day = _date(moment.astimezone(zone).date(), style, locale)
    return joined.replace("{1}", day).replace("{0}", time(moment, zone, locale))


@cache
def _joined(locale: str, style: str) -> str:
    return str(_cldr(locale).datetime_formats[style]).replace("'", "")
