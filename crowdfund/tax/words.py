"""Amounts in words: French (France, Belgium, Switzerland), Italian, English.

French follows the traditional hyphens (only between parts below one hundred, none beside "et"); "cent" and "vingt" take
their s when nothing but "million" or "milliard" follows. Italian writes one word below a million, with an accent on a
final "tré". English is British: "one hundred and one".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from crowdfund.money import Money, exponent

LARGEST = 999_999_999_999


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of currency: its name for one and for many, and its gender in French and Italian."""

    one: str
    many: str
    feminine: bool = False


_FR_NAMES = "zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize"
_FR_TO_16 = _FR_NAMES.split()
_FR_TENS = {2: "vingt", 3: "trente", 4: "quarante", 5: "cinquante", 6: "soixante"}
_FR_EXTRA: dict[str, dict[int, str]] = {
    "fr": {},
    "fr_BE": {7: "septante", 9: "nonante"},
    "fr_CH": {7: "septante", 8: "huitante", 9: "nonante"},
}
_IT_NAMES = (
    "zero uno due tre quattro cinque sei sette otto nove dieci undici dodici tredici quattordici quindici sedici "
    "diciassette diciotto diciannove venti trenta quaranta cinquanta sessanta settanta ottanta novanta"
)
_IT_TO_19, _IT_TENS = _IT_NAMES.split()[:20], _IT_NAMES.split()[20:]
_EN_NAMES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety"
)
_EN_TO_19, _EN_TENS = _EN_NAMES.split()[:20], _EN_NAMES.split()[20:]

_UNITS = {
    "fr": {
        "EUR": (Unit("euro", "euros"), Unit("centime", "centimes")),
        "CHF": (Unit("franc suisse", "francs suisses"), Unit("centime", "centimes")),
        "GBP": (Unit("livre sterling", "livres sterling", feminine=True), Unit("penny", "pence")),
        "USD": (Unit("dollar américain", "dollars américains"), Unit("cent", "cents")),
    },
    "it": {
        "EUR": (Unit("euro", "euro"), Unit("centesimo", "centesimi")),
        "CHF": (Unit("franco svizzero", "franchi svizzeri"), Unit("centesimo", "centesimi")),
        "GBP": (Unit("sterlina", "sterline", feminine=True), Unit("penny", "pence")),
        "USD": (Unit("dollaro statunitense", "dollari statunitensi"), Unit("centesimo", "centesimi")),
    },
    "en": {
        "EUR": (Unit("euro", "euros"), Unit("cent", "cents")),
        "CHF": (Unit("Swiss franc", "Swiss francs"), Unit("centime", "centimes")),
        "GBP": (Unit("pound", "pounds"), Unit("penny", "pence")),
        "USD": (Unit("dollar", "dollars"), Unit("cent", "cents")),
    },
}


def _french_below_100(number: int, extra: dict[int, str], *, final: bool) -> str:
    if number < 17:
        return _FR_TO_16[number]
    if number < 20:
        return f"dix-{_FR_TO_16[number - 10]}"
    ten, rest = divmod(number, 10)
    if ten in extra:
        root = extra[ten]
    elif ten in {7, 9}:  # soixante-dix, quatre-vingt-dix: the tens before them, and ten to nineteen
        ten, rest = ten - 1, rest + 10
        root = _FR_TENS.get(ten, "quatre-vingt")
    else:
        root = _FR_TENS.get(ten, "quatre-vingt")
    if rest == 0:
        return "quatre-vingts" if root == "quatre-vingt" and final else root
    if rest in {1, 11} and root != "quatre-vingt":
        return f"{root} et {_FR_TO_16[rest]}"
    return f"{root}-{_french_below_100(rest, extra, final=final)}"


def _french_below_1000(number: int, extra: dict[int, str], *, final: bool) -> str:
    hundred, rest = divmod(number, 100)
    if hundred == 0:
        return _french_below_100(rest, extra, final=final)
    head = "cent" if hundred == 1 else f"{_FR_TO_16[hundred]} cent{'s' if final and rest == 0 else ''}"
    return f"{head} {_french_below_100(rest, extra, final=final)}" if rest else head


def french(number: int, variant: str = "fr") -> str:
    """Write a whole number in French words (variants fr_BE: septante, nonante; fr_CH: huitante too)."""
    extra = _FR_EXTRA[variant]
    parts = []
    for size, name in ((10**9, "milliard"), (10**6, "million")):
        count, number = divmod(number, size)
        if count:
            parts.append(f"{_french_below_1000(count, extra, final=True)} {name}{'s' if count > 1 else ''}")
    thousands, rest = divmod(number, 1000)
    if thousands:
        parts.append("mille" if thousands == 1 else f"{_french_below_1000(thousands, extra, final=False)} mille")
    if rest or not parts:
        parts.append(_french_below_1000(rest, extra, final=True))
    return " ".join(parts)


