"""Pay cheques in: enter them, count them against the paper strip, number the slip, and, by a second person, let them be gifts."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from crowdfund import audit, clock
from crowdfund.desk.entering import batch_of, cheque_of, take_out
from crowdfund.desk.lines import awaited, noon
from crowdfund.desk.models import Batch, Cheque
from crowdfund.desk.rules import (
    BATCH_TRANSITIONS,
    CHEQUE_TRANSITIONS,
    MOVED_ON,
    BatchState,
    ChequeState,
    check_move,
    check_two,
)
from crowdfund.errors import Conflict, NotFound, Refusal
from crowdfund.gifts import service as gifts
from crowdfund.gifts.models import Gift
from crowdfund.gifts.reports import MoneyReceived
from crowdfund.gifts.rules import Method
from crowdfund.i18n import N_
from crowdfund.institutions.models import Issuer
from crowdfund.money import Money
from crowdfund.tenancy import museum_of, scope_of

EMPTY = N_("This batch holds no cheque yet.")
OTHER_COUNT = N_(
    "You counted %(typed)s cheques, but %(there)s are entered. Look for the one that is missing or doubled."
)
OTHER_SUM = N_("Your strip says %(typed)s, but what is entered makes %(there)s.")


def cheques_of(session: Session, batch_id: int) -> Sequence[Cheque]:
    """List a batch's cheques, in the order in which they were entered."""
    return session.scalars(select(Cheque).where(Cheque.batch_id == batch_id).order_by(Cheque.id)).all()


def open_batch(session: Session, issuer_id: int, attempt: UUID) -> Batch:
    """Begin a batch. The same attempt again, or at the same moment, is the first batch.

    Raises NotFound for no issuer of the museum's, Conflict where the database has another under its number.
    """
    issuer = session.scalars(select(Issuer).where(Issuer.id == issuer_id).with_for_update()).one_or_none()
    if issuer is None:
        raise NotFound
    begun = (
        insert(Batch)
        .values(
            institution_id=museum_of(session), attempt=attempt, issuer_id=issuer_id, currency=issuer.currency,
            state=BatchState.RECORDED, opened_by=scope_of(session).actor, created_at=clock.now(),
        )
        .on_conflict_do_nothing()
        .returning(Batch.id)
    )  # fmt: skip
    new = session.scalar(begun)
    batch = session.scalars(select(Batch).where(Batch.attempt == attempt)).one_or_none()
    if batch is None:  # its number was taken, and not by this form
        raise Conflict(MOVED_ON)
    if new is not None:
        audit.record(session, "batch.opened", f"batch:{batch.id}")
    return batch


def count_batch(session: Session, batch_id: int, number: int, total: Money) -> Batch:
    """Compare a batch with what was counted by hand, and number its deposit slip. Raises Conflict; Refusal if they differ."""
    batch = batch_of(session, batch_id, lock=True)
    if batch.state == BatchState.COUNTED:
        return batch
    check_move(batch.state, BatchState.COUNTED, BATCH_TRANSITIONS)
    cheques = cheques_of(session, batch.id)
    there = Money(sum(one.amount_minor for one in cheques), batch.currency)
    if not cheques:
        raise Refusal(EMPTY, field="control_count")
    if number != len(cheques):
        raise Refusal(OTHER_COUNT, field="control_count", params={"typed": number, "there": len(cheques)})
    if total != there:
        raise Refusal(OTHER_SUM, field="control_total", params={"typed": total, "there": there})
    if batch.number is None:
        session.scalars(select(Issuer.id).where(Issuer.id == batch.issuer_id).with_for_update()).one()  # one at a time
        last = session.scalar(select(func.max(Batch.number)).where(Batch.issuer_id == batch.issuer_id)) or 0
        batch.number = last + 1
    batch.state, batch.recorded_by, batch.counted_at = BatchState.COUNTED, scope_of(session).actor, clock.now()
    audit.record(session, "batch.counted", f"batch:{batch.id}", cheques=len(cheques), total_minor=there.minor)
    return batch


