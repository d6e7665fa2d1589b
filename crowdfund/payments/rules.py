"""What a checkout, a call to the provider and an event may be and become. Pure."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

CHECKOUT_LIFE = timedelta(minutes=60)
# The provider forgets an idempotency key after 24 h: from here on we look first and act then.
KEY_LIFE = timedelta(hours=23)


class CheckoutState(StrEnum):
    """Where one try to pay stands."""

    NEW = "new"
    OPEN = "open"
    PROCESSING = "processing"
    PAID = "paid"
    FAILED = "failed"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


CHECKOUT_TRANSITIONS: dict[CheckoutState, frozenset[CheckoutState]] = {
    CheckoutState.NEW: frozenset(
        {CheckoutState.OPEN, CheckoutState.UNKNOWN, CheckoutState.FAILED, CheckoutState.PAID, CheckoutState.EXPIRED}
    ),
    CheckoutState.UNKNOWN: frozenset(
        {CheckoutState.OPEN, CheckoutState.FAILED, CheckoutState.PAID, CheckoutState.EXPIRED}
    ),
    CheckoutState.OPEN: frozenset(
        {CheckoutState.PROCESSING, CheckoutState.PAID, CheckoutState.FAILED, CheckoutState.EXPIRED}
    ),
    CheckoutState.PROCESSING: frozenset({CheckoutState.PAID, CheckoutState.FAILED}),
    CheckoutState.FAILED: frozenset({CheckoutState.PAID}),
    CheckoutState.EXPIRED: frozenset({CheckoutState.PAID}),
    CheckoutState.PAID: frozenset(),
}


class CallState(StrEnum):
    """What we know of a request to the provider."""

    NEW = "new"
    SENT = "sent"
    OK = "ok"
    REFUSED = "refused"
    UNKNOWN = "unknown"


# How the types of the notifications begin that are a reason to look; others are kept and left alone.
ACTED_ON = (
    "checkout.session.", "payment_intent.succeeded", "payment_intent.payment_failed", "charge.", "refund.",
    "account.application.deauthorized", "v2.core.account",
)  # fmt: skip


class AsideState(StrEnum):
    """What became of a charge that was set aside."""

    OPEN = "open"  # a person decides
    REFUNDING = "refunding"  # to be given back, the provider is asked
    ACCEPTED = "accepted"  # it is the gift of its pledge
    RESOLVED = "resolved"  # it was given back


class EventState(StrEnum):
    """What became of a notification."""

    RECEIVED = "received"
    PROCESSED = "processed"
    IGNORED = "ignored"  # a type we do not act on
    SET_ASIDE = "set_aside"  # it contradicts what we know: staff are told
