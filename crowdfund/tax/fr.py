"""France: art. 200, 978, 238 bis and 238 bis-0 A of the tax code (CGI), forms 2041-RD and 2041-MEC-SD."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from crowdfund.money import Money
from crowdfund.tax.identifiers import is_siren, is_siret, postcode_problems
from crowdfund.tax.law import (
    ISSUER_KINDS,
    N_,
    Benefit,
    Decision,
    GiftFacts,
    TaxContext,
    UnknownRegime,
    check_amount,
    check_identity,
    hold,
    least,
    refuse,
    share,
)
from crowdfund.tax.parameters import form, parameter, value

INDIVIDUAL_IDENTITY = ("first_name", "last_name", "address_line", "postcode", "city", "country")
COMPANY_IDENTITY = ("company_name", "company_form", "company_number", "address_line", "postcode", "city", "country")

# Bodies that may issue receipts (CGI 200-1 a to g; public bodies by doctrine). Who only collects for others may not.
ENTITLED = frozenset(kind for kind, country in ISSUER_KINDS.items() if country == "FR")
# Art. 978 names a closed list; of the kinds above only the foundation recognised as of public utility is on it.
WEALTH_TAX_KINDS = frozenset({"rup"})


@dataclass(frozen=True, slots=True)
class Regime:
    """A tax regime: for whom, on which form, by which article; `higher` names the figures of a higher first slice."""

    donor_kind: str
    form: str
    article: str
    higher: str = ""


REGIMES: Mapping[str, Regime] = {
    "fr_200": Regime("individual", "2041-RD", "200"),
    "fr_200_1ter": Regime("individual", "2041-RD", "200", "fr.200_1ter"),
    "fr_religious_heritage": Regime("individual", "2041-RD", "200", "fr.religious_heritage"),
    "fr_chambord": Regime("individual", "2041-RD", "200", "fr.chambord"),
    "fr_978": Regime("individual", "2041-RD", "978"),
    "fr_238bis": Regime("company", "2041-MEC-SD", "238 bis"),
    "fr_238bis_0a": Regime("company", "2041-MEC-SD", "238 bis-0 A"),
}


def _regime(name: str) -> Regime:
    try:
        return REGIMES[name]
    except KeyError:
        raise UnknownRegime(name) from None


def decide(facts: GiftFacts) -> Decision:
    """Decide whether a French receipt is due. The donor's ceilings play no part; counterparts decide yes or no."""
    regime = _regime(facts.regime)
    refusal = (
        check_amount(facts, "EUR")
        or _check_issuer(facts, regime)
        or check_identity(facts, required_identity(facts.donor_kind))
        or _check_counterpart(facts)
    )
    if refusal is not None:
        return refusal
    if facts.regime == "fr_238bis_0a" and not facts.accepted_by_ministers:
        return hold(facts, "ministers", N_("The ministers have not accepted this payment yet."))
    model = form(regime.form, facts.issued_on or facts.gift_date)
    return Decision("yes", facts.kept, model, (regime.article,))


def _check_issuer(facts: GiftFacts, regime: Regime) -> Decision | None:
    if facts.issuer_kind not in ENTITLED:
        return refuse(facts, "issuer", N_("This body may not issue tax receipts in France."))
    if regime.donor_kind != facts.donor_kind:
        return refuse(
            facts, "wrong_form", N_("People and companies have different forms: this one is not for this donor.")
        )
    if regime.article == "978" and facts.issuer_kind not in WEALTH_TAX_KINDS:
        return refuse(facts, "wealth_tax", N_("Gifts to this body do not reduce the wealth tax on real estate."))
    return None


def _check_counterpart(facts: GiftFacts) -> Decision | None:
    """Test a counterpart against a quarter of the gift and, for people, against the ceiling of the year."""
    if not facts.counterpart:
        return None
    company = facts.donor_kind == "company"
    quarter = value("fr.counterpart.share", facts.gift_date)
    if facts.counterpart > share(facts.kept, quarter):
        together, for_all = (
            facts.kept + (facts.added_to or facts.zero),
            facts.counterpart + (facts.counterpart_of_those or facts.zero),
        )
        if facts.added_to and for_all <= share(together, quarter):
            # Whether the ratio is taken of each payment or of a gift made in several is not written.
            message = N_(
                "The counterpart is worth more than a quarter of this gift, but less than one of all it adds to."
            )
            return hold(facts, "top_up", message)
        if company:
            message = N_(
                "The counterpart is worth more than a quarter of the gift: this is sponsorship, to be invoiced."
            )
            return refuse(facts, "sponsorship", message)
        return refuse(facts, "counterpart_share", N_("The counterpart is worth more than a quarter of the gift."))
    return None if company else _check_ceiling(facts)


