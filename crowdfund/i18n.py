"""The language of a page or a mail: words through gettext, amounts and dates in the forms of CLDR.

Message ids are English. The locale is, in this order: the one set by `use_locale` (mails, tasks), the one of the
address (`/fr/…`) or of the signed-in account (`set_locale`), the one the browser asks for.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast
from zoneinfo import ZoneInfo

from babel import negotiate_locale
from babel.support import LazyProxy
from flask import g, has_app_context, has_request_context, request
from markupsafe import Markup
from werkzeug.routing import BaseConverter

from crowdfund import formats
from crowdfund.money import Money, exponent
from crowdfund.translations import catalogue

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    from flask import Flask

    from crowdfund.errors import Refusal

LOCALES = ("fr", "it", "en")
DEFAULT = "fr"
NAMES = {"fr": "Français", "it": "Italiano", "en": "English"}

_chosen: ContextVar[str | None] = ContextVar("locale", default=None)


# ---------- which locale ----------


def current_locale() -> str:
    """Tell the language of what is being written: "fr", "it" or "en"."""
    chosen = _chosen.get()
    if chosen is not None:
        return chosen
    if has_app_context():
        lang = g.get("lang")
        if lang is not None:
            return cast("str", lang)
        if has_request_context():
            g.lang = negotiate(request.headers.get("Accept-Language"))
            return cast("str", g.lang)
    return DEFAULT


@contextmanager
def use_locale(locale: str) -> Iterator[None]:
    """Write in another language inside the block, whatever the request's is."""
    token = _chosen.set(supported(locale))
    try:
        yield
    finally:
        _chosen.reset(token)


def set_locale(locale: str) -> None:
    """Keep the language for the rest of the request (a signed-in account's choice)."""
    g.lang = supported(locale)


def supported(locale: str | None) -> str:
    """Give the supported language nearest to a stored one ("it_CH" is "it"), else the default."""
    language = (locale or "").replace("-", "_").split("_")[0].lower()
    return language if language in LOCALES else DEFAULT


def negotiate(accept_language: str | None) -> str:
    """Choose the best supported language for an Accept-Language header."""
    wanted: list[tuple[float, str]] = []
    for position, part in enumerate((accept_language or "")[:400].split(",")[:20]):
        tag, _sep, quality = part.strip().partition(";q=")
        try:
            weight = float(quality or 1)
        except ValueError:
            weight = 0.0
        if tag and 0 < weight <= 1:
            wanted.append((-weight + position / 1000, tag.replace("-", "_")))
    return negotiate_locale([tag for _order, tag in sorted(wanted)], LOCALES) or DEFAULT


# ---------- words ----------


def gettext(message: str, **params: object) -> str:
    """Say the message in the current language and fill its `%(name)s` placeholders."""
    text = catalogue.load(current_locale()).gettext(message)
    return text % params if params else text


def in_words(refusal: Refusal) -> str:
    """Say why something was refused, in the current language; amounts are written as the language writes them."""
    params = {name: money(one) if isinstance(one, Money) else one for name, one in refusal.params.items()}
    return gettext(refusal.message, **params)


def ngettext(singular: str, plural: str, n: int, **params: object) -> str:
    """Say the message in the number of `n`; `%(n)s` is filled with the number as the language writes it."""
    text = catalogue.load(current_locale()).ngettext(singular, plural, n)
    return text % {"n": number(n), **params}


def pgettext(context: str, message: str, **params: object) -> str:
    """Say a message whose English is ambiguous; `context` tells the senses apart."""
    text = catalogue.load(current_locale()).pgettext(context, message)
    return text % params if params else text


def N_(message: str) -> str:  # noqa: N802 - the name that extraction tools look for
    """Mark a message for translation and give it back unchanged."""
    return message


def lazy(message: str, **params: object) -> LazyProxy:
    """Say the message when it is shown, not now (labels of forms)."""
    return LazyProxy(gettext, message, enable_cache=False, **params)


_ = gettext
_n = ngettext


# ---------- amounts and dates in the current language ----------


def money(amount: Money, locale: str | None = None, *, whole: bool = True) -> str:
    """Write an amount; `whole` leaves out decimals that are zero: "50 €", but "17,50 €"."""
    return formats.money(amount, locale or current_locale(), whole=whole)


def money_exact(amount: Money, locale: str | None = None) -> str:
    """Write an amount with all its decimals: "50,00 €"."""
    return formats.money_exact(amount, locale or current_locale())


def money_down(amount: Money) -> str:
    """Write a public sum in whole units, rounded down: 27 991.02 is "27 991 €". Never promises a cent that is not there."""
    whole = amount.minor - amount.minor % 10 ** exponent(amount.currency)
    return money(Money(whole, amount.currency))


