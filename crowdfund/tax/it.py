"""Italy: Art Bonus (DL 83/2014 art. 1) and the third sector code (D.Lgs. 117/2017 art. 83)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from crowdfund.money import Money
from crowdfund.tax.identifiers import is_codice_fiscale, is_partita_iva, postcode_problems
from crowdfund.tax.law import (
    N_,
    UNTRACEABLE,
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
from crowdfund.tax.parameters import form, value

INDIVIDUAL_IDENTITY = ("first_name", "last_name", "tax_number")
COMPANY_IDENTITY = ("company_name", "tax_number")
STAMP_POLICIES = frozenset({"exempt_ets", "exempt_public", "due_over_77_47"})

_FORMS = {"it_art_bonus": "Art Bonus", "it_cts_83": "CTS art. 83", "it_cts_83_odv": "CTS art. 83"}
_KINDS = {
    "it_art_bonus": frozenset({"public_museum_it", "public_body_it"}),
    "it_cts_83": frozenset({"ets", "odv"}),
    "it_cts_83_odv": frozenset({"odv"}),
}


@dataclass(frozen=True, slots=True)
class StampDuty:
    """The stamp duty on a receipt, and the sentence that says why it is due or not."""

    due: Money
    ground: str


def _known(regime: str) -> str:
    if regime not in _FORMS:
        raise UnknownRegime(regime)
    return regime


def decide(facts: GiftFacts) -> Decision:
    """Decide whether an Italian receipt is due: traceable payment, entitled body, tax number, no counterpart."""
    regime = _known(facts.regime)
    refusal = (
        check_amount(facts, "EUR")
        or _check_regime(facts)
        or check_identity(facts, required_identity(facts.donor_kind))
        or _check_counterpart(facts)
    )
    if refusal is not None:
        return refusal
    model = form(_FORMS[regime], facts.issued_on or facts.gift_date)
    return Decision("yes", facts.kept, model, (_article(regime, facts.donor_kind),))


def _article(regime: str, donor_kind: str) -> str:
    if regime == "it_art_bonus":
        return "art. 1 DL 83/2014"
    return f"art. 83 c. {2 if donor_kind == 'company' else 1} D.Lgs. 117/2017"


def _check_regime(facts: GiftFacts) -> Decision | None:
    if facts.method in UNTRACEABLE:
        return refuse(facts, "not_traceable", N_("Cash leaves no trace, and the benefit asks for a traceable payment."))
    if facts.issuer_kind not in _KINDS[facts.regime]:
        return refuse(facts, "issuer", N_("Gifts to this body do not open this benefit."))
    if facts.regime == "it_art_bonus" and not facts.art_bonus_intervention.strip():
        return refuse(facts, "no_intervention", N_("The campaign is not published on the Art Bonus portal."))
    return None


def _check_counterpart(facts: GiftFacts) -> Decision | None:
    """Hold any counterpart of value: no tolerance is written, and thanks of no value do not count."""
    if facts.counterpart:
        return hold(facts, "counterpart", N_("The gift has a counterpart of value. To be reviewed."))
    return None


def tax_benefit(facts: GiftFacts, context: TaxContext) -> Benefit:
    """Compute the credit or deduction. Nothing, when no receipt is due."""
    decision = decide(facts)
    if decision.outcome != "yes":
        return Benefit(eligible_base=facts.zero, benefit=facts.zero, carry_forward=facts.zero)
    if facts.regime == "it_art_bonus":
        return _art_bonus(decision.amount, facts.donor_kind, facts.gift_date, context)
    if facts.donor_kind == "company":
        return _from_income(decision.amount, facts.gift_date, context)
    return _third_sector(decision.amount, facts.regime, facts.gift_date)


def _art_bonus(amount: Money, donor_kind: str, on: date, context: TaxContext) -> Benefit:
    """Credit 65 % in three equal yearly shares, within 15 % of the income or 5 per mille of the revenue."""
    if donor_kind == "company":
        limit = context.turnover and share(context.turnover, value("it.art_bonus.turnover_share", on))
    else:
        limit = context.taxable_income and share(context.taxable_income, value("it.art_bonus.income_share", on))
    base = least(amount, limit)
    credit = share(base, value("it.art_bonus.rate", on))
    shares = credit.split([1] * value("it.art_bonus.instalments", on))
    return Benefit(eligible_base=base, benefit=credit, carry_forward=Money(0, "EUR"), instalments=tuple(shares))


def _third_sector(amount: Money, regime: str, on: date) -> Benefit:
    base = least(amount, Money(value("it.cts_83.ceiling", on), "EUR"))
    rate = value(f"it.{regime.removeprefix('it_')}.rate", on)
    return Benefit(eligible_base=base, benefit=share(base, rate), carry_forward=Money(0, "EUR"))


def _from_income(amount: Money, on: date, context: TaxContext) -> Benefit:
    """Deduct from the company's income, up to 10 % of it; what it is worth depends on its tax."""
    limit = context.taxable_income and share(context.taxable_income, value("it.cts_83.income_share", on))
    base = least(amount, limit)
    years = value("it.cts_83.carry_years", on)
    return Benefit(eligible_base=base, benefit=None, carry_forward=amount - base, carry_years=years)


