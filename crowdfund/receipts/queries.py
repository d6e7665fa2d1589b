"""Read receipts for the public check and for their donors."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from crowdfund import links
from crowdfund.gifts.models import Gift
from crowdfund.institutions.models import Issuer
from crowdfund.money import Money
from crowdfund.receipts import service
from crowdfund.receipts.models import Receipt
from crowdfund.receipts.numbering import printed_number
from crowdfund.receipts.rules import ReceiptState
from crowdfund.receipts.view import ReceiptCheck

SHOWN_STATE = {
    ReceiptState.ISSUED: "valid", ReceiptState.SUSPENDED: "suspended", ReceiptState.REPLACED: "replaced",
    ReceiptState.CANCELLED: "cancelled",
}  # fmt: skip


def check_of(session: Session, code: str) -> ReceiptCheck | None:
    """Find what the public may know of the receipt with this code; None when there is none."""
    receipt = session.scalars(select(Receipt).where(Receipt.code_hash == links.digest(code))).one_or_none()
    if receipt is None:
        return None
    issuer = session.get_one(Issuer, (receipt.institution_id, receipt.issuer_id))
    successor = session.scalars(select(Receipt).where(Receipt.replaces_id == receipt.id).limit(1)).one_or_none()
    return ReceiptCheck(
        state=SHOWN_STATE[ReceiptState(receipt.state)],  # type: ignore[arg-type] # the table's values are the literals
        issuer=str(receipt.snapshot["issuer"]["legal_name"]),
        number=printed_number(receipt),
        year=receipt.gift_date.year,
        amount=Money(receipt.amount_minor, receipt.currency),
        issued_on=receipt.issued_at.astimezone(ZoneInfo(issuer.time_zone)).date(),
        gift_on=receipt.gift_date,
        replaced_by=printed_number(successor) if successor is not None else "",
        sha256=receipt.sha256 or "",
    )


def receipt_of_pledge(session: Session, pledge_id: int) -> tuple[Gift | None, Receipt | None]:
    """Find a pledge's gift (the newest, when it was moved) and its receipt in force, else the last one."""
    gift = session.scalars(select(Gift).where(Gift.pledge_id == pledge_id).order_by(Gift.id.desc()).limit(1)).first()
    if gift is None:
        return None, None
    return gift, service.live_receipt(session, gift.id) or service.last_receipt(session, gift.id)