def _check_ceiling(facts: GiftFacts) -> Decision | None:
    """Compare the counterparts of the year with the ceiling; above a figure that may be outdated, ask a person."""
    ceiling = parameter("fr.counterpart.ceiling", facts.gift_date)
    limit = Money(ceiling.value, "EUR")
    if facts.counterpart + facts.counterparts_before <= limit:
        return None
    if ceiling.provisional:
        message = N_("The counterparts of the year pass the last known ceiling; a new one is due. To be reviewed.")
        return hold(facts, "ceiling_unknown", message)
    if facts.counterpart > limit:
        message = N_("The counterpart is worth more than the law allows in a year.")
        return refuse(facts, "counterpart_ceiling", message)
    message = N_("The counterparts of the year together pass the ceiling. To be reviewed.")
    return hold(facts, "counterparts_of_year", message)


def tax_benefit(facts: GiftFacts, context: TaxContext) -> Benefit:
    """Compute the reduction of the year and what carries over. Nothing, when no receipt is due."""
    decision = decide(facts)
    if decision.outcome != "yes":
        return Benefit(eligible_base=facts.zero, benefit=facts.zero, carry_forward=facts.zero)
    compute = _COMPUTE.get(facts.regime, _people)
    return compute(decision.amount, facts.regime, facts.gift_date, context)


def _people(amount: Money, regime: str, on: date, context: TaxContext) -> Benefit:
    """Take the higher first slice (outside the share of income), then the ordinary rate within 20 % of the income."""
    higher = REGIMES[regime].higher
    first = least(amount, Money(value(f"{higher}.ceiling", on), "EUR")) if higher else Money(0, "EUR")
    limit = context.taxable_income and share(context.taxable_income, value("fr.200.income_share", on))
    rest = least(amount - first, limit)
    points = first.minor * (value(f"{higher}.rate", on) if higher else 0) + rest.minor * value("fr.200.rate", on)
    return Benefit(
        eligible_base=first + rest,
        benefit=Money(points // 10_000, "EUR"),
        carry_forward=amount - first - rest,
        carry_years=value("fr.200.carry_years", on),
    )


def _wealth_tax(amount: Money, _regime: str, on: date, _context: TaxContext) -> Benefit:
    reduction = least(share(amount, value("fr.978.rate", on)), Money(value("fr.978.ceiling", on), "EUR"))
    return Benefit(eligible_base=amount, benefit=reduction, carry_forward=Money(0, "EUR"))


def _company(amount: Money, _regime: str, on: date, context: TaxContext) -> Benefit:
    """Limit the base to the higher of 20 000 EUR and 5 per mille of the turnover; 60 % to two millions, 40 % above."""
    base = amount
    if context.turnover is not None:
        floor = Money(value("fr.238bis.floor", on), "EUR")
        base = least(amount, max(floor, share(context.turnover, value("fr.238bis.turnover_share", on))))
    low = least(base, Money(value("fr.238bis.threshold", on), "EUR"))
    points = low.minor * value("fr.238bis.rate", on) + (base - low).minor * value("fr.238bis.rate_above", on)
    return Benefit(
        eligible_base=base,
        benefit=Money(points // 10_000, "EUR"),
        carry_forward=amount - base,
        carry_years=value("fr.238bis.carry_years", on),
    )


def _national_treasure(amount: Money, _regime: str, on: date, context: TaxContext) -> Benefit:
    limit = context.tax_due and share(context.tax_due, value("fr.238bis_0a.tax_share", on))
    reduction = least(share(amount, value("fr.238bis_0a.rate", on)), limit)
    return Benefit(eligible_base=amount, benefit=reduction, carry_forward=Money(0, "EUR"))


_COMPUTE = {"fr_978": _wealth_tax, "fr_238bis": _company, "fr_238bis_0a": _national_treasure}


def regime_for(regime: str, donor_kind: str) -> str | None:
    """Turn a campaign's regime into the one for this donor: a company falls under 238 bis, a person under 200."""
    if _regime(regime).donor_kind == donor_kind:
        return regime
    return "fr_238bis" if donor_kind == "company" else "fr_200"


def simple_benefit(amount: Money, regime: str, donor_kind: str, on: date) -> Money | None:
    """Compute the reduction for a donor whom no personal ceiling limits."""
    chosen = regime_for(regime, donor_kind) or regime
    return _COMPUTE.get(chosen, _people)(amount, chosen, on, TaxContext()).benefit


def required_identity(donor_kind: str) -> tuple[str, ...]:
    """Name the fields that the French forms must print."""
    return COMPANY_IDENTITY if donor_kind == "company" else INDIVIDUAL_IDENTITY


def identity_problems(donor_kind: str, values: Mapping[str, str]) -> dict[str, str]:
    """Check the postcode and, for a French company, its SIREN (or SIRET)."""
    problems = postcode_problems(values)
    country = values.get("country", "")
    number = values.get("company_number", "")
    if donor_kind == "company" and number and country == "FR" and not (is_siren(number) or is_siret(number)):
        problems["company_number"] = N_("This is not a SIREN: it has nine digits.")
    return problems


def is_one_financial_year(days: Iterable[date], year_end: tuple[int, int]) -> bool:
    """Say whether all days fall in one financial year of the donor, which ends on (month, day).

    One receipt never straddles two of them (form 2041-MEC-SD, note 5).
    """
    years = {day.year if (day.month, day.day) <= year_end else day.year + 1 for day in days}
    return len(years) == 1
