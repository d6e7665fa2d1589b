"""Count what waits at the desk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, exists, func, or_, select
from sqlalchemy.orm import Session

from crowdfund.desk.models import BankLine, Batch, Cheque, Count
from crowdfund.desk.rules import BatchState, CountState, LineState
from crowdfund.donors.models import Donor
from crowdfund.tenancy import scope_of


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits at the desk for the person who asks: what they recorded themselves waits for somebody else.

    `lines` have to be attributed and `counts` to be made again; `matched` lines and `batches` have to be approved.
    `batch` is the id of the oldest batch; the moments are since when the oldest of its kind waits (UTC).
    """

    lines: int
    matched: int
    batches: int
    counts: int
    batch: int | None
    batches_since: datetime | None
    counts_since: datetime | None

    def for_those_who(self, *, record: bool, approve: bool) -> int:
        """Count what waits for a person who may record money, approve it, or both."""
        return (self.lines + self.counts) * record + (self.matched + self.batches) * approve


def what_waits(session: Session) -> Waiting:
    """Count the lines to be attributed or approved, the batches to be approved and the counts to be made again. One statement."""
    me = scope_of(session).actor
    mine = exists().where(Cheque.batch_id == Batch.id, or_(Cheque.recorded_by == me, Cheque.corrected_by == me))
    batch = (Batch.state == BatchState.COUNTED, Batch.recorded_by != me, ~mine)
    count = (Count.state == CountState.RECORDED, Count.recorded_by != me)
    found = session.execute(
        select(
            _only(func.count(BankLine.id), BankLine.state == LineState.RECORDED),
            _only(func.count(BankLine.id), BankLine.state == LineState.MATCHED, BankLine.recorded_by != me),
            _only(func.count(Batch.id), *batch),
            _only(func.count(Count.id), *count),
            _only(func.min(Batch.id), *batch),
            _only(func.min(Batch.counted_at), *batch),
            _only(func.min(Count.created_at), *count),
        )
    ).one()
    return Waiting(*found)


def whose_money_waits() -> Select[int]:
    """Select the people of whom a cheque is entered, or a bank's line matched, that nobody has approved yet."""
    open_batch = Batch.state.in_((BatchState.RECORDED, BatchState.COUNTED))
    cheques = select(Cheque.donor_id).join(Batch, Batch.id == Cheque.batch_id).where(open_batch)
    lines = select(BankLine.donor_id).where(BankLine.state == LineState.MATCHED, BankLine.donor_id.is_not(None))
    records = cheques.union(lines).subquery()
    return select(func.coalesce(Donor.merged_into_id, Donor.id)).join(records, records.c.donor_id == Donor.id)


def _only(what: Any, *which: Any) -> Any:
    return select(what).where(*which).scalar_subquery()