def number(value: int, locale: str | None = None) -> str:
    """Write a whole number: "1 043"."""
    return formats.number(value, locale or current_locale())


def percent(value: int, locale: str | None = None) -> str:
    """Write whole percents: 68 is "68 %"."""
    return formats.percent(value, locale or current_locale())


def currency_symbol(currency: str, locale: str | None = None) -> str:
    """Give the sign that stands beside an amount field: "€", "CHF"."""
    return formats.currency_symbol(currency, locale or current_locale())


def country_name(code: str, locale: str | None = None) -> str:
    """Name a country by its ISO 3166 code."""
    return formats.country_name(code, locale or current_locale())


def language_name(code: str) -> str:
    """Name a language in itself: "it" is "Italiano"."""
    return NAMES.get(code, code)


def language_within(code: str) -> str:
    """Name a language as it stands within a sentence of the page: "it" is "italien" in French."""
    return formats.language_within(code, current_locale())


def date(day: dt.date, style: str = "long", locale: str | None = None) -> str:
    """Write a calendar day: "long" 14 décembre 2026, "day" 14 décembre, "day_short" 14 déc., "medium", "short"."""
    return formats.date(day, style, locale or current_locale())


def time(moment: dt.datetime, tz: str | dt.tzinfo = "UTC", locale: str | None = None) -> str:
    """Write the hour of a moment in the time zone: "14:02"."""
    return formats.time(moment, tz, locale or current_locale())


def datetime(moment: dt.datetime, tz: str | dt.tzinfo = "UTC", style: str = "medium", locale: str | None = None) -> str:
    """Write a UTC moment as day and hour in the time zone: "22 nov. 2026, 14:02"."""
    return formats.datetime(moment, tz, style, locale or current_locale())


def local_date(moment: dt.datetime, tz: str | dt.tzinfo = "UTC") -> dt.date:
    """Give the calendar day of a moment in the time zone."""
    return moment.astimezone(ZoneInfo(tz) if isinstance(tz, str) else tz).date()


def days_left(days: int) -> str:
    """Say how long is left: "23 days", "last day"."""
    return ngettext("%(n)s day", "%(n)s days", days) if days > 0 else gettext("last day")


# ---------- Flask and the templates ----------


class LanguageConverter(BaseConverter):
    """The first part of a public address: `/<lang:lang>/…`."""

    regex = "|".join(LOCALES)
    part_isolating = True


@dataclass(frozen=True, slots=True)
class LanguageLink:
    """The same page in one of the languages."""

    locale: str
    name: str
    url: str
    current: bool


def language_links() -> list[LanguageLink]:
    """Link the page of this request in each language; nothing where the address has no language."""
    lang, _sep, rest = request.path.lstrip("/").partition("/")
    if lang not in LOCALES:
        return []
    query = f"?{request.query_string.decode('ascii', 'ignore')}" if request.query_string else ""
    return [LanguageLink(one, NAMES[one], f"/{one}/{rest}{query}", one == lang) for one in LOCALES]


def _pull_language(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    if values is not None and "lang" in values:
        g.lang = values.pop("lang")


def whole(text: str) -> Markup:
    """Keep a number or a code on one line of a page: it is read, typed and compared as one."""
    return Markup('<span class="nowrap">{}</span>').format(text) if text else Markup()


def register(app: Flask) -> None:
    """Teach the application its languages: `<lang:…>` in rules, words, filters. Call it before adding routes.

    Views do not receive `lang`, and `url_for` fills it where a rule wants it.
    """
    app.url_map.converters["lang"] = LanguageConverter
    app.url_value_preprocessor(_pull_language)

    @app.url_defaults
    def _push_language(endpoint: str, values: dict[str, Any]) -> None:
        if "lang" not in values and app.url_map.is_endpoint_expecting(endpoint, "lang"):
            values["lang"] = current_locale()

    environment = app.jinja_env
    environment.add_extension("jinja2.ext.i18n")
    environment.install_gettext_callables(  # type: ignore[attr-defined] # added by the extension
        gettext, lambda *words: catalogue.load(current_locale()).ngettext(*words), newstyle=True, pgettext=pgettext
    )
    environment.policies["ext.i18n.trimmed"] = True
    environment.filters.update(
        money=money,
        money_down=money_down,
        money_exact=money_exact,
        number=number,
        percent=percent,
        date=date,
        time=time,
        datetime=datetime,
        days_left=days_left,
        local_date=local_date,
        country_name=country_name,
        language_name=language_name,
        language_within=language_within,
        currency_symbol=currency_symbol,
        whole=whole,
    )
    environment.globals.update(current_locale=current_locale, language_links=language_links, _n=ngettext)
