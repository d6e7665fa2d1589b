"""Read one row of a file of donors by the map of its columns: who it is, what they said yes to, what is wrong. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache

from babel import Locale

from crowdfund.crm.rules import phone_number
from crowdfund.donors.rules import DonorDetails, DonorKind, name_key
from crowdfund.errors import Refusal
from crowdfund.forms import read_email, text_problem, tidy
from crowdfund.i18n import LOCALES
from crowdfund.intake.rules import CHOOSE_KEY, CHOOSE_PROOF, Problem
from crowdfund.pledges.forms import country_codes
from crowdfund.sheets import Table, guess, one_line, read_day

# Field → the longest it may be.
LONGEST: Mapping[str, int] = {
    "last_name": 100, "first_name": 100, "company_name": 200, "email": 254, "phone": 40, "address_line": 200,
    "address_more": 200, "postcode": 16, "city": 100, "country": 60, "language": 20, "consent": 20, "consent_date": 40,
    "consent_proof": 300, "objection": 20,
}  # fmt: skip
FIELDS = tuple(LONGEST)
# Parts of headings, in French, Italian, English and German; the first field that claims a column has it.
HINTS: Mapping[str, tuple[str, ...]] = {
    "email": ("mail", "courriel", "posta elettronica"),
    "consent_date": ("date du consentement", "date consentement", "date d’accord", "date d'accord", "date opt", "consent date",
                     "date of consent", "data consenso", "data del consenso", "consentement le"),
    "consent_proof": ("preuve", "prova", "proof", "source du consentement", "origine du consentement", "consent source",
                      "fonte"),
    "objection": ("opposition", "ne pas contacter", "ne plus contacter", "do not contact", "non contattare", "opposizione",
                  "désabonn", "unsubscribed", "disiscritt", "opt-out", "optout"),
    "consent": ("consent", "newsletter", "opt-in", "optin", "lettre d’info", "lettre d'info", "infolettre", "accord"),
    "first_name": ("prénom", "prenom", "first name", "firstname", "given name", "nome di battesimo", "vorname"),
    "company_name": ("société", "societe", "entreprise", "organis", "azienda", "ragione sociale", "company", "ente", "firma",
                     "raison sociale"),
    "last_name": ("cognome", "nom", "last name", "lastname", "surname", "family name", "nachname", "name"),
    "phone": ("téléphone", "telephone", "tél", "telefono", "phone", "portable", "cellulare", "mobile", "gsm"),
    "address_more": ("complément", "complement", "address 2", "adresse 2", "indirizzo 2", "suite de l"),
    "postcode": ("code postal", "postal", "cap", "zip", "postcode", "npa", "plz"),
    "address_line": ("adresse", "rue", "indirizzo", "via", "address", "street", "voie", "strasse"),
    "city": ("ville", "commune", "localité", "città", "citta", "comune", "town", "city", "ort"),
    "country": ("pays", "paese", "nazione", "country", "land"),
    "language": ("langue", "lingua", "language", "sprache"),
}  # fmt: skip
SURNAMES = ("cognome", "last name", "lastname", "surname", "family name", "nachname")
YES = frozenset({"1", "oui", "o", "yes", "y", "true", "vrai", "si", "sì", "vero", "x", "✓", "ja", "ok"})
NO = frozenset({"", "0", "non", "n", "no", "false", "faux", "falso", "nein", "-"})
LANGUAGES = {"fr": ("fr", "fra", "francais", "french", "francese"), "it": ("it", "ita", "italien", "italian", "italiano"),
             "en": ("en", "eng", "anglais", "english", "inglese")}  # fmt: skip
FIGURES = {"FR": 5, "IT": 5}  # of a postcode: a workbook that took it for a number has lost the nought at its head


@dataclass(frozen=True, slots=True)
class Entry:
    """One row. `consent` is the day and the proof of a yes; `problems` keep the row out, `notes` only something of it."""

    line: int
    details: DonorDetails
    phone: str | None = None
    consent: tuple[date, str] | None = None
    objects: bool = False
    problems: tuple[Problem, ...] = ()
    notes: tuple[Problem, ...] = ()

    @property
    def place(self) -> tuple[str, tuple[str, ...]] | None:
        """Give the postcode and the names by which a person without a known address is told apart; None without either."""
        names = tuple(sorted(filter(None, self.details.names)))
        return (self.details.postcode, names) if self.details.postcode and names else None


@dataclass(frozen=True, slots=True)
class Home:
    """What is meant where a row does not say: the museum's language and country, and the day from which nothing is told yet."""

    locale: str
    country: str
    today: date


def suggested(table: Table) -> dict[str, str]:
    """Suggest which column holds which field, by the headings.

    “Nome” holds the first name beside “Cognome”, as “Name” does beside “Surname”; alone it is taken for the whole.
    """
    surname = guess(table.columns, {"last_name": SURNAMES})
    if not surname:
        return guess(table.columns, HINTS)
    rest = [one for one in table.columns if one != surname["last_name"]]
    found = surname | guess(rest, {field: parts for field, parts in HINTS.items() if field != "last_name"})
    left = [one for one in rest if one not in found.values()]
    return guess(left, {"first_name": ("nome", "name")}) | found


