"""Decisions, benefits and figures, country by country."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import pairwise

import pytest

from crowdfund.money import Money
from crowdfund.tax import countries, parameters
from crowdfund.tax.fr import is_one_financial_year
from crowdfund.tax.it import stamp_duty
from crowdfund.tax.law import GiftFacts, TaxContext, UnknownRegime


def euros(amount: float | str) -> Money:
    return Money.parse(str(amount), "EUR")


def facts(regime: str = "fr_200", donor_kind: str = "individual", **changes: object) -> GiftFacts:
    """Make the facts of a plain gift of 100 EUR by card that gets its receipt."""
    jurisdiction = regime[:2].upper()
    kinds = {"fr": "musee_de_france", "it": "public_museum_it", "be": "public_museum_be", "ch": "public_museum_ch"}
    start = GiftFacts(
        jurisdiction=jurisdiction,
        issuer_kind=kinds[regime[:2]],
        regime=regime,
        donor_kind=donor_kind,
        amount=Money(10_000, "CHF" if jurisdiction == "CH" else "EUR"),
        gift_date=date(2026, 11, 22),
        method="card",
        identity=frozenset(countries.required_identity(jurisdiction, donor_kind)),
        art_bonus_intervention="AB-1234",
    )
    return replace(start, **changes)  # type: ignore[arg-type]


def test_a_plain_gift_gets_its_receipt_on_the_form_of_its_donor() -> None:
    person = countries.decide(facts())
    assert (person.outcome, person.amount, person.legal_articles) == ("yes", euros(100), ("200",))
    assert person.form is not None
    assert (person.form.code, person.form.revision, person.form.template) == ("2041-RD", "11580*05", "fr_2041_rd")
    company = countries.decide(facts("fr_238bis", "company"))
    assert company.form is not None
    assert (company.form.code, company.form.revision) == ("2041-MEC-SD", "16216*03")
    assert company.legal_articles == ("238 bis",)


@pytest.mark.parametrize(
    ("year", "revision"), [(2022, "16216*01"), (2023, "16216*02"), (2025, "16216*02"), (2026, "16216*03")]
)
def test_the_form_is_the_one_in_force_when_the_receipt_is_issued(year: int, revision: str) -> None:
    decision = countries.decide(facts("fr_238bis", "company", issued_on=date(year, 6, 1)))
    assert decision.form is not None
    assert decision.form.revision == revision


@pytest.mark.parametrize(
    ("changes", "outcome", "reason"),
    [
        ({"refunded": Money(10_000, "EUR")}, "no", "nothing_kept"),
        ({"amount": Money(10_000, "CHF")}, "hold", "foreign_currency"),
        ({"issuer_kind": "platform"}, "no", "issuer"),
        ({"regime": "fr_238bis"}, "no", "wrong_form"),
        ({"regime": "fr_978"}, "no", "wealth_tax"),
        ({"regime": "fr_978", "issuer_kind": "rup"}, "yes", ""),
        ({"identity": frozenset()}, "no", "no_identity"),
        ({"identity": frozenset({"country"})}, "no", "no_identity"),
        ({"identity": frozenset({"first_name", "last_name", "country"})}, "hold", "identity_incomplete"),
        ({"counterpart_value": euros("25.00")}, "yes", ""),
        ({"counterpart_value": euros("25.01")}, "no", "counterpart_share"),
        ({"counterpart_value": euros("25"), "refunded": euros("1")}, "no", "counterpart_share"),
        (
            {"counterpart_value": euros("30"), "added_to": euros("50"), "counterpart_of_those": euros("7.50")},
            "hold",
            "top_up",
        ),
        (
            {"counterpart_value": euros("30"), "added_to": euros("50"), "counterpart_of_those": euros("7.51")},
            "no",
            "counterpart_share",
        ),
        ({"counterpart_value": euros("20"), "added_to": euros("50"), "counterpart_of_those": euros("30")}, "yes", ""),
        ({"counterpart_value": euros("20"), "counterparts_this_year": euros("53")}, "yes", ""),
        ({"counterpart_value": euros("20"), "counterparts_this_year": euros("53.01")}, "hold", "ceiling_unknown"),
        ({"counterparts_this_year": euros("500")}, "yes", ""),  # no counterpart with this gift
    ],
)
def test_french_gifts_of_people(changes: dict[str, object], outcome: str, reason: str) -> None:
    decision = countries.decide(facts(**changes))  # type: ignore[arg-type]
    assert (decision.outcome, decision.reason) == (outcome, reason)
    assert bool(decision.amount) == (outcome == "yes")
    assert bool(decision.message) == (outcome != "yes")


@pytest.mark.parametrize(
    ("on", "worth", "before", "outcome"),
    [
        (date(2015, 6, 1), "65", "0", "yes"),
        (date(2015, 6, 1), "65.01", "0", "no"),
        (date(2020, 12, 31), "69.01", "0", "no"),
        (date(2021, 1, 1), "73", "0", "yes"),
        (date(2025, 12, 31), "73.01", "0", "no"),
        (date(2025, 12, 31), "40", "33.01", "hold"),
        # the figure of 2026 to 2030 is due: above the last known one a person looks, nothing is refused
        (date(2026, 1, 1), "73.01", "0", "hold"),
        (date(2026, 1, 1), "73", "0", "yes"),
    ],
)
def test_the_ceiling_of_counterparts_is_dated(on: date, worth: str, before: str, outcome: str) -> None:
    gift = facts(
        amount=euros(1000),
        counterpart_value=euros(worth),
        counterparts_this_year=euros(before),
        gift_date=on,
        issued_on=date(2026, 11, 22),
    )
    assert countries.decide(gift).outcome == outcome


def test_what_is_missing_is_named() -> None:
    decision = countries.decide(facts(identity=frozenset({"first_name", "last_name", "country"})))
    assert decision.missing == ("address_line", "postcode", "city")


def test_companies_know_one_test_and_no_ceiling() -> None:
    gift = facts("fr_238bis", "company", amount=euros(1000), counterpart_value=euros(250))
    assert countries.decide(gift).outcome == "yes"
    above = countries.decide(replace(gift, counterpart_value=euros("250.01")))
    assert (above.outcome, above.reason) == ("no", "sponsorship")


def test_a_company_never_gets_the_form_of_people() -> None:
    decision = countries.decide(facts("fr_200", "company"))
    assert (decision.outcome, decision.reason, decision.form) == ("no", "wrong_form", None)


def test_a_national_treasure_waits_for_the_ministers() -> None:
    gift = facts("fr_238bis_0a", "company")
    assert countries.decide(gift).reason == "ministers"
    assert countries.decide(replace(gift, accepted_by_ministers=True)).outcome == "yes"


def test_one_receipt_never_straddles_two_financial_years() -> None:
    assert not is_one_financial_year([date(2026, 5, 10), date(2026, 7, 10)], (6, 30))
    assert is_one_financial_year([date(2026, 7, 1), date(2027, 6, 30)], (6, 30))
    assert is_one_financial_year([date(2026, 1, 1), date(2026, 12, 31)], (12, 31))
    assert not is_one_financial_year([date(2026, 12, 31), date(2027, 1, 1)], (12, 31))


@pytest.mark.parametrize(
    ("regime", "donor_kind", "changes", "outcome", "reason"),
    [
        ("it_art_bonus", "individual", {}, "yes", ""),
        ("it_art_bonus", "company", {"method": "bank_transfer"}, "yes", ""),
        ("it_art_bonus", "individual", {"method": "box"}, "no", "not_traceable"),
        ("it_art_bonus", "individual", {"art_bonus_intervention": " "}, "no", "no_intervention"),
        ("it_art_bonus", "individual", {"issuer_kind": "fondazione"}, "no", "issuer"),
        ("it_art_bonus", "individual", {"counterpart_value": euros(1)}, "hold", "counterpart"),
        (
            "it_art_bonus",
            "individual",
            {"identity": frozenset({"first_name", "last_name"})},
            "hold",
            "identity_incomplete",
        ),
        ("it_art_bonus", "individual", {"refunded": euros(100)}, "no", "nothing_kept"),
        ("it_cts_83", "individual", {}, "no", "issuer"),
        ("it_cts_83", "individual", {"issuer_kind": "ets"}, "yes", ""),
        ("it_cts_83", "individual", {"issuer_kind": "ets", "method": "cash"}, "no", "not_traceable"),
        ("it_cts_83_odv", "individual", {"issuer_kind": "ets"}, "no", "issuer"),
        ("it_cts_83_odv", "individual", {"issuer_kind": "odv", "method": "cheque"}, "yes", ""),
    ],
)
def test_italian_gifts(regime: str, donor_kind: str, changes: dict[str, object], outcome: str, reason: str) -> None:
    decision = countries.decide(facts(regime, donor_kind, **changes))
    assert (decision.outcome, decision.reason) == (outcome, reason)


def test_italian_articles_name_the_paragraph() -> None:
    assert countries.decide(facts("it_art_bonus")).legal_articles == ("art. 1 DL 83/2014",)
    person = countries.decide(facts("it_cts_83", issuer_kind="ets"))
    company = countries.decide(facts("it_cts_83", "company", issuer_kind="ets"))
    assert person.legal_articles == ("art. 83 c. 1 D.Lgs. 117/2017",)
    assert company.legal_articles == ("art. 83 c. 2 D.Lgs. 117/2017",)
    assert company.form == person.form


def test_art_bonus_is_spread_over_three_years_within_a_share_of_the_income() -> None:
    benefit = countries.tax_benefit(facts("it_art_bonus", amount=euros(1000)))
    assert benefit.instalments == (euros("216.67"), euros("216.67"), euros("216.66"))
    limited = countries.tax_benefit(facts("it_art_bonus"), TaxContext(taxable_income=euros(200)))
    assert (limited.eligible_base, limited.benefit) == (euros(30), euros("19.50"))
    company = countries.tax_benefit(facts("it_art_bonus", "company"), TaxContext(turnover=euros(10_000)))
    assert company.eligible_base == euros(50)


def test_the_third_sector_code() -> None:
    rich = facts("it_cts_83", issuer_kind="ets", amount=Money(40_000_00, "EUR"))
    assert countries.tax_benefit(rich).eligible_base == Money(30_000_00, "EUR")
    company = facts("it_cts_83", "company", issuer_kind="ets")
    benefit = countries.tax_benefit(company, TaxContext(taxable_income=euros(600)))
    assert (benefit.eligible_base, benefit.benefit, benefit.carry_forward, benefit.carry_years) == (
        euros(60),
        None,
        euros(40),
        4,
    )


def test_no_receipt_no_benefit() -> None:
    for gift in (facts(identity=frozenset()), facts("it_art_bonus", method="cash")):
        benefit = countries.tax_benefit(gift)
        assert not benefit.eligible_base
        assert benefit.benefit == euros(0)
        assert not benefit.carry_forward


def test_belgian_gifts_wait_for_the_yearly_attestation() -> None:
    assert countries.decide(facts("be_145_33")).reason == "yearly"
    assert countries.decide(facts("be_145_33", counterpart_value=euros(1))).reason == "counterpart"
    assert countries.decide(facts("be_145_33", refunded=euros(100))).outcome == "no"


@pytest.mark.parametrize(
    ("amount", "context", "expected"),
    [
        ("39.99", TaxContext(), "0"),
        ("39.99", TaxContext(given_before=euros("0.01")), "11.99"),
        ("40", TaxContext(), "12"),
        ("100", TaxContext(taxable_income=euros(500)), "15"),
    ],
)
def test_belgian_reduction(amount: str, context: TaxContext, expected: str) -> None:
    assert countries.tax_benefit(facts("be_145_33", amount=euros(amount)), context).benefit == euros(expected)


def test_belgian_companies_and_counterparts_have_no_reduction() -> None:
    assert not countries.tax_benefit(facts("be_145_33", "company")).eligible_base
    assert not countries.tax_benefit(facts("be_145_33", counterpart_value=euros(1))).eligible_base


def test_swiss_gifts_wait_and_are_worth_what_the_bracket_makes_of_them() -> None:
    decision = countries.decide(facts("ch_ifd"))
    assert (decision.outcome, decision.reason) == ("hold", "yearly")
    assert countries.decide(facts("ch_ifd", refunded=Money(10_000, "CHF"))).outcome == "no"
    benefit = countries.tax_benefit(facts("ch_ifd"))
    assert (benefit.eligible_base, benefit.benefit) == (Money(10_000, "CHF"), None)


NOW = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("amount", "regime", "donor_kind", "expected"),
    [
        (euros(50), "fr_200", "individual", euros(17)),
        (euros(50), "fr_200", "company", euros(20)),
        (euros("0.01"), "fr_200", "individual", None),  # the reduction is less than a cent
        (euros("0.05"), "fr_200", "individual", euros("0.02")),  # rounded up, never too low
        (euros(50), "fr_238bis", "individual", euros(17)),
        (euros(3000), "fr_200_1ter", "individual", euros(840)),
        (euros(50), "fr_978", "individual", euros("12.50")),
        (euros(50), "fr_238bis_0a", "company", euros(5)),
        (euros(50), "it_art_bonus", "individual", euros("17.50")),
        (euros(50), "it_art_bonus", "company", euros("17.50")),
        (euros(50), "it_cts_83", "individual", euros(35)),
        (euros(50), "it_cts_83_odv", "individual", euros("32.50")),
        (euros(50), "it_cts_83", "company", None),
        (euros(50), "be_145_33", "individual", euros(35)),
        (euros("39.99"), "be_145_33", "individual", None),
        (euros(50), "be_145_33", "company", None),
        (Money(20_000, "CHF"), "ch_ifd", "individual", None),
    ],
)
def test_cost_after_tax(amount: Money, regime: str, donor_kind: str, expected: Money | None) -> None:
    assert countries.after_tax_cost(amount, regime, donor_kind, NOW) == expected


def test_the_campaign_s_regime_becomes_the_donor_s() -> None:
    assert countries.regime_for("fr_200", "company") == "fr_238bis"
    assert countries.regime_for("fr_238bis_0a", "individual") == "fr_200"
    assert countries.regime_for("fr_200_1ter", "individual") == "fr_200_1ter"
    assert countries.regime_for("it_cts_83_odv", "company") == "it_cts_83_odv"
    assert countries.regime_for("be_145_33", "company") is None
    assert countries.regime_for("be_145_33", "individual") == "be_145_33"
    assert countries.regime_for("ch_icc_ge", "company") == "ch_icc_ge"


@pytest.mark.parametrize("jurisdiction", ["FR", "IT", "BE", "CH"])
def test_no_country_guesses_a_regime(jurisdiction: str) -> None:
    strange = f"{jurisdiction.lower()}_unheard_of"
    law = countries.law_of(jurisdiction)
    gift = replace(facts(), jurisdiction=jurisdiction, regime=strange)
    for question in (
        lambda: law.decide(gift),
        lambda: law.regime_for(strange, "individual"),
        lambda: law.simple_benefit(euros(50), strange, "individual", NOW),
    ):
        with pytest.raises(UnknownRegime):
            question()


def test_no_country_is_guessed() -> None:
    with pytest.raises(countries.UnknownJurisdiction):
        countries.decide(replace(facts(), jurisdiction="DE"))


@pytest.mark.parametrize(
    "changes",
    [
        {"donor_kind": "club"},
        {"method": "gold"},
        {"refunded": Money(-1, "EUR")},
        {"counterpart_value": Money(-1, "EUR")},
    ],
)
def test_facts_that_no_law_can_read_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        replace(facts(), **changes)  # type: ignore[arg-type]


GOOD = {
    "FR": {"address_line": "1 rue", "postcode": "73000", "city": "Chambéry", "country": "FR"},
    "BE": {"address_line": "1 rue", "postcode": "1000", "city": "Bruxelles", "country": "BE"},
    "CH": {"address_line": "1 rue", "postcode": "1200", "city": "Genève", "country": "CH"},
}
NAMES = {"first_name": "Camille", "last_name": "Rey"}


@pytest.mark.parametrize(
    ("jurisdiction", "kind", "values", "problems"),
    [
        ("FR", "individual", NAMES | GOOD["FR"], set()),
        ("FR", "individual", NAMES | GOOD["FR"] | {"postcode": "7300"}, {"postcode"}),
        ("FR", "individual", NAMES | GOOD["BE"], set()),  # a Belgian gives to a French museum
        ("FR", "individual", NAMES | GOOD["FR"] | {"city": "  "}, {"city"}),
        (
            "FR",
            "company",
            {"company_name": "A", "company_form": "SA", "company_number": "732829320"} | GOOD["FR"],
            set(),
        ),
        (
            "FR",
            "company",
            {"company_name": "A", "company_form": "SA", "company_number": "73282932000074"} | GOOD["FR"],
            set(),
        ),
        (
            "FR",
            "company",
            {"company_name": "A", "company_form": "", "company_number": "732829321"} | GOOD["FR"],
            {"company_form", "company_number"},
        ),
        ("FR", "company", {"company_name": "A", "company_form": "SA", "company_number": "HRB 1"} | GOOD["BE"], set()),
        ("IT", "individual", NAMES | {"tax_number": "RSSMRA85T10A562S"}, set()),
        ("IT", "individual", NAMES | {"tax_number": "RSSMRA85T10A562T"}, {"tax_number"}),
        ("IT", "individual", NAMES | {"postcode": "1", "country": "IT"}, {"tax_number", "postcode"}),
        ("IT", "company", {"company_name": "A", "tax_number": "IT12345670785"}, set()),
        ("IT", "company", {"company_name": "A", "tax_number": "12345670784"}, {"tax_number"}),
        ("BE", "individual", NAMES | GOOD["BE"] | {"postcode": "10000"}, {"postcode"}),
        ("BE", "company", {"company_name": "A", "company_number": "0403.170.701"} | GOOD["BE"], set()),
        ("BE", "company", {"company_name": "A", "company_number": "0403.170.702"} | GOOD["BE"], {"company_number"}),
        ("CH", "individual", NAMES | GOOD["CH"], set()),
        ("CH", "company", {"company_name": "A"} | GOOD["CH"] | {"postcode": "0"}, {"postcode"}),
    ],
)
def test_identity(jurisdiction: str, kind: str, values: dict[str, str], problems: set[str]) -> None:
    found = countries.identity_problems(jurisdiction, kind, values)
    assert set(found) == problems
    assert all(found.values())
    filled = countries.filled_identity(jurisdiction, kind, values)
    assert filled == set(countries.required_identity(jurisdiction, kind)) - problems


@pytest.mark.parametrize(
    ("policy", "amount", "due", "ground"),
    [
        ("exempt_ets", "1000", "0", "art. 82"),
        ("exempt_public", "1000", "0", "ente pubblico"),
        ("due_over_77_47", "77.47", "0", "non superiore"),
        ("due_over_77_47", "77.48", "2", "dovuta"),
    ],
)
def test_stamp_duty(policy: str, amount: str, due: str, ground: str) -> None:
    duty = stamp_duty(policy, euros(amount), NOW)
    assert duty.due == euros(due)
    assert ground in duty.ground


def test_stamp_duty_prints_the_public_body_s_own_ground() -> None:
    assert stamp_duty("exempt_public", euros(1), NOW, " art. 5 ").ground == "Esente da imposta di bollo: art. 5."
    with pytest.raises(ValueError):
        stamp_duty("never", euros(1), NOW)


def test_figures_have_a_source_and_never_overlap() -> None:
    by_name: dict[str, list[parameters.Parameter]] = {}
    for row in parameters.PARAMETERS:
        assert row.source
        assert row.checked_on <= date(2026, 11, 22)
        by_name.setdefault(row.name, []).append(row)
    for rows in by_name.values():
        for earlier, later in pairwise(rows):
            assert earlier.valid_to is not None
            assert (later.valid_from - earlier.valid_to).days == 1  # no gap either
    for first, second in pairwise(parameters.FORMS):
        if first.form.code == second.form.code:
            assert first.valid_to is not None
            assert (second.valid_from - first.valid_to).days == 1


def test_a_day_without_figure_raises() -> None:
    with pytest.raises(parameters.NoParameter):
        parameters.value("fr.200.rate", date(2004, 12, 31))
    with pytest.raises(parameters.NoParameter):
        parameters.form("2041-RD", date(2021, 12, 31))


@pytest.mark.parametrize(
    ("on", "expected"),
    [(date(2025, 10, 13), euros(1410)), (date(2025, 10, 14), euros(1500)), (date(2017, 1, 1), euros("1367.79"))],
)
def test_the_ceiling_changes_in_the_middle_of_a_year(on: date, expected: Money) -> None:
    gift = facts("fr_200_1ter", issuer_kind="association_ig", amount=euros(2000), gift_date=on, issued_on=NOW)
    assert countries.tax_benefit(gift).benefit == expected
