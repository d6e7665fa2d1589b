"""Judge a reward by the law of the museum's receipts, with the reason in words. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from crowdfund.i18n import N_
from crowdfund.money import Money
from crowdfund.tax import countries
from crowdfund.tax.law import Decision, GiftFacts

# What a law says against the counterpart, and not against something else about the gift.
AGAINST = {
    "counterpart",
    "counterpart_share",
    "counterpart_ceiling",
    "ceiling_unknown",
    "counterparts_of_year",
    "sponsorship",
}
NONE_AT_ALL = {
    "BE"
}  # no tolerance for any counterpart of value: CIR 92 art. 145/33, and no gift would get its attestation
HELD = N_("Each receipt would wait for a person: prefer thanks without a market value.")
SYMBOLIC = N_("Thanks without a market value: it never counts.")
NO_RECEIPT = N_("This campaign promises no tax receipt, so the law sets no bound.")
WITHIN = N_("Worth %(share)s per cent of the gift: within what the law allows (%(most)s at most).")
AT_MOST = N_("Up to %(most)s would do.")
NOTHING = N_("Here only thanks without a market value are possible.")
SHARE = N_("This is worth %(share)s per cent of the gift: too much.")


@dataclass(frozen=True, slots=True)
class LawFor:
    """Under which law a campaign's receipts are written, and on which day that is asked."""

    jurisdiction: str
    issuer_kind: str
    regime: str | None
    on: date


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the law says of a reward. `sentences` are gettext ids with their values; amounts are Money.

    `held`: the law leaves it open, so each receipt waits for a person; that is allowed, and said.
    """

    fine: bool
    sentences: tuple[tuple[str, Mapping[str, object]], ...]
    most: Money | None = None
    held: bool = False


def judge(price: Money, value: Money, law: LawFor, *, symbolic: bool) -> Verdict:
    """Judge a reward of this fair value for a gift of this amount by a person."""
    if symbolic or not value:
        return Verdict(fine=True, sentences=((SYMBOLIC, {}),))
    regime = law.regime and countries.regime_for(law.regime, "individual")
    if not regime or law.jurisdiction not in countries.LAWS:
        return Verdict(fine=True, sentences=((NO_RECEIPT, {}),))
    decision = _decide(price, value, law, regime)
    most = _most(price, value, law, regime)
    share = {"share": -(-value.minor * 100 // price.minor)}
    if decision.outcome == "hold" and decision.reason in AGAINST and law.jurisdiction not in NONE_AT_ALL:
        return Verdict(fine=True, sentences=((decision.message, {}), (HELD, {})), most=most, held=True)
    if decision.reason not in AGAINST:
        return Verdict(fine=True, sentences=((WITHIN, share | {"most": most}),), most=most)
    bound = (AT_MOST, {"most": most}) if most else (NOTHING, {})
    said = ((SHARE, share),) if most and decision.reason == "counterpart_share" else ()
    return Verdict(fine=False, sentences=(*said, (decision.message, {}), bound), most=most)


def _decide(price: Money, value: Money, law: LawFor, regime: str) -> Decision:
    return countries.decide(
        GiftFacts(
            jurisdiction=law.jurisdiction,
            issuer_kind=law.issuer_kind,
            regime=regime,
            donor_kind="individual",
            amount=price,
            gift_date=law.on,
            method="card",
            identity=frozenset(countries.required_identity(law.jurisdiction, "individual")),
            counterpart_value=value,
            art_bonus_intervention="to be published",
        )
    )


def _most(price: Money, value: Money, law: LawFor, regime: str) -> Money:
    """Find the largest value that the law allows, by asking it: laws bound from above."""
    low, high = 0, max(value.minor, price.minor)
    while low < high:
        middle = (low + high + 1) // 2
        fits = _decide(price, Money(middle, price.currency), law, regime).reason not in AGAINST
        low, high = (middle, high) if fits else (low, middle - 1)
    return Money(low, price.currency)
