"""Say whose a bank's line is, and, by a second person, let it become a gift."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from uuid import NAMESPACE_URL, uuid5
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from crowdfund import audit, clock
from crowdfund.campaigns import service as campaigns
from crowdfund.desk.models import BankLine
from crowdfund.desk.rules import LINE_TRANSITIONS, MOVED_ON, LineState, check_move, check_two
from crowdfund.desk.service import announced, check_account
from crowdfund.donors import service as donors
from crowdfund.donors.rules import DonorDetails
from crowdfund.errors import Conflict, NotFound, Refusal
from crowdfund.gifts import service as gifts
from crowdfund.gifts.models import Gift
from crowdfund.gifts.reports import MoneyReceived
from crowdfund.gifts.rules import Method
from crowdfund.i18n import N_
from crowdfund.institutions.models import Issuer
from crowdfund.pledges import service as pledges
from crowdfund.pledges.rules import PledgeState
from crowdfund.tenancy import museum_of, scope_of

NEEDS_NOTE = N_("Write a word on why, for the colleague who looks for it later.")


def line_of(session: Session, line_id: int, *, lock: bool = False) -> BankLine:
    """Find a bank's line of the museum; `lock` holds it until the transaction ends. Raises NotFound."""
    found = select(BankLine).where(BankLine.id == line_id)
    if lock:
        found = found.with_for_update(key_share=True).execution_options(populate_existing=True)
    line = session.scalars(found).one_or_none()
    if line is None:
        raise NotFound
    return line


def match_promise(session: Session, line_id: int, pledge_id: int) -> None:
    """Say that a line is a promise's money, whatever the difference. Raises NotFound, Conflict, Refusal."""
    line = line_of(session, line_id, lock=True)
    check_move(line.state, LineState.MATCHED, LINE_TRANSITIONS)
    pledge = announced(session, pledge_id)
    check_account(line, campaigns.campaign_of(session, pledge.campaign_id), field="campaign")
    line.pledge_id, line.donor_id, line.campaign_id = pledge.id, pledge.donor_id, pledge.campaign_id
    line.wants_receipt = pledge.wants_receipt
    _matched(session, line, clock.now())


def match_donor(session: Session, line_id: int, campaign_id: int, donor: DonorDetails, *, wants_receipt: bool) -> None:
    """Say that a line is the gift of somebody who had announced nothing. Raises NotFound, Conflict, Refusal."""
    line = line_of(session, line_id, lock=True)
    check_move(line.state, LineState.MATCHED, LINE_TRANSITIONS)
    campaign = campaigns.campaign_of(session, campaign_id)
    check_account(line, campaign, field="campaign")
    at = clock.now()
    line.pledge_id, line.campaign_id = None, campaign.id
    line.donor_id = donors.find_or_add_all(session, [(donor, at)])[0].id
    line.wants_receipt = wants_receipt
    _matched(session, line, at)


def _matched(session: Session, line: BankLine, at: datetime) -> None:
    line.state, line.recorded_by, line.matched_at, line.note = LineState.MATCHED, scope_of(session).actor, at, None
    audit.record(session, "line.matched", f"line:{line.id}", pledge_id=line.pledge_id, donor_id=line.donor_id)


def set_aside(session: Session, line_id: int, state: LineState, note: str) -> None:
    """Note that a line is no gift (aside), or that it was sent back (returned), and why. Raises Conflict, Refusal."""
    line = line_of(session, line_id, lock=True)
    if line.state == state:
        return
    check_move(line.state, state, LINE_TRANSITIONS)
    if not note:
        raise Refusal(NEEDS_NOTE, field="note")
    line.state, line.note, line.recorded_by = state, note, scope_of(session).actor
    audit.record(session, f"line.{state}", f"line:{line.id}")


