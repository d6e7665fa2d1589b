"""Write to the donor about a receipt: here it is, a new one counts in its place, it no longer counts."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from crowdfund.gifts import mails as gift_mails
from crowdfund.gifts.models import Gift
from crowdfund.i18n import use_locale
from crowdfund.mail import Attachment, Mail, SentMail
from crowdfund.money import Money
from crowdfund.receipts.holds import closed_text
from crowdfund.receipts.models import Receipt, ReceiptGift
from crowdfund.receipts.numbering import printed_number
from crowdfund.receipts.rules import ReceiptState
from crowdfund.tenancy import museum_of


def key_of(session: Session, receipt_id: int) -> str:
    """Name the mail that brings a receipt: `receipt`, or `receipt_replaced` when another one counted before."""
    receipt = session.get_one(Receipt, (museum_of(session), receipt_id))
    return f"{_kind(session, receipt)}:{receipt.id}"


def receipt_mail(session: Session, receipt_id: int) -> Mail | None:
    """Compose the mail that brings a receipt. None when it is not in force, or its donor is not written to.

    Holds the receipt as it is until the transaction ends: whoever cancels it then knows that this mail has left.
    """
    receipt = _held(session, receipt_id)
    if receipt.state != ReceiptState.ISSUED or receipt.storage_key is None:
        return None
    attached = Attachment(receipt.storage_key, f"{printed_number(receipt).lower()}.pdf")
    return _compose(session, receipt, _kind(session, receipt), attachments=(attached,))


def cancelled_mail(session: Session, receipt_id: int) -> Mail | None:
    """Compose the notice that a receipt is void. None when the donor never got it."""
    receipt = _held(session, receipt_id)
    keys = (f"receipt:{receipt.id}", f"receipt_replaced:{receipt.id}")
    known = session.scalar(select(SentMail.id).where(SentMail.key.in_(keys)).limit(1))
    return _compose(session, receipt, "receipt_cancelled") if known is not None else None


def _kind(session: Session, receipt: Receipt) -> str:
    old = _replaced(session, receipt)
    return "receipt_replaced" if old is not None and old.state == ReceiptState.REPLACED else "receipt"


def _replaced(session: Session, receipt: Receipt) -> Receipt | None:
    return session.get(Receipt, (receipt.institution_id, receipt.replaces_id)) if receipt.replaces_id else None


def _held(session: Session, receipt_id: int) -> Receipt:
    return session.get_one(
        Receipt, (museum_of(session), receipt_id), with_for_update={"read": True}, populate_existing=True
    )


def _compose(session: Session, receipt: Receipt, kind: str, attachments: tuple[Attachment, ...] = ()) -> Mail | None:
    gift = session.scalars(
        select(Gift).join(ReceiptGift, ReceiptGift.gift_id == Gift.id).where(ReceiptGift.receipt_id == receipt.id)
    ).first()
    if gift is None or gift.imported:
        return None
    whole = gift_mails.around(session, gift.campaign_id, gift.donor_id, gift.pledge_id)
    if whole is None:
        return None
    old = _replaced(session, receipt)
    reason = (receipt if kind == "receipt_cancelled" else old or receipt).close_reason
    with use_locale(whole.locale):
        why = closed_text(reason)
    told = replace(
        gift_mails.content(kind, whole, Money(receipt.amount_minor, receipt.currency)),
        given_at=gift.received_at,
        receipt="attached" if attachments else "none",
        receipt_number=printed_number(receipt),
        receipt_reason=why,
        old_number=printed_number(old) if old else "",
    )
    return replace(gift_mails.written(told, whole), attachments=attachments)
