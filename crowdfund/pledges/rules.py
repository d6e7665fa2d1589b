"""What a pledge may be and become. Pure: no database, no web."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from enum import StrEnum
from uuid import UUID

from crowdfund.donors.rules import DonorDetails
from crowdfund.errors import Refusal
from crowdfund.i18n import N_
from crowdfund.money import MAX_MINOR, Money, exponent


class PledgeState(StrEnum):
    """Where a pledge stands."""

    MADE = "made"  # promised, the money is expected
    PROMISED = "promised"  # all-or-nothing: the card is saved, nothing is taken yet
    DUE = "due"  # the condition is met, to be collected
    PAID = "paid"
    EXPIRED = "expired"  # the money did not come in time
    CANCELLED = "cancelled"  # by the donor
    RELEASED = "released"  # the condition was not met: nothing is taken


TRANSITIONS: dict[PledgeState, frozenset[PledgeState]] = {
    PledgeState.MADE: frozenset({PledgeState.PROMISED, PledgeState.PAID, PledgeState.EXPIRED, PledgeState.CANCELLED}),
    PledgeState.PROMISED: frozenset({PledgeState.DUE, PledgeState.CANCELLED, PledgeState.RELEASED}),
    PledgeState.DUE: frozenset({PledgeState.PAID, PledgeState.EXPIRED, PledgeState.CANCELLED}),
    PledgeState.PAID: frozenset(),
    # Money that has come is always booked, even for a pledge that had expired; and a donor may try again.
    PledgeState.EXPIRED: frozenset({PledgeState.MADE, PledgeState.PAID}),
    PledgeState.CANCELLED: frozenset({PledgeState.PAID}),
    PledgeState.RELEASED: frozenset({PledgeState.PAID}),
}


class RewardState(StrEnum):
    """What became of the reward a donor chose."""

    NONE = "none"
    CLAIMED = "claimed"  # counted against the stock
    WAIVED = "waived"  # the donor wants no counterpart: the whole gift is receiptable
    UNAVAILABLE = "unavailable"  # money came, the last one was gone: the donor is asked
    RELEASED = "released"  # the pledge came to nothing or was given back, the stock is free again
    EXCHANGED = "exchanged"  # with what was added later it earned a higher one, which stands in its place


# The tariff for cards of the European Economic Area; others cost the museum more, so we say "helps with the costs".
# Source: Stripe's price list for Europe, 2023, to be confirmed for each country (a dated setting, not a promise).
FEE_PERCENT = Decimal("0.015")
FEE_FIXED_MINOR = 25


def card_fee(amount: Money) -> Money:
    """Work out the provider's fee on a card payment, rounded half up as it does."""
    fee = Decimal(amount.minor) * FEE_PERCENT + FEE_FIXED_MINOR
    return Money(int(fee.quantize(Decimal(1), ROUND_HALF_UP)), amount.currency)


def gross_up(net: Money) -> Money:
    """Work out what to pay so that at least `net` is left after the fee: exact, never short, at most a cent over."""
    total = int(((net.minor + FEE_FIXED_MINOR) / (1 - FEE_PERCENT)).quantize(Decimal(1), ROUND_CEILING))
    while net > (gross := Money(total, net.currency)) - card_fee(gross):
        total += 1
    return gross


class Wall(StrEnum):
    """How a donor is shown."""

    SHORT = "short"  # first name and initial
    OTHER = "other"  # another name
    ANONYMOUS = "anonymous"


class Fallback(StrEnum):
    """What the donor wishes for the gift should the purchase fail."""

    REFUND = "refund"
    MUSEUM = "museum"
    KEEP = "keep"


class Dedication(StrEnum):
    """To whom a gift is dedicated."""

    HONOUR = "honour"
    MEMORY = "memory"


REWARD_GONE = N_("The last one of this reward has just gone. Choose another one, or none.")
NO_SUCH_REWARD = N_("This reward does not exist. Choose another one, or none.")

