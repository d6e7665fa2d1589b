"""What holds for every gift, whatever the amounts."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from crowdfund.money import Money
from crowdfund.tax import countries
from crowdfund.tax.law import GiftFacts, TaxContext

REGIMES = {
    "fr_200": "musee_de_france",
    "fr_200_1ter": "association_ig",
    "fr_religious_heritage": "rup",
    "fr_chambord": "etablissement_public",
    "fr_978": "rup",
    "fr_238bis": "musee_de_france",
    "fr_238bis_0a": "musee_de_france",
    "it_art_bonus": "public_museum_it",
    "it_cts_83": "ets",
    "it_cts_83_odv": "odv",
    "be_145_33": "public_museum_be",
    "ch_ifd": "public_museum_ch",
    "ch_icc_ge": "public_museum_ch",
}
COMPANY = {"fr_238bis", "fr_238bis_0a"}
amounts = st.integers(1, 10**10)
ceilings = st.none() | st.integers(0, 10**11)


@st.composite
def gifts(draw: st.DrawFn) -> tuple[GiftFacts, TaxContext]:
    regime = draw(st.sampled_from(sorted(REGIMES)))
    jurisdiction = regime[:2].upper()
    currency = "CHF" if jurisdiction == "CH" else "EUR"
    kind = "company" if regime in COMPANY else draw(st.sampled_from(["individual", "company"]))
    kind = "individual" if jurisdiction == "FR" and regime not in COMPANY else kind
    amount = draw(amounts)
    money = st.builds(Money, st.integers(0, amount), st.just(currency))
    limit = ceilings.map(lambda minor: None if minor is None else Money(minor, currency))
    facts = GiftFacts(
        jurisdiction=jurisdiction,
        issuer_kind=REGIMES[regime],
        regime=regime,
        donor_kind=kind,
        amount=Money(amount, currency),
        gift_date=draw(st.dates(date(2020, 1, 1), date(2030, 12, 31))),
        issued_on=date(2026, 11, 22),
        method=draw(st.sampled_from(["card", "bank_transfer", "cheque", "cash"])),
        identity=frozenset(countries.required_identity(jurisdiction, kind)),
        counterpart_value=draw(st.none() | money),
        counterparts_this_year=draw(st.none() | money),
        refunded=draw(st.none() | money),
        art_bonus_intervention="AB-1",
        accepted_by_ministers=True,
    )
    context = TaxContext(
        taxable_income=draw(limit), turnover=draw(limit), tax_due=draw(limit), given_before=draw(st.none() | money)
    )
    return facts, context


@given(gifts())
def test_a_receipt_is_never_above_what_was_kept(drawn: tuple[GiftFacts, TaxContext]) -> None:
    facts, _ = drawn
    decision = countries.decide(facts)
    assert decision.amount.minor >= 0
    assert decision.amount <= facts.amount
    if decision.outcome == "yes":
        assert decision.amount == facts.kept
        assert decision.form is not None
        assert decision.legal_articles
        assert ("238" in decision.legal_articles[0]) == (decision.form.code == "2041-MEC-SD")
    else:
        assert not decision.amount
        assert decision.reason
        assert decision.message


@given(gifts())
def test_a_benefit_is_never_negative_and_never_more_than_the_gift(drawn: tuple[GiftFacts, TaxContext]) -> None:
    facts, context = drawn
    benefit = countries.tax_benefit(facts, context)
    assert benefit.eligible_base.minor >= 0
    assert benefit.carry_forward.minor >= 0
    assert benefit.eligible_base + benefit.carry_forward <= facts.amount
    if benefit.benefit is not None:
        assert 0 <= benefit.benefit.minor <= benefit.eligible_base.minor
        if benefit.instalments:
            assert sum(part.minor for part in benefit.instalments) == benefit.benefit.minor
            assert max(benefit.instalments).minor - min(benefit.instalments).minor <= 1


@given(gifts(), st.integers(1, 10**9))
def test_who_gives_more_never_gets_less(drawn: tuple[GiftFacts, TaxContext], more: int) -> None:
    facts, context = drawn
    plain = replace(facts, counterpart_value=None, refunded=None)
    larger = replace(plain, amount=plain.amount + Money(more, plain.amount.currency))
    first, second = countries.tax_benefit(plain, context), countries.tax_benefit(larger, context)
    assert first.eligible_base <= second.eligible_base
    if first.benefit is not None and second.benefit is not None:
        assert first.benefit <= second.benefit


@given(gifts(), st.integers(1, 10**9))
def test_a_higher_ceiling_never_takes_away(drawn: tuple[GiftFacts, TaxContext], more: int) -> None:
    facts, context = drawn
    currency = facts.amount.currency

    def raised(limit: Money | None) -> Money | None:
        return limit and limit + Money(more, currency)

    higher = replace(
        context,
        taxable_income=raised(context.taxable_income),
        turnover=raised(context.turnover),
        tax_due=raised(context.tax_due),
    )
    low, high = countries.tax_benefit(facts, context), countries.tax_benefit(facts, higher)
    assert low.eligible_base <= high.eligible_base
    if low.benefit is not None and high.benefit is not None:
        assert low.benefit <= high.benefit


@given(gifts(), st.integers(1, 10**6))
def test_a_dearer_counterpart_never_turns_a_no_into_a_yes(drawn: tuple[GiftFacts, TaxContext], more: int) -> None:
    facts, _ = drawn
    dearer = replace(facts, counterpart_value=facts.counterpart + Money(more, facts.amount.currency))
    if countries.decide(facts).outcome != "yes":
        assert countries.decide(dearer).outcome != "yes"


@given(amounts, st.sampled_from(sorted(REGIMES)), st.sampled_from(["individual", "company"]))
def test_the_cost_after_tax_lies_between_nothing_and_the_gift(minor: int, regime: str, kind: str) -> None:
    amount = Money(minor, "CHF" if regime.startswith("ch") else "EUR")
    cost = countries.after_tax_cost(amount, regime, kind, date(2026, 11, 22))
    assert cost is None or 0 <= cost.minor < amount.minor
