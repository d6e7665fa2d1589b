"""What the giving form shows: frozen plain values, formatted by the templates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from crowdfund.campaigns.view import (
        AmountChoice,
        FundingModel,
        MuseumLabel,
        Picture,
        TaxRelief,
    )
    from crowdfund.money import Money
    from crowdfund.tax.law import Outcome


@dataclass(frozen=True, slots=True)
class RewardChoice:
    """A reward in the form. `short_by` is what the chosen amount lacks for it; `left` is None without limit;
    `sent_by` is how it reaches the donor.
    """

    id: int
    title: str
    text: str
    amount: Money
    picture: Picture | None = None
    left: int | None = None
    short_by: Money | None = None
    picked: bool = False
    sent_by: str = ""

    @property
    def open(self) -> bool:
        """Say whether one is left to choose."""
        return self.left is None or self.left > 0


@dataclass(frozen=True, slots=True)
class RewardAhead:
    """A reward that a gift reaches with `missing` more."""

    id: int
    title: str
    text: str
    amount: Money
    missing: Money

    @property
    def lacks(self) -> str:
        """Give what is missing as a form sends it: "50" or "12.50"."""
        return str(self.missing.decimal).removesuffix(".00")


@dataclass(frozen=True, slots=True)
class Cost:
    """What a gift costs a kind of donor (individual, company) after tax; `net` is None before an amount is chosen."""

    kind: str
    relief: TaxRelief
    net: Money | None


@dataclass(frozen=True, slots=True)
class CountryChoice:
    """A country of the postal address; its name is in the page's language."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Waiver:
    """A reward that may be done without: its fair value, and what the law says of the receipt when it is taken."""

    reward: str
    value: Money
    with_it: Outcome


@dataclass(frozen=True, slots=True)
class GivePage:
    """Both steps of giving to one campaign.

    `values` are the fields as the person filled them, `errors` one translated sentence for each wrong field, in the
    order of the form (the key "" belongs to the whole form). `amount`, `fee_cover` and `net` are the server's sums
    for the amount chosen (step 2). `group` names the group that gives, `piece` the piece that is adopted.
    `change_url` leads to step 1 with what was chosen, `here_url` to step 2 with it. `meant` is the address a misspelt one may mean.
    `asks_tax_number` is set where the law prints it on the receipt.
    """

    museum: MuseumLabel
    campaign_title: str
    campaign_url: str
    action: str
    picture: Picture
    model: FundingModel
    minimum: Money
    currency: str
    amounts: tuple[AmountChoice, ...]
    rewards: tuple[RewardChoice, ...]
    countries: tuple[CountryChoice, ...]
    values: Mapping[str, str]
    errors: Mapping[str, str]
    methods: tuple[str, ...] = ("card",)
    contact: str = ""
    amount: Money | None = None
    fee_cover: Money | None = None
    net: Money | None = None
    relief: TaxRelief | None = None
    costs: tuple[Cost, ...] = ()
    reward_title: str = ""
    waiver: Waiver | None = None
    group: str = ""
    piece: str = ""
    change_url: str = ""
    here_url: str = ""
    meant: str = ""
    deadline: date | None = None
    threshold: Money | None = None
    fallback: str = ""
    asks_tax_number: bool = False
    receipts_given: bool = True
    csrf_token: str = ""
    attempt: str = ""
    kept: tuple[str, ...] = ()  # names of values that step 1 hands on unseen; never in an address

    def cost_of(self, kind: str) -> Cost | None:
        """Give what the gift costs a kind of donor."""
        return next((one for one in self.costs if one.kind == kind), None)

    @property
    def to_pay(self) -> Money | None:
        """Tell the sum to pay: the gift and, if chosen, the fees."""
        if self.amount is None:
            return None
        if self.fee_cover is not None and self.values.get("cover_fees"):
            return self.amount + self.fee_cover
        return self.amount
