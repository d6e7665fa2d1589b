"""What a pledge may be and become. Pure: no database, no web."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from enum import StrEnum

from crowdfund.money import Money


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
    RELEASED = "released"  # the pledge came to nothing, the stock is free again


# The tariff for cards of the European Economic Area; other cards cost the museum more, so we say "helps with the costs".
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
    while (net > (gross := Money(total, net.currency)) - card_fee(gross)):
        total += 1
    return gross
