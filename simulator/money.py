"""Amounts: currencies, least and greatest amounts, fees, and the movements of an account's balance."""

from __future__ import annotations

from fractions import Fraction
from math import floor
from typing import Any

from simulator.cards import EEA
from simulator.contract import blank
from simulator.errors import invalid
from simulator.settings import APPLICATION
from simulator.store import Document
from simulator.world import World

ZERO_DECIMAL = frozenset(
    ["bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf"]
)
THREE_DECIMAL = frozenset(["bhd", "jod", "kwd", "omr", "tnd"])
CURRENCIES = (
    ZERO_DECIMAL
    | THREE_DECIMAL
    | frozenset(
        [
            "aed",
            "all",
            "amd",
            "aud",
            "azn",
            "bam",
            "bbd",
            "bgn",
            "brl",
            "bsd",
            "bwp",
            "bzd",
            "cad",
            "chf",
            "cny",
            "cop",
            "crc",
            "czk",
            "dkk",
            "dop",
            "dzd",
            "egp",
            "eur",
            "gbp",
            "gel",
            "ghs",
            "gtq",
            "hkd",
            "hnl",
            "huf",
            "idr",
            "ils",
            "inr",
            "isk",
            "jmd",
            "kes",
            "kzt",
            "lak",
            "mad",
            "mdl",
            "mkd",
            "mop",
            "mur",
            "mxn",
            "myr",
            "nad",
            "ngn",
            "nok",
            "nzd",
            "pab",
            "pen",
            "php",
            "pln",
            "qar",
            "ron",
            "rsd",
            "sar",
            "sek",
            "sgd",
            "thb",
            "try",
            "twd",
            "tzs",
            "uah",
            "ugx",
            "usd",
            "uyu",
            "uzs",
            "zar",
        ]
    )
)
LEAST = {
    "eur": 50,
    "chf": 50,
    "usd": 50,
    "gbp": 30,
    "jpy": 50,
    "dkk": 250,
    "nok": 300,
    "sek": 300,
    "pln": 200,
    "czk": 1500,
}
GREATEST = 99_999_999
SYMBOLS = {"eur": "€", "gbp": "£", "usd": "$", "jpy": "¥"}
DAY = 86_400
# Seconds until the money of a card payment may be paid out.
AVAILABLE_AFTER = 7 * DAY
DISPUTE_FEE = {"eur": 2000, "chf": 2000, "gbp": 2000, "usd": 1500}
PERCENT_EEA, PERCENT_UK, PERCENT_OTHER = Fraction(15, 1000), Fraction(25, 1000), Fraction(325, 10_000)
FIXED = {"gbp": 20}
FIXED_DEFAULT = 25
# What a movement may cost, and whose the money is.
COSTS = (("stripe_fee", "Stripe processing fees", None), ("application_fee", "Application fee", APPLICATION))


def words(amount: int, currency: str) -> str:
    """Write an amount as the provider does in its messages."""
    places = 0 if currency in ZERO_DECIMAL else 3 if currency in THREE_DECIMAL else 2
    whole, part = divmod(amount, 10**places)
    figures = f"{whole}.{part:0{places}d}" if places else str(whole)
    return f"{SYMBOLS.get(currency, '')}{figures} {currency}"


def check_amount(amount: int, currency: str, param: str) -> None:
    """Refuse an amount that the provider would not take."""
    if currency not in CURRENCIES:
        raise invalid(f"Invalid currency: {currency}.", param="currency")
    if amount < LEAST.get(currency, 50):
        least = words(LEAST.get(currency, 50), currency)
        raise invalid(f"The total amount due must add up to at least {least}", param=param, code="amount_too_small")
    if amount > GREATEST:
        raise invalid(f"The total amount due must be no more than {words(GREATEST, currency)}", code="amount_too_large")
    if currency in THREE_DECIMAL and amount % 10:
        raise invalid("Amounts in this currency must be a multiple of 10.", param=param)


def fee_of(amount: int, currency: str, country: str) -> int:
    """Compute the provider's fee on a card payment, rounded half up."""
    percent = PERCENT_EEA if country in EEA else PERCENT_UK if country == "GB" else PERCENT_OTHER
    return floor(amount * percent + Fraction(1, 2)) + FIXED.get(currency, FIXED_DEFAULT)


def book(world: World, account: str, *, kind: str, amount: int, currency: str, **more: Any) -> Document:
    """Book a movement of the account's balance. `stripe_fee` and `application_fee` are its costs.

    `kind` is the movement's type, `category` its reporting category when that differs.
    """
    details = [
        {"amount": more[name], "application": application, "currency": currency, "description": text, "type": name}
        for name, text, application in COSTS
        if more.get(name)
    ]
    fee = sum(int(line["amount"]) for line in details)
    now = world.now()
    return world.store.save(
        account,
        {
            **blank("balance_transaction"),
            "object": "balance_transaction",
            "id": world.ident("txn"),
            "amount": amount,
            "available_on": now + more.get("available_after", 0),
            "balance_type": "payments",
            "created": now,
            "currency": currency,
            "description": more.get("description"),
            "fee": fee,
            "fee_details": details,
            "net": amount - fee,
            "reporting_category": more.get("category", kind),
            "source": more.get("source"),
            "status": "pending",
            "type": kind,
            "_payout": more.get("payout"),
        },
    )


def balance_of(world: World, account: str) -> Document:
    """Sum up an account's balance, what is available and what is still pending, by currency."""
    sums: dict[str, dict[str, int]] = {"available": {}, "pending": {}}
    currencies: dict[str, None] = {}
    for line in world.store.every(account, "balance_transaction"):
        part = "available" if line["available_on"] <= world.now() else "pending"
        currencies[line["currency"]] = None
        sums[part][line["currency"]] = sums[part].get(line["currency"], 0) + line["net"]
    if not currencies:
        holder = world.account_document(account) or {}
        currencies[holder.get("_currency", "eur")] = None

    def rows(part: str) -> list[Document]:
        return [
            {"amount": sums[part].get(one, 0), "currency": one, "source_types": {"card": sums[part].get(one, 0)}}
            for one in currencies
        ]

    return {"object": "balance", "available": rows("available"), "livemode": False, "pending": rows("pending")}
