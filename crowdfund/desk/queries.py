"""Count what waits at the desk."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crowdfund.desk.models import BankLine, Batch, Count
from crowdfund.desk.rules import BatchState, CountState, LineState


def count_waiting(session: Session) -> int:
    """Count the lines nobody has dealt with or approved, the batches to be approved and the counts to be made again."""
    waiting = (
        select(func.count()).select_from(BankLine).where(BankLine.state.in_((LineState.RECORDED, LineState.MATCHED))),
        select(func.count()).select_from(Batch).where(Batch.state == BatchState.COUNTED),
        select(func.count()).select_from(Count).where(Count.state == CountState.RECORDED),
    )
    return sum(int(session.scalar(one) or 0) for one in waiting)
