"""Read a bank's CAMT.053 (ISO 20022, "bank to customer statement"), whatever the version of its schema.

The element names used here are the same from version 2 to version 13; where a name moved (a party inside `Pty`, a state inside
`Cd`), both places are looked at. XML's traps (entities, document types) are refused by defusedxml. A file is no larger than a form
(1 MB): of what was tried, the worst took a second and a half and 80 MB to read, so the door reads it and no child process does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from crowdfund.desk.reading import LONGEST_NAME, BankFile, Credit, tidy, with_keys
from crowdfund.errors import Refusal
from crowdfund.i18n import N_
from crowdfund.money import Money, exponent
from crowdfund.sheets import read_day

NAMESPACE = re.compile(r"\{urn:iso:std:iso:20022:tech:xsd:camt\.053\.001\.\d{2}\}Document")
NOT_CAMT = N_("This is no CAMT.053 file. Ask the bank for “camt.053” or for CSV.")
BROKEN = N_("This file is broken: its XML cannot be read.")
OTHER_ACCOUNT = N_("This statement is of another account: %(account)s. Nothing was taken in.")
STRANGE = N_("This statement holds a line that cannot be read (number %(line)s). Nothing was taken in.")
NOTHING = {"NOTPROVIDED", ""}


def looks_like_xml(content: bytes) -> bool:
    """Say whether a file means to be XML."""
    return content.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] == b"<"


def read_camt(content: bytes, account: str) -> BankFile:
    """Read the credits of an account (IBAN without spaces). Raises Refusal for another account's, or what is no CAMT.053."""
    try:
        root = fromstring(content, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError):
        raise Refusal(BROKEN, field="file") from None
    if NAMESPACE.fullmatch(root.tag) is None:
        raise Refusal(NOT_CAMT, field="file")
    statements = root.findall(".//{*}Stmt")
    mine = [one for one in statements if _account(one) == account]
    if not mine:
        raise Refusal(OTHER_ACCOUNT, field="file", params={"account": _account(statements[0]) if statements else "–"})
    entries = [entry for one in mine for entry in one.findall("{*}Ntry")]
    found, others = [], 0
    for number, entry in enumerate(entries, start=1):
        if not _is_credit(entry):
            others += 1
            continue
        try:
            found += list(_credits(entry))
        except (ArithmeticError, ValueError, TypeError, AttributeError):
            raise Refusal(STRANGE, field="file", params={"line": number}) from None
    return BankFile(account, with_keys(found), others)


def _account(statement: Element) -> str:
    return _text(statement, "{*}Acct/{*}Id/{*}IBAN").replace(" ", "").upper()


def _is_credit(entry: Element) -> bool:
    """Say whether an entry is money that has come: a credit, booked, and not the reversal of a debit."""
    state = _text(entry, "{*}Sts/{*}Cd") or _text(entry, "{*}Sts")
    reversal = _text(entry, "{*}RvslInd").lower() in {"true", "1"}
    return _text(entry, "{*}CdtDbtInd") == "CRDT" and state in {"BOOK", ""} and not reversal


def _credits(entry: Element) -> Iterator[Credit]:
    """Give an entry's credits: one for each transaction in it, where their sums make the entry's; else the entry whole."""
    whole, on = _money(entry), _day(entry)
    own = _text(entry, "{*}AcctSvcrRef")
    details = entry.findall("{*}NtryDtls/{*}TxDtls")
    amounts = [_money(one) if one.find("{*}Amt") is not None else _nested_money(one) for one in details]
    if len(details) > 1 and None not in amounts and sum(one.minor for one in amounts if one) == whole.minor:
        for place, (detail, amount) in enumerate(zip(details, amounts, strict=True), start=1):
            reference = _text(detail, "{*}Refs/{*}AcctSvcrRef") or (f"{own}/{place}" if own else "")
            yield _credit(detail, entry, amount or whole, on, reference)
        return
    inner = details[0] if details else entry
    yield _credit(inner, entry, whole, on, own or _text(inner, "{*}Refs/{*}AcctSvcrRef"))


def _credit(detail: Element, entry: Element, amount: Money, on: date, reference: str) -> Credit:
    payer = _text(detail, "{*}RltdPties/{*}Dbtr/{*}Nm") or _text(detail, "{*}RltdPties/{*}Dbtr/{*}Pty/{*}Nm")
    said = [one.text or "" for one in detail.findall("{*}RmtInf/{*}Ustrd")]
    said += [one.text or "" for one in detail.findall("{*}RmtInf/{*}Strd/{*}CdtrRefInf/{*}Ref")]
    said += [one.text or "" for one in detail.findall("{*}RmtInf/{*}Strd/{*}AddtlRmtInf")]
    end = _text(detail, "{*}Refs/{*}EndToEndId")
    if end not in NOTHING:
        said.append(end)
    return Credit(
        booked_on=on,
        amount=amount,
        payer=tidy(payer, LONGEST_NAME),
        text=tidy(" ".join(said) or _text(entry, "{*}AddtlNtryInf")),
        bank_reference=tidy(reference),
    )


def _money(element: Element) -> Money:
    """Read an amount (ISO 20022 writes a point before the decimals)."""
    found = element.find("{*}Amt")
    if found is None:
        raise ValueError("an entry without an amount")
    currency = found.get("Ccy", "")
    minor = Decimal(str(found.text).strip()).scaleb(exponent(currency))
    if minor != minor.to_integral_value() or not 0 < minor < 10**12:
        raise ValueError("not an amount")
    return Money(int(minor), currency)


def _nested_money(detail: Element) -> Money | None:
    inner = detail.find("{*}AmtDtls/{*}TxAmt")
    return None if inner is None else _money(inner)


def _day(entry: Element) -> date:
    """Tell when it was credited: the booking's day, else the value's."""
    for place in ("{*}BookgDt", "{*}ValDt"):
        text = _text(entry, f"{place}/{{*}}Dt") or _text(entry, f"{place}/{{*}}DtTm")
        if text and (found := read_day(text)):
            return found
    raise ValueError("an entry without a day")


def _text(element: Element, path: str) -> str:
    found = element.find(path)
    return (found.text or "").strip() if found is not None else ""