def check_columns(table: Table, columns: Mapping[str, str]) -> dict[str, str]:
    """Keep what the map says of columns that are there. Raises Refusal when people could not be told apart by it."""
    kept = {name: columns[name] for name in FIELDS if columns.get(name) in table.columns}
    if "email" not in kept and not ("postcode" in kept and ({"last_name", "company_name"} & kept.keys())):
        raise Refusal(CHOOSE_KEY, field="column_email")
    if "consent" in kept:
        for name in ("consent_date", "consent_proof"):
            if name not in kept:
                raise Refusal(CHOOSE_PROOF, field=f"column_{name}")
    return kept


def reader_of(table: Table, columns: Mapping[str, str], home: Home) -> Callable[[int], Entry]:
    """Give what reads the n-th row of a table."""
    places = {name: table.columns.index(column) for name, column in columns.items()}

    def read(number: int) -> Entry:
        row = table.rows[number]
        cells = {name: row[place] if place < len(row) else "" for name, place in places.items()}
        return read_entry(table.lines[number], cells, home)

    return read


def filled(table: Table, column: str) -> Iterator[int]:
    """List the rows that have something in a column."""
    place = table.columns.index(column)
    return (number for number, row in enumerate(table.rows) if place < len(row) and row[place].strip())


def read_entry(line: int, cells: Mapping[str, str], home: Home) -> Entry:
    """Read one row."""
    said = {name: tidy(" ".join(cells.get(name, "").split())) for name in FIELDS}
    problems = [
        Problem(line, name, "unfit") for name, text in said.items() if text_problem(text, LONGEST[name]) is not None
    ]
    notes: list[Problem] = []
    if said["email"]:
        try:
            said["email"] = read_email(said["email"])
        except Refusal:
            problems.append(Problem(line, "email", "email"))
    phone = _phone(said["phone"], line, notes)
    details = _details(said, line, home, problems, notes)
    entry = Entry(
        line,
        details,
        phone,
        _consent(said, line, home, notes),
        objects=name_key(said["objection"]) not in NO,
        problems=tuple(problems),
        notes=tuple(notes),
    )
    if not problems and not details.email and entry.place is None:
        return Entry(line, details, problems=(Problem(line, "email", "keyless"),))
    return entry


def _details(
    said: dict[str, str], line: int, home: Home, problems: list[Problem], notes: list[Problem]
) -> DonorDetails:
    address = one_line(", ".join(filter(None, (said["address_line"], said["address_more"]))), 200)
    country = country_of(said["country"]) if said["country"] else ""
    if country is None:
        problems.append(Problem(line, "country", "country"))
    if not country and (address or said["postcode"] or said["city"]):
        country = home.country
    language = next((code for code, names in LANGUAGES.items() if name_key(said["language"]) in names), "")
    if said["language"] and not language:
        notes.append(Problem(line, "language", "language"))
    postcode, figures = said["postcode"].upper(), FIGURES.get(country or "", 0)
    if figures and postcode.isascii() and postcode.isdigit() and len(postcode) == figures - 1:
        postcode = f"0{postcode}"
    return DonorDetails(
        kind=DonorKind.COMPANY if said["company_name"] else DonorKind.INDIVIDUAL,
        first_name=said["first_name"],
        last_name=said["last_name"],
        company_name=said["company_name"],
        email=said["email"],
        address_line=address,
        postcode=postcode,
        city=said["city"],
        country=country or "",
        locale=language if language in LOCALES else home.locale,
    )


def _phone(text: str, line: int, notes: list[Problem]) -> str | None:
    try:
        return phone_number(text)
    except Refusal:
        notes.append(Problem(line, "phone", "phone"))
        return None


def _consent(said: Mapping[str, str], line: int, home: Home, notes: list[Problem]) -> tuple[date, str] | None:
    """Read a yes: it holds with a day that has come, and with its proof."""
    word = name_key(said["consent"])
    if word in NO:
        return None
    if word not in YES:
        notes.append(Problem(line, "consent", "consent_word"))
        return None
    day = read_day(said["consent_date"])
    if day is None or day > home.today:
        notes.append(Problem(line, "consent_date", "consent_date"))
        return None
    if not said["consent_proof"]:
        notes.append(Problem(line, "consent_proof", "consent_proof"))
        return None
    return day, said["consent_proof"]


def country_of(text: str) -> str | None:
    """Read a country by its two letters or its name in one of the house's languages; None for what is none."""
    code = text.strip().upper()
    return code if code in country_codes() else _countries().get(name_key(text))


@cache
def _countries() -> dict[str, str]:
    return {
        name_key(str(name)): str(code)
        for locale in LOCALES
        for code, name in Locale.parse(locale).territories.items()
        if code in country_codes()
    }
