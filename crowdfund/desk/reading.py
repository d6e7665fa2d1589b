"""What is read of a bank's file, whatever its form, and what makes a line one and the same. Pure."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, InvalidOperation

from crowdfund.errors import Refusal
from crowdfund.i18n import N_
from crowdfund.money import Money, exponent
from crowdfund.sheets import one_line

MOST_LINES = 5000
LONGEST_TEXT = 500
LONGEST_NAME = 140
NO_REFERENCE = {"NONREF", "NOTPROVIDED"}  # what SWIFT and SEPA write where there is none
# ASCII figures, grouped or not, and a sign: no exponents, no words.
_AMOUNT = re.compile(r"[+-]?[0-9][0-9.,]*", re.ASCII)
TOO_MANY = N_("This file holds more than %(count)s lines. Ask the bank for a shorter period.")
NO_AMOUNT = N_("Line %(line)s holds no amount that can be read: “%(text)s”.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """One credit of a bank's file. `key` is set once all lines are known."""

    booked_on: date
    amount: Money
    payer: str
    text: str
    bank_reference: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class BankFile:
    """The credits of one account; `others` counts what was left out: debits, and what is not booked yet."""

    account: str
    credits: tuple[Credit, ...]
    others: int


def with_keys(credits_: Iterable[Credit]) -> tuple[Credit, ...]:
    """Give each credit the key that makes it one: the bank's reference, or what it says and the how-manieth that says so.

    A second file that overlaps gives the same keys to the same lines: a bank lists a day whole, in the same order. A
    reference alone is not enough: some banks write one word for all, and in a table it may be the payer's own.
    """
    seen: Counter[str] = Counter()
    found = []
    for credit in credits_:
        base = f"sha:{_content(credit)}"
        if credit.bank_reference and credit.bank_reference.upper() not in NO_REFERENCE:
            base = f"ref:{credit.bank_reference}:{credit.booked_on}:{credit.amount.minor}:{credit.amount.currency}"
        seen[base] += 1
        found.append(replace(credit, key=f"{base}:{seen[base]}"))
    if len(found) > MOST_LINES:
        raise Refusal(TOO_MANY, field="file", params={"count": MOST_LINES})
    return tuple(found)


def _content(credit: Credit) -> str:
    said = (credit.booked_on.isoformat(), str(credit.amount.minor), credit.amount.currency, credit.payer, credit.text)
    return hashlib.sha256("\x1f".join(said).encode()).hexdigest()


def tidy(text: str, longest: int = LONGEST_TEXT) -> str:
    """Write what a bank says on one line, without signs that no page may hold."""
    return one_line(text, longest)


def read_amount(text: str, currency: str, line: int) -> Money:
    """Read an amount as banks write it: sign, grouping by space, point or apostrophe, `,` or `.` before the cents.

    Raises Refusal, which names the line.
    """
    plain = "".join(one for one in text if not one.isspace() and one not in "'’").replace("\N{MINUS SIGN}", "-")
    last = max(plain.rfind(","), plain.rfind("."))
    if last >= 0 and len(plain) - last - 1 != 3:  # three figures after it: a group, not cents
        whole, part = plain[:last], plain[last + 1 :]
    else:
        whole, part = plain, ""
    try:
        amount = Decimal(f"{whole.replace(',', '').replace('.', '')}.{part or '0'}").scaleb(exponent(currency))
    except InvalidOperation:
        amount = Decimal("NaN")
    if (
        _AMOUNT.fullmatch(plain) is None
        or not amount.is_finite()
        or amount != amount.to_integral_value()
        or abs(amount) >= Decimal(10**12)
    ):
        raise Refusal(NO_AMOUNT, field="file", params={"line": line, "text": tidy(text, 40)})
    return Money(int(amount), currency)