def regime_for(regime: str, donor_kind: str) -> str | None:  # noqa: ARG001 - the question is the same for all countries
    """Keep the campaign's regime: each is open to people and companies."""
    return _known(regime)


def simple_benefit(amount: Money, regime: str, donor_kind: str, on: date) -> Money | None:
    """Compute the benefit for a donor whom no personal ceiling limits (None: it depends on the income)."""
    if _known(regime) == "it_art_bonus":
        return _art_bonus(amount, donor_kind, on, TaxContext()).benefit
    if donor_kind == "company":
        return None
    return _third_sector(amount, regime, on).benefit


def required_identity(donor_kind: str) -> tuple[str, ...]:
    """Name the fields that an Italian receipt must print: who, and the codice fiscale or partita IVA."""
    return COMPANY_IDENTITY if donor_kind == "company" else INDIVIDUAL_IDENTITY


def identity_problems(donor_kind: str, values: Mapping[str, str]) -> dict[str, str]:
    """Check the tax number's key, and the postcode if one is given."""
    problems = postcode_problems(values)
    number = values.get("tax_number", "")
    well_formed = is_codice_fiscale(number) or (donor_kind == "company" and is_partita_iva(number))
    if number and not well_formed:
        problems["tax_number"] = N_("This codice fiscale or partita IVA is not valid.")
    return problems


def stamp_duty(policy: str, amount: Money, on: date, ground: str = "") -> StampDuty:
    """Tell the stamp duty on a receipt by the issuer's policy, with the ground to print (Italian).

    `ground` is the public body's own ground of exemption: no text read settles it for all of them.
    """
    nothing = Money(0, "EUR")
    if policy not in STAMP_POLICIES:
        raise ValueError(f"not a stamp duty policy: {policy!r}")
    if policy == "exempt_ets":
        return StampDuty(nothing, "Esente da imposta di bollo ai sensi dell'art. 82, comma 5, D.Lgs. 117/2017.")
    if policy == "exempt_public":
        return StampDuty(nothing, f"Esente da imposta di bollo: {ground.strip() or 'ente pubblico, DPR 642/1972'}.")
    if amount.minor > value("it.stamp_duty.threshold", on):
        due = Money(value("it.stamp_duty.amount", on), "EUR")
        return StampDuty(due, "Imposta di bollo di 2,00 euro dovuta sull'originale (DPR 642/1972, Tariffa, art. 13).")
    return StampDuty(
        nothing, "Non soggetta a imposta di bollo: importo non superiore a 77,47 euro (DPR 642/1972, Tariffa, art. 13)."
    )
