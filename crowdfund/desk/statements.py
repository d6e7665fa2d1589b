"""Take in a bank's file: look at it first, then take its lines in, each once, however often and in whatever parts it comes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, undefer

from crowdfund import audit, clock
from crowdfund.database import hold
from crowdfund.desk.camt import looks_like_xml, read_camt
from crowdfund.desk.models import BankLine, ColumnMap, Statement
from crowdfund.desk.reading import BankFile, Credit
from crowdfund.desk.rules import MOVED_ON, STATEMENT_TRANSITIONS, LineState, StatementState, check_move
from crowdfund.desk.tables import check_columns, read_rows, read_table
from crowdfund.errors import Conflict, NotFound, Refusal
from crowdfund.i18n import N_
from crowdfund.institutions.bank import bank_details
from crowdfund.institutions.models import Issuer
from crowdfund.sheets import Table
from crowdfund.tenancy import museum_of, scope_of

EMPTY = N_("Choose the bank’s file.")
NO_ACCOUNT = N_("The museum’s IBAN is not told yet. Type it under “Bank details” first.")
KEPT_FOR = timedelta(days=7)
NO_CREDITS = N_("This file holds no money that came in.")


@dataclass(frozen=True, slots=True)
class Preview:
    """What a file would bring: its credits, and the keys of those that are here already."""

    statement: Statement
    read: BankFile
    known: frozenset[str]

    @property
    def news(self) -> list[Credit]:
        """List the credits that are not here yet."""
        return [one for one in self.read.credits if one.key not in self.known]


def upload(session: Session, issuer_id: int, filename: str, content: bytes) -> Statement:
    """Keep a bank's file to be looked at. Takes nothing in. Raises NotFound, or Refusal for what cannot be read."""
    issuer = session.get(Issuer, (museum_of(session), issuer_id))
    if issuer is None:
        raise NotFound
    details = bank_details(session, issuer_id)
    if details is None or not details.iban:
        raise Refusal(NO_ACCOUNT, field="file")
    if not content.strip():
        raise Refusal(EMPTY, field="file")
    form = "camt" if looks_like_xml(content) else "csv"
    if form == "camt":
        read_camt(content, details.iban)
    else:
        read_table(content)
    statement = Statement(
        issuer_id=issuer_id, form=form, filename=filename[:120], sha256=hashlib.sha256(content).hexdigest(),
        account=details.iban, source=content, state=StatementState.READ, recorded_by=scope_of(session).actor,
        created_at=clock.now(),
    )  # fmt: skip
    session.add(statement)
    session.flush()  # for its id
    return statement


def statement_of(session: Session, statement_id: int, *, lock: bool = False) -> Statement:
    """Find a file of the museum's; `lock` holds it until the transaction ends. Raises NotFound."""
    found = select(Statement).where(Statement.id == statement_id)
    if lock:
        found = found.with_for_update().options(undefer(Statement.source)).execution_options(populate_existing=True)
    statement = session.scalars(found).one_or_none()
    if statement is None:
        raise NotFound
    return statement


def table_of(statement: Statement) -> Table | None:
    """Give the table of a CSV that is not taken in yet."""
    return read_table(statement.source) if statement.form == "csv" and statement.source is not None else None


def columns_of(session: Session, table: Table) -> dict[str, str] | None:
    """Remember how this museum's bank lays out its CSV; None for a layout that was never mapped."""
    known = session.scalars(select(ColumnMap).where(ColumnMap.head_sha256 == table.head_sha256)).one_or_none()
    return dict(known.columns) if known else None


def map_columns(session: Session, statement_id: int, columns: dict[str, str]) -> None:
    """Keep which column holds what, for this file and for all of its layout.

    Raises Refusal if it cannot be read so, Conflict once it is taken in.
    """
    statement = statement_of(session, statement_id, lock=True)
    table = table_of(statement)
    if table is None:  # taken in or dropped meanwhile, or no table at all
        raise Conflict(MOVED_ON)
    kept = check_columns(table, columns)
    _read(session, statement, kept)
    values = {"columns": kept, "changed_at": clock.now()}
    session.execute(
        insert(ColumnMap)
        .values(institution_id=museum_of(session), head_sha256=table.head_sha256, **values)
        .on_conflict_do_update(index_elements=["institution_id", "head_sha256"], set_=values)
    )


def preview(session: Session, statement: Statement) -> Preview | None:
    """Read a file that is kept, and say what of it is here already; None while its columns must still be mapped."""
    table = table_of(statement)
    columns = columns_of(session, table) if table is not None else None
    if table is not None and columns is None:
        return None
    read = _read(session, statement, columns or {})
    known = session.scalars(
        select(BankLine.key).where(
            BankLine.account == statement.account, BankLine.key.in_([credit.key for credit in read.credits])
        )
    )
    return Preview(statement, read, frozenset(known))


def _read(session: Session, statement: Statement, columns: dict[str, str]) -> BankFile:
    content = statement.source or b""
    if statement.form == "camt":
        return read_camt(content, statement.account)
    issuer = session.get_one(Issuer, (museum_of(session), statement.issuer_id))
    return read_rows(read_table(content), columns, statement.account, issuer.currency)


def take_in(session: Session, statement_id: int) -> Statement:
    """Take the lines of a file in: those that are here already stay as they are. Twice is once. Holds the account.

    Raises Conflict for a file that was dropped, Refusal when its columns are not mapped.
    """
    statement = statement_of(session, statement_id, lock=True)
    if statement.state == StatementState.IMPORTED:
        return statement
    check_move(statement.state, StatementState.IMPORTED, STATEMENT_TRANSITIONS)
    drawn = hashlib.sha256(f"account\x1f{museum_of(session)}\x1f{statement.account}".encode()).digest()
    hold(session, [int.from_bytes(drawn[:8], "big", signed=True)])  # two overlapping files at once
    found = preview(session, statement)
    if found is None:
        raise Refusal(N_("Say first which column holds what."), field="file")
    for credit in found.news:
        session.add(_line(statement, credit))
    statement.state, statement.imported_at, statement.source = StatementState.IMPORTED, clock.now(), None
    statement.lines_new, statement.lines_known = len(found.news), len(found.known)
    audit.record(
        session, "statement.imported", f"statement:{statement.id}", new=statement.lines_new, known=statement.lines_known,
        sha256=statement.sha256,
    )  # fmt: skip
    return statement


def _line(statement: Statement, credit: Credit) -> BankLine:
    return BankLine(
        statement_id=statement.id, issuer_id=statement.issuer_id, account=statement.account, key=credit.key,
        booked_on=credit.booked_on, amount_minor=credit.amount.minor, currency=credit.amount.currency, payer=credit.payer,
        text=credit.text, state=LineState.RECORDED,
    )  # fmt: skip


def forget_old(session: Session) -> None:
    """Throw away the files that nobody took in for a week: they name people and what they gave."""
    late = select(Statement.id).where(
        Statement.state == StatementState.READ, Statement.created_at < clock.now() - KEPT_FOR
    )
    for statement_id in session.scalars(late).all():
        drop(session, statement_id)


def drop(session: Session, statement_id: int) -> None:
    """Throw a file away that was not taken in. Twice is once. Raises Conflict for one that was."""
    statement = statement_of(session, statement_id, lock=True)
    if statement.state == StatementState.DROPPED:
        return
    check_move(statement.state, StatementState.DROPPED, STATEMENT_TRANSITIONS)
    statement.state, statement.source = StatementState.DROPPED, None
    audit.record(session, "statement.dropped", f"statement:{statement.id}")
