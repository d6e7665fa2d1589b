"""What is known of a giver, and under which name the public may see them. Pure: no database, no web."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, fields
from enum import StrEnum


class DonorKind(StrEnum):
    """Who gives."""

    INDIVIDUAL = "individual"
    COMPANY = "company"


class ConsentKind(StrEnum):
    """What a donor may say yes to."""

    NEWS_MUSEUM = "news_museum"
    NEWS_NETWORK = "news_network"


@dataclass(frozen=True, slots=True, kw_only=True)
class DonorDetails:
    """A giver as the form or the desk tells of them. Texts are tidied already; "" is: not told."""

    kind: str = DonorKind.INDIVIDUAL
    first_name: str = ""
    last_name: str = ""
    company_name: str = ""
    company_number: str = ""
    legal_form: str = ""
    email: str = ""
    address_line: str = ""
    postcode: str = ""
    city: str = ""
    country: str = ""
    tax_number: str = ""
    locale: str

    @property
    def names(self) -> tuple[str, str, str]:
        """Give what tells one donor of a kind from another at the same e-mail address."""
        return (name_key(self.first_name), name_key(self.last_name), name_key(self.company_name))

    def told(self) -> dict[str, str]:
        """List what was told, by column."""
        return {field.name: value for field in fields(self) if (value := getattr(self, field.name))}


# Told together or not at all: a new street with an old town is nobody's address.
ADDRESS = ("address_line", "postcode", "city", "country")


def name_key(name: str | None) -> str:
    """Write a name in the form in which two spellings of the same person meet: capitals, accents and spaces aside."""
    plain = "".join(one for one in unicodedata.normalize("NFKD", name or "") if not unicodedata.combining(one))
    return " ".join(plain.casefold().split())


def short_name(first_name: str, last_name: str) -> str:
    """Write first name and initial: "Camille R."; the initial keeps its accents."""
    first, last = first_name.strip(), unicodedata.normalize("NFC", last_name.strip())
    if not last:
        return first
    initial = last[0]
    for mark in last[1:]:
        if not unicodedata.combining(mark):
            break
        initial += mark
    return f"{first} {initial.upper()}.".strip()