def _italian_below_1000(number: int) -> str:
    hundred, rest = divmod(number, 100)
    head = "" if hundred == 0 else ("" if hundred == 1 else _IT_TO_19[hundred]) + "cento"
    if rest < 20:
        tail = _IT_TO_19[rest] if rest or not hundred else ""
    else:
        ten, unit = divmod(rest, 10)
        root = _IT_TENS[ten - 2]
        tail = root if unit == 0 else (root[:-1] if unit in {1, 8} else root) + _IT_TO_19[unit]
    # cento loses its vowel before otto and ottanta (centotto, centottanta), not before uno and undici
    return (head[:-1] if tail.startswith("ott") and head else head) + tail


def _accented(word: str) -> str:
    return f"{word[:-1]}é" if word.endswith("tre") and word != "tre" else word


def italian(number: int) -> str:
    """Write a whole number in Italian words."""
    parts = []
    for size, one, many in ((10**9, "un miliardo", "miliardi"), (10**6, "un milione", "milioni")):
        count, number = divmod(number, size)
        if count:
            parts.append(one if count == 1 else f"{_accented(_italian_below_1000(count))} {many}")
    thousands, rest = divmod(number, 1000)
    head = "" if thousands == 0 else "mille" if thousands == 1 else f"{_italian_below_1000(thousands)}mila"
    if head or rest or not parts:
        parts.append(_accented(head + (_italian_below_1000(rest) if rest or not (head or parts) else "")))
    return " ".join(parts)


def _english_below_1000(number: int) -> str:
    hundred, rest = divmod(number, 100)
    head = f"{_EN_TO_19[hundred]} hundred" if hundred else ""
    if rest < 20:
        tail = _EN_TO_19[rest] if rest or not hundred else ""
    else:
        ten, unit = divmod(rest, 10)
        tail = _EN_TENS[ten - 2] + (f"-{_EN_TO_19[unit]}" if unit else "")
    return " and ".join(part for part in (head, tail) if part)


def english(number: int) -> str:
    """Write a whole number in British English words."""
    parts = []
    for size, name in ((10**9, "billion"), (10**6, "million"), (10**3, "thousand")):
        count, number = divmod(number, size)
        if count:
            parts.append(f"{_english_below_1000(count)} {name}")
    if number or not parts:
        parts.append(f"and {_english_below_1000(number)}" if parts and number < 100 else _english_below_1000(number))
    return " ".join(parts)


def _french_count(number: int, unit: Unit, variant: str) -> str:
    text = french(number, variant)
    if unit.feminine and (text == "un" or text.endswith((" un", "-un"))):
        text += "e"
    round_million = number >= 10**6 and number % 10**6 == 0
    link = (" d'" if unit.one[0] in "aeiouh" else " de ") if round_million else " "
    return f"{text}{link}{unit.one if number < 2 else unit.many}"


def _italian_count(number: int, unit: Unit) -> str:
    if number == 1:
        return f"{'una' if unit.feminine else 'un'} {unit.one}"
    round_million = number >= 10**6 and number % 10**6 == 0
    return f"{italian(number)}{' di ' if round_million else ' '}{unit.many}"


def _english_count(number: int, unit: Unit) -> str:
    return f"{english(number)} {unit.one if number == 1 else unit.many}"


_LANGUAGES: dict[str, tuple[Callable[[int, Unit, str], str], str]] = {
    "fr": (_french_count, "et"),
    "it": (lambda number, unit, _variant: _italian_count(number, unit), "e"),
    "en": (lambda number, unit, _variant: _english_count(number, unit), "and"),
}


def words(money: Money, locale: str) -> str:
    """Write an amount in words. Raises ValueError for a language, currency or amount that we cannot write.

    Locales: fr, fr_BE, fr_CH, it, en (another territory of these languages is read as the language). Cents are left out
    when there are none, and stand alone when there is nothing else.
    """
    language = locale[:2]
    if language not in _LANGUAGES or money.currency not in _UNITS[language] or exponent(money.currency) != 2:
        raise ValueError(f"no words for {money.currency} in {locale!r}")
    if not 0 <= money.minor <= LARGEST * 100 + 99:
        raise ValueError("amounts in words go from nought to a thousand milliards")
    variant = locale.replace("-", "_") if locale.replace("-", "_") in _FR_EXTRA else "fr"
    count, link = _LANGUAGES[language]
    major, minor = _UNITS[language][money.currency]
    whole, cents = divmod(money.minor, 100)
    parts = [count(whole, major, variant)] if whole or not cents else []
    if cents:
        parts.append(count(cents, minor, variant))
    return f" {link} ".join(parts)
