"""Issue receipts, and keep them true to their gifts: cancel, replace, suspend, reinstate.

Every function locks the gift first, takes the number last, and writes to the audit trail after that; so two of them
never wait for each other. Call one of them for one gift in a transaction.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from crowdfund import audit, clock, links
from crowdfund.gifts.models import Refund
from crowdfund.outbox import publish
from crowdfund.receipts import numbering, statement
from crowdfund.receipts.eligibility import (
    Case,
    is_disputed,
    is_refund_open,
    judge,
    read_case,
    siblings_with_counterpart,
)
from crowdfund.receipts.holds import Verdict
from crowdfund.receipts.models import Receipt, ReceiptGift, ReceiptHold
from crowdfund.receipts.rules import TRANSITIONS, ReceiptState, number_text
from crowdfund.tenancy import museum_of

LIVE = frozenset({ReceiptState.ISSUED, ReceiptState.SUSPENDED})
# Reasons that together pass the yearly ceiling: what was issued before is looked at again.
REVIEWED = frozenset({"counterparts_of_year", "ceiling_unknown"})
# Why receipts are closed by what becomes of their gifts; other reasons are a person's.
FOLLOWED = frozenset({"refund_requested", "refunded", "partly_refunded", "refund_failed", "lost", "moved"})
WITHDRAWN = "withdrawn"
# A history entered afterwards is rendered at a walk, so that new gifts do not queue behind it.
AT_ONCE = timedelta(0)
PACE = timedelta(seconds=2)
LONGEST_HISTORY = 2000


def issue(session: Session, gift_id: int, *, again: bool = False) -> Receipt | None:
    """Issue the receipt of a gift, if the law gives one; else write down why not. Issuing twice is once.

    One that a person has cancelled stays so until a person wants it `again`, whatever becomes of the gift.

    Locks the gift, and the series' counter until the transaction ends.
    """
    case = read_case(session, gift_id)
    last = last_receipt(session, gift_id)
    if last is not None and last.state in LIVE:
        return last
    if not case.gift.wants_receipt or (not again and _is_withdrawn(session, gift_id)):
        return None
    moment = clock.now()
    verdict = judge(session, case, moment)
    if verdict.outcome != "yes":
        _hold(session, case, verdict, moment)
        return None
    return _write(session, case, verdict, moment, last)


def cancel(session: Session, gift_id: int, reason: str) -> Receipt | None:
    """Declare a gift's receipt void, in writing to the donor. Its number is never used again. None: there was none.

    `reason` is a word for what became of the gift (`FOLLOWED`), or a person's own note: then none is issued of itself.
    """
    case = read_case(session, gift_id)
    receipt = _cancel(session, gift_id, reason)
    if receipt is not None and reason not in FOLLOWED:
        _hold(session, case, Verdict("none", WITHDRAWN), clock.now())
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
    verdict = judge(session, case, moment)
    if verdict.outcome != "yes":
        _cancel(session, gift_id, reason)
        _hold(session, case, verdict, moment)
        return None
    _close(session, old, ReceiptState.REPLACED, reason)
    new = _write(session, case, verdict, moment, old)
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
    gift = read_case(session, gift_id).gift
    receipt = live_receipt(session, gift_id)
    if receipt is None:
        return issue(session, gift_id)
    if gift.kept.minor <= 0 or is_refund_open(session, gift):
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


def live_receipt(session: Session, gift_id: int) -> Receipt | None:
    """Find the receipt in force of a gift, suspended ones among them: the last one, if it was not closed."""
    last = last_receipt(session, gift_id)
    return last if last is not None and last.state in LIVE else None


def last_receipt(session: Session, gift_id: int) -> Receipt | None:
    """Find the newest receipt of a gift, in force or not."""
    # By the gift's own lines: walking the receipts backwards takes longer with each one issued.
    newest = select(func.max(ReceiptGift.receipt_id)).where(ReceiptGift.gift_id == gift_id).scalar_subquery()
    statement = select(Receipt).where(Receipt.id == newest)
    return session.scalars(statement.execution_options(populate_existing=True)).one_or_none()


def hold_of(session: Session, gift_id: int) -> ReceiptHold | None:
    """Find why a gift has no receipt, while that lasts."""
    return session.scalars(select(ReceiptHold).filter_by(gift_id=gift_id, released_at=None)).one_or_none()


def _is_withdrawn(session: Session, gift_id: int) -> bool:
    hold = hold_of(session, gift_id)
    return hold is not None and hold.reason == WITHDRAWN


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


def _write(session: Session, case: Case, verdict: Verdict, moment: datetime, before: Receipt | None) -> Receipt:
    """Number and write a receipt whose gift is locked and whose verdict is yes."""
    draft = statement.draft(session, case, verdict, moment, before)
    _release(session, case.gift.id, moment)
    session.flush()  # nothing waits to be written while the counter is locked
    number = numbering.next_number(session, case.issuer.id, draft.series, draft.year)
    printed = number_text(draft.series, draft.year, number)
    code = numbering.code_of(case.gift.institution_id, printed)
    receipt = Receipt(
        issuer_id=case.issuer.id, series=draft.series, year=draft.year, number=number, state=ReceiptState.ISSUED,
        donor_kind=draft.donor.kind, form=draft.form, amount_minor=draft.gift.amount_minor,
        currency=draft.gift.currency, gift_date=draft.gift.date, issued_at=moment, locale=draft.locale,
        snapshot=statement.numbered(draft, printed, code).to_json(), code_hash=links.digest(code),
        replaces_id=before.id if before else None,
    )  # fmt: skip
    session.add(receipt)
    session.flush()  # for its id
    session.add(ReceiptGift(receipt_id=receipt.id, gift_id=case.gift.id, amount_minor=receipt.amount_minor, live=True))
    delay = AT_ONCE if not case.gift.imported else PACE * (number % LONGEST_HISTORY)
    publish(session, "receipt.issued", key=str(receipt.id), delay=delay, receipt_id=receipt.id)
    audit.record(session, "receipt.issued", printed, amount_minor=receipt.amount_minor, currency=receipt.currency)
    return receipt


def _close(session: Session, receipt: Receipt, state: ReceiptState, reason: str) -> None:
    if state not in TRANSITIONS[ReceiptState(receipt.state)]:
        raise RuntimeError(f"a receipt that is {receipt.state} cannot become {state}")
    receipt.state, receipt.closed_at, receipt.close_reason = state, clock.now(), reason
    for line in session.scalars(select(ReceiptGift).filter_by(receipt_id=receipt.id, live=True)):
        line.live = False
    session.flush()  # a new live line may follow at once


def _hold(session: Session, case: Case, verdict: Verdict, moment: datetime) -> None:
    """Write down why there is no receipt; nothing changes when it was known."""
    gift_id = case.gift.id
    row = session.scalars(select(ReceiptHold).filter_by(gift_id=gift_id)).one_or_none()
    if row is None:
        row = ReceiptHold(gift_id=gift_id, outcome="", reason="", held_at=moment)
        session.add(row)
    if (row.outcome, row.reason, row.released_at) == (verdict.outcome, verdict.reason, None):
        return
    row.outcome, row.reason, row.held_at, row.released_at = verdict.outcome, verdict.reason, moment, None
    publish(session, "receipt.held", key=f"{gift_id}:{moment.isoformat()}", gift_id=gift_id, reason=verdict.reason)
    if verdict.reason in REVIEWED:
        for receipt_id in siblings_with_counterpart(session, case):
            publish(
                session,
                "receipt.to_review",
                key=f"{receipt_id}:{gift_id}:{moment.isoformat()}",
                receipt_id=receipt_id,
                gift_id=gift_id,
            )


def _release(session: Session, gift_id: int, moment: datetime) -> None:
    held = update(ReceiptHold).where(ReceiptHold.gift_id == gift_id, ReceiptHold.released_at.is_(None))
    session.execute(held.values(released_at=moment))
