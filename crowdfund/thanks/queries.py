"""Read who is to be called and written to. `calls_due` and `count_thanks` serve the day's page too."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import Session

from crowdfund import clock
from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.texts import said
from crowdfund.donors.models import Donor
from crowdfund.gifts.mails import name_of
from crowdfund.gifts.models import Gift, ThankRule
from crowdfund.thanks.models import LetterBatch, ThankCall, ThankLetter
from crowdfund.thanks.rules import CallState, LetterState
from crowdfund.thanks.service import addressed
from crowdfund.thanks.view import BatchRow, CallRow, LetterRow

OPEN_CALLS = (CallState.DUE, CallState.UNREACHED)
MOST_CALLS, MOST_LETTERS, MOST_BATCHES = 100, 200, 50


def calls_due(session: Session, fallback: str, most: int = MOST_CALLS) -> tuple[CallRow, ...]:
    """List the calls to make, the most urgent first; `fallback` is the museum's own language. One statement."""
    return _calls(
        session, _of_calls().where(ThankCall.state.in_(OPEN_CALLS)).order_by(ThankCall.due_at), fallback, most
    )


def calls_done(session: Session, fallback: str, most: int = MOST_CALLS) -> tuple[CallRow, ...]:
    """List the calls that were made or dropped, the last first."""
    done = _of_calls().where(ThankCall.state.not_in(OPEN_CALLS)).order_by(ThankCall.called_at.desc().nulls_last())
    return _calls(session, done, fallback, most)


def _of_calls() -> Select[*tuple[Any, ...]]:
    return (
        select(ThankCall, Gift, Donor, Campaign.title, ThankRule.name.label("why"))
        .join(Gift, Gift.id == ThankCall.gift_id)
        .join(Donor, Donor.id == ThankCall.donor_id)
        .join(Campaign, Campaign.id == Gift.campaign_id)
        .join(ThankRule, ThankRule.id == ThankCall.rule_id)
    )


def _calls(session: Session, statement: Select[*tuple[Any, ...]], fallback: str, most: int) -> tuple[CallRow, ...]:
    now = clock.now()
    return tuple(
        CallRow(
            id=call.id,
            gift_id=gift.id,
            donor=name_of(donor),
            town=donor.city or "",
            phone=call.phone or "",
            locale=donor.locale,
            amount=gift.kept,
            campaign=said(title, fallback),
            received_at=gift.received_at,
            due_at=call.due_at,
            late=call.state in OPEN_CALLS and call.due_at < now,
            state=call.state,
            why=why,
            note=call.note or "",
            called_by=call.called_by or "",
            called_at=call.called_at,
        )
        for call, gift, donor, title, why in session.execute(statement.order_by(ThankCall.id).limit(most))
    )


def letters_due(session: Session, fallback: str) -> tuple[LetterRow, ...]:
    """List the letters to print, the oldest first."""
    return _letters(session, _of_letters().where(ThankLetter.state == LetterState.DUE), fallback)


def letters_of(session: Session, batch_id: int, fallback: str) -> tuple[LetterRow, ...]:
    """List the letters of a batch."""
    return _letters(session, _of_letters().where(ThankLetter.batch_id == batch_id), fallback)


def _of_letters() -> Select[*tuple[Any, ...]]:
    return (
        select(ThankLetter, Gift, Donor, Campaign.title, ThankRule.name.label("why"))
        .join(Gift, Gift.id == ThankLetter.gift_id)
        .join(Donor, Donor.id == ThankLetter.donor_id)
        .join(Campaign, Campaign.id == Gift.campaign_id)
        .outerjoin(ThankRule, ThankRule.id == ThankLetter.rule_id)
    )


def _letters(session: Session, statement: Select[*tuple[Any, ...]], fallback: str) -> tuple[LetterRow, ...]:
    return tuple(
        _letter(row, fallback) for row in session.execute(statement.order_by(ThankLetter.id).limit(MOST_LETTERS))
    )


def _letter(row: Row[*tuple[Any, ...]], fallback: str) -> LetterRow:
    letter, gift, donor, title, why = row
    return LetterRow(
        id=letter.id,
        gift_id=gift.id,
        donor=name_of(donor),
        town=donor.city or "",
        locale=donor.locale,
        amount=gift.kept,
        campaign=said(title, fallback),
        received_at=gift.received_at,
        reachable=bool(donor.address_line and donor.city and donor.erased_at is None),
        state=letter.state,
        why=why or "",
        donor_id=donor.id if donor.erased_at is None else 0,
    )


def batches(session: Session) -> tuple[BatchRow, ...]:
    """List the batches that were printed, the last first."""
    found = session.scalars(select(LetterBatch).order_by(LetterBatch.number.desc()).limit(MOST_BATCHES))
    return tuple(BatchRow(one.id, one.number, one.letters, one.made_by, one.made_at, one.sent_at) for one in found)


def count_thanks(session: Session) -> int:
    """Count the calls, and the letters that can leave. One statement."""
    calls = select(func.count()).select_from(ThankCall).where(ThankCall.state.in_(OPEN_CALLS)).scalar_subquery()
    return int(session.execute(select(calls + _can_leave().scalar_subquery())).scalar_one())


def count_letters(session: Session) -> int:
    """Count the letters that wait and have an address to go to."""
    return session.scalar(_can_leave()) or 0


def _can_leave() -> Select[int]:
    return (
        select(func.count(ThankLetter.id))
        .join(Donor, Donor.id == ThankLetter.donor_id)
        .where(ThankLetter.state == LetterState.DUE, *addressed())
    )
