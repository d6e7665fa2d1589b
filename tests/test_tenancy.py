"""Museums are kept apart: for every owned table, by raw SQL on the application's role, by the ORM, by foreign keys.

The rows are made by a superuser past every trigger, one of each table for each of two museums, so that a table added later is
tried without anybody thinking of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import Table, create_engine, func, select, text
from sqlalchemy.exc import DBAPIError, ProgrammingError
from sqlalchemy.orm import Session

from crowdfund import models as _every_table  # noqa: F401
from crowdfund.database import Base
from crowdfund.donors.models import Donor
from crowdfund.embedded import EmbeddedPostgres
from crowdfund.roles import APPLICATION, AUDIT
from crowdfund.tenancy import OwnedByInstitution, PlatformScope, PublicScope, Scope, ScopeError, transaction
from tests import factories

OWNED = sorted(
    (table for table in Base.metadata.tables.values() if "institution_id" in table.columns),
    key=lambda table: table.name,
)
A, B = 900_001, 900_002
MINOR = {"refunded_minor": 0, "disputed_minor": 0, "lost_minor": 0, "cover_minor": 0, "counterpart_minor": 0}
WORDS = {"kind": "individual", "certainty": "firm", "currency": "EUR", "country": "FR", "jurisdiction": "FR"}
CLOCK = {"closes_at": "now() + interval '1 day'"}
REFUSED = re.compile(r"permission denied|row-level security|only grows|never changes|joins only")


def _value(table: Table, name: str, museum: int) -> str:
    """Write a value that satisfies the column's type and checks."""
    column = table.columns[name]
    if name == "institution_id":
        return str(museum)
    kind = str(column.type)
    if name.endswith("_minor") and kind == "BIGINT":
        return str(MINOR.get(name, 100))
    if kind.startswith(("BIGINT", "INTEGER", "SMALLINT")):
        return "0" if name == "claimed" else str(museum % 100)
    if kind.startswith(("TEXT", "VARCHAR")):
        return f"'{WORDS.get(name, f'{name[:2]}{museum}')}'"
    simple = {
        "TIMESTAMP": "now()",
        "DATETIME": "now()",
        "DATE": "current_date",
        "BOOLEAN": "false",
        "JSON": "'{}'",
        "UUID": "gen_random_uuid()",
        "CHAR": "gen_random_uuid()",
        "FLOAT": "1",
        "DOUBLE": "1",
    }
    return CLOCK.get(name) or next(value for start, value in simple.items() if kind.startswith(start))


def _insert(table: Table, museum: int) -> str:
    needed = [c.name for c in table.columns if (not c.nullable and c.name != "id") or c.name == "institution_id"]
    if table.name == "ledger_transactions":
        needed.remove("xid")
    values = ", ".join(_value(table, name, museum) for name in needed)
    return f"INSERT INTO {table.name} ({', '.join(needed)}) VALUES ({values})"


@pytest.fixture(scope="module")
def two_museums(migrated: EmbeddedPostgres) -> Iterator[EmbeddedPostgres]:
    """Give each of two museums one row of every owned table."""
    with migrated.connect() as connection:
        connection.execute("SET session_replication_role = replica")
        for museum in (A, B):
            for table in OWNED:
                connection.execute(_insert(table, museum))
    yield migrated
    with migrated.connect() as connection:
        connection.execute("SET session_replication_role = replica")
        for table in OWNED:
            connection.execute(f"DELETE FROM {table.name} WHERE institution_id IN ({A}, {B})")


def _connect(server: EmbeddedPostgres, role: str) -> psycopg.Connection:
    """Sign in as a role, in one transaction until it ends."""
    connection = server.connect(role=role)
    connection.autocommit = False
    return connection


@pytest.fixture
def session_of_a(two_museums: EmbeddedPostgres) -> Iterator[psycopg.Connection]:
    """Open a connection on the application's role, in museum A's setting."""
    connection = _connect(two_museums, APPLICATION)
    connection.execute(f"SELECT set_config('app.institution', '{A}', true)")
    yield connection
    connection.rollback()
    connection.close()


def _changed(connection: psycopg.Connection, statement: str) -> int:
    """Count the rows a statement changed; a refusal changed none."""
    before = None
    with suppress(psycopg.errors.InsufficientPrivilege, psycopg.errors.RestrictViolation), connection.transaction():
        before = connection.execute(statement).rowcount
    return before or 0


@pytest.mark.parametrize("table", OWNED, ids=lambda table: table.name)
def test_sql_of_one_museum_reads_and_writes_nothing_of_another(session_of_a: psycopg.Connection, table: Table) -> None:
    def count(where: str) -> int:
        row = session_of_a.execute(f"SELECT count(*) FROM {table.name} WHERE {where}").fetchone()
        return int(row[0]) if row else -1

    assert count(f"institution_id = {A}") == 1  # or the test proves nothing
    assert count(f"institution_id <> {A}") == 0
    for statement in (
        f"UPDATE {table.name} SET institution_id = institution_id WHERE institution_id = {B}",
        f"DELETE FROM {table.name} WHERE institution_id = {B}",
    ):
        assert _changed(session_of_a, statement) == 0
    with pytest.raises(psycopg.Error, match=REFUSED), session_of_a.transaction():
        session_of_a.execute(_insert(table, B))
    assert count(f"institution_id = {A}") == 1


