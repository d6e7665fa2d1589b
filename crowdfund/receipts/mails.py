"""Write to the donor about a receipt: here it is, a new one counts in its place, it no longer counts."""

from __future__ import annotations

from flask import current_app, render_template
from sqlalchemy import select
from sqlalchemy.orm import Session

from config import Config
from crowdfund.campaigns.models import Campaign
from crowdfund.donors.models import Donor
from crowdfund.gifts.models import Gift
from crowdfund.gifts.view import GiftMail
from crowdfund.i18n import N_, gettext, use_locale
from crowdfund.institutions.models import Institution, Issuer
from crowdfund.mail import Attachment, Mail, SentMail
from crowdfund.money import Money
from crowdfund.pledges import service as pledges
from crowdfund.pledges.models import Pledge
from crowdfund.receipts.models import Receipt, ReceiptGift
from crowdfund.receipts.numbering import printed_number
from crowdfund.receipts.rules import ReceiptState
from crowdfund.receipts.statement import in_language
from crowdfund.tenancy import museum_of

# Why a receipt was closed (Receipt.close_reason) → what the donor reads; other reasons are the museum's own notes.
CLOSED_BECAUSE = {
    "refund_requested": N_("You are given money back. If the museum keeps a part of your gift, a new receipt follows."),
    "refunded": N_("Your gift was given back to you."),
    "partly_refunded": N_("A part of your gift was given back to you."),
    "refund_failed": N_("The money could not be given back to you: your gift stands again in full."),
    "lost": N_("Your bank has taken the payment back."),
    "corrected": N_("Your details were corrected."),
}


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
    museum = museum_of(session)
    gift = session.scalars(
        select(Gift).join(ReceiptGift, ReceiptGift.gift_id == Gift.id).where(ReceiptGift.receipt_id == receipt.id)
    ).first()
    if gift is None or gift.imported or gift.donor_id is None:
        return None
    donor = session.get_one(Donor, (museum, gift.donor_id))
    if not donor.email or donor.erased_at is not None:
        return None
    institution = session.get_one(Institution, museum)
    with use_locale(donor.locale):
        told = _told(session, receipt, kind, gift, donor, institution)
        return Mail(
            kind=kind,
            to=donor.email,
            to_name=donor.company_name or f"{donor.first_name or ''} {donor.last_name or ''}".strip(),
            from_name=institution.name,
            subject=render_template("mail/subject.txt", mail=told).strip(),
            text=render_template(f"mail/{kind}.txt", mail=told),
            html=render_template(f"mail/{kind}.html", mail=told),
            locale=donor.locale,
            reply_to=institution.contact_email,
            attachments=attachments,
        )


def _told(
    session: Session, receipt: Receipt, kind: str, gift: Gift, donor: Donor, institution: Institution
) -> GiftMail:
    config: Config = current_app.extensions["config"]
    campaign = session.get_one(Campaign, (institution.id, gift.campaign_id))
    issuer = session.get_one(Issuer, (institution.id, receipt.issuer_id))
    pledge = session.get(Pledge, (institution.id, gift.pledge_id)) if gift.pledge_id else None
    site = f"{config.public_url}/{donor.locale}"
    campaign_url = f"{site}/{institution.slug}/{campaign.slug}/"
    old = _replaced(session, receipt)
    reason = (receipt if kind == "receipt_cancelled" else old or receipt).close_reason or ""
    return GiftMail(
        kind=kind,
        museum_name=institution.name,
        museum_address=f"{issuer.address_line}, {issuer.postcode} {issuer.city}",
        campaign_title=in_language(campaign.title, donor.locale, institution.default_locale),
        campaign_url=campaign_url,
        gift_url=f"{site}/gifts/{pledges.gift_token(pledge)}" if pledge else campaign_url,
        first_name=donor.first_name or "",
        amount=Money(receipt.amount_minor, receipt.currency),
        given_at=gift.received_at,
        timezone=institution.time_zone,
        receipt="attached" if kind != "receipt_cancelled" else "none",
        receipt_number=printed_number(receipt),
        receipt_reason=gettext(CLOSED_BECAUSE[reason]) if reason in CLOSED_BECAUSE else "",
        old_number=printed_number(old) if old else "",
    )
