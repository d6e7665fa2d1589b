"""Put donors on the list of calls and of letters, and follow both until they are done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from crowdfund import audit, clock
from crowdfund.donors.models import Donor
from crowdfund.errors import Conflict, NotFound
from crowdfund.gifts.models import Gift, ThankRule
from crowdfund.gifts.rules import GiftState, Method
from crowdfund.gifts.thanking import rule_for, words_in
from crowdfund.i18n import N_
from crowdfund.tenancy import museum_of
from crowdfund.thanks.models import LetterBatch, ThankCall, ThankLetter
from crowdfund.thanks.rules import (
    ALREADY,
    BATCH_TRANSITIONS,
    CALL_TRANSITIONS,
    LARGEST_BATCH,
    LETTER_TRANSITIONS,
    BatchState,
    CallState,
    LetterState,
    Window,
    call_due,
    check_phone,
)

NO_LETTER = N_("No letter can be printed: none waits, or those that wait have no address.")
GIVEN_BACK = (GiftState.REFUNDED, GiftState.LOST)
Row = TypeVar("Row", ThankCall, ThankLetter, LetterBatch)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a call: the state (made, unreached, dropped, due), a note, and the number that was dialled."""

    state: CallState
    note: str = ""
    phone: str = ""


def plan_thanks(session: Session, gift_id: int) -> None:
    """Put the donor of a gift on the lists that the museum's rules ask for. Twice is once.

    Nobody for history, for boxes and tickets, and for what was only moved. Who has no e-mail address gets a letter.
    """
    gift = session.get_one(Gift, (museum_of(session), gift_id))
    if gift.donor_id is None or gift.imported or gift.method == Method.MOVED or gift.state in GIVEN_BACK:
        return
    donor = session.get_one(Donor, (gift.institution_id, gift.donor_id))
    if donor.erased_at is not None:
        return
    rule = rule_for(session, gift, donor)
    if rule is not None and rule.calls and _none(session, ThankCall, gift_id):
        _add_call(session, gift, donor, rule)
    if (donor.email is None or (rule is not None and rule.letter)) and _none(session, ThankLetter, gift_id):
        session.add(
            ThankLetter(gift_id=gift.id, donor_id=donor.id, rule_id=rule.id if rule else None, state=LetterState.DUE)
        )
    session.flush()


def _add_call(session: Session, gift: Gift, donor: Donor, rule: ThankRule) -> None:
    known = session.scalars(
        select(ThankCall.phone)
        .where(ThankCall.donor_id == donor.id, ThankCall.phone.is_not(None))
        .order_by(ThankCall.id.desc())
        .limit(1)
    ).first()
    session.add(
        ThankCall(
            gift_id=gift.id,
            donor_id=donor.id,
            rule_id=rule.id,
            state=CallState.DUE,
            due_at=call_due(gift.received_at),
            phone=known,
        )
    )


def _none(session: Session, table: type[ThankCall | ThankLetter], gift_id: int) -> bool:
    return session.scalars(select(table.id).where(table.gift_id == gift_id)).first() is None


def drop_thanks(session: Session, gift_id: int) -> None:
    """Take a gift off both lists when nothing of it is kept, and put it back when it came back."""
    gift = session.get_one(Gift, (museum_of(session), gift_id))
    gone = gift.state in GIVEN_BACK
    calls = ((CallState.DUE, CallState.UNREACHED), CallState.DROPPED) if gone else ((CallState.DROPPED,), CallState.DUE)
    letters = ((LetterState.DUE,), LetterState.DROPPED) if gone else ((LetterState.DROPPED,), LetterState.DUE)
    for table, (before, after) in ((ThankCall, calls), (ThankLetter, letters)):
        session.execute(update(table).where(table.gift_id == gift_id, table.state.in_(before)).values(state=after))


def note_call(session: Session, call_id: int, outcome: Outcome, by: str) -> ThankCall:
    """Write down what came of a call. Raises NotFound; Conflict when that is no longer possible; Refusal for the number."""
    check_phone(outcome.phone)
    call = _held(session, ThankCall, call_id)
    if outcome.state != call.state:
        if outcome.state not in CALL_TRANSITIONS[CallState(call.state)]:
            raise Conflict(ALREADY)
        call.state = outcome.state
    call.note, call.phone = outcome.note or None, outcome.phone or None
    done = outcome.state != CallState.DUE
    call.called_by, call.called_at = (by, clock.now()) if done else (None, None)
    audit.record(session, "thanks.call", f"gift:{call.gift_id}", state=str(outcome.state))
    return call


