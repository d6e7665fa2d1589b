"""Bring a file of donors: look at it, say which column holds what, take it in once with its origin, take it back."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, undefer

from crowdfund import audit, clock
from crowdfund.errors import Conflict, NotFound, Refusal
from crowdfund.intake.entries import check_columns, suggested
from crowdfund.intake.models import BroughtDonor, DonorFile, DonorFileMap
from crowdfund.intake.rules import (
    ENOUGH,
    INLINE,
    KEPT_FOR,
    MOST_WAITING,
    MOVED_ON,
    SAY_ORIGIN,
    TOO_LATE,
    UNDO_WITHIN,
    WAITING,
    FileState,
    Report,
    check_move,
    packed,
    unpacked,
)
from crowdfund.intake.taking import look_through, take_portion
from crowdfund.intake.undoing import undo_portion
from crowdfund.outbox import publish
from crowdfund.sheets import Table
from crowdfund.tenancy import museum_of, scope_of

MOVING: Mapping[str, Callable[[Session, DonorFile], None]] = {
    FileState.APPLYING: take_portion,
    FileState.UNDOING: undo_portion,
}


def bring(session: Session, filename: str, content: bytes, table: Table) -> DonorFile:
    """Keep a file to be looked at; `table` is what `reading.read_file` read of it. Takes nothing in. Raises Conflict."""
    waiting = select(func.count()).select_from(DonorFile).where(DonorFile.state.in_(WAITING))
    if (session.scalar(waiting) or 0) >= MOST_WAITING:
        raise Conflict(ENOUGH)
    file = DonorFile(
        filename=filename[:120], sha256=hashlib.sha256(content).hexdigest(), encoding=table.encoding,
        delimiter=table.delimiter, rows=len(table.rows), source=packed(table), state=FileState.READ, columns={}, report={},
        recorded_by=scope_of(session).actor,
    )  # fmt: skip
    session.add(file)
    session.flush()  # for its id
    audit.record(session, "donor_file.brought", f"donor_file:{file.id}", rows=file.rows, sha256=file.sha256)
    return file


def file_of(session: Session, file_id: int, *, lock: bool = False) -> DonorFile:
    """Find a file of the museum's; `lock` holds it until the transaction ends. Raises NotFound."""
    found = select(DonorFile).where(DonorFile.id == file_id)
    if lock:
        found = found.with_for_update().options(undefer(DonorFile.source)).execution_options(populate_existing=True)
    file = session.scalars(found).one_or_none()
    if file is None:
        raise NotFound
    return file


def table_of(file: DonorFile) -> Table | None:
    """Give a file's rows; None once they are forgotten."""
    return None if file.source is None else unpacked(file.source)


def columns_for(session: Session, file: DonorFile, table: Table) -> dict[str, str]:
    """Give the map of a file's columns: as it was said, or as it was said of a file with this head, or as the headings suggest."""
    if file.columns:
        return dict(file.columns)
    known = session.scalars(select(DonorFileMap).where(DonorFileMap.head_sha256 == table.head_sha256)).one_or_none()
    return dict(known.columns) if known else suggested(table)


def map_columns(session: Session, file_id: int, columns: Mapping[str, str]) -> None:
    """Say which column holds what, remember it for files of this layout, and look through the whole file.

    A long file is looked at by the worker. Raises Refusal for a map by which nobody could be told apart; Conflict, NotFound.
    """
    file = file_of(session, file_id, lock=True)
    table = table_of(file)
    if table is None or file.state not in {FileState.READ, FileState.CHECKED}:
        raise Conflict(MOVED_ON)
    file.columns = check_columns(table, columns)
    values = {"columns": file.columns, "changed_at": clock.now()}
    session.execute(
        insert(DonorFileMap)
        .values(institution_id=museum_of(session), head_sha256=table.head_sha256, **values)
        .on_conflict_do_update(index_elements=["institution_id", "head_sha256"], set_=values)
    )
    if file.rows <= INLINE:
        file.report, file.state = look_through(session, file).told(), FileState.CHECKED
    else:
        file.report, file.state = {}, FileState.CHECKING
        publish(session, "donor_file.mapped", key=f"{file.id}:{clock.now().isoformat()}", file_id=file.id)


def check(session: Session, file_id: int) -> None:
    """Look through a long file. Nothing happens for one that has moved on meanwhile."""
    file = file_of(session, file_id, lock=True)
    if file.state == FileState.CHECKING:
        file.report, file.state = look_through(session, file).told(), FileState.CHECKED


