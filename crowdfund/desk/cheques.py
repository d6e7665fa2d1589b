"""Pay cheques in: enter them, count them against the paper strip, number the slip, and, by a second person, let them be gifts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import NAMESPACE_URL, UUID, uuid5
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crowdfund import audit, clock
from crowdfund.campaigns import service as campaigns
from crowdfund.campaigns.models import Campaign
from crowdfund.desk.lines import OTHER_ACCOUNT, awaited, noon
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
from crowdfund.desk.service import announced
from crowdfund.donors import service as donors
from crowdfund.donors.rules import DonorDetails
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
TOO_LATE = N_("A cheque cannot have arrived after today.")
MOST = 200
TOO_MANY = N_("A batch holds at most %(count)s cheques. Count this one, and begin another.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """One cheque as it is entered: a promise's, or somebody's for a campaign."""

    attempt: UUID
    amount: Money
    received_on: date
    handed: bool
    pledge_id: int | None = None
    donor: DonorDetails | None = None
    campaign_id: int = 0
    wants_receipt: bool = False
    number: str = ""
    bank: str = ""


def batch_of(session: Session, batch_id: int, *, lock: bool = False) -> Batch:
    """Find a batch of the museum; `lock` holds it until the transaction ends. Raises NotFound."""
    found = select(Batch).where(Batch.id == batch_id)
    if lock:
        found = found.with_for_update(key_share=True).execution_options(populate_existing=True)
    batch = session.scalars(found).one_or_none()
    if batch is None:
        raise NotFound
    return batch


def cheques_of(session: Session, batch_id: int) -> Sequence[Cheque]:
    """List a batch's cheques, in the order in which they were entered."""
    return session.scalars(select(Cheque).where(Cheque.batch_id == batch_id).order_by(Cheque.id)).all()


def open_batch(session: Session, issuer_id: int, attempt: UUID) -> Batch:
    """Begin a batch. The same attempt again is the first batch. Raises NotFound for no issuer of the museum's."""
    issuer = session.scalars(select(Issuer).where(Issuer.id == issuer_id).with_for_update()).one_or_none()
    if issuer is None:
        raise NotFound
    known = session.scalars(select(Batch).where(Batch.attempt == attempt)).one_or_none()
    if known is not None:
        return known
    batch = Batch(
        attempt=attempt, issuer_id=issuer_id, currency=issuer.currency, state=BatchState.RECORDED,
        opened_by=scope_of(session).actor, created_at=clock.now(),
    )  # fmt: skip
    session.add(batch)
    session.flush()  # for its id
    audit.record(session, "batch.opened", f"batch:{batch.id}")
    return batch


def add_cheque(session: Session, batch_id: int, entered: Entered) -> Cheque:
    """Enter one cheque. The same attempt again is the first cheque. Raises NotFound, Conflict, Refusal."""
    batch = batch_of(session, batch_id, lock=True)
    known = session.scalars(select(Cheque).where(Cheque.attempt == entered.attempt)).one_or_none()
    if known is not None:
        return known
    if batch.state != BatchState.RECORDED:
        raise Conflict(MOVED_ON)
    issuer = session.get_one(Issuer, (museum_of(session), batch.issuer_id))
    if entered.received_on > clock.now().astimezone(ZoneInfo(issuer.time_zone)).date():
        raise Refusal(TOO_LATE, field="received_on")
    if (session.scalar(select(func.count()).where(Cheque.batch_id == batch.id)) or 0) >= MOST:
        raise Conflict(TOO_MANY, params={"count": MOST})
    cheque = _new(session, batch, entered)
    session.add(cheque)
    session.flush()  # for its id
    audit.record(session, "cheque.entered", f"cheque:{cheque.id}", batch_id=batch.id)
    return cheque


def _new(session: Session, batch: Batch, entered: Entered) -> Cheque:
    at = clock.now()
    if entered.pledge_id is not None:
        pledge = announced(session, entered.pledge_id)
        donor_id, campaign_id, wants = pledge.donor_id, pledge.campaign_id, pledge.wants_receipt
    elif entered.donor is not None:
        campaign_id, wants = entered.campaign_id, entered.wants_receipt
    else:
        raise ValueError("a cheque is a promise's or somebody's")
    campaign = campaigns.campaign_of(session, campaign_id)
    _check_account(batch, campaign)
    if entered.pledge_id is None and entered.donor is not None:
        donor_id = donors.find_or_add_all(session, [(entered.donor, at)])[0].id
    return Cheque(
        attempt=entered.attempt, batch_id=batch.id, pledge_id=entered.pledge_id, donor_id=donor_id, campaign_id=campaign_id,
        amount_minor=entered.amount.minor, currency=entered.amount.currency, number=entered.number, bank=entered.bank,
        received_on=entered.received_on, handed=entered.handed, wants_receipt=wants, state=ChequeState.RECORDED,
        recorded_by=scope_of(session).actor, created_at=at,
    )  # fmt: skip


def _check_account(batch: Batch, campaign: Campaign) -> None:
    if campaign.state == "draft":
        raise NotFound
    if campaign.issuer_id != batch.issuer_id or campaign.currency != batch.currency:
        raise Refusal(OTHER_ACCOUNT, field="reference", status=409)


def remove_cheque(session: Session, batch_id: int, cheque_id: int) -> None:
    """Take a cheque out of a batch that is being entered, with the record that was made for it alone. Raises NotFound, Conflict."""
    batch = batch_of(session, batch_id, lock=True)
    cheque = cheque_of(session, cheque_id)
    if cheque.batch_id != batch.id:
        raise NotFound
    if batch.state != BatchState.RECORDED:
        raise Conflict(MOVED_ON)
    session.delete(cheque)
    if donors.donor_of(session, cheque.donor_id).created_at == cheque.created_at:  # made by the same entry
        donors.drop_unused(session, cheque.donor_id)
    audit.record(session, "cheque.removed", f"cheque:{cheque_id}", batch_id=batch.id)


def cheque_of(session: Session, cheque_id: int, *, lock: bool = False) -> Cheque:
    """Find a cheque of the museum; `lock` holds it until the transaction ends. Raises NotFound."""
    found = select(Cheque).where(Cheque.id == cheque_id)
    if lock:
        found = found.with_for_update(key_share=True).execution_options(populate_existing=True)
    cheque = session.scalars(found).one_or_none()
    if cheque is None:
        raise NotFound
    return cheque


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
    """Give a batch up that is being entered: nothing was paid in. Raises Conflict."""
    batch = batch_of(session, batch_id, lock=True)
    if batch.state == BatchState.DROPPED:
        return
    check_move(batch.state, BatchState.DROPPED, BATCH_TRANSITIONS)
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
    for recorder in {batch.recorded_by, *(one.recorded_by for one in cheques)}:
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


def cheque_in(session: Session, batch_id: int, cheque_id: int) -> Cheque:
    """Find a cheque of one batch. Raises NotFound."""
    cheque = cheque_of(session, cheque_id)
    if cheque.batch_id != batch_id:
        raise NotFound
    return cheque