def print_letters(session: Session, window: Window, by: str) -> LetterBatch:
    """Put the letters that wait into a new numbered batch, at most 100, oldest first. Raises Conflict when none can go.

    Holds the letters, so that two who print at once never print one letter twice. Who lacks an address stays on the list.
    """
    waiting = session.scalars(
        select(ThankLetter)
        .join(Donor, Donor.id == ThankLetter.donor_id)
        .where(ThankLetter.state == LetterState.DUE, *addressed())
        .order_by(ThankLetter.id)
        .limit(LARGEST_BATCH)
        .with_for_update(of=ThankLetter, skip_locked=True)
    ).all()
    if not waiting:
        raise Conflict(NO_LETTER)
    batch = LetterBatch(
        number=_next_number(session), state=BatchState.PRINTED, window=window, letters=len(waiting), made_by=by
    )
    session.add(batch)
    session.flush()  # for its id
    for letter in waiting:
        _print(session, letter, batch)
    audit.record(session, "thanks.printed", f"letters:{batch.number}", letters=len(waiting))
    return batch


def addressed() -> Sequence[ColumnElement[bool]]:
    """Say what makes a donor's address one that a letter reaches."""
    return (Donor.address_line.is_not(None), Donor.city.is_not(None), Donor.erased_at.is_(None))


def _next_number(session: Session) -> int:
    """Give the next number of a batch; the unique key refuses a second one of the same number."""
    return (session.scalar(select(func.max(LetterBatch.number))) or 0) + 1


def _print(session: Session, letter: ThankLetter, batch: LetterBatch) -> None:
    donor = session.get_one(Donor, (letter.institution_id, letter.donor_id))
    rule = session.get(ThankRule, (letter.institution_id, letter.rule_id)) if letter.rule_id else None
    letter.state, letter.batch_id = LetterState.PRINTED, batch.id
    letter.words = words_in(rule, donor.locale) or None
    letter.signed_by, letter.signed_as = (rule.signed_by, rule.signed_as) if rule else (None, None)


def mark_sent(session: Session, batch_id: int, *, sent: bool = True) -> LetterBatch:
    """Note that a batch was posted, or that it was not. Raises NotFound, Conflict."""
    batch = _held(session, LetterBatch, batch_id)
    after = BatchState.SENT if sent else BatchState.PRINTED
    if after not in BATCH_TRANSITIONS[BatchState(batch.state)]:
        raise Conflict(ALREADY)
    batch.state, batch.sent_at = after, clock.now() if sent else None
    letters = LetterState.SENT if sent else LetterState.PRINTED
    session.execute(
        update(ThankLetter)
        .where(ThankLetter.batch_id == batch.id, ThankLetter.state != letters)
        .values(state=letters)
        .execution_options(synchronize_session=False)
    )
    audit.record(session, "thanks.sent" if sent else "thanks.not_sent", f"letters:{batch.number}")
    return batch


def move_letter(session: Session, letter_id: int, state: LetterState) -> ThankLetter:
    """Leave a letter out, or put it back on the list: also out of a batch that was not posted. Raises NotFound, Conflict."""
    letter = _held(session, ThankLetter, letter_id)
    if state not in LETTER_TRANSITIONS[LetterState(letter.state)] or state in {LetterState.PRINTED, LetterState.SENT}:
        raise Conflict(ALREADY)
    if letter.batch_id is not None:
        batch = _held(session, LetterBatch, letter.batch_id)
        batch.letters -= 1
        letter.batch_id = None
    letter.state = state
    return letter


def forget_donor(session: Session, donor_id: int) -> None:
    """Forget what was noted of a donor who wishes to be erased, and call and write no more."""
    session.execute(update(ThankCall).where(ThankCall.donor_id == donor_id).values(note=None, phone=None))
    open_calls = (CallState.DUE, CallState.UNREACHED)
    session.execute(
        update(ThankCall)
        .where(ThankCall.donor_id == donor_id, ThankCall.state.in_(open_calls))
        .values(state=CallState.DROPPED)
    )
    session.execute(
        update(ThankLetter)
        .where(ThankLetter.donor_id == donor_id, ThankLetter.state == LetterState.DUE)
        .values(state=LetterState.DROPPED)
    )


def _held(session: Session, table: type[Row], row_id: int) -> Row:
    row = session.get(table, (museum_of(session), row_id), with_for_update={"key_share": True}, populate_existing=True)
    if row is None:
        raise NotFound
    return row
