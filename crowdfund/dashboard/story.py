"""One gift's whole story, from the promise to the last proof, gathered from every feature it went through."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from crowdfund.audit import AuditEntry
from crowdfund.campaigns.models import Campaign
from crowdfund.dashboard import moments
from crowdfund.dashboard.booked import account_names, with_lines
from crowdfund.dashboard.moments import Lines
from crowdfund.dashboard.queries import donor_name, find_row
from crowdfund.dashboard.returned import read_returns
from crowdfund.dashboard.trail import trail_of
from crowdfund.donors.models import Donor
from crowdfund.errors import NotFound
from crowdfund.gifts.models import Dispute, Gift, Refund
from crowdfund.gifts.view import GiftStory, StoryEvent
from crowdfund.i18n import NAMES, country_name, current_locale
from crowdfund.institutions.current import Membership
from crowdfund.ledger.models import LedgerTransaction
from crowdfund.mail import SentMail
from crowdfund.money import Money
from crowdfund.outbox import OutboxRow
from crowdfund.payments.models import Checkout, ProviderCall, ProviderEvent
from crowdfund.pledges.models import Pledge, WallEntry
from crowdfund.receipts.holds import DONOR_CAN_COMPLETE
from crowdfund.receipts.models import Receipt, ReceiptGift, ReceiptHold
from crowdfund.receipts.rules import number_text

GIFT_MAILS = ("thanks", "reward_unavailable")
REFUND_MAILS = ("refunded",)
T = TypeVar("T")
RECEIPT_MAILS = ("receipt", "receipt_cancelled", "receipt_replaced")


@dataclass(frozen=True, slots=True)
class _Parts:
    """The rows a story is told from."""

    gift: Gift
    pledge: Pledge | None
    donor: Donor | None
    checkouts: list[Checkout]
    refunds: list[Refund]
    disputes: list[Dispute]
    receipts: list[Receipt]
    hold: ReceiptHold | None


def tell(session: Session, museum: Membership, gift_id: int) -> GiftStory:
    """Tell one gift's story, oldest moment first. Raises NotFound when the museum has no such gift."""
    row = find_row(session, museum, gift_id)
    if row is None:
        raise NotFound
    parts = _parts(session, gift_id)
    events = sorted(_moments(session, museum, parts), key=lambda event: event.at)  # stable: causes stand before effects
    campaign = session.scalars(select(Campaign).where(Campaign.id == parts.gift.campaign_id)).one()
    receipt = parts.receipts[-1] if parts.receipts else None
    gift, donor = parts.gift, parts.donor
    donor_url = f"/staff/{museum.slug}/donors/{donor.id}" if donor and donor.erased_at is None else ""
    fee = None if gift.fee_minor is None else Money(gift.fee_minor, gift.currency)
    return GiftStory(
        row=row,
        timezone=museum.time_zone,
        events=tuple(events),
        campaign_url=f"/{current_locale()}/{museum.slug}/{campaign.slug}/",
        donor_language=NAMES.get(donor.locale, donor.locale) if donor else "",
        wall=_wall(session, parts.pledge),
        message=(parts.pledge and parts.pledge.message) or "",
        address=_address(donor),
        provider_ref=gift.payment or gift.charge or "",
        receipt_number=_number(receipt) if receipt else "",
        receipt_url=f"/staff/{museum.slug}/gifts/{gift.id}/receipt.pdf" if receipt and receipt.storage_key else "",
        receipt_reason=_reason(parts),
        fee=fee,
        net=gift.kept - fee if fee is not None else None,
        donor_url=donor_url,
        complete_url=_complete_url(parts, donor_url),
    )


def _parts(session: Session, gift_id: int) -> _Parts:
    gift = session.scalars(select(Gift).where(Gift.id == gift_id)).one()
    pledge = session.scalars(select(Pledge).where(Pledge.id == gift.pledge_id)).one_or_none()
    return _Parts(
        gift=gift,
        pledge=pledge,
        donor=session.scalars(select(Donor).where(Donor.id == gift.donor_id)).one_or_none(),
        checkouts=_all(session, Checkout, Checkout.pledge_id == gift.pledge_id, Checkout.number),
        refunds=_all(session, Refund, Refund.gift_id == gift_id, Refund.id),
        disputes=_all(session, Dispute, Dispute.gift_id == gift_id, Dispute.id),
        receipts=list(
            session.scalars(
                select(Receipt)
                .join(ReceiptGift, ReceiptGift.receipt_id == Receipt.id)
                .where(ReceiptGift.gift_id == gift_id)
                .order_by(Receipt.id)
            )
        ),
        hold=session.scalars(select(ReceiptHold).where(ReceiptHold.gift_id == gift_id)).one_or_none(),
    )


def _all(session: Session, model: type[T], condition: ColumnElement[bool], order: Any) -> list[T]:
    return list(session.scalars(select(model).where(condition).order_by(order)))


