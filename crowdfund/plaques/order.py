"""The order of names on a plaque, by language. Pure: no database, no web.

Letters are compared on three levels, as the Unicode Collation Algorithm does (https://www.unicode.org/reports/tr10/): letters
first, then accents, then case. CLDR tailors nothing for French (of France), Italian and English, so one comparison serves all
three; spaces go before letters, so that names are filed word by word. PyICU needs a library of the system, PostgreSQL's ICU is
not built into the embedded server, and pyuca has stood still since 2017: for Latin letters, decompositions are all it takes.

Particles: French leaves "de", "d'", "du", "des" out and counts "Le", "La"; Italian counts "De", "Di", "Della" (as AACR2
22.5D1 files modern Italian names); English files names under the particle as typed. In French only small letters make a
particle: "De Smet" is a Flemish name and stays whole. What is a surname is a guess; a person may set a sort word by hand.
"""

from __future__ import annotations

import re
import unicodedata

PERSON, COMPANY, GROUP = "person", "company", "group"
Key = tuple[str, str, str, str]

UNCOUNTED = frozenset({"de", "du", "des"})  # in French
PARTICLES = {
    "fr": frozenset("de du des le la les van von der den ter ten vander vanden di da del della".split()),
    "it": frozenset("de di da del dello della dei degli delle dal dalla dalle lo la li le van von".split()),
    "en": frozenset("de du des le la van von der den ter ten di da del della dos y".split()),
}
TITLES = frozenset(
    "m mm mme mmes mlle dr pr me monsieur madame sig sigra sigg dott dottssa prof ing avv signor signora mr mrs ms miss sir"
    " lady".split()
)
AND = frozenset({"et", "e", "ed", "and", "&", "und", "en", "y"})
ARTICLES = frozenset({"la", "le", "les", "the"})
FAMILIES = frozenset({"famille", "famiglia", "family", "familie"})
# Words that begin a dedication or a wish: such a line is no name and is filed as typed.
OPENINGS = frozenset("in en à a pour per for au aux classe class".split())
LEGAL_FORMS = frozenset(
    "sa sas sasu sarl eurl sci snc scop scic scs sàrl srl srls spa sapa sas snc ss soccoop scarl ltd limited llc llp plc inc"
    " corp gmbh ag kg nv bv bvba sprl asbl vzw scrl".split()
)
MOST_WORDS = 6
_SAME = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"})
_APOSTROPHES = "'’ʼ‘`´"
_ELIDED = re.compile(rf"^[dD][{_APOSTROPHES}](?=\w)")


def filed(name: str, kind: str, locale: str) -> tuple[str, str]:
    """Guess how a name is filed: what it stands under, and what follows it. Companies go without their legal form."""
    words = name.strip(' «»“”"').split()
    if kind != PERSON:
        return " ".join(_without_legal_form(words)), ""
    if words and words[0].casefold() in OPENINGS:
        return " ".join(words), ""
    words, family = _without_titles(words)
    if not words:
        return name, ""
    given, surname = ([], words) if family else _split(words, locale)
    if locale == "fr":
        surname = _counted(surname)
    return " ".join(surname), " ".join(given)


def _without_legal_form(words: list[str]) -> list[str]:
    def is_form(word: str) -> bool:
        return word.replace(".", "").strip(",()").casefold() in LEGAL_FORMS

    kept = list(words)
    while len(kept) > 1 and is_form(kept[-1]):
        kept.pop()
    while len(kept) > 1 and is_form(kept[0]):
        kept.pop(0)
    return kept


def _without_titles(words: list[str]) -> tuple[list[str], bool]:
    """Take titles off, and "the … family"; say whether a family's name is left."""
    kept = list(words)
    while len(kept) > 1 and (kept[0].replace(".", "").casefold() in TITLES or kept[0].casefold() in AND):
        kept.pop(0)
    lower = [word.casefold() for word in kept]
    start = 1 if lower[:1] and lower[0] in ARTICLES else 0
    if len(kept) > start + 1 and lower[start] in FAMILIES:
        return kept[start + 1 :], True
    if start and len(kept) > 2 and lower[-1] in FAMILIES:
        return kept[start:-1], True
    return kept, False


def _split(words: list[str], locale: str) -> tuple[list[str], list[str]]:
    """Part given names from a surname. What is no name of a person stays whole, as typed."""
    ends_as_words = words[-1][0].islower() and not _ELIDED.match(words[-1])
    if ends_as_words:
        return [], words
    for place, word in enumerate(words):
        if word.casefold() in AND and 0 < place < len(words) - 1:
            left, right = words[:place], words[place + 1 :]
            if len(left) > 1:  # two whole names: the first one leads
                given, surname = _split(left, locale)
                return [*given, *words[place:]], surname
            given, surname = _split(right, locale)
            return [*left, word, *given], surname
    if len(words) < 2 or len(words) > MOST_WORDS or any(sign.isdigit() for word in words for sign in word):
        return [], words
    particles = PARTICLES.get(locale, PARTICLES["en"])
    start = next((n for n in range(1, len(words) - 1) if words[n].casefold() in particles), len(words) - 1)
    return words[:start], words[start:]


def _counted(surname: list[str]) -> list[str]:
    """Leave out the particles that French does not count: small letters only."""
    left = list(surname)
    while len(left) > 1 and left[0] in UNCOUNTED:
        left.pop(0)
    if left and left[0][:1] == "d":
        left[0] = _ELIDED.sub("", left[0])
    return left


def sort_key(name: str, kind: str, locale: str, *, by_hand: str = "") -> Key:
    """Give the key by which a name is put in its place; a sort word set by hand goes before every guess."""
    under, then = (by_hand, name) if by_hand else filed(name, kind, locale)
    whole = f"{under} {then}".strip()
    return (letters(under), letters(then), unicodedata.normalize("NFD", whole.casefold()), whole.swapcase())


def letters(text: str) -> str:
    """Give a text's letters and figures alone: no accents, no capitals; words parted by one space."""
    plain = unicodedata.normalize("NFKD", text.casefold()).translate(_SAME)
    kept = (
        "" if unicodedata.combining(sign) or sign in _APOSTROPHES or sign == "." else sign if sign.isalnum() else " "
        for sign in plain
    )
    return " ".join("".join(kept).split())
