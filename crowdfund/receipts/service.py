"""Issue receipts, and keep them true to their gifts: cancel, replace, suspend, reinstate.

Every function locks the gift first, takes the number last, and writes to the audit trail after that; so two of them
never wait for each other. Call one of them for one gift in a transaction.
"""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crowdfund import audit, clock
from crowdfund.gifts.models import Refund
from crowdfund.outbox import publish
from crowdfund.receipts import issuing, numbering
from crowdfund.receipts.eligibility import is_disputed, judge, read_case
from crowdfund.receipts.holds import Verdict
from crowdfund.receipts.issuing import WITHDRAWN, Judged, hold_of, issue, issue_all, last_receipt, live_receipt
from crowdfund.receipts.models import Receipt, ReceiptGift, ReceiptHold
from crowdfund.receipts.rules import TRANSITIONS, ReceiptState
from crowdfund.tenancy import museum_of

__all__ = [
    "align", "cancel", "follow", "held_gifts", "hold_of", "issue", "issue_all", "last_receipt", "live_receipt", "mark_rendered",
    "reinstate", "replace", "suspend",
]  # fmt: skip

# Why receipts are closed by what becomes of their gifts; other reasons are a person's.
FOLLOWED = frozenset(
    {"refund_requested", "returned", "correction", "refunded", "partly_refunded", "refund_failed", "lost", "moved"}
)


def cancel(session: Session, gift_id: int, reason: str) -> Receipt | None:
    """Declare a gift's receipt void, in writing to the donor. Its number is never used again. None: there was none.

    `reason` is a word for what became of the gift (`FOLLOWED`), or a person's own note: then none is issued of itself.
    """
    case = read_case(session, gift_id)
    receipt = _cancel(session, gift_id, reason)
    if receipt is not None and reason not in FOLLOWED:
        issuing.hold(session, [Judged(case, Verdict("none", WITHDRAWN), clock.now())])
    return receipt


def _cancel(session: Session, gift_id: int, reason: str) -> Receipt | None:
    receipt = live_receipt(session, gift_id)
    if receipt is None:
        return None
    _close(session, receipt, ReceiptState.CANCELLED, reason)
    publish(session, "receipt.cancelled", key=str(receipt.id), receipt_id=receipt.id)
    audit.record(session, "receipt.cancelled", numbering.printed_number(receipt), reason=reason)
    return receipt


def replace(session: Session, gift_id: int, reason: str) -> Receipt | None:
    """Replace a gift's receipt by a new one, under a new number, for what is kept now and whom the donor is now.

    When no receipt is due any more the old one is cancelled; when there was none, the first one is issued.
    """
    case = read_case(session, gift_id)
    old = live_receipt(session, gift_id)
    if old is None:
        return issue(session, gift_id, again=True)
    moment = clock.now()
    judged = Judged(case, judge(session, case, moment), moment, old)
    if judged.verdict.outcome != "yes":
        _cancel(session, gift_id, reason)
        issuing.hold(session, [judged])
        return None
    _close(session, old, ReceiptState.REPLACED, reason)
    [new] = issuing.write(session, [judged])
    publish(session, "receipt.replaced", key=str(old.id), receipt_id=old.id)
    audit.record(session, "receipt.replaced", numbering.printed_number(old), reason=reason)
    return new


def suspend(session: Session, gift_id: int) -> Receipt | None:
    """Freeze a gift's receipt while its payment is disputed: no copy leaves, the public check says so."""
    read_case(session, gift_id)
    receipt = live_receipt(session, gift_id)
    if receipt is not None and receipt.state == ReceiptState.ISSUED:
        receipt.state = ReceiptState.SUSPENDED
        publish(session, "receipt.suspended", key=f"{receipt.id}:{clock.now().isoformat()}", receipt_id=receipt.id)
        audit.record(session, "receipt.suspended", numbering.printed_number(receipt))
    return receipt


def reinstate(session: Session, gift_id: int) -> Receipt | None:
    """Put a suspended receipt in force again: the dispute was won."""
    read_case(session, gift_id)
    receipt = live_receipt(session, gift_id)
    if receipt is not None and receipt.state == ReceiptState.SUSPENDED:
        receipt.state = ReceiptState.ISSUED
        publish(session, "receipt.reinstated", key=f"{receipt.id}:{clock.now().isoformat()}", receipt_id=receipt.id)
        audit.record(session, "receipt.reinstated", numbering.printed_number(receipt))
    return receipt


def align(session: Session, gift_id: int, reason: str) -> Receipt | None:
    """Bring a gift's receipt in line with the gift as it stands now, in whatever order the news came.

    Nothing kept: cancelled. A refund on its way: cancelled, the rest follows. Disputed: suspended. Another amount kept:
    replaced. None yet: issued, if one is due.
    """
    case = read_case(session, gift_id)
    gift = case.gift
    receipt = live_receipt(session, gift_id)
    if receipt is None:
        return issue(session, gift_id)
    if gift.kept.minor <= 0 or case.refund_open:
        cancel(session, gift_id, reason)
        return None
    if is_disputed(gift):
        return suspend(session, gift_id)
    if receipt.amount_minor != gift.kept.minor:
        return replace(session, gift_id, reason)
    return reinstate(session, gift_id)


def follow(session: Session, gift_id: int) -> Receipt | None:
    """Bring a gift's receipt in line, for the reason that the gift itself tells."""
    gift = read_case(session, gift_id).gift
    moved = session.scalar(select(Refund.id).where(Refund.gift_id == gift_id, Refund.kind == "move").limit(1))
    if gift.lost_minor:
        return align(session, gift_id, "lost")
    if moved is not None:
        return align(session, gift_id, "moved")
    return align(session, gift_id, "refunded" if gift.kept.minor <= 0 else "partly_refunded")


def held_gifts(session: Session, limit: int) -> list[int]:
    """List gifts that wait for a receipt and may have what was missing by now, in any order: each has its turn."""
    held = select(ReceiptHold.gift_id).where(
        ReceiptHold.outcome == "hold", ReceiptHold.released_at.is_(None), ReceiptHold.reason != "yearly"
    )
    return list(session.scalars(held.order_by(func.random()).limit(limit)))


def mark_rendered(session: Session, receipt_id: int, sha256: str, storage_key: str) -> None:
    """Write down the hash of the bytes that are kept. Done once; the same again changes nothing."""
    receipt = session.get(Receipt, (museum_of(session), receipt_id), with_for_update=True, populate_existing=True)
    if receipt is None:
        raise LookupError(f"no receipt {receipt_id}")
    if receipt.sha256 is None:
        receipt.sha256, receipt.storage_key, receipt.rendered_at = sha256, storage_key, clock.now()
        audit.record(session, "receipt.rendered", numbering.printed_number(receipt), sha256=sha256)
    elif receipt.sha256 != sha256:
        raise RuntimeError(f"receipt {receipt_id} was rendered before, with other bytes")


def _close(session: Session, receipt: Receipt, state: ReceiptState, reason: str) -> None:
    if state not in TRANSITIONS[ReceiptState(receipt.state)]:
        raise RuntimeError(f"a receipt that is {receipt.state} cannot become {state}")
    receipt.state, receipt.closed_at, receipt.close_reason = state, clock.now(), reason
    for line in session.scalars(select(ReceiptGift).filter_by(receipt_id=receipt.id, live=True)):
        line.live = False
    session.flush()  # a new live line may follow at once
