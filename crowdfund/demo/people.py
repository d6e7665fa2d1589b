"""Invented people: names of the place, the towns around, a few that test every page (accents, particles, long, right to left)."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from crowdfund.donors.rules import DonorDetails

FIRST = {
    "it": "Giulia Marco Chiara Luca Francesca Andrea Elena Matteo Sara Davide Anna Paolo Silvia Giorgio Marta Pietro Irene Carlo"
    " Laura Stefano Nicolò Beatrice Giovanni Teresa Alessandro Lucia Riccardo Paola Bruno Rosa".split(),
    "fr": "Camille Jean Léa Pierre Hélène Michel Françoise Louis Claire Antoine Jeanne Paul Élodie Marcel Thérèse Hugo Solène"
    " Gérard Inès Bernard Chloé Yves Agnès Noé Brigitte Étienne Zoé Lucien Maëlle René".split(),
    "en": "Alice James Emma Oliver Sophie George Ruth Henry Grace Thomas".split(),
}
LAST = {
    "it": "Bianchi Ferrero Rossi D’Angelo Gallo Bruno Costa Fontana Moretti Rinaldi Barbero Giordano Vietti Perotti Olivero Sacco"
    " Martinetti Bosio Cerutti Pellissier Charrère Vuillermoz Jordan Bionaz Perron".split(),
    "fr": "Chevrier Rey Mollard Blanc Perrier Dubois Favre Girod Lefèvre Mercier Fontaine Jacquier Bouvier Charvet Perret Brun"
    " Vuillermet Gaillard Roche Chassaigne Desbois Morel Giraud L’Hermitte Vasseur Oudin Lenoir Noël Béranger".split(),
    "en": "Clarke Wright Hughes Patel Murray Bennett Walsh Turner Reid Shaw".split(),
}
STREETS = {
    "it": "Via Garibaldi|Via Po|Corso Francia|Via Sant’Anselmo|Via della Consolata|Via Roma|Via Cernaia".split("|"),
    "fr": "rue des Tanneurs|rue Croix-d’Or|rue de Boigne|avenue des Ducs|rue du Collège|place Saint-Léger|chemin des Moulins".split(
        "|"
    ),
    "en": "High Street|Mill Lane|Church Road".split("|"),
}
TOWNS = {
    "VAL": [
        ("10122", "Torino", "IT"),
        ("10024", "Moncalieri", "IT"),
        ("10093", "Collegno", "IT"),
        ("10015", "Ivrea", "IT"),
    ],
    "SAV": [("11100", "Aosta", "IT"), ("11013", "Courmayeur", "IT"), ("11027", "Saint-Vincent", "IT")],
    "AUB": [
        ("73000", "Chambéry", "FR"),
        ("73100", "Aix-les-Bains", "FR"),
        ("74000", "Annecy", "FR"),
        ("38000", "Grenoble", "FR"),
    ],
    "LAM": [
        ("42300", "Roanne", "FR"),
        ("42120", "Le Coteau", "FR"),
        ("69003", "Lyon", "FR"),
        ("42000", "Saint-Étienne", "FR"),
    ],
    "JAQ": [("2114", "Fleurier", "CH"), ("2000", "Neuchâtel", "CH"), ("2300", "La Chaux-de-Fonds", "CH")],
    "TAE": [("7500", "Tournai", "BE"), ("7000", "Mons", "BE"), ("1000", "Bruxelles", "BE")],
}
SPEAKS = {"VAL": "it", "SAV": "it", "AUB": "fr", "LAM": "fr", "JAQ": "fr", "TAE": "fr"}
ABROAD = [("SW1A 1AA", "London", "GB", "en"), ("75011", "Paris", "FR", "fr"), ("20121", "Milano", "IT", "it")]
UNUSUAL = [
    ("Anne-Françoise", "de la Tour d’Auvergne-Lauraguais"), ("Jan", "van den Bossche"), ("Zoë", "O’Neill"), ("Søren", "Ålander"),
    ("نور", "الهاشمي"), ("Łukasz", "Święcicki"), ("José", "García Núñez"), ("Ngọc", "Nguyễn"),
]  # fmt: skip
COMPANIES = [
    ("Bernasconi Serramenti", "Srl"), ("Imprimerie du Lac", "SARL"), ("Fromagerie des Bauges", "SAS"),
    ("Société coopérative des tailleurs de pierre et marbriers de Savoie réunis", "SCOP"),
]  # fmt: skip
# Luhn-valid SIRENs and a valid partita IVA, of nobody.
SIREN, PARTITA_IVA = "732829320", "12345670017"
MESSAGES = {
    "it": ["Perché torni a casa.", "Per i miei nipoti.", "Che bella idea, tutti insieme."],
    "fr": ["Pour que l’œuvre reste ici.", "En pensant à mon père, qui l’aimait.", "Un petit pas, avec joie."],
    "en": ["So glad it is coming home."],
}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may give, more than once and to more than one museum."""

    number: int
    first: str
    last: str
    locale: str
    postcode: str
    town: str
    country: str
    street: str
    company: tuple[str, str] | None = None

    def details(self, museum_country: str, *, address: bool) -> DonorDetails:
        """Tell what this person writes in the form; the address only for a receipt."""
        where = (
            {"address_line": self.street, "postcode": self.postcode, "city": self.town, "country": self.country}
            if address
            else {}
        )
        if self.company:
            number = PARTITA_IVA if museum_country == "IT" else SIREN
            return DonorDetails(
                kind="company", company_name=self.company[0], legal_form=self.company[1], company_number=number,
                tax_number=number if museum_country == "IT" and address else "", email=self.email, locale=self.locale, **where,
            )  # fmt: skip
        tax = codice_fiscale(self.number) if museum_country == "IT" and address else ""
        return DonorDetails(
            first_name=self.first, last_name=self.last, email=self.email, locale=self.locale, tax_number=tax, **where
        )

    @property
    def email(self) -> str:
        """Give an address nobody has."""
        return f"donateur{self.number}@exemple.example"


def person(random: Random, number: int, museum: str) -> Person:
    """Invent somebody of the museum's surroundings."""
    speaks = SPEAKS[museum]
    postcode, town, country = random.choice(TOWNS[museum])
    if random.random() < 0.05:
        postcode, town, country, speaks = random.choice(ABROAD)
    first, last = random.choice(FIRST[speaks]), random.choice(LAST[speaks])
    if random.random() < 0.012:
        first, last = random.choice(UNUSUAL)
    company = random.choice(COMPANIES) if random.random() < 0.012 and country in {"IT", "FR"} else None
    return Person(
        number,
        first,
        last,
        speaks,
        postcode,
        town,
        country,
        f"{random.randint(1, 120)} {random.choice(STREETS[speaks])}",
        company,
    )


def codice_fiscale(number: int) -> str:
    """Write a codice fiscale with the right check character, of nobody."""
    letters = "BCDFGHLMNPRSTVZ"
    body = (
        "".join(letters[number // 15**k % 15] for k in range(6)) + f"{number % 90 + 10:02d}A{number % 28 + 1:02d}L219"
    )
    total = 0
    for place, sign in enumerate(body):
        value = int(sign) if sign.isdigit() else ord(sign) - ord("A")
        total += _odd_value(sign) if place % 2 == 0 else value
    return body + chr(ord("A") + total % 26)


def _odd_value(sign: str) -> int:
    """Give the value of a sign in an odd place (decree of the Ministry of Finance, 23 December 1976)."""
    odd = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23)
    return odd[int(sign)] if sign.isdigit() else odd[ord(sign) - ord("A")]
