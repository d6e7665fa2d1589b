"""By raw SQL on the application's role: a museum's session reads and writes nothing of another, in any owned table."""

from __future__ import annotations

import re
from contextlib import suppress

import psycopg
import pytest
from sqlalchemy import Table

from crowdfund.embedded import EmbeddedPostgres
from crowdfund.roles import APPLICATION
from tests.tenancy.planted import OWNED, A, B, insert, sign_in

# An open batch that row security hides is as a counted one: the control is below.
REFUSED = re.compile(r"permission denied|row-level security|only grows|never changes|joins only|the batch is counted")


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
        session_of_a.execute(insert(table, B))
    assert count(f"institution_id = {A}") == 1


def test_the_guard_of_a_batch_stops_the_other_museums_cheque_and_not_ones_own(session_of_a: psycopg.Connection) -> None:
    """Both museums' batches are open: who cannot see the other's is stopped by it, and comes past their own."""
    cheques = next(table for table in OWNED if table.name == "cheques")
    with pytest.raises(psycopg.errors.CheckViolation, match="the batch is counted"), session_of_a.transaction():
        session_of_a.execute(insert(cheques, B))
    with pytest.raises(psycopg.errors.ForeignKeyViolation), session_of_a.transaction():  # past it; no donor is planted
        session_of_a.execute(insert(cheques, A))


@pytest.mark.parametrize("table", OWNED, ids=lambda table: table.name)
def test_a_row_cannot_be_handed_to_another_museum(session_of_a: psycopg.Connection, table: Table) -> None:
    with pytest.raises(psycopg.Error), session_of_a.transaction():
        session_of_a.execute(f"UPDATE {table.name} SET institution_id = {B} WHERE institution_id = {A}")


def test_without_a_setting_there_is_nothing(two_museums: EmbeddedPostgres) -> None:
    with sign_in(two_museums, APPLICATION) as connection:
        for table in OWNED:
            found = connection.execute(f"SELECT count(*) FROM {table.name}").fetchone()
            assert found == (0,), table.name


def test_the_setting_ends_with_the_transaction(two_museums: EmbeddedPostgres) -> None:
    with sign_in(two_museums, APPLICATION) as connection:
        connection.execute(f"SELECT set_config('app.institution', '{A}', true)")
        connection.rollback()
        assert connection.execute("SELECT count(*) FROM donors").fetchone() == (0,)


def test_the_public_role_reads_what_is_published_of_all_and_identity_of_none(two_museums: EmbeddedPostgres) -> None:
    with sign_in(two_museums, APPLICATION) as connection:
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