# What the public form may offer. Cash and boxes enter at the desk.
METHODS_OFFERED = ("card", "bank_transfer", "cheque")
# What is announced: the money comes later, by itself, and is known by its reference.
ANNOUNCED = ("bank_transfer", "cheque")
# How long money that was announced is waited for. What comes later still is booked.
AWAITED_FOR = timedelta(days=60)

# The least amounts the provider takes, in minor units; they depend on the currency of settlement.
# Source: https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts, to be confirmed for each account.
PROVIDER_MINIMUM = {"EUR": 50, "CHF": 50, "USD": 50, "GBP": 30}

# What a donor writes on the wall: a word, not a letter.
LONGEST_MESSAGE = 140  # characters

# The signs of a group's code: none looks like another, and none makes a word with a vowel to blush at.
GROUP_SIGNS = "bcdfghjkmnpqrstvwxz23456789"

# A pledge whose payment page was never reached, or never came back, gives its reward free after a day.
FORGOTTEN_AFTER = timedelta(hours=24)
# Names appear on the wall in steps, so that a name and a change of the total do not tell an amount.
WALL_STEP = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class TopUp:
    """What a new pledge adds to: the first pledge, what was given so far, and the fair value of what came for it."""

    pledge_id: int
    given: Money
    counterpart: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class PledgeRequest:
    """What a donor asks for: plain values, tidied already.

    `amount` is what the museum is to receive, before the cover of the fees. `consents` maps what was said yes to
    (donors.rules.ConsentKind) to the words that were shown.
    """

    attempt: UUID
    campaign_id: int
    amount: Money
    donor: DonorDetails
    method: str = "card"
    reward_id: int | None = None
    piece_id: int | None = None
    waive_reward: bool = False
    tops_up: TopUp | None = None
    cover_fees: bool = False
    wants_receipt: bool = False
    fallback: str = Fallback.KEEP
    wall: str = Wall.ANONYMOUS
    wall_name: str = ""
    wall_town: str = ""
    message: str = ""
    dedication_kind: str = ""
    dedication_name: str = ""
    dedication_email: str = ""
    channel: str = ""
    group: str = ""
    early_link_id: int | None = None
    consents: Mapping[str, str] = field(default_factory=dict)
    source: str = "giving form"

    @property
    def counted(self) -> Money:
        """Give what decides on the reward: the amount, with what was given before it."""
        return self.amount + self.tops_up.given if self.tops_up else self.amount

    @property
    def cover(self) -> Money:
        """Work out what is added for the fees."""
        return gross_up(self.amount) - self.amount if self.cover_fees else Money(0, self.amount.currency)


def can_become(state: str, wanted: PledgeState) -> bool:
    """Say whether a pledge may go from one state to another."""
    return wanted in TRANSITIONS[PledgeState(state)]


def check_amount(amount: Money, minimum: Money) -> None:
    """Make sure that an amount is welcome and that the provider takes it. Raises Refusal."""
    least = Money(max(minimum.minor, PROVIDER_MINIMUM.get(amount.currency, 1)), amount.currency)
    if amount < least:
        raise Refusal(N_("A gift starts at %(minimum)s."), field="amount", params={"minimum": least})
    # With the fees on top it must still fit the provider's eight digits.
    if gross_up(amount).minor > MAX_MINOR:
        raise Refusal(N_("This amount is too large to be paid by card. Please write to the museum."), field="amount")
    if exponent(amount.currency) == 3 and amount.minor % 10:
        raise Refusal(N_("Cards take two decimals: the last one must be 0."), field="amount")


def check_reward_price(amount: Money, price: Money) -> None:
    """Make sure that the gift reaches the reward's level. Raises Refusal."""
    if amount < price:
        raise Refusal(
            N_("This reward starts at %(price)s. Give more, or choose another one."),
            field="reward",
            params={"price": price},
        )


def wall_shows_from(now: datetime) -> datetime:
    """Tell when a name appears: at the next full ten minutes (UTC)."""
    step = int(WALL_STEP.total_seconds())
    return now + timedelta(seconds=step - int(now.timestamp()) % step, microseconds=-now.microsecond)