def apply(session: Session, file_id: int, origin: str, document_key: str | None) -> DonorFile:
    """Take a file in: at once, or by the worker when it is long. Twice is once.

    `origin` is where it comes from, kept with each consent; `document_key` names the paper that proves them, in the storage.
    Raises Refusal without an origin, Conflict for a file that was not looked through, NotFound.
    """
    file = file_of(session, file_id, lock=True)
    if file.state in {FileState.APPLYING, FileState.APPLIED}:
        return file
    check_move(file.state, FileState.APPLYING)
    if not origin:
        raise Refusal(SAY_ORIGIN, field="origin")
    file.origin, file.document_key = origin, document_key
    file.applied_by, file.applied_at, file.report = scope_of(session).actor, clock.now(), Report().told()
    audit.record(
        session, "donor_file.applied", f"donor_file:{file.id}", rows=file.rows, sha256=file.sha256, origin=origin
    )
    _begin(session, file, FileState.APPLYING, file.rows)
    return file


def undo(session: Session, file_id: int) -> DonorFile:
    """Take a file back: each record it made goes, unless something has happened to it since. Twice is once. Raises Conflict."""
    file = file_of(session, file_id, lock=True)
    if file.state in {FileState.UNDOING, FileState.UNDONE}:
        return file
    check_move(file.state, FileState.UNDOING)
    if not may_undo(file, clock.now()):
        raise Conflict(TOO_LATE)
    audit.record(session, "donor_file.undone", f"donor_file:{file.id}")
    _begin(session, file, FileState.UNDOING, file.report.get("counts", {}).get("new", 0))
    return file


def may_undo(file: DonorFile, now: datetime) -> bool:
    """Say whether a file that was taken in can still be taken back."""
    return file.state == FileState.APPLIED and file.applied_at is not None and now - file.applied_at <= UNDO_WITHIN


def _begin(session: Session, file: DonorFile, state: FileState, rows: int) -> None:
    file.state, file.done = state, 0
    session.flush()
    if rows <= INLINE:
        while file.state == state:
            MOVING[state](session, file)
    else:
        _go_on(session, file)


def _go_on(session: Session, file: DonorFile) -> None:
    """Have the worker do the next portion; each time something is done, so that the fact is another one."""
    moved = f"{file.id}:{file.state}:{clock.now().isoformat()}:{file.done}"
    publish(session, "donor_file.moved", key=moved, file_id=file.id)


def move_on(session: Session, file_id: int) -> None:
    """Do the next portion of what a file is in the middle of. Nothing happens for one that has ended."""
    file = file_of(session, file_id, lock=True)
    state = file.state
    if state not in MOVING:
        return
    MOVING[state](session, file)
    if file.state == state:
        _go_on(session, file)


def drop(session: Session, file_id: int) -> None:
    """Throw a file away that was not taken in. Twice is once. Raises Conflict for one that was."""
    file = file_of(session, file_id, lock=True)
    if file.state == FileState.DROPPED:
        return
    check_move(file.state, FileState.DROPPED)
    file.state, file.source = FileState.DROPPED, None
    audit.record(session, "donor_file.dropped", f"donor_file:{file.id}")


def forget_old(session: Session) -> None:
    """Drop files that nobody took in for a week, and what records said once their file cannot be taken back any more.

    Which file a record came with stays known.
    """
    now = clock.now()
    late = select(DonorFile.id).where(DonorFile.state.in_(WAITING), DonorFile.created_at < now - KEPT_FOR)
    for file_id in session.scalars(late).all():
        drop(session, file_id)
    over = select(DonorFile.id).where(DonorFile.applied_at < now - UNDO_WITHIN, DonorFile.state != FileState.UNDOING)
    session.execute(
        update(BroughtDonor)
        .where(BroughtDonor.file_id.in_(over), BroughtDonor.said_sha256 != "")
        .values(said_sha256="")
        .execution_options(synchronize_session=False)
    )


def strike(session: Session, email: str) -> bool:
    """Strike the rows that name an address from the files that wait, and tell whether there were any: who bears it is erased."""
    struck = False
    named = re.compile(rf"(?<![\w.+-]){re.escape(email)}(?![\w-]|\.\w)")  # alone in its cell, or as "Anne <anne@…>"
    waiting = select(DonorFile).where(DonorFile.source.is_not(None)).options(undefer(DonorFile.source))
    for file in session.scalars(waiting.order_by(DonorFile.id).with_for_update()):
        table = unpacked(file.source or b"")
        kept = [number for number, row in enumerate(table.rows) if not any(named.search(one.lower()) for one in row)]
        if len(kept) == len(table.rows):
            continue
        struck = True
        file.done = sum(number < file.done for number in kept)
        rows, lines = (table.rows[number] for number in kept), (table.lines[number] for number in kept)
        file.source, file.rows = packed(replace(table, rows=tuple(rows), lines=tuple(lines))), len(kept)
    return struck


def forget(session: Session, donor_ids: Collection[int]) -> None:
    """Forget that donors who are erased came with a file."""
    session.execute(
        delete(BroughtDonor).where(BroughtDonor.donor_id.in_(donor_ids)).execution_options(synchronize_session=False)
    )
