"""Which museum is in scope.

A session is opened by a `Scope` and by nothing else. The scope reaches three places: the ORM adds the museum to every
statement on an owned table, PostgreSQL's row security compares each row with the transaction's setting, and the
audit trail learns who acted. Foreign keys between owned tables carry the museum too.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

from flask import current_app
from sqlalchemy import BigInteger, ClauseElement, Connection, ForeignKey, ForeignKeyConstraint, Identity, event, text
from sqlalchemy.orm import (
    Mapped,
    ORMExecuteState,
    Session,
    SessionTransaction,
    UOWTransaction,
    mapped_column,
    with_loader_criteria,
)
from sqlalchemy.sql.util import find_tables

from crowdfund.database import Base, Database

PUBLIC_ROLE = "cimaise_public"
AT_A_DOOR = "5s"  # somebody waits
TELL = text(
    "SELECT set_config('app.institution', :museum, true), set_config('app.actor', :actor, true),"
    " set_config('statement_timeout', :patience, true)"
)
FILTER = "the museum's rows"  # in a session: the option that keeps it to its museum


class ScopeError(RuntimeError):
    """A statement or a row is outside the scope. Always a fault of ours, never of the person."""


@dataclass(frozen=True, slots=True)
class StaffScope:
    """A member of the museum's staff; made from a membership."""

    institution_id: int
    account_id: int

    @property
    def actor(self) -> str:
        """Name who acts, for the audit trail."""
        return f"account:{self.account_id}"


@dataclass(frozen=True, slots=True)
class DonorScope:
    """A donor at one museum's door: the giving form, a gift's page."""

    institution_id: int

    @property
    def actor(self) -> str:
        """Name who acts, for the audit trail."""
        return "donor"


@dataclass(frozen=True, slots=True)
class TaskScope:
    """Work handed over by a row of the outbox."""

    institution_id: int
    outbox_id: int

    @property
    def actor(self) -> str:
        """Name who acts, for the audit trail."""
        return f"outbox:{self.outbox_id}"


@dataclass(frozen=True, slots=True)
class OperatorScope:
    """The operator, at one museum, for a stated reason."""

    institution_id: int
    reason: str

    @property
    def actor(self) -> str:
        """Name who acts, for the audit trail."""
        return f"operator:{self.reason}"


@dataclass(frozen=True, slots=True)
class PublicScope:
    """The public site: what every museum has published, and nothing else (the database role sees no more)."""

    @property
    def institution_id(self) -> None:
        """Belong to no museum."""
        return

    @property
    def actor(self) -> str:
        """Name who acts, for the audit trail."""
        return "public"


@dataclass(frozen=True, slots=True)
class PlatformScope:
    """What belongs to no museum: accounts, sessions, limits, the list of museums. Owned tables are out of reach."""

    @property
    def institution_id(self) -> None:
        """Belong to no museum."""
        return

    @property
    def actor(self) -> str:
        """Name who acts, for the audit trail."""
        return "platform"


# How long one statement may take.
PATIENCE = {TaskScope: "60s", OperatorScope: "10min"}

MuseumScope = StaffScope | DonorScope | TaskScope | OperatorScope
Scope = MuseumScope | PublicScope | PlatformScope


class OwnedByInstitution:
    """A row that belongs to one museum; its key starts with the museum."""

    institution_id: Mapped[int] = mapped_column(ForeignKey("institutions.id"), primary_key=True, sort_order=-2)
    # Said to be counted up by the database, so that many new rows go in one statement and still learn their ids.
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, autoincrement=True, sort_order=-1)


def owned_key(column: str, target: str, **options: Any) -> ForeignKeyConstraint:
    """Point at a row of the same museum: `FOREIGN KEY (institution_id, column) REFERENCES target`."""
    return ForeignKeyConstraint(["institution_id", column], [f"{target}.institution_id", f"{target}.id"], **options)


@contextmanager
def transaction(scope: Scope) -> Iterator[Session]:
    """Open the scope's session, commit at the end, roll back on an error. Doors only."""
    database: Database = current_app.extensions["database"]
    session = database.session(scope=scope)
    with session, session.begin():
        yield session


def scope_of(session: Session) -> Scope:
    """Give the scope the session was opened by. Raises ScopeError when there is none."""
    scope = session.info.get("scope")
    if scope is None:
        raise ScopeError("a session without a scope")
    return scope  # type: ignore[no-any-return]


def museum_of(session: Session) -> int:
    """Give the museum in scope. Raises ScopeError when the scope has none."""
    institution_id = scope_of(session).institution_id
    if institution_id is None:
        raise ScopeError("no museum in scope")
    return institution_id


@event.listens_for(Session, "after_begin")
def _tell_database(session: Session, begun: SessionTransaction, connection: Connection) -> None:
    scope = scope_of(session)
    if begun.nested:
        return  # a savepoint lives in what the transaction has said
    museum = "" if scope.institution_id is None else str(scope.institution_id)
    connection.execute(
        TELL,
        {"museum": museum, "actor": scope.actor, "patience": PATIENCE.get(type(scope), AT_A_DOOR)},
    )
    if isinstance(scope, PublicScope):
        connection.execute(text(f"SET LOCAL ROLE {PUBLIC_ROLE}"))


@event.listens_for(Session, "do_orm_execute")
def _filter(state: ORMExecuteState) -> None:
    scope = scope_of(state.session)
    if isinstance(scope, PublicScope):
        return
    if scope.institution_id is None and not _names_owned(state):
        return
    info = state.session.info
    if FILTER not in info:  # made once for a session: it is the same for every statement
        institution_id = museum_of(state.session)
        info[FILTER] = with_loader_criteria(
            OwnedByInstitution, lambda cls: cls.institution_id == institution_id, include_aliases=True
        )
    state.statement = state.statement.options(info[FILTER])


def _names_owned(state: ORMExecuteState) -> bool:
    """Say whether a statement names a museum's table: in what it answers, in what it counts or compares, or to change it."""
    statement = cast("ClauseElement", state.statement)
    named: set[object] = {*find_tables(statement, check_columns=True, include_selects=True, include_crud=True)}
    named.update(mapper.local_table for mapper in state.all_mappers)
    owned = (one for one in Base.registry.mappers if issubclass(one.class_, OwnedByInstitution))
    return any(mapper.local_table in named for mapper in owned)


@event.listens_for(Session, "before_flush")
def _own_new_rows(session: Session, _context: UOWTransaction, _instances: Any) -> None:
    for row in session.new:
        if isinstance(row, OwnedByInstitution):
            institution_id = museum_of(session)
            given: int | None = row.institution_id
            if given is None:
                row.institution_id = institution_id
            elif given != institution_id:
                raise ScopeError(f"a row of museum {row.institution_id} in a session of {institution_id}")
