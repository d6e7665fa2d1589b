"""All that a receipt prints, as it was when it was issued: the receipt is this, the PDF is one picture of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any

from crowdfund.money import Money

VERSION = 1
TEMPLATE_VERSION = "2026-11-1"
_COLOUR = re.compile(r"#[0-9a-f]{6}")
# Bidirectional overrides and controls: they could make a name repaint what stands around it
_UNPRINTED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff]")

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuerBlock:
    """The legal entity that signs. `identifiers` are (label, number), such as ("SIREN", "217 300 000").

    `category` is the line of the official form that fits the issuer, with its dates where the line asks for them.
    """

    legal_name: str
    kind: str
    identifiers: Pairs
    address_lines: tuple[str, ...]
    purpose: str
    category: str
    signatory_name: str
    signatory_quality: str
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DonorBlock:
    """The donor. For people `name` is first names and surname; for companies the name, with legal form and numbers."""

    kind: str
    name: str
    address_lines: tuple[str, ...] = ()
    legal_form: str = ""
    identifiers: Pairs = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GiftBlock:
    """The gift. `amount_minor` is what the receipt states. `counterpart` is empty when there is none.

    `counterpart_minor` is its fair value; zero with a `counterpart` means thanks of no value; `counterpart_waived` says
    that the donor gave up what was offered.
    """

    amount_minor: int
    currency: str
    date: date
    method: str
    counterpart: str = ""
    counterpart_minor: int = 0
    counterpart_waived: bool = False

    @property
    def amount(self) -> Money:
        """Give the amount that the receipt states."""
        return Money(self.amount_minor, self.currency)

    @property
    def counterpart_value(self) -> Money:
        """Give the value of the counterpart."""
        return Money(self.counterpart_minor, self.currency)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """All that a receipt prints. `amount_words` is in the language of the form, `locale` is the donor's.

    `template` names the letter (fr_2041_rd, fr_2041_mec_sd, it_art_bonus, it_cts). `tint` and `ink` are the museum's
    wall colour, light and dark (#rrggbb). `signature_png` is base64. `stamp_duty` is the sentence to print (Italy),
    `replaces` the number of the receipt that this one replaces.
    """

    template: str
    form: str
    form_revision: str
    regime: str
    legal_articles: tuple[str, ...]
    number: str
    series: str
    year: int
    issued_at: datetime
    issued_on: date
    locale: str
    issuer: IssuerBlock
    museum_name: str
    campaign: str
    donor: DonorBlock
    gift: GiftBlock
    amount_words: str
    verification_url: str
    verification_code: str
    rules_version: str
    platform_name: str
    art_bonus_intervention: str = ""
    stamp_duty: str = ""
    replaces: str = ""
    tint: str = "#eaf2ee"
    ink: str = "#1b4233"
    signature_png: str = ""
    template_version: str = TEMPLATE_VERSION
    version: int = VERSION

    def __post_init__(self) -> None:
        """Refuse what cannot be printed. Raises ValueError."""
        if not (_COLOUR.fullmatch(self.tint) and _COLOUR.fullmatch(self.ink)):
            raise ValueError("colours are written #rrggbb")
        if self.issued_at.tzinfo is None:
            raise ValueError("the moment of issue carries its time zone")
        if self.gift.amount_minor <= 0:
            raise ValueError("a receipt states a positive amount")

    def to_json(self) -> dict[str, Any]:
        """Give the snapshot as values that JSON knows."""
        found = asdict(self)
        found["issued_at"] = self.issued_at.isoformat()
        found["issued_on"] = self.issued_on.isoformat()
        found["gift"]["date"] = self.gift.date.isoformat()
        listed: dict[str, Any] = _lists(found)
        return listed

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Snapshot:
        """Read a snapshot back. Raises ValueError for one of another version, TypeError for one with other fields."""
        if values.get("version") != VERSION:
            raise ValueError(f"snapshot of version {values.get('version')!r}")
        found = dict(values)
        issuer, donor, gift = dict(found["issuer"]), dict(found["donor"]), dict(found["gift"])
        for block in (issuer, donor):
            block["identifiers"] = tuple((label, number) for label, number in block["identifiers"])
            block["address_lines"] = tuple(block["address_lines"])
        gift["date"] = date.fromisoformat(gift["date"])
        return cls(
            **found
            | {
                "issuer": IssuerBlock(**issuer),
                "donor": DonorBlock(**donor),
                "gift": GiftBlock(**gift),
                "legal_articles": tuple(found["legal_articles"]),
                "issued_at": datetime.fromisoformat(found["issued_at"]),
                "issued_on": date.fromisoformat(found["issued_on"]),
            }
        )

    def record(self) -> dict[str, Any]:
        """Give what is embedded in the PDF for machines: all but the picture of the signature."""
        return replace(self, signature_png="").to_json()


def _lists(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _lists(inner) for key, inner in value.items()}
    if isinstance(value, tuple):
        return [_lists(inner) for inner in value]
    return value


def printable(text: str) -> str:
    """Leave out signs that are not printed but could disturb what is."""
    return _UNPRINTED.sub("", text)
