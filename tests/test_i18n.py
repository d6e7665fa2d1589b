"""Words in three languages; numbers, money and dates exactly as CLDR has them."""

from __future__ import annotations

import datetime as dt
import random
from typing import TYPE_CHECKING

import pytest
from babel import Locale
from babel.dates import format_date, format_time
from babel.numbers import format_currency, format_decimal, format_percent
from flask import Flask, url_for

from crowdfund import formats, i18n
from crowdfund.money import Money
from crowdfund.translations import catalogue, check

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CLDR = {"fr": "fr", "it": "it", "en": "en_GB"}
SEED = 20261123


def amounts() -> Iterator[int]:
    """Give edges and a few hundred amounts in cents."""
    yield from (0, 1, 99, 100, 99_999, 100_000, 999_999, 1_000_000, 123_456_789, -1, -5_000, -123_456_789)
    draw = random.Random(SEED)
    yield from (draw.randrange(-(10 ** draw.randrange(1, 10)), 10 ** draw.randrange(1, 10)) for _n in range(300))


@pytest.mark.parametrize("locale", i18n.LOCALES)
@pytest.mark.parametrize("currency", ["EUR", "GBP", "JPY"])
def test_exact_money_is_babels(locale: str, currency: str) -> None:
    """What is written without Babel's formatter is what Babel's formatter writes."""
    for minor in amounts():
        amount = Money(minor, currency)
        assert i18n.money_exact(amount, locale) == format_currency(amount.decimal, currency, locale=CLDR[locale])


@pytest.mark.parametrize("locale", i18n.LOCALES)
def test_whole_money_drops_only_zero_cents(locale: str) -> None:
    """Cents are left out when they are zero, and only then."""
    pattern = Locale.parse(CLDR[locale]).currency_formats["standard"].pattern.replace(".00", "")
    for minor in amounts():
        amount = Money(minor, "EUR")
        if minor % 100:
            assert i18n.money(amount, locale) == i18n.money_exact(amount, locale)
        else:
            expected = format_currency(amount.decimal, "EUR", pattern, CLDR[locale], currency_digits=False)
            assert i18n.money(amount, locale) == expected
    assert i18n.money(Money(5000, "EUR"), locale, whole=False) == i18n.money_exact(Money(5000, "EUR"), locale)


def test_money_reads_as_in_the_design() -> None:
    """French groups are narrow no-break spaces; a code of letters stands off in English, as CLDR asks."""
    assert i18n.money(Money(6_841_200, "EUR"), "fr") == "68\u202f412\u00a0€"
    assert i18n.money(Money(6_841_200, "EUR"), "it") == "68.412\u00a0€"
    assert i18n.money(Money(6_841_200, "EUR"), "en") == "€68,412"
    assert i18n.money(Money(1750, "CHF"), "fr") == "17,50\u00a0CHF"
    assert i18n.money(Money(1750, "CHF"), "en") == "CHF\u00a017.50"


@pytest.mark.parametrize("locale", i18n.LOCALES)
def test_numbers_and_percents_are_babels(locale: str) -> None:
    """Whole numbers and percents are Babel's."""
    for value in (*range(-3, 1200, 7), 9_999, 10_000, 1_234_567):
        assert i18n.number(value, locale) == format_decimal(value, locale=CLDR[locale])
        assert i18n.percent(value, locale) == format_percent(value / 100, locale=CLDR[locale])