def reopen_batch(session: Session, batch_id: int) -> None:
    """Go back to entering: something is wrong with a batch that was counted. Its number stays. Raises Conflict."""
    batch = batch_of(session, batch_id, lock=True)
    if batch.state == BatchState.RECORDED:
        return
    check_move(batch.state, BatchState.RECORDED, BATCH_TRANSITIONS)
    batch.state, batch.recorded_by, batch.counted_at = BatchState.RECORDED, None, None
    audit.record(session, "batch.reopened", f"batch:{batch.id}")


def drop_batch(session: Session, batch_id: int) -> None:
    """Give a batch up that is being entered, with its cheques and the records made for them: nothing was paid in. Raises Conflict."""
    batch = batch_of(session, batch_id, lock=True)
    if batch.state == BatchState.DROPPED:
        return
    check_move(batch.state, BatchState.DROPPED, BATCH_TRANSITIONS)
    for cheque in cheques_of(session, batch.id):
        take_out(session, cheque)
    batch.state = BatchState.DROPPED
    audit.record(session, "batch.dropped", f"batch:{batch.id}")


def approve_batch(session: Session, batch_id: int, accountant_reference: str) -> list[Gift]:
    """Let the cheques of a counted batch become gifts, all at once. Twice is once. Locks the batch.

    Raises Conflict when the same person entered one of them or counted them, or the batch is not counted.
    """
    batch = batch_of(session, batch_id, lock=True)
    cheques = cheques_of(session, batch.id)
    if batch.state == BatchState.CLOSED:
        return [session.get_one(Gift, (museum_of(session), one.gift_id)) for one in cheques]
    check_move(batch.state, BatchState.CLOSED, BATCH_TRANSITIONS)
    actor = scope_of(session).actor
    for recorder in {batch.recorded_by, *(who for one in cheques for who in (one.recorded_by, one.corrected_by))}:
        check_two(recorder, actor)
    issuer = session.get_one(Issuer, (museum_of(session), batch.issuer_id))
    made = [_booked(session, one, issuer, actor) for one in cheques]
    batch.state, batch.approved_by, batch.approved_at = BatchState.CLOSED, actor, clock.now()
    batch.accountant_reference = accountant_reference or None
    audit.record(session, "batch.approved", f"batch:{batch.id}", gifts=len(made))
    return made


def _booked(session: Session, cheque: Cheque, issuer: Issuer, actor: str) -> Gift:
    # France: BOI-IR-RICI-250-20 §20: the day it is handed over, or its letter arrives, whenever the bank pays.
    gift = gifts.receive_gift(session, MoneyReceived(
        reference=f"cheque:{cheque.id}", campaign_id=cheque.campaign_id, amount=cheque.amount, method=Method.CHEQUE,
        received_at=noon(cheque.received_on, issuer), handed_at=cheque.received_on if cheque.handed else None,
        pledge_id=awaited(session, cheque.pledge_id), donor_id=cheque.donor_id, wants_receipt=cheque.wants_receipt))  # fmt: skip
    cheque.state, cheque.approved_by, cheque.gift_id = ChequeState.CLOSED, actor, gift.id
    return gift


def return_cheque(session: Session, cheque_id: int) -> None:
    """Note that the bank did not pay a cheque: the gift is reversed, its receipt cancelled, the donor told. Twice is once.

    Raises Conflict when some of the gift was given back already.
    """
    cheque = cheque_of(session, cheque_id, lock=True)
    if cheque.state == ChequeState.RETURNED:
        return
    check_move(cheque.state, ChequeState.RETURNED, CHEQUE_TRANSITIONS)
    gift = session.get_one(Gift, (museum_of(session), cheque.gift_id))
    if gift.kept != gift.amount:
        raise Conflict(MOVED_ON)
    request = uuid5(NAMESPACE_URL, f"cheque {museum_of(session)}:{cheque.id}")
    gifts.request_refund(session, gift.id, gift.amount, "cheque returned", request, kind="returned")
    cheque.state = ChequeState.RETURNED
    audit.record(session, "cheque.returned", f"cheque:{cheque.id}", gift_id=gift.id)
