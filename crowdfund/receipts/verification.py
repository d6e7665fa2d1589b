"""Tell whether a file is a receipt that was issued here, byte for byte."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from crowdfund.institutions.models import Institution, Issuer
from crowdfund.money import Money
from crowdfund.receipts.models import Receipt
from crowdfund.receipts.numbering import printed_number
from crowdfund.receipts.rendering import embedded_record, is_sealed
from crowdfund.receipts.rules import ReceiptState
from crowdfund.tenancy import OperatorScope, PlatformScope, transaction

REASON = "receipts verify"


@dataclass(frozen=True, slots=True)
class Verification:
    """What a file is. `valid`: these are the very bytes that were issued, and the seal on them holds.

    `state` is the receipt's; for a file that is not valid: "altered" (it names a receipt of ours but is not it),
    "unsealed" (the seal is missing or broken), "unknown".
    """

    valid: bool
    state: ReceiptState | Literal["altered", "unsealed", "unknown"]
    sha256: str
    number: str = ""
    issuer: str = ""
    year: int = 0
    amount: Money | None = None

    @property
    def in_force(self) -> bool:
        """Say whether the receipt may be used."""
        return self.valid and self.state == ReceiptState.ISSUED


def verify_pdf(app: Flask, content: bytes) -> Verification:
    """Compare a file with every receipt of the platform: the hash of the whole file, then the seal."""
    sha256 = hashlib.sha256(content).hexdigest()
    with app.app_context():
        museums = _museums()
        for museum in museums:
            with transaction(OperatorScope(museum, REASON)) as session:
                receipt = session.scalars(select(Receipt).where(Receipt.sha256 == sha256)).one_or_none()
                if receipt is not None:
                    return _known(session, receipt, sha256)
        number = str((embedded_record(content) or {}).get("number", ""))
        altered = bool(number) and any(_is_number(museum, number) for museum in museums)
    if altered:
        return Verification(valid=False, state="altered", sha256=sha256, number=number)
    return Verification(valid=False, state="unknown", sha256=sha256)


def find_receipt(app: Flask, receipt_id: int) -> Receipt | None:
    """Find a receipt by its id in any museum, for the operator's commands."""
    with app.app_context():
        for museum in _museums():
            with transaction(OperatorScope(museum, REASON)) as session:
                receipt = session.scalars(select(Receipt).where(Receipt.id == receipt_id)).one_or_none()
                if receipt is not None:
                    session.expunge(receipt)
                    return receipt
    return None


def _known(session: Session, receipt: Receipt, sha256: str) -> Verification:
    sealed = is_sealed(receipt)
    issuer = session.get_one(Issuer, (receipt.institution_id, receipt.issuer_id))
    return Verification(
        valid=sealed,
        state=ReceiptState(receipt.state) if sealed else "unsealed",
        sha256=sha256,
        number=printed_number(receipt),
        issuer=issuer.legal_name,
        year=receipt.year,
        amount=Money(receipt.amount_minor, receipt.currency),
    )


def _is_number(museum: int, number: str) -> bool:
    with transaction(OperatorScope(museum, REASON)) as session:
        found = select(Receipt.id).where(Receipt.snapshot["number"].astext == number).limit(1)
        return session.scalar(found) is not None


def _museums() -> list[int]:
    with transaction(PlatformScope()) as session:
        return list(session.scalars(select(Institution.id).order_by(Institution.id)))
