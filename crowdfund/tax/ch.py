"""Switzerland: voluntary payments deducted from income (LIFD art. 33a and cantonal law). Attestations are yearly."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from crowdfund.money import Money
from crowdfund.tax.identifiers import postcode_problems
from crowdfund.tax.law import (
    N_,
    Benefit,
    Decision,
    GiftFacts,
    TaxContext,
    UnknownRegime,
    check_amount,
    hold,
    least,
    share,
)
from crowdfund.tax.parameters import value

REGIMES = {"ch_ifd": "ch.ifd", "ch_icc_ge": "ch.icc_ge"}
INDIVIDUAL_IDENTITY = ("first_name", "last_name", "address_line", "postcode", "city", "country")
COMPANY_IDENTITY = ("company_name", "address_line", "postcode", "city", "country")


def _figures(regime: str) -> str:
    try:
        return REGIMES[regime]
    except KeyError:
        raise UnknownRegime(regime) from None


def decide(facts: GiftFacts) -> Decision:
    """Hold the gift: the attestation is written once a year, from 100 francs in all."""
    _figures(facts.regime)
    refusal = check_amount(facts, "CHF")
    if refusal is not None:
        return refusal
    return hold(facts, "yearly", N_("The attestation is sent once a year, for gifts of 100 francs or more in all."))


def tax_benefit(facts: GiftFacts, context: TaxContext) -> Benefit:
    """Compute the deductible base: from the yearly floor on, within 20 % of the income."""
    figures = _figures(facts.regime)
    on = facts.gift_date
    before = context.given_before or facts.zero
    base = facts.zero
    if (facts.kept + before).minor >= value(f"{figures}.floor", on):
        limit = context.taxable_income and share(context.taxable_income, value(f"{figures}.income_share", on))
        base = least(facts.kept, limit)
    return Benefit(eligible_base=base, benefit=None, carry_forward=facts.zero)


def regime_for(regime: str, donor_kind: str) -> str | None:  # noqa: ARG001 - the question is the same for all countries
    """Keep the regime: people and companies both deduct."""
    _figures(regime)
    return regime


def simple_benefit(amount: Money, regime: str, donor_kind: str, on: date) -> Money | None:  # noqa: ARG001 - same question
    """Say nothing: a deduction from income is worth what the donor's bracket makes of it."""
    _figures(regime)
    return None


def required_identity(donor_kind: str) -> tuple[str, ...]:
    """Name the fields that the attestation must print."""
    return COMPANY_IDENTITY if donor_kind == "company" else INDIVIDUAL_IDENTITY


def identity_problems(donor_kind: str, values: Mapping[str, str]) -> dict[str, str]:  # noqa: ARG001 - same question
    """Check the postcode."""
    return postcode_problems(values)
