"""Belgium: art. 145/33 of the income tax code (CIR 92). Attestations are made once a year, so each gift is held."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from crowdfund.money import Money
from crowdfund.tax.identifiers import is_enterprise_number, postcode_problems
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

REGIME = "be_145_33"
INDIVIDUAL_IDENTITY = ("first_name", "last_name", "address_line", "postcode", "city", "country")
COMPANY_IDENTITY = ("company_name", "company_number", "address_line", "postcode", "city", "country")


def _known(regime: str) -> str:
    if regime != REGIME:
        raise UnknownRegime(regime)
    return regime


def decide(facts: GiftFacts) -> Decision:
    """Hold the gift: the attestation is written after the year is closed, from 40 EUR, never with a counterpart."""
    _known(facts.regime)
    refusal = check_amount(facts, "EUR")
    if refusal is not None:
        return refusal
    if facts.counterpart:
        return hold(
            facts,
            "counterpart",
            N_("In Belgium a gift with a counterpart of value gives no attestation. To be reviewed."),
        )
    return hold(
        facts,
        "yearly",
        N_("The attestation is sent once a year, after the year is closed, for gifts of 40 EUR or more in all."),
    )


def tax_benefit(facts: GiftFacts, context: TaxContext) -> Benefit:
    """Compute the reduction: nothing below the yearly floor, a share of the gift within 10 % of the income above."""
    _known(facts.regime)
    on = facts.gift_date
    before = context.given_before or facts.zero
    if facts.donor_kind == "company" or facts.counterpart or (facts.kept + before).minor < value("be.145_33.floor", on):
        return Benefit(eligible_base=facts.zero, benefit=facts.zero, carry_forward=facts.zero)
    limit = context.taxable_income and share(context.taxable_income, value("be.145_33.income_share", on))
    base = least(facts.kept, limit)
    return Benefit(eligible_base=base, benefit=share(base, value("be.145_33.rate", on)), carry_forward=facts.zero)


def regime_for(regime: str, donor_kind: str) -> str | None:
    """Keep the regime for people; companies deduct a gift from their profit, which is another calculation."""
    return None if _known(regime) and donor_kind == "company" else regime


def simple_benefit(amount: Money, regime: str, donor_kind: str, on: date) -> Money | None:
    """Compute the reduction for a person whose only gift of the year this is."""
    if regime_for(regime, donor_kind) is None:
        return None
    reached = amount.minor >= value("be.145_33.floor", on)
    return share(amount, value("be.145_33.rate", on)) if reached else Money(0, amount.currency)


def required_identity(donor_kind: str) -> tuple[str, ...]:
    """Name the fields that the attestation must print (without the national number the right stays)."""
    return COMPANY_IDENTITY if donor_kind == "company" else INDIVIDUAL_IDENTITY


def identity_problems(donor_kind: str, values: Mapping[str, str]) -> dict[str, str]:
    """Check the postcode and, for a Belgian company, its enterprise number."""
    problems = postcode_problems(values)
    country = values.get("country", "")
    number = values.get("company_number", "")
    if donor_kind == "company" and country == "BE" and number and not is_enterprise_number(number):
        problems["company_number"] = N_("This is not a Belgian enterprise number: it has ten digits.")
    return problems
