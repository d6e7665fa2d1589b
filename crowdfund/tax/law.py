"""The questions that every country answers about a gift, and the shape of the answers.

Pure: plain values in, plain values out. Messages are gettext ids; the door translates them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, Protocol

from crowdfund.money import Money

Outcome = Literal["yes", "no", "hold"]

DONOR_KINDS = frozenset({"individual", "company"})
METHODS = frozenset({"card", "terminal", "bank_transfer", "direct_debit", "cheque", "cash", "box"})
# Means of payment that leave no trace at a bank (Italy asks for one).
UNTRACEABLE = frozenset({"cash", "box"})
# Each kind of issuer, and the country whose law knows it.
ISSUER_KINDS: Mapping[str, str] = {
    "musee_de_france": "FR",
    "collectivite": "FR",
    "etablissement_public": "FR",
    "association_ig": "FR",
    "association_rup": "FR",
    "rup": "FR",
    "fondation": "FR",
    "fonds_de_dotation": "FR",
    "public_museum_it": "IT",
    "public_body_it": "IT",
    "ets": "IT",
    "odv": "IT",
    "public_museum_be": "BE",
    "public_museum_ch": "CH",
}


def N_(message: str) -> str:  # noqa: N802 - the name that the extraction of messages looks for
    """Mark a message for translation by the door (tax stands on the same floor as i18n and cannot import it)."""
    return message


class UnknownRegime(ValueError):
    """The country does not know this regime."""


@dataclass(frozen=True, slots=True)
class Form:
    """A model of receipt: its official code, the revision in force, and the template of our letter."""

    code: str
    revision: str
    template: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GiftFacts:
    """All that a law may ask about one gift. Amounts are in the currency of the gift.

    `amount` is what the donor paid to the issuer; `refunded` what was given back. `counterpart_value` is the fair value
    of the counterpart taken (zero when it was waived or is symbolic); `counterparts_this_year` the value already handed
    by this issuer to this donor in the calendar year of the gift, without this one. `identity` names the fields of the
    donor's identity that are filled. `issued_on` chooses the revision of the form (default: the gift date). `added_to` is what
    was given before and kept where this gift tops it up, `counterpart_of_those` the value of the counterparts taken for that.
    """

    jurisdiction: str
    issuer_kind: str
    regime: str
    donor_kind: str
    amount: Money
    gift_date: date
    method: str
    identity: frozenset[str]
    counterpart_value: Money | None = None
    counterparts_this_year: Money | None = None
    refunded: Money | None = None
    issued_on: date | None = None
    art_bonus_intervention: str = ""
    accepted_by_ministers: bool = False
    added_to: Money | None = None
    counterpart_of_those: Money | None = None

    def __post_init__(self) -> None:
        """Refuse facts that no law can read. Raises ValueError."""
        if self.donor_kind not in DONOR_KINDS:
            raise ValueError(f"not a kind of donor: {self.donor_kind!r}")
        if self.method not in METHODS:
            raise ValueError(f"not a means of payment: {self.method!r}")
        if any(
            extra is not None and extra.minor < 0
            for extra in (self.counterpart_value, self.counterparts_this_year, self.refunded)
        ):
            raise ValueError("counterparts and refunds are not negative")

    @property
    def zero(self) -> Money:
        """Give nothing, in the currency of the gift."""
        return Money(0, self.amount.currency)

    @property
    def kept(self) -> Money:
        """Give the amount that stays with the issuer."""
        return self.amount - (self.refunded or self.zero)

    @property
    def counterpart(self) -> Money:
        """Give the value of this gift's counterpart."""
        return self.counterpart_value or self.zero

    @property
    def counterparts_before(self) -> Money:
        """Give the value handed over earlier in the year."""
        return self.counterparts_this_year or self.zero


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a receipt is due, for how much and on which form; if not, why, in words for a person."""

    outcome: Outcome
    amount: Money
    form: Form | None = None
    legal_articles: tuple[str, ...] = ()
    reason: str = ""
    message: str = ""
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxContext:
    """What only the donor knows. None means: large enough not to limit anything.

    `tax_due` is the corporate tax of the year, `given_before` what was given to this issuer earlier in the year.
    """

    taxable_income: Money | None = None
    turnover: Money | None = None
    tax_due: Money | None = None
    given_before: Money | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Benefit:
    """What the donor may claim for one gift. `benefit` is None where it depends on the donor's tax bracket.

    Benefits are rounded down to the minor unit: we never promise more than the law gives. `carry_forward` is the part
    of the gift that counts in the next `carry_years` years; `instalments` how the benefit is spread over years.
    """

    eligible_base: Money
    benefit: Money | None
    carry_forward: Money
    carry_years: int = 0
    instalments: tuple[Money, ...] = field(default=())


class Law(Protocol):
    """A country: one pure module that answers these questions. Unknown regimes raise UnknownRegime."""

    def decide(self, facts: GiftFacts) -> Decision:
        """Decide whether a receipt is due for this gift, for how much, on which form."""

    def tax_benefit(self, facts: GiftFacts, context: TaxContext) -> Benefit:
        """Compute what the donor may claim."""

    def regime_for(self, regime: str, donor_kind: str) -> str | None:
        """Turn a campaign's regime into the one that holds for this kind of donor (None: it gives nothing)."""

    def simple_benefit(self, amount: Money, regime: str, donor_kind: str, on: date) -> Money | None:
        """Compute the benefit for a donor whom no personal ceiling limits."""

    def required_identity(self, donor_kind: str) -> tuple[str, ...]:
        """Name the fields that a receipt of this country must print."""

    def identity_problems(self, donor_kind: str, values: Mapping[str, str]) -> dict[str, str]:
        """Tell which fields are filled wrongly, and why."""


def refuse(facts: GiftFacts, reason: str, message: str) -> Decision:
    """Say no: the law gives no receipt for this gift."""
    return Decision("no", facts.zero, reason=reason, message=message)


def hold(facts: GiftFacts, reason: str, message: str, missing: tuple[str, ...] = ()) -> Decision:
    """Keep the gift for a person to look at, or until what is missing has come."""
    return Decision("hold", facts.zero, reason=reason, message=message, missing=missing)


def check_amount(facts: GiftFacts, currency: str) -> Decision | None:
    """Refuse a gift of which nothing is kept; hold one in another currency than the issuer's."""
    if facts.kept.minor <= 0:
        return refuse(facts, "nothing_kept", N_("The gift was given back, so there is no receipt."))
    if facts.amount.currency != currency:
        return hold(
            facts,
            "foreign_currency",
            N_("The receipt is written in the issuer's currency: the amount credited must be entered."),
        )
    return None


def check_identity(facts: GiftFacts, required: tuple[str, ...]) -> Decision | None:
    """Refuse a receipt to a donor who gave no identity at all; hold it while a part is missing."""
    missing = tuple(name for name in required if name not in facts.identity)
    if not missing:
        return None
    # a form fills the country in by itself: it says nothing of who gave
    if not facts.identity & set(required) - {"country"}:
        return refuse(facts, "no_identity", N_("A receipt needs the donor's name and address."))
    return hold(facts, "identity_incomplete", N_("Some of the donor's details are missing for the receipt."), missing)


def share(amount: Money, basis_points: int) -> Money:
    """Take a share of an amount, in hundredths of a percent, rounded down to the minor unit."""
    return Money(amount.minor * basis_points // 10_000, amount.currency)


def least(amount: Money, limit: Money | None) -> Money:
    """Cut an amount at a limit, if there is one."""
    return amount if limit is None or amount <= limit else limit
