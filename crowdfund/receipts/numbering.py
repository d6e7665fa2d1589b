"""Numbers without gaps, and the code of the public check."""

from __future__ import annotations

import re

from flask import current_app
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from config import Config
from crowdfund import links
from crowdfund.i18n import current_locale
from crowdfund.receipts.models import Receipt, ReceiptCounter
from crowdfund.receipts.rules import number_text
from crowdfund.tenancy import museum_of

PURPOSE = "receipt"


def next_numbers(session: Session, issuer_id: int, series: str, year: int, count: int) -> range:
    """Take the next `count` numbers of a series. Locks the counter until the transaction ends, so call it last.

    A transaction that is rolled back gives its number back: that is why this is a row and not a sequence.
    """
    statement = (
        insert(ReceiptCounter)
        .values(institution_id=museum_of(session), issuer_id=issuer_id, series=series, year=year, last=count)
        .on_conflict_do_update(
            index_elements=["institution_id", "issuer_id", "series", "year"], set_={"last": ReceiptCounter.last + count}
        )
        .returning(ReceiptCounter.last)
    )
    last = session.execute(statement).scalar_one()
    return range(last - count + 1, last + 1)


def code_of(institution_id: int, number: str) -> str:
    """Derive the code that the QR carries from the receipt's number; the table keeps its digest only."""
    config: Config = current_app.extensions["config"]
    return links.token_for(config.secret_key, PURPOSE, institution_id, number)


def check_address(code: str, language: str | None = None) -> str:
    """Give the address of the public check that the QR opens, in a language (default: the page's)."""
    config: Config = current_app.extensions["config"]
    return f"{config.public_url}/{language or current_locale()}/receipts/{code}"


def printed_number(receipt: Receipt) -> str:
    """Write a receipt's number as it is printed."""
    return number_text(receipt.series, receipt.year, receipt.number)


def storage_key(receipt: Receipt) -> str:
    """Name the file of a receipt: one name for each number, for ever."""
    series = re.sub(r"[^a-z0-9]+", "-", receipt.series.lower()).strip("-") or "series"
    return f"receipts/{receipt.institution_id}/{series}/{series}-{receipt.year}-{receipt.number:06d}.pdf"
