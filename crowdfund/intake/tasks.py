"""The worker's door: long files are looked at and taken in portion by portion; what has had its time is forgotten."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session

from crowdfund.intake import service
from crowdfund.outbox import subscribes
from crowdfund.tenancy import OperatorScope, transaction
from crowdfund.worker import sweeps_every


@subscribes("donor_file.mapped")
def look(session: Session, file_id: int) -> None:
    """Look through a long file."""
    service.check(session, file_id)


@subscribes("donor_file.moved")
def go_on(session: Session, file_id: int) -> None:
    """Take the next portion in, or back."""
    service.move_on(session, file_id)


@subscribes("donor.erased")
def forget(session: Session, donor_id: int) -> None:
    """Forget that a donor came with a file."""
    service.forget(session, [donor_id])


@sweeps_every(timedelta(hours=6))
def forget_old(institution_id: int) -> None:
    """Forget the rows of files that nobody took in, and what could be taken back for long enough."""
    with transaction(OperatorScope(institution_id, "forget files")) as session:
        service.forget_old(session)
