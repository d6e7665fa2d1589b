"""Enter cheques into a batch, correct them there, and take them out again: until the batch is counted nothing is final."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crowdfund import audit, clock
from crowdfund.campaigns import service as campaigns
from crowdfund.desk.models import Batch, Cheque
from crowdfund.desk.rules import MOVED_ON, BatchState, ChequeState
from crowdfund.desk.service import announced, check_account
from crowdfund.donors import service as donors
from crowdfund.donors.rules import DonorDetails
from crowdfund.errors import Conflict, NotFound, Refusal
from crowdfund.i18n import N_
from crowdfund.institutions.models import Issuer
from crowdfund.money import Money
from crowdfund.tenancy import museum_of, scope_of

WRITTEN = (
    "pledge_id",
    "donor_id",
    "campaign_id",
    "amount_minor",
    "number",
    "bank",
    "received_on",
    "handed",
    "wants_receipt",
)
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


def add_cheque(session: Session, batch_id: int, entered: Entered) -> Cheque:
    """Enter one cheque. The same attempt again is the first cheque. Raises NotFound, Conflict, Refusal."""
    batch = batch_of(session, batch_id, lock=True)
    known = session.scalars(select(Cheque).where(Cheque.attempt == entered.attempt)).one_or_none()
    if known is not None:
        return known
    _check_entry(session, batch, entered)
    if (session.scalar(select(func.count()).where(Cheque.batch_id == batch.id)) or 0) >= MOST:
        raise Conflict(TOO_MANY, params={"count": MOST})
    at = clock.now()
    cheque = Cheque(
        attempt=entered.attempt, batch_id=batch.id, currency=batch.currency, state=ChequeState.RECORDED,
        recorded_by=scope_of(session).actor, created_at=at,
    )  # fmt: skip
    _write(session, batch, cheque, entered)
    session.add(cheque)
    session.flush()  # for its id
    audit.record(session, "cheque.entered", f"cheque:{cheque.id}", batch_id=batch.id)
    return cheque


def correct_cheque(session: Session, batch_id: int, cheque_id: int, entered: Entered) -> Cheque:
    """Write a cheque anew in its place, as long as its batch is being entered. Raises NotFound, Conflict, Refusal.

    Who corrects has recorded it too, and may not approve it. A record of a donor that was made for the entry alone is
    corrected with it, or goes when the cheque is somebody else's.
    """
    batch = batch_of(session, batch_id, lock=True)
    cheque = cheque_in(session, batch.id, cheque_id)
    _check_entry(session, batch, entered)
    before, donor_id = {name: getattr(cheque, name) for name in WRITTEN}, cheque.donor_id
    own = made_for(session, cheque)
    _write(session, batch, cheque, entered)
    session.flush()  # before it is asked who still needs the record
    if own and cheque.donor_id != donor_id:
        donors.drop_unused(session, donor_id)
    cheque.corrected_by = scope_of(session).actor
    changed = [name for name in WRITTEN if getattr(cheque, name) != before[name]]
    audit.record(
        session, "cheque.corrected", f"cheque:{cheque.id}", batch_id=batch.id, fields=changed,
        before_minor=before["amount_minor"], amount_minor=cheque.amount_minor,
    )  # fmt: skip
    return cheque


def _check_entry(session: Session, batch: Batch, entered: Entered) -> None:
    if batch.state != BatchState.RECORDED:
        raise Conflict(MOVED_ON)
    issuer = session.get_one(Issuer, (museum_of(session), batch.issuer_id))
    if entered.received_on > clock.now().astimezone(ZoneInfo(issuer.time_zone)).date():
        raise Refusal(TOO_LATE, field="received_on")


def _write(session: Session, batch: Batch, cheque: Cheque, entered: Entered) -> None:
    if entered.pledge_id is not None:
        pledge = announced(session, entered.pledge_id)
        campaign_id, wants, donor_id = pledge.campaign_id, pledge.wants_receipt, pledge.donor_id
    elif entered.donor is not None:
        campaign_id, wants, donor_id = entered.campaign_id, entered.wants_receipt, 0
    else:
        raise ValueError("a cheque is a promise's or somebody's")
    check_account(batch, campaigns.campaign_of(session, campaign_id), field="reference")
    if entered.pledge_id is None and entered.donor is not None:
        donor_id = _giver(session, cheque, entered.donor)
    cheque.pledge_id, cheque.donor_id, cheque.campaign_id = entered.pledge_id, donor_id, campaign_id
    cheque.amount_minor, cheque.currency = entered.amount.minor, entered.amount.currency
    cheque.number, cheque.bank, cheque.wants_receipt = entered.number, entered.bank, wants
    cheque.received_on, cheque.handed = entered.received_on, entered.handed


def _giver(session: Session, cheque: Cheque, details: DonorDetails) -> int:
    """Find or add whose cheque it is; at a correction the record it has stays, if it is the same person's."""
    if cheque.donor_id is not None:
        donor = donors.donor_of(session, cheque.donor_id)
        own, known = made_for(session, cheque), donors.find(session, details)
        if own and known in (None, donor):
            donors.correct_details(session, donor, details)
            return donor.id
        if not own and details.names == donors.names_of(donor):
            return donor.id
    return donors.find_or_add_all(session, [(details, cheque.created_at)])[0].id


def made_for(session: Session, cheque: Cheque) -> bool:
    """Say whether the record of a cheque's giver was made by entering it: the two bear one moment."""
    return cheque.pledge_id is None and donors.donor_of(session, cheque.donor_id).created_at == cheque.created_at


def remove_cheque(session: Session, batch_id: int, cheque_id: int) -> None:
    """Take a cheque out of a batch that is being entered, with the record that was made for it alone. Raises NotFound, Conflict."""
    batch = batch_of(session, batch_id, lock=True)
    cheque = cheque_in(session, batch.id, cheque_id)
    if batch.state != BatchState.RECORDED:
        raise Conflict(MOVED_ON)
    take_out(session, cheque)


def take_out(session: Session, cheque: Cheque) -> None:
    """Delete a cheque that is no gift yet, and the record that was made for it alone; a promise is awaited as before."""
    cheque_id, batch_id, donor_id, own = cheque.id, cheque.batch_id, cheque.donor_id, made_for(session, cheque)
    session.delete(cheque)
    if own:
        donors.drop_unused(session, donor_id)
    audit.record(session, "cheque.removed", f"cheque:{cheque_id}", batch_id=batch_id)


def cheque_of(session: Session, cheque_id: int, *, lock: bool = False) -> Cheque:
    """Find a cheque of the museum; `lock` holds it until the transaction ends. Raises NotFound."""
    found = select(Cheque).where(Cheque.id == cheque_id)
    if lock:
        found = found.with_for_update(key_share=True).execution_options(populate_existing=True)
    cheque = session.scalars(found).one_or_none()
    if cheque is None:
        raise NotFound
    return cheque


def cheque_in(session: Session, batch_id: int, cheque_id: int) -> Cheque:
    """Find a cheque of one batch. Raises NotFound."""
    cheque = cheque_of(session, cheque_id)
    if cheque.batch_id != batch_id:
        raise NotFound
    return cheque
