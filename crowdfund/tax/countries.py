"""Which country's law answers: the law is the issuer's, wherever the donor lives."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from crowdfund.money import Money
from crowdfund.tax import be, ch, fr, it
from crowdfund.tax.law import N_, Benefit, Decision, GiftFacts, Law, TaxContext

RULES_VERSION = "2026-11-22"

LAWS: Mapping[str, Law] = {"FR": fr, "IT": it, "BE": be, "CH": ch}

# What to say of a field that the receipt must print and that is empty, by the name of the field.
MISSING: Mapping[str, str] = {
    "address_line": N_("Type your address: it is printed on the receipt"),
    "postcode": N_("Type your postcode: it is printed on the receipt"),
    "city": N_("Type your town: it is printed on the receipt"),
    "tax_number": N_("Type your tax number: it is printed on the receipt"),
    "company_name": N_("Type the name of the company: it is printed on the receipt"),
    "company_number": N_("Type the company’s registration number: it is printed on the receipt"),
    "company_form": N_("Type the company’s legal form: it is printed on the receipt"),
}


class UnknownJurisdiction(LookupError):
    """We do not know this country's law, and do not guess it."""


def law_of(jurisdiction: str) -> Law:
    """Find the law of a country (ISO 3166 alpha-2). Raises UnknownJurisdiction."""
    try:
        return LAWS[jurisdiction]
    except KeyError:
        raise UnknownJurisdiction(jurisdiction) from None


def decide(facts: GiftFacts) -> Decision:
    """Decide whether a receipt is due, by the law of the issuer's country."""
    return law_of(facts.jurisdiction).decide(facts)


def tax_benefit(facts: GiftFacts, context: TaxContext | None = None) -> Benefit:
    """Compute what the donor may claim, by the law of the issuer's country."""
    return law_of(facts.jurisdiction).tax_benefit(facts, context or TaxContext())


def regime_for(regime: str, donor_kind: str) -> str | None:
    """Turn a campaign's regime into the one for this kind of donor (None: it gives nothing)."""
    return _law_of_regime(regime).regime_for(regime, donor_kind)


def after_tax_cost(amount: Money, regime: str, donor_kind: str, on: date) -> Money | None:
    """Compute what a gift costs a donor after tax, if no personal ceiling limits them.

    The benefit is rounded down to the minor unit, so the cost is never shown too low. None where nothing can be
    promised: no benefit, or one that depends on the donor's bracket.
    """
    benefit = _law_of_regime(regime).simple_benefit(amount, regime, donor_kind, on)
    return amount - benefit if benefit else None


def required_identity(jurisdiction: str, donor_kind: str) -> tuple[str, ...]:
    """Name the fields of the donor's identity that a receipt must print, in the order of the form."""
    return law_of(jurisdiction).required_identity(donor_kind)


def filled_identity(jurisdiction: str, donor_kind: str, values: Mapping[str, str]) -> frozenset[str]:
    """Name the required fields that are filled and well formed (the `identity` of GiftFacts)."""
    problems = law_of(jurisdiction).identity_problems(donor_kind, values)
    required = required_identity(jurisdiction, donor_kind)
    return frozenset(name for name in required if values.get(name, "").strip() and name not in problems)


def identity_problems(jurisdiction: str, donor_kind: str, values: Mapping[str, str]) -> dict[str, str]:
    """Tell, for each required field that is empty or filled wrongly, why (a message id)."""
    law = law_of(jurisdiction)
    empty = {
        name: MISSING.get(name, N_("This is needed for the receipt."))
        for name in law.required_identity(donor_kind)
        if not values.get(name, "").strip()
    }
    return empty | law.identity_problems(donor_kind, values)


def _law_of_regime(regime: str) -> Law:
    return law_of(regime.partition("_")[0].upper())