def undo(session: Session, line_id: int) -> None:
    """Lay a line back to those nobody has dealt with: it was matched, or set aside. Twice is once. Raises Conflict.

    A donor's record that was made by the same act goes with it, if nothing else hangs on it by now.
    """
    line = line_of(session, line_id, lock=True)
    if line.state == LineState.RECORDED:
        return
    if line.state == LineState.CLOSED:
        raise Conflict(MOVED_ON)
    donor_id, at = line.donor_id, line.matched_at
    _lay_back(line)
    if donor_id is not None and donors.donor_of(session, donor_id).created_at == at:
        donors.drop_unused(session, donor_id)
    audit.record(session, "line.undone", f"line:{line.id}")


def _lay_back(line: BankLine) -> None:
    line.state, line.pledge_id, line.donor_id, line.campaign_id = LineState.RECORDED, None, None, None
    line.recorded_by = line.matched_at = line.approved_by = line.approved_at = line.gift_id = line.note = None
    line.wants_receipt = False


def approve(session: Session, line_ids: Sequence[int]) -> list[Gift]:
    """Let matched lines become gifts, all or none. Those that are closed already stay as they are. Locks them.

    Raises NotFound for another's line, Conflict for one that the same person matched, or that is not matched any more.
    """
    return [_booked(session, line_of(session, line_id, lock=True)) for line_id in sorted(set(line_ids))]


def _booked(session: Session, line: BankLine) -> Gift:
    actor = scope_of(session).actor
    if line.state == LineState.CLOSED:
        return session.get_one(Gift, (museum_of(session), line.gift_id))
    check_move(line.state, LineState.CLOSED, LINE_TRANSITIONS)
    check_two(line.recorded_by, actor)
    if line.campaign_id is None:
        raise Conflict(MOVED_ON)
    issuer = session.get_one(Issuer, (museum_of(session), line.issuer_id))
    gift = gifts.receive_gift(session, MoneyReceived(
        reference=f"bank:{line.id}:{line.rounds}", campaign_id=line.campaign_id, amount=line.amount,
        method=Method.BANK_TRANSFER, received_at=noon(line.booked_on, issuer),
        pledge_id=awaited(session, line.pledge_id), donor_id=line.donor_id, wants_receipt=line.wants_receipt))  # fmt: skip
    line.state, line.approved_by, line.approved_at, line.gift_id = LineState.CLOSED, actor, clock.now(), gift.id
    audit.record(session, "line.approved", f"line:{line.id}", gift_id=gift.id, recorded_by=line.recorded_by)
    return gift


def forget_payer(session: Session, donor_id: int) -> None:
    """Forget what the bank says of who paid: the donor wishes to be erased. The sums, their days and keys stay."""
    session.execute(update(BankLine).where(BankLine.donor_id == donor_id).values(payer="", text=""))


def awaited(session: Session, pledge_id: int | None) -> int | None:
    """Give a promise back if its money is still awaited: what comes after that is its donor's further gift. Locks it."""
    if pledge_id is None or pledges.pledge_of(session, pledge_id, lock=True).state == PledgeState.PAID:
        return None
    return pledge_id


def noon(day: date, issuer: Issuer) -> datetime:
    """Give a moment of a day that is that day wherever the issuer is: banks and letters tell days, not hours."""
    return datetime.combine(day, time(12), ZoneInfo(issuer.time_zone)).astimezone(UTC)


def take_back(session: Session, line_id: int) -> None:
    """Take back a gift that was booked under a wrong name: the books are put right, the receipt is cancelled, the donor told.

    The line waits to be matched anew. Raises Conflict when some of the gift was given back already.
    """
    line = line_of(session, line_id, lock=True)
    check_move(line.state, LineState.RECORDED, LINE_TRANSITIONS)
    if line.state != LineState.CLOSED or line.gift_id is None:
        raise Conflict(MOVED_ON)
    gift = session.get_one(Gift, (museum_of(session), line.gift_id))
    if gift.kept != gift.amount:
        raise Conflict(MOVED_ON)
    request = uuid5(NAMESPACE_URL, f"bank line {museum_of(session)}:{line.id}:{line.rounds}")
    gifts.request_refund(session, gift.id, gift.amount, "booked under a wrong name", request, kind="correction")
    _lay_back(line)
    line.rounds += 1
    audit.record(session, "line.taken_back", f"line:{line.id}", gift_id=gift.id)
