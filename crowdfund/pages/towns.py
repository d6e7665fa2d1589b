"""Where a town or a postcode is. Pure: a table of towns read once; nobody is asked and nothing is kept.

`towns.tsv` says where it comes from and under which licence. Distances are for "near me", not for land registers.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol

TABLE = Path(__file__).parent / "towns.tsv"
EARTH_KM = 6371
LEAST_DIGITS = 2  # of a postcode, to place it near the towns that share them
POSITION = re.compile(r"\s*(-?\d{1,2}(?:\.\d{1,6})?)\s*[,;]\s*(-?\d{1,3}(?:\.\d{1,6})?)\s*")
POSTCODE = re.compile(r"(?:[A-Z]{1,2}-?)?\s?(\d{4,5})", re.IGNORECASE)
HOME = {"fr": "FR CH BE IT", "it": "IT CH FR BE", "en": "FR IT CH BE"}  # whose postcodes are meant first


class Somewhere(Protocol):
    """Anything with a place on the globe, in degrees."""

    @property
    def latitude(self) -> float:
        """Tell how far north."""

    @property
    def longitude(self) -> float:
        """Tell how far east."""


@dataclass(frozen=True, slots=True)
class Town:
    """A town as it is called where it lies; no name is a position that a device told."""

    name: str
    country: str
    latitude: float
    longitude: float
    postcode: str = ""


@cache
def _table() -> tuple[tuple[Town, ...], dict[str, tuple[Town, ...]]]:
    """Read the towns, the largest first, and by each of their folded names."""
    towns: list[Town] = []
    by_name: dict[str, tuple[Town, ...]] = {}
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        country, names, postcode, latitude, longitude = line.split("\t")
        called = names.split("|")
        town = Town(called[0], country, float(latitude), float(longitude), postcode)
        towns.append(town)
        for name in {plain(one) for one in called}:
            by_name[name] = (*by_name.get(name, ()), town)
    return tuple(towns), by_name


def fold(words: str) -> str:
    """Take accents and case away: "Chambéry" is found by "chambery"."""
    apart = unicodedata.normalize("NFKD", words.casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter)).strip()


def plain(name: str) -> str:
    """Reduce a town's name to letters and single spaces: "Aix-les-Bains" is "aix les bains", "St" is "saint"."""
    words = re.sub(r"[^a-z0-9]+", " ", fold(name)).split()
    return " ".join({"st": "saint", "ste": "sainte"}.get(word, word) for word in words)


def find(asked: str, language: str, known: Iterable[Town] = ()) -> tuple[Town, ...]:
    """Find what a visitor may mean by a town, a postcode or a position, the likeliest first; nothing when unknown.

    `known` are places that count beside the table, by name: a museum's own town may be smaller than any in it.
    """
    if position := POSITION.fullmatch(asked):
        latitude, longitude = float(position[1]), float(position[2])
        return (Town("", "", latitude, longitude),) if abs(latitude) <= 90 and abs(longitude) <= 180 else ()
    if code := POSTCODE.fullmatch(asked.strip()):
        return _by_postcode(code[1], language)
    name = plain(asked)
    here = _table()[1].get(name, ())
    return here or tuple(town for town in known if plain(town.name) == name)


def _by_postcode(code: str, language: str) -> tuple[Town, ...]:
    """Place a postcode in each country that writes so many digits: its own town, or the nearest number's.

    The country whose number is nearest comes first, at a tie the one that the page's language makes likelier.
    """
    found = []
    for country in HOME[language].split():
        written = [town for town in _table()[0] if town.country == country and len(town.postcode) == len(code)]
        if not written:
            continue
        near = max(written, key=lambda town: _shared(town.postcode, code))
        if _shared(near.postcode, code) >= LEAST_DIGITS:
            found.append(near)
    return tuple(sorted(found, key=lambda town: -_shared(town.postcode, code)))


def _shared(one: str, other: str) -> int:
    """Count the first digits that are the same."""
    return next((place for place, pair in enumerate(zip(one, other, strict=True)) if pair[0] != pair[1]), len(one))


def distance_km(here: Somewhere, there: Somewhere) -> int:
    """Measure the way between two places on the globe, in whole kilometres (haversine)."""
    lat1, lat2 = math.radians(here.latitude), math.radians(there.latitude)
    half = (
        math.sin((lat2 - lat1) / 2) ** 2
        + math.cos(lat1) * math.cos(lat2) * math.sin(math.radians(there.longitude - here.longitude) / 2) ** 2
    )
    return round(2 * EARTH_KM * math.asin(math.sqrt(half)))
