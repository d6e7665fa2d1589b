"""The test cards, with the numbers and the fates that the provider documents (https://docs.stripe.com/testing)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Card:
    """One test card and what becomes of a payment with it."""

    number: str
    brand: str = "visa"
    country: str = "FR"
    label: str = ""
    code: str | None = None
    decline_code: str | None = None
    advice_code: str | None = None
    three_d_secure: bool = False
    declined_after_authentication: bool = False
    disputed: str | None = None
    inquiry: bool = False
    fraud_warning: bool = False
    elevated_risk: bool = False
    available_at_once: bool = False
    refund: str = "succeeded"

    @property
    def last4(self) -> str:
        """Give the last four digits."""
        return self.number[-4:]

    @property
    def refused(self) -> bool:
        """Say whether the bank refuses the card at once."""
        return self.code is not None and not self.declined_after_authentication


def _declined(
    number: str, decline_code: str, label: str = "", code: str = "card_declined", advice: str | None = None
) -> Card:
    return Card(number, label=label, code=code, decline_code=decline_code, advice_code=advice)


LATER = "try_again_later"
NEVER = "do_not_try_again"
DATA = "confirm_card_data"

# Cards with a label stand in the menu of the payment page. In reality the first one was issued in the United
# States; here it counts as a card of the euro area, so that the usual fee applies to the usual gift.
CARDS = (
    Card("4242424242424242", label="success"),
    Card("4000000000003220", label="three_d_secure", three_d_secure=True),
    _declined("4000000000000002", "generic_decline", "declined", advice=LATER),
    _declined("4000000000009995", "insufficient_funds", "insufficient_funds", advice=LATER),
    Card("4000000000000259", label="disputed", disputed="fraudulent"),
    Card("5555555555554444", brand="mastercard"),
    Card("378282246310005", brand="amex", country="US"),
    Card("4000002500001001", country="FR"),
    Card("4000003800000008", country="IT"),
    Card("4000008260000000", country="GB"),
    Card("4000000760000002", country="BR"),
    Card("4000002500003155", three_d_secure=True),
    Card("4000002760003184", country="DE", three_d_secure=True),
    Card(
        "4000008400001629",
        code="card_declined",
        decline_code="generic_decline",
        three_d_secure=True,
        declined_after_authentication=True,
    ),
    _declined("4000000000009987", "lost_card", advice=NEVER),
    _declined("4000000000009979", "stolen_card", advice=NEVER),
    _declined("4000000000000069", "expired_card", code="expired_card", advice=DATA),
    _declined("4000000000000127", "incorrect_cvc", code="incorrect_cvc", advice=DATA),
    _declined("4000000000000119", "processing_error", code="processing_error", advice=LATER),
    _declined("4100000000000019", "fraudulent", advice=NEVER),
    Card("4000000000002685", disputed="product_not_received"),
    Card("4000000000001976", disputed="fraudulent", inquiry=True),
    Card("4000000000005423", fraud_warning=True),
    Card("4000000000009235", elevated_risk=True),
    Card("4000000000000077", available_at_once=True),
    Card("4000000000007726", refund="pending"),
    Card("4000000000005126", refund="failed"),
)
BY_NUMBER = {card.number: card for card in CARDS}
MENU = tuple(card for card in CARDS if card.label)

MESSAGES = {
    "card_declined": "Your card was declined.",
    "insufficient_funds": "Your card has insufficient funds.",
    "expired_card": "Your card has expired.",
    "incorrect_cvc": "Your card's security code is incorrect.",
    "processing_error": "An error occurred while processing your card. Try again in a little bit.",
    "authentication_required": "Your card was declined. This transaction requires authentication.",
    "payment_intent_authentication_failure": (
        "We are unable to authenticate your payment method. Please choose a different payment method and try again."
    ),
}

# The member states of the European Economic Area, whose cards cost the standard fee.
EEA = frozenset(
    [
        "AT",
        "BE",
        "BG",
        "CY",
        "CZ",
        "DE",
        "DK",
        "EE",
        "ES",
        "FI",
        "FR",
        "GR",
        "HR",
        "HU",
        "IE",
        "IS",
        "IT",
        "LI",
        "LT",
        "LU",
        "LV",
        "MT",
        "NL",
        "NO",
        "PL",
        "PT",
        "RO",
        "SE",
        "SI",
        "SK",
    ]
)


def find_card(number: str) -> Card | None:
    """Find a test card by its number, written with or without spaces."""
    return BY_NUMBER.get("".join(number.split()).replace("-", ""))


def message_of(card: Card) -> str:
    """Say why the card was refused, in the provider's words."""
    return MESSAGES.get(card.decline_code or "") or MESSAGES[card.code or "card_declined"]
