"""What a gift, a refund and a dispute may be and become. Pure: no database, no web."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Overdrawn(ValueError):
    """More would be given back than was given: what we are told contradicts what we know. Staff decide."""


class GiftState(StrEnum):
    """Where a gift stands."""

    RECEIVED = "received"
    PARTLY_REFUNDED = "partly_refunded"
    REFUNDED = "refunded"
    DISPUTED = "disputed"
    LOST = "lost"


TRANSITIONS: dict[GiftState, frozenset[GiftState]] = {
    GiftState.RECEIVED: frozenset({GiftState.PARTLY_REFUNDED, GiftState.REFUNDED, GiftState.DISPUTED, GiftState.LOST}),
    # A refund that fails later gives the money back to the campaign.
    GiftState.PARTLY_REFUNDED: frozenset({GiftState.RECEIVED, GiftState.REFUNDED, GiftState.DISPUTED, GiftState.LOST}),
    # Refunded and disputed at once: when the one is undone, the other shows.
    GiftState.REFUNDED: frozenset({GiftState.RECEIVED, GiftState.PARTLY_REFUNDED, GiftState.DISPUTED, GiftState.LOST}),
    GiftState.DISPUTED: frozenset({GiftState.RECEIVED, GiftState.PARTLY_REFUNDED, GiftState.LOST, GiftState.REFUNDED}),
    # A bank may still reverse itself.
    GiftState.LOST: frozenset({GiftState.RECEIVED, GiftState.PARTLY_REFUNDED, GiftState.DISPUTED, GiftState.REFUNDED}),
}


GIVEN_BACK = (GiftState.REFUNDED, GiftState.LOST)
LEAST_IN_A_CELL = 5  # people; fewer could be recognised
MOST_CELLS = 12


class RefundState(StrEnum):
    """Where a refund stands."""

    REQUESTED = "requested"
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


REFUND_TRANSITIONS: dict[RefundState, frozenset[RefundState]] = {
    RefundState.REQUESTED: frozenset({RefundState.PENDING, RefundState.SUCCEEDED, RefundState.FAILED}),
    RefundState.PENDING: frozenset({RefundState.SUCCEEDED, RefundState.FAILED}),
    RefundState.SUCCEEDED: frozenset({RefundState.FAILED}),
    RefundState.FAILED: frozenset(),
}


class DisputeState(StrEnum):
    """Where a dispute stands."""

    WARNING = "warning"  # an inquiry: no money moves
    OPEN = "open"
    WON = "won"
    LOST = "lost"


DISPUTE_TRANSITIONS: dict[DisputeState, frozenset[DisputeState]] = {
    DisputeState.WARNING: frozenset({DisputeState.OPEN, DisputeState.WON, DisputeState.LOST}),
    DisputeState.OPEN: frozenset({DisputeState.WON, DisputeState.LOST}),
    DisputeState.WON: frozenset(),
    DisputeState.LOST: frozenset(),
}


class Method(StrEnum):
    """How money comes in."""

    CARD = "card"
    BANK_TRANSFER = "bank_transfer"
    CHEQUE = "cheque"
    CASH = "cash"
    BOX = "box"
    TICKET = "ticket"
    MOVED = "moved"  # from another campaign, at the donor's wish


# What a bank, a letter or a count tells: the day, not the hour.
KNOWN_BY_DAY = frozenset({Method.BANK_TRANSFER, Method.CHEQUE, Method.CASH, Method.BOX, Method.TICKET})


class Wish(StrEnum):
    """What a donor wishes for a gift whose purchase came to nothing."""

    REFUND = "refund"
    MOVE = "move"  # to another campaign of the museum
    KEEP = "keep"  # as was promised: it stays with the museum


class Heard(StrEnum):
    """How a donor's wish reached the desk that noted it."""

    LETTER = "letter"
    PHONE = "phone"
    HERE = "here"  # said at the museum


class Outcome(StrEnum):
    """What became of a gift that was asked about."""

    REFUND = "refund"
    MOVE = "move"
    KEEP = "keep"
    GONE = "gone"  # it had been given back before the day


def state_after(amount: int, refunded: int, disputed: int, lost: int) -> GiftState:
    """Tell the state that the sums (minor units) make: one answer, whatever the order in which they came."""
    if disputed:
        return GiftState.DISPUTED
    if lost and refunded + lost >= amount:
        return GiftState.LOST
    if refunded >= amount:
        return GiftState.REFUNDED
    if refunded or lost:
        return GiftState.PARTLY_REFUNDED
    return GiftState.RECEIVED


def share_out(amount: int, refunded: int, disputed: int, lost: int) -> tuple[int, int, int]:
    """Tell what of each a gift bears, in minor units: refunded, then lost, then disputed, until nothing is left of it.

    A bank may call back what was refunded already, so that more goes out than came in: the gift bears the first, and
    `gone_twice` what is beyond it. The answer does not depend on the order in which they came. Raises Overdrawn for more
    than either way can give back by itself.
    """
    if refunded > amount or disputed + lost > amount:
        raise Overdrawn("more would be given back than was given")
    borne = min(lost, amount - refunded)
    return refunded, min(disputed, amount - refunded - borne), borne


def gone_twice(amount: int, refunded: int, lost: int) -> int:
    """Tell what went back both ways, in minor units: a loss of the museum's own, not of the campaign."""
    return max(0, refunded + lost - amount)


def refundable(amount: int, refunded: int, disputed: int, lost: int) -> int:
    """Tell how much can still be given back, in minor units."""
    return max(0, amount - refunded - disputed - lost)


class Turn(StrEnum):
    """Which of a donor's gifts a rule of thanks is for."""

    ANY = "any"
    FIRST = "first"
    AGAIN = "again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Thanked:
    """What a rule of thanks looks at. `minor` is in minor units of `currency`; `first` is the donor's first gift here."""

    minor: int
    currency: str
    method: str
    locale: str
    first: bool


def thanks_fit(gift: Thanked, *, least: tuple[int, str], method: str | None, turn: str, locale: str | None) -> bool:
    """Say whether a rule is for a gift. `least` is an amount in minor units and its currency; nothing told means any."""
    minor, currency = least
    return (
        (minor == 0 or (gift.currency == currency and gift.minor >= minor))
        and method in {None, gift.method}
        and locale in {None, gift.locale}
        and (turn == Turn.ANY or gift.first == (turn == Turn.FIRST))
    )


def merged(towns: Mapping[tuple[str, str], int]) -> tuple[dict[tuple[str, str], int], int]:
    """Keep the towns of most people, the largest first, and merge the others into one number that hides nobody either.

    Where the others are too few to hide, the smallest town listed joins them; where all together are, nothing is told.
    """
    ranked = sorted(towns.items(), key=lambda one: -one[1])
    listed = [one for one in ranked if one[1] >= LEAST_IN_A_CELL][:MOST_CELLS]
    elsewhere = sum(towns.values()) - sum(people for _town, people in listed)
    if 0 < elsewhere < LEAST_IN_A_CELL:
        if not listed:
            return {}, 0
        elsewhere += listed.pop()[1]
    return dict(listed), elsewhere