def _moments(session: Session, museum: Membership, parts: _Parts) -> Iterator[StoryEvent]:
    """Give every moment, causes before their effects where both have the same time."""
    yield from moments.of_pledge(parts.pledge, parts.donor)
    yield from moments.of_checkouts(parts.checkouts)
    yield from moments.of_calls(_calls(session, parts))
    yield from moments.of_notifications(_notifications(session, parts))
    yield from moments.of_gift(parts.gift)
    yield from read_returns(session, parts.refunds, parts.gift.id, donor_name(parts.donor))
    yield from moments.of_disputes(parts.disputes)
    yield from moments.of_books(_books(session, museum, parts))
    yield from moments.of_hold(parts.hold)
    yield from moments.of_receipts(parts.receipts)
    yield from moments.of_mails(_mails(session, parts))
    yield from moments.of_trail(_trail(session, parts))
    yield from moments.of_stuck_facts(_stuck(session, parts))


def _calls(session: Session, parts: _Parts) -> list[ProviderCall]:
    subjects = _names("checkout", parts.checkouts) + _names("refund", parts.refunds)
    return _all(session, ProviderCall, ProviderCall.subject.in_(subjects), ProviderCall.id)


def _notifications(session: Session, parts: _Parts) -> list[ProviderEvent]:
    objects = {parts.gift.charge, parts.gift.payment, parts.gift.balance_transaction}
    objects |= {one.session for one in parts.checkouts}
    objects |= {one.provider_refund for one in parts.refunds} | {one.provider_dispute for one in parts.disputes}
    return _all(session, ProviderEvent, ProviderEvent.object_id.in_(sorted(filter(None, objects))), ProviderEvent.id)


def _books(session: Session, museum: Membership, parts: _Parts) -> list[tuple[LedgerTransaction, Lines]]:
    references = [f"gift:{parts.gift.id}", f"fee:{parts.gift.balance_transaction}"]
    references += [f"refund:{one.id}" for one in parts.refunds] + [f"refund:{one.id}:reversed" for one in parts.refunds]
    references += [f"move:{one.id}" for one in parts.refunds]
    references += [f"dispute:{one.id}:{step}" for one in parts.disputes for step in ("opened", "won", "lost")]
    transactions = _all(session, LedgerTransaction, LedgerTransaction.reference.in_(references), LedgerTransaction.id)
    return with_lines(session, transactions, account_names(session, museum))


def _mails(session: Session, parts: _Parts) -> list[SentMail]:
    keys = [f"{kind}:{parts.gift.id}" for kind in GIFT_MAILS]
    keys += [f"{kind}:{one.id}" for kind in REFUND_MAILS for one in parts.refunds]
    keys += [f"{kind}:{one.id}" for kind in RECEIPT_MAILS for one in parts.receipts]
    if parts.pledge is not None:
        keys.append(f"not_finished:{parts.pledge.id}")
    both = SentMail.key.op("~")(f"^two_gifts:({parts.gift.id}-[0-9]+|[0-9]+-{parts.gift.id})$")
    return _all(session, SentMail, or_(SentMail.key.in_(keys), and_(SentMail.kind == "two_gifts", both)), SentMail.id)


def _trail(session: Session, parts: _Parts) -> list[tuple[AuditEntry, str]]:
    """Read the audit trail of the gift and all that belongs to it, with the names of the people who acted."""
    subjects = [f"gift:{parts.gift.id}", *_names("refund", parts.refunds), *_names("dispute", parts.disputes)]
    subjects += [_number(one) for one in parts.receipts]
    if parts.pledge is not None:
        subjects.append(f"pledge:{parts.pledge.id}")
    return trail_of(session, subjects)


def _stuck(session: Session, parts: _Parts) -> list[OutboxRow]:
    """Find facts of this gift whose listener fails."""
    payload = OutboxRow.payload
    about: list[ColumnElement[bool]] = [payload.contains({"gift_id": parts.gift.id})]
    about += [payload.contains({"refund_id": one.id}) for one in parts.refunds]
    about += [payload.contains({"receipt_id": one.id}) for one in parts.receipts]
    return list(
        session.scalars(
            select(OutboxRow)
            .where(OutboxRow.delivered_at.is_(None), OutboxRow.error_class.is_not(None), or_(*about))
            .order_by(OutboxRow.id)
        )
    )


def _names(kind: str, rows: Iterable[Any]) -> list[str]:
    return [f"{kind}:{row.id}" for row in rows]


def _number(receipt: Receipt) -> str:
    return number_text(receipt.series, receipt.year, receipt.number)


def _reason(parts: _Parts) -> str:
    if parts.hold is None or parts.hold.released_at is not None:
        return ""
    return moments.what_the_donor_reads(parts.hold)


def _complete_url(parts: _Parts, donor_url: str) -> str:
    """Give where the desk writes what the receipt waits for, when the donor could do it, too."""
    waits = parts.hold is not None and parts.hold.released_at is None and parts.hold.reason in DONOR_CAN_COMPLETE
    return f"{donor_url}#address" if waits and donor_url else ""


def _wall(session: Session, pledge: Pledge | None) -> str:
    if pledge is None:
        return ""
    return session.scalar(select(WallEntry.display_name).where(WallEntry.pledge_id == pledge.id)) or ""


def _address(donor: Donor | None) -> tuple[str, ...]:
    if donor is None:
        return ()
    town = " ".join(part for part in (donor.postcode, donor.city) if part)
    country = country_name(donor.country) if donor.country else ""
    return tuple(line for line in (donor.address_line, town, country) if line)
