"""What the tax office gives back for a gift to a campaign, in words for a page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from crowdfund.campaigns.view import TaxRelief
from crowdfund.i18n import N_, country_name, gettext
from crowdfund.money import Money
from crowdfund.tax import countries
from crowdfund.tax.law import GiftFacts, Outcome

WHOLE = Money(10_000, "EUR")


@dataclass(frozen=True, slots=True)
class _Wording:
    law: str
    conditions: str


WORDING = {
    "fr_200": _Wording(
        N_("article 200 of the tax code"),
        N_(
            "For people taxed in France: within 20 % of taxable income, the excess carries over for five years"
            " (tax code, article 200)."
        ),
    ),
    "fr_238bis": _Wording(
        N_("article 238 bis of the tax code"),
        N_(
            "For companies taxed in France: within €20,000 or 0.5 % of turnover, the excess carries over for five years"
            " (tax code, article 238 bis)."
        ),
    ),
    # DL 83/2014, article 1 (permanent by law 208/2015); Agenzia delle Entrate, circular 34/E of 28 December 2023:
    # people and bodies without a business within 15 % of income, businesses within 5 per mille of revenue.
    "it_art_bonus": _Wording(
        "Art Bonus",
        N_(
            "Art Bonus, for people taxed in Italy: a tax credit in three equal yearly parts, within 15 % of income"
            " (decree-law 83/2014, article 1)."
        ),
    ),
    "it_art_bonus:company": _Wording(
        "Art Bonus",
        N_(
            "Art Bonus, for companies taxed in Italy: a tax credit in three equal yearly parts, within 5 per mille of"
            " yearly revenue (decree-law 83/2014, article 1)."
        ),
    ),
    "be_145_33": _Wording(
        N_("article 145/33 of the income tax code"),
        N_(
            "For people taxed in Belgium: from €40 a year to the same museum, within 10 % of net income"
            " (income tax code 92, article 145/33)."
        ),
    ),
}

# What the house does: a receipt leaves once the money is booked, save where the law wants one a year (tax/be, tax/ch).
AT_ONCE = N_("Yes, if you ask for it when you give: it comes by e-mail as soon as the gift is paid.")
RECEIPTS = {
    "fr": AT_ONCE,
    "it": AT_ONCE,
    "be": N_(
        "Yes, if you ask for it when you give: it comes by e-mail after the year’s end, from €40 of gifts in all."
    ),
    "ch": N_(
        "Yes, if you ask for it when you give: it comes by e-mail after the year’s end, from CHF 100 of gifts in all."
    ),
}


def relief(regime: str | None, donor_kind: str, on: date, currency: str = "EUR") -> TaxRelief | None:
    """Tell what comes back for a gift of this regime on this day; None where nothing can be promised."""
    if regime is None:
        return None
    own = countries.regime_for(regime, donor_kind)
    whole = Money(WHOLE.minor, currency)
    cost = countries.after_tax_cost(whole, own, donor_kind, on) if own else None
    wording = WORDING.get(f"{own}:{donor_kind}") or WORDING.get(own or "")
    if cost is None or wording is None:
        return None
    return TaxRelief(
        share=(whole - cost).minor * 10_000 // whole.minor,
        place=country_name((own or "").partition("_")[0].upper()),
        law=gettext(wording.law),
        conditions=gettext(wording.conditions),
    )


def receipt_answer(regime: str | None) -> str:
    """Answer whether a receipt comes, and when; nothing where no receipt is issued."""
    sentence = RECEIPTS.get((regime or "").partition("_")[0])
    return gettext(sentence) if sentence else ""


def net(amount: Money, regime: str | None, donor_kind: str, on: date) -> Money | None:
    """Tell what a gift costs after tax; None where nothing can be promised."""
    own = countries.regime_for(regime, donor_kind) if regime else None
    return countries.after_tax_cost(amount, own, donor_kind, on) if own else None


def outcome_with(
    counterpart: Money,
    amount: Money,
    *,
    jurisdiction: str,
    issuer_kind: str,
    regime: str | None,
    donor_kind: str,
    on: date,
) -> Outcome | None:
    """Ask the law what becomes of the receipt of a gift by card when this counterpart is taken; None without relief.

    The donor is taken to have told all that a receipt prints, and to have had no counterpart earlier in the year.
    """
    own = countries.regime_for(regime, donor_kind) if regime else None
    if own is None or jurisdiction not in countries.LAWS:
        return None
    facts = GiftFacts(
        jurisdiction=jurisdiction,
        issuer_kind=issuer_kind,
        regime=own,
        donor_kind=donor_kind,
        amount=amount,
        gift_date=on,
        method="card",
        identity=frozenset(countries.required_identity(jurisdiction, donor_kind)),
        counterpart_value=counterpart,
    )
    return countries.decide(facts).outcome