@pytest.mark.parametrize("locale", i18n.LOCALES)
def test_dates_and_times_are_babels(locale: str) -> None:
    """Each day of a leap year in each style but the first of a month, and each quarter of an hour."""
    skeletons = Locale.parse(CLDR[locale]).datetime_skeletons
    for n in range(0, 366, 3):
        day = dt.date(2028, 1, 2) + dt.timedelta(days=n)
        if day.day == 1:
            continue
        for style in ("long", "medium", "short"):
            assert i18n.date(day, style, locale) == format_date(day, style, CLDR[locale])
        for style, skeleton in formats.SKELETONS.items():
            assert i18n.date(day, style, locale) == format_date(day, skeletons[skeleton].pattern, CLDR[locale])
    for quarter in range(96):
        moment = dt.datetime(2026, 7, 1, quarter // 4, quarter % 4 * 15, tzinfo=dt.UTC)
        assert i18n.time(moment, "UTC", locale) == format_time(moment.time(), "short", locale=CLDR[locale])


def test_the_first_of_a_month_is_a_rank_in_french() -> None:
    """CLDR writes 1 avril; people write 1er avril, where the month is a word."""
    first = dt.date(2026, 4, 1)
    assert i18n.date(first, locale="fr") == "1er avril 2026"
    assert i18n.date(first, "day", locale="fr") == "1er avril"
    assert i18n.date(first, "short", locale="fr") == "01/04/2026"
    assert i18n.date(first, locale="it") == "1 aprile 2026"
    assert i18n.date(first, locale="en") == "1 April 2026"


def test_a_moment_is_written_in_the_museums_time_zone() -> None:
    """A moment late in the day, UTC, is the next day in Paris."""
    late = dt.datetime(2026, 12, 14, 23, 30, tzinfo=dt.UTC)
    assert i18n.datetime(late, "Europe/Paris", locale="fr") == "15 déc. 2026, 00:30"
    assert i18n.local_date(late, "Europe/Paris") == dt.date(2026, 12, 15)
    with pytest.raises(TypeError, match="time zone"):
        i18n.date(late, locale="fr")


@pytest.mark.parametrize(
    ("header", "locale"),
    [
        ("it", "it"),
        ("it-CH,it;q=0.9", "it"),
        ("de,en;q=0.8,it;q=0.9", "it"),
        ("en-US,en;q=0.9", "en"),
        ("de", "fr"),
        ("", "fr"),
        (None, "fr"),
        ("*", "fr"),
        ("it;q=0,en;q=0.1", "en"),
        ("it;q=abc,en", "en"),
        ("," * 10_000 + "it", "fr"),
    ],
)
def test_the_browser_may_ask_for_a_language(header: str | None, locale: str) -> None:
    """The best supported language wins; nonsense is ignored."""
    assert i18n.negotiate(header) == locale


def test_use_locale_wins_over_the_request_and_ends() -> None:
    """A mail is written in its donor's language even inside a request in another one."""
    app = Flask(__name__)
    with app.test_request_context(headers={"Accept-Language": "en"}):
        assert i18n.gettext("The works") == "The works"
        with i18n.use_locale("it_CH"):
            assert i18n.gettext("The works") == "Le opere"
            with i18n.use_locale("fr"):
                assert i18n.gettext("The works") == "Les œuvres"
            assert i18n.current_locale() == "it"
        assert i18n.current_locale() == "en"
    assert i18n.current_locale() == i18n.DEFAULT


def test_a_task_without_request_speaks_the_default() -> None:
    """Outside of Flask there is still a language."""
    assert i18n.days_left(23) == "23 jours"
    assert i18n.days_left(1) == "1 jour"
    assert i18n.days_left(0) == "dernier jour"


def test_a_code_stays_on_one_line_and_is_no_markup() -> None:
    assert i18n.whole("AUB-2026-<1>") == '<span class="nowrap">AUB-2026-&lt;1&gt;</span>'
    assert i18n.whole("") == ""


def test_plurals_follow_the_language() -> None:
    """Zero is singular in French and plural in Italian."""
    with i18n.use_locale("fr"):
        assert i18n.ngettext("%(n)s gift", "%(n)s gifts", 0) == "0 don"
        assert i18n.ngettext("%(n)s gift", "%(n)s gifts", 1043) == "1\u202f043 dons"
    with i18n.use_locale("it"):
        assert i18n.ngettext("%(n)s gift", "%(n)s gifts", 0) == "0 doni"


def test_lazy_words_are_said_when_shown() -> None:
    """A form's label is made once and shown in every language."""
    label = i18n.lazy("First name")
    with i18n.use_locale("fr"):
        assert str(label) == "Prénom"
    with i18n.use_locale("it"):
        assert str(label) == "Nome"


def test_the_address_carries_the_language() -> None:
    """`<lang:…>` reaches no view, and url_for fills it in."""
    app = Flask(__name__)
    i18n.register(app)

    @app.get("/<lang:lang>/here")
    def here() -> str:
        return f"{i18n.gettext('The works')} {url_for('here')}"

    client = app.test_client()
    assert client.get("/it/here").text == "Le opere /it/here"
    assert client.get("/en/here").text == "The works /en/here"
    assert client.get("/de/here").status_code == 404


def test_every_message_is_said_in_every_language() -> None:
    """Nothing is missing, empty, fuzzy, unused, said twice, or breaks French typography."""
    assert check.problems() == []


FAULTY = """msgid ""
msgstr "Content-Type: text/plain; charset=utf-8"

msgid "Kept"
msgstr "Gardé"

msgid "Named %(name)s"
msgstr "Nommé %(nom)s"

#, fuzzy
msgid "Doubtful"
msgstr "Douteux"

msgid "Empty"
msgstr ""

msgid "Unused"
msgstr "Inutile"

msgid "Asked"
msgstr "Demandé ?"
"""


def test_the_check_sees_each_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each kind of fault is reported, so that a green check means something."""
    said = ("Kept", "Named %(name)s", "Doubtful", "Empty", "Asked", "Missing")
    (tmp_path / "crowdfund").mkdir()
    (tmp_path / "templates").mkdir()
    (tmp_path / "crowdfund" / "one.py").write_text("".join(f'_("{text}")\n' for text in said[:3]), encoding="utf-8")
    (tmp_path / "templates" / "two.html").write_text(
        "".join(f'{{{{ _("{text}") }}}}' for text in said[3:]), encoding="utf-8"
    )
    for name in ("a", "b"):
        part = tmp_path / "fr" / "parts" / f"{name}.po"
        part.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(FAULTY if name == "a" else FAULTY[: FAULTY.index('msgid "Named')], encoding="utf-8")
    for module in (catalogue, check):
        monkeypatch.setattr(module, "FOLDER", tmp_path)
    monkeypatch.setattr(check, "TRANSLATED", ("fr",))
    found = "\n".join(check.problems(tmp_path))
    for words in (
        "'Kept' is said in a.po already",
        "'Named %(name)s' has other placeholders",
        "'Doubtful' is fuzzy",
        "'Empty' is empty",
        "'Unused' is not used any more",
        "'Asked' breaks French typography",
        "'Missing' (templates/two.html:1) is missing",
    ):
        assert words in found
    assert len(found.splitlines()) == 7


def test_a_compiled_language_is_kept_and_renewed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The compiled form is made once, used again, and made anew when a part changes."""
    monkeypatch.setattr(catalogue, "FOLDER", tmp_path)
    part = tmp_path / "fr" / "parts" / "a.po"
    part.parent.mkdir(parents=True)
    head = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8"\n\n'
    for words in ("un", "deux"):
        part.write_text(f'{head}msgid "one"\nmsgstr "{words}"\n', encoding="utf-8")
        catalogue.load.cache_clear()
        assert catalogue.load("fr").gettext("one") == words
        kept = list((tmp_path / "fr").glob("*.mo"))
        assert len(kept) == 1
        catalogue.load.cache_clear()
        with monkeypatch.context() as patch:
            patch.setattr(catalogue, "compiled", lambda _locale: pytest.fail("compiled twice"))
            assert catalogue.load("fr").gettext("one") == words
    catalogue.load.cache_clear()