@pytest.mark.parametrize("table", OWNED, ids=lambda table: table.name)
def test_a_row_cannot_be_handed_to_another_museum(session_of_a: psycopg.Connection, table: Table) -> None:
    with pytest.raises(psycopg.Error), session_of_a.transaction():
        session_of_a.execute(f"UPDATE {table.name} SET institution_id = {B} WHERE institution_id = {A}")


def test_without_a_setting_there_is_nothing(two_museums: EmbeddedPostgres) -> None:
    with _connect(two_museums, APPLICATION) as connection:
        for table in OWNED:
            found = connection.execute(f"SELECT count(*) FROM {table.name}").fetchone()
            assert found == (0,), table.name


def test_the_setting_ends_with_the_transaction(two_museums: EmbeddedPostgres) -> None:
    with _connect(two_museums, APPLICATION) as connection:
        connection.execute(f"SELECT set_config('app.institution', '{A}', true)")
        connection.rollback()
        assert connection.execute("SELECT count(*) FROM donors").fetchone() == (0,)


def test_the_public_role_reads_what_is_published_of_all_and_identity_of_none(two_museums: EmbeddedPostgres) -> None:
    with _connect(two_museums, APPLICATION) as connection:
        connection.execute("SET LOCAL ROLE cimaise_public")
        assert connection.execute(f"SELECT count(*) FROM stages WHERE institution_id IN ({A}, {B})").fetchone() == (2,)
        for private in (
            "donors",
            "gifts",
            "pledges",
            "receipts",
            "consents",
            "mails",
            "accounts",
            "sessions",
            "audit_entries",
            "outbox",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
                connection.execute(f"SELECT 1 FROM {private} LIMIT 1")
        with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
            connection.execute("SELECT pledge_id FROM wall_entries LIMIT 1")


def test_the_auditor_reads_the_reports_of_all_museums_and_no_identity(two_museums: EmbeddedPostgres) -> None:
    with _connect(two_museums, AUDIT) as connection:
        views = [row[0] for row in connection.execute("SELECT viewname FROM pg_views WHERE schemaname = 'reporting'")]
        assert len(views) == 12
        for view in views:
            connection.execute(f"SELECT * FROM reporting.{view} LIMIT 5")
        for column in ("email", "last_name", "address_line"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
                connection.execute(f"SELECT {column} FROM donors LIMIT 1")
        with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
            connection.execute("UPDATE gifts SET state = 'lost'")


# ---------- the ORM ----------

Opened = Callable[[Scope], AbstractContextManager[Session]]


@pytest.fixture
def foreign_donor(app: Flask) -> tuple[int, int, int]:
    """Found two museums, one donor in the second; give both museums and the donor."""
    ours, theirs = factories.make_institution(), factories.make_institution()
    with transaction(factories.scope(theirs)) as session:
        return ours, theirs, factories.make_donor(session).id


def test_the_orm_adds_the_museum_to_every_statement(foreign_donor: tuple[int, int, int], opened: Opened) -> None:
    ours, theirs, donor = foreign_donor
    with opened(factories.scope(ours)) as session:
        assert session.scalars(select(Donor).where(Donor.id == donor)).all() == []
        assert session.get(Donor, (theirs, donor)) is None
        assert session.scalar(select(func.count()).select_from(Donor)) == 0
    with opened(factories.scope(theirs)) as session:
        assert session.get(Donor, (theirs, donor)) is not None


def test_without_a_museum_in_scope_an_owned_table_is_out_of_reach(app: Flask, opened: Opened) -> None:
    with pytest.raises(ScopeError), opened(PlatformScope()) as session:
        session.scalars(select(Donor)).all()


def test_a_session_without_a_scope_does_nothing(migrated: EmbeddedPostgres) -> None:
    engine = create_engine(migrated.url(APPLICATION))
    with pytest.raises(ScopeError), Session(engine) as session:
        session.execute(text("SELECT 1"))
    engine.dispose()


def test_a_row_of_another_museum_is_not_added(foreign_donor: tuple[int, int, int], opened: Opened) -> None:
    ours, theirs, _donor = foreign_donor
    with pytest.raises(ScopeError), opened(factories.scope(ours)) as session:
        factories.make_donor(session, institution_id=theirs)


def test_a_row_cannot_point_at_another_museums(foreign_donor: tuple[int, int, int], opened: Opened) -> None:
    ours, _theirs, donor = foreign_donor
    with opened(factories.scope(ours)) as session:
        gift = factories.make_gift(session, factories.make_campaign(session)).id
        move = text("UPDATE gifts SET donor_id = :donor WHERE id = :id")
        with pytest.raises(DBAPIError, match="foreign key"), session.begin_nested():
            session.execute(move, {"donor": donor, "id": gift})


def test_the_public_scope_cannot_write(app: Flask, opened: Opened) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), opened(PublicScope()) as session:
        session.execute(text("UPDATE campaigns SET state = 'ended'"))


def test_every_owned_model_takes_its_museum_from_the_scope() -> None:
    by_triggers_or_chain = {"ledger_totals", "campaign_totals", "audit_entries"}
    owned: set[Any] = {
        str(mapper.local_table) for mapper in Base.registry.mappers if issubclass(mapper.class_, OwnedByInstitution)
    }
    assert {table.name for table in OWNED} - owned == by_triggers_or_chain
