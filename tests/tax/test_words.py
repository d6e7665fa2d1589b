"""Amounts in words, read back by readers that share nothing with the writer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdfund.money import Money
from crowdfund.tax.words import LARGEST, english, french, italian, words

FRENCH = "zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize"
FRENCH_TENS = "vingt trente quarante cinquante soixante septante huitante nonante"
ENGLISH = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
ENGLISH_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
ITALIAN = (
    "zero uno due tre quattro cinque sei sette otto nove dieci undici dodici tredici quattordici quindici sedici "
    "diciassette diciotto diciannove"
)
ITALIAN_TENS = "venti trenta quaranta cinquanta sessanta settanta ottanta novanta"


def _table(units: str, tens: str) -> dict[str, int]:
    return {word: number for number, word in enumerate(units.split())} | {
        word: 10 * ten for ten, word in enumerate(tens.split(), 2)
    }


FR, EN, IT = _table(FRENCH, FRENCH_TENS), _table(ENGLISH, ENGLISH_TENS), _table(ITALIAN, ITALIAN_TENS)
IT |= {word[:-1]: number for word, number in IT.items() if number >= 20}  # ventuno, ventotto


def read_french(text: str) -> int:
    """Add up a French number word by word; "vingts" after "quatre" multiplies, scales close a group."""
    total = group = 0
    tokens = text.replace("-", " ").split(" ")
    for token in tokens:
        word = token.removesuffix("s") if token in {"vingts", "cents", "millions", "milliards"} else token
        if word == "et":
            continue
        if word == "vingt" and group % 100 == 4:
            group += 76
        elif word == "cent":
            group = max(group, 1) * 100
        elif word == "mille":
            total, group = total + max(group, 1) * 1000, 0
        elif word in {"million", "milliard"}:
            total, group = total + group * (10**6 if word == "million" else 10**9), 0
        else:
            group += FR[word]
    return total + group


def read_english(text: str) -> int:
    """Add up an English number word by word."""
    total = group = 0
    for word in text.replace("-", " ").split(" "):
        if word == "and":
            continue
        if word == "hundred":
            group *= 100
        elif word in {"thousand", "million", "billion"}:
            total, group = total + group * {"thousand": 10**3, "million": 10**6, "billion": 10**9}[word], 0
        else:
            group += EN[word]
    return total + group


def read_italian(text: str) -> int:
    """Read an Italian number below a million: what stands before "mila" counts by the thousand."""
    text = text.replace("é", "e")
    head, found, tail = text.partition("mila")
    if found:
        return _below_1000(head) * 1000 + _below_1000(tail)
    if text.startswith("mille"):
        return 1000 + _below_1000(text[5:])
    return _below_1000(text)


def _below_1000(text: str) -> int:
    if not text:
        return 0
    position = text.find("cent")
    if position >= 0 and (position == 0 or text[:position] in IT):
        hundreds = IT[text[:position]] if position else 1
        tail = text[position + 4 :]
        return hundreds * 100 + _below_100(tail.removeprefix("o"), tail)
    return _below_100(text, text)


def _below_100(text: str, whole: str) -> int:
    for candidate in (text, whole):
        if not candidate:
            continue
        if candidate in IT:
            return IT[candidate]
        for cut in range(len(candidate) - 1, 0, -1):
            if candidate[:cut] in IT and IT[candidate[:cut]] >= 20 and IT.get(candidate[cut:], 99) < 10:
                return IT[candidate[:cut]] + IT[candidate[cut:]]
    if not text:
        return 0
    raise AssertionError(text)


@pytest.mark.parametrize("variant", ["fr", "fr_BE", "fr_CH"])
def test_every_french_number_to_ten_thousand_reads_back(variant: str) -> None:
    texts = [french(number, variant) for number in range(10_001)]
    assert [read_french(text) for text in texts] == list(range(10_001))
    assert len(set(texts)) == 10_001


def test_every_english_number_to_ten_thousand_reads_back() -> None:
    assert [read_english(english(number)) for number in range(10_001)] == list(range(10_001))


def test_every_italian_number_to_ten_thousand_reads_back() -> None:
    assert [read_italian(italian(number)) for number in range(10_001)] == list(range(10_001))


@given(st.integers(10_001, LARGEST))
def test_large_numbers_read_back(number: int) -> None:
    assert read_french(french(number)) == number
    assert read_english(english(number)) == number


@given(st.integers(10_001, 999_999))
def test_large_italian_numbers_read_back(number: int) -> None:
    assert read_italian(italian(number)) == number


def test_french_spelling_rules_hold_for_every_number() -> None:
    for number in range(10_001):
        text = french(number)
        assert not text.startswith("un mille")
        assert "cents " not in text  # cent takes its s only at the end
        assert "vingts" not in text[:-6]
        assert " et-" not in text
        assert "-et" not in text
        assert text.endswith("cents") == (number % 100 == 0 and number % 1000 not in {0, 100})
        assert text.endswith("vingts") == (number % 100 == 80)
        assert text.endswith(" et un") == (number % 100 in {21, 31, 41, 51, 61})
        assert text.endswith(" et onze") == (number % 100 == 71)


def test_belgians_and_swiss_have_their_own_tens() -> None:
    for number in range(10_001):
        belgian, swiss = french(number, "fr_BE"), french(number, "fr_CH")
        assert "soixante-dix" not in belgian + swiss
        assert "quatre-vingt-dix" not in belgian + swiss
        assert "quatre-vingt" not in swiss


def test_italian_spelling_rules_hold_for_every_number() -> None:
    for number in range(10_001):
        text = italian(number)
        assert " " not in text
        assert text.endswith("tré") == (number % 10 == 3 and number % 100 != 13 and number != 3)
        assert "é" not in text[:-1]
        assert "taotto" not in text
        assert "tiotto" not in text
        assert "iuno" not in text
        assert "oott" not in text


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (21, ("vingt et un", "vingt et un", "vingt et un", "ventuno", "twenty-one")),
        (71, ("soixante et onze", "septante et un", "septante et un", "settantuno", "seventy-one")),
        (80, ("quatre-vingts", "quatre-vingts", "huitante", "ottanta", "eighty")),
        (81, ("quatre-vingt-un", "quatre-vingt-un", "huitante et un", "ottantuno", "eighty-one")),
        (96, ("quatre-vingt-seize", "nonante-six", "nonante-six", "novantasei", "ninety-six")),
        (118, ("cent dix-huit", "cent dix-huit", "cent dix-huit", "centodiciotto", "one hundred and eighteen")),
        (123, ("cent vingt-trois",) * 3 + ("centoventitré", "one hundred and twenty-three")),
        (180, ("cent quatre-vingts", "cent quatre-vingts", "cent huitante", "centottanta", "one hundred and eighty")),
        (200, ("deux cents",) * 3 + ("duecento", "two hundred")),
        (201, ("deux cent un",) * 3 + ("duecentouno", "two hundred and one")),
        (1000, ("mille",) * 3 + ("mille", "one thousand")),
        (1001, ("mille un",) * 3 + ("milleuno", "one thousand and one")),
        (1100, ("mille cent",) * 3 + ("millecento", "one thousand one hundred")),
        (80_000, ("quatre-vingt mille", "quatre-vingt mille", "huitante mille", "ottantamila", "eighty thousand")),
        (200_000, ("deux cent mille",) * 3 + ("duecentomila", "two hundred thousand")),
        (80_000_000, ("quatre-vingts millions",) * 2 + ("huitante millions", "ottanta milioni", "eighty million")),
        (1_000_000_000, ("un milliard",) * 3 + ("un miliardo", "one billion")),
        (23_000_003, ("vingt-trois millions trois",) * 3 + ("ventitré milioni tre", "twenty-three million and three")),
    ],
)
def test_numbers_of_the_grammar_books(number: int, expected: tuple[str, ...]) -> None:
    written = (french(number), french(number, "fr_BE"), french(number, "fr_CH"), italian(number), english(number))
    assert written == expected


@pytest.mark.parametrize(
    ("minor", "currency", "locale", "expected"),
    [
        (0, "EUR", "fr", "zéro euro"),
        (0, "EUR", "it", "zero euro"),
        (0, "EUR", "en", "zero euros"),
        (1, "EUR", "fr", "un centime"),
        (1, "EUR", "it", "un centesimo"),
        (1, "EUR", "en", "one cent"),
        (7, "EUR", "fr", "sept centimes"),
        (100, "EUR", "fr", "un euro"),
        (100, "EUR", "it", "un euro"),
        (101, "EUR", "en", "one euro and one cent"),
        (180, "EUR", "fr", "un euro et quatre-vingts centimes"),
        (180, "EUR", "it", "un euro e ottanta centesimi"),
        (2100, "EUR", "it", "ventuno euro"),
        (132_240, "EUR", "fr", "mille trois cent vingt-deux euros et quarante centimes"),
        (132_240, "EUR", "it", "milletrecentoventidue euro e quaranta centesimi"),
        (14_336_070, "EUR", "fr_BE", "cent quarante-trois mille trois cent soixante euros et septante centimes"),
        (100_000_000, "EUR", "fr", "un million d'euros"),
        (100_000_000, "EUR", "it", "un milione di euro"),
        (250_000_000, "EUR", "fr", "deux millions cinq cent mille euros"),
        (250_000_000, "EUR", "it", "due milioni cinquecentomila euro"),
        (100_000_000, "CHF", "fr_CH", "un million de francs suisses"),
        (8_005, "CHF", "fr_CH", "huitante francs suisses et cinq centimes"),
        (9900, "CHF", "it", "novantanove franchi svizzeri"),
        (100, "CHF", "it", "un franco svizzero"),
        (100, "CHF", "en", "one Swiss franc"),
        (100, "GBP", "fr", "une livre sterling"),
        (2100, "GBP", "fr-FR", "vingt et une livres sterling"),
        (8100, "GBP", "fr", "quatre-vingt-une livres sterling"),
        (2_100_000, "GBP", "fr", "vingt et un mille livres sterling"),
        (100, "GBP", "it", "una sterlina"),
        (201, "GBP", "en", "two pounds and one penny"),
        (17_500, "USD", "en", "one hundred and seventy-five dollars"),
    ],
)
def test_amounts(minor: int, currency: str, locale: str, expected: str) -> None:
    assert words(Money(minor, currency), locale) == expected


@pytest.mark.parametrize(
    ("money", "locale"),
    [
        (Money(100, "EUR"), "de"),
        (Money(100, "JPY"), "fr"),
        (Money(100, "SEK"), "en"),
        (Money(-1, "EUR"), "fr"),
        (Money((LARGEST + 1) * 100, "EUR"), "it"),
    ],
)
def test_what_cannot_be_written_is_refused(money: Money, locale: str) -> None:
    with pytest.raises(ValueError):
        words(money, locale)
