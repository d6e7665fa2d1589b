"""Check the rules and the words against a file of worked examples (`flask tax vectors FILE.csv`).

French and Italian rows are compared wholly. Of the Belgian and Swiss rows the benefit and the base are compared (there
we hold receipts for the yearly run, while the file speaks of the attestation itself). Of all rows, the words.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from crowdfund.money import Money
from crowdfund.tax import countries
from crowdfund.tax.law import GiftFacts, TaxContext
from crowdfund.tax.parameters import CHECKED
from crowdfund.tax.words import words

# The regime's name in the file, ours, and a kind of issuer that may use it
REGIMES = {
    "FR art. 200 (66%)": ("fr_200", "musee_de_france"),
    "FR art. 200, 1 ter (75%/66%)": ("fr_200_1ter", "association_ig"),
    "FR religious heritage (Fondation du patrimoine)": ("fr_religious_heritage", "rup"),
    "FR Chambord 2026 (75%)": ("fr_chambord", "etablissement_public"),
    "FR art. 238 bis (60%/40%)": ("fr_238bis", "musee_de_france"),
    "FR art. 238 bis-0 A (90%, national treasure)": ("fr_238bis_0a", "musee_de_france"),
    "FR art. 978 (IFI 75%)": ("fr_978", "rup"),
    "IT Art Bonus (65%)": ("it_art_bonus", "public_museum_it"),
    "IT CTS art. 83 c.1 (30%)": ("it_cts_83", "ets"),
    "IT CTS art. 83 c.1 (35% ODV)": ("it_cts_83_odv", "odv"),
    "BE art. 145/33 CIR 92": ("be_145_33", "public_museum_be"),
    "CH federal tax (IFD)": ("ch_ifd", "public_museum_ch"),
    "CH Geneva cantonal tax (ICC)": ("ch_icc_ge", "public_museum_ch"),
}
_DECIDED = {"FR", "IT"}
_FIGURE = r"\s*=\s*([0-9]+(?:\.[0-9]{1,2})?)"


@dataclass(frozen=True, slots=True)
class Difference:
    """One cell of the file that we would fill otherwise."""

    vector_id: str
    column: str
    expected: str
    actual: str


def check_vectors(path: Path) -> list[Difference]:
    """Compare each row of a file of worked examples with our answers. Empty is good.

    Raises ValueError, KeyError or MoneyError when the file is not laid out as expected.
    """
    with path.open(encoding="utf-8", newline="") as lines:
        return [difference for row in csv.DictReader(lines) for difference in check_row(row)]


def check_row(row: Mapping[str, str]) -> Iterator[Difference]:
    """Compare one row."""
    for column, actual in answers(row).items():
        expected = row[column]
        if not _same(expected, actual):
            yield Difference(row["vector_id"], column, expected, actual)


def answers(row: Mapping[str, str]) -> dict[str, str]:
    """Fill the columns of a row that we can answer for."""
    amount = Money.parse(row["words_of_amount"], row["currency"])
    found = {
        f"words_{language}": words(amount, language) for language in ("fr", "it", "en") if row[f"words_{language}"]
    }
    if row["regime"] not in REGIMES:
        if row["jurisdiction"] in countries.LAWS:
            raise ValueError(f"{row['vector_id']}: regime unknown to us: {row['regime']}")
        return found
    facts, context = _facts(row), _context(row)
    benefit = countries.tax_benefit(facts, context)
    found["eligible_base_this_year"] = _figure(benefit.eligible_base)
    found["tax_benefit"] = "" if benefit.benefit is None else _figure(benefit.benefit)
    found["carry_forward"] = _figure(benefit.carry_forward)
    if row["jurisdiction"] in _DECIDED:
        decision = countries.decide(facts)
        found["receiptable"] = decision.outcome
        found["receipt_amount"] = _figure(decision.amount)
    return found


def _facts(row: Mapping[str, str]) -> GiftFacts:
    currency, context = row["currency"], row["context"]
    regime, issuer_kind = REGIMES[row["regime"]]
    jurisdiction, donor_kind = row["jurisdiction"], row["donor_kind"]
    required = countries.required_identity(jurisdiction, donor_kind)
    gift_date = date.fromisoformat(row["gift_date"])
    return GiftFacts(
        jurisdiction=jurisdiction,
        issuer_kind=issuer_kind,
        regime=regime,
        donor_kind=donor_kind,
        amount=Money.parse(row["gift_amount"], currency),
        gift_date=gift_date,
        method="cash" if "cash" in context else "card",
        identity=frozenset() if "no name or address" in context else frozenset(required),
        counterpart_value=Money.parse(row["counterpart_value"], currency),
        counterparts_this_year=_stated(r"returned to (?:this )?donor.*?", context, currency),
        refunded=_stated(r"partial refund of ", context, currency, figure=r"([0-9]+\.[0-9]{2})"),
        issued_on=max(gift_date, CHECKED),
        art_bonus_intervention="published" if "Art Bonus portal" in context else "",
        accepted_by_ministers="accepted by the ministers" in context,
    )


def _context(row: Mapping[str, str]) -> TaxContext:
    context, currency = row["context"], row["currency"]
    return TaxContext(
        taxable_income=_stated("taxable_income|net_income_before_gifts", context, currency),
        turnover=_stated("turnover", context, currency),
        tax_due=_stated("corporate_tax_due", context, currency),
    )


def _stated(name: str, context: str, currency: str, figure: str = _FIGURE) -> Money | None:
    match = re.search(f"(?:{name}){figure}", context)
    # turnovers have more digits than an amount that a person may type
    return Money(int(Decimal(match[1]) * 100), currency) if match else None


def _figure(amount: Money) -> str:
    return f"{amount.decimal:.2f}"


def _same(expected: str, actual: str) -> bool:
    """Compare two cells: figures by value (0 and 0.00), words to the letter."""
    try:
        return Money.parse(expected, "EUR") == Money.parse(actual, "EUR")
    except ValueError:
        return expected == actual
