"""The application's role stays what it is: no other role's rights, no scope but the transaction's, also across savepoints."""

from __future__ import annotations

from contextlib import suppress

import psycopg
import pytest

from crowdfund.embedded import SUPERUSER, EmbeddedPostgres
from crowdfund.roles import APPLICATION, AUDIT, DISPATCH, OWNER, PUBLIC
from tests.tenancy.planted import OWNED, A, B, scalar, sign_in

OTHERS = (OWNER, DISPATCH, AUDIT, SUPERUSER)
PUBLISHED = "SELECT tablename FROM pg_policies WHERE policyname = 'published' AND schemaname = 'public' ORDER BY 1"


def _museums(connection: psycopg.Connection, table: str = "donors") -> list[int]:
    rows = connection.execute(f"SELECT institution_id FROM {table} WHERE institution_id IN ({A}, {B}) ORDER BY 1")
    return [row[0] for row in rows]


@pytest.mark.parametrize("role", OTHERS)
@pytest.mark.parametrize(
    "statement",
    ["SET ROLE {}", "SET LOCAL ROLE {}", "SET SESSION AUTHORIZATION {}", "SET LOCAL SESSION AUTHORIZATION {}"],
)
def test_a_museums_session_becomes_no_role_that_sees_more(
    session_of_a: psycopg.Connection, role: str, statement: str
) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege), session_of_a.transaction():
        session_of_a.execute(statement.format(role))
    assert scalar(session_of_a, "SELECT current_user") == APPLICATION
    assert _museums(session_of_a) == [A]


@pytest.mark.parametrize(
    "statement",
    ["RESET ROLE", "SET ROLE NONE", f"SET ROLE {APPLICATION}", "RESET SESSION AUTHORIZATION", "SET row_security = off"],
)
def test_what_a_session_may_say_of_its_role_widens_nothing(session_of_a: psycopg.Connection, statement: str) -> None:
    session_of_a.execute(statement)
    with suppress(psycopg.errors.InsufficientPrivilege), session_of_a.transaction():
        # with row security "off" the statement is refused, as rows would have been left out
        assert _museums(session_of_a) == [A]
    assert scalar(session_of_a, "SELECT current_user") == APPLICATION
    session_of_a.execute("SET row_security = on")
    for table in OWNED:
        assert _museums(session_of_a, table.name) == [A], table.name


def test_the_public_role_that_is_left_again_gives_the_museums_rows_and_no_more(
    session_of_a: psycopg.Connection,
) -> None:
    session_of_a.execute(f"SET LOCAL ROLE {PUBLIC}")
    assert _museums(session_of_a, "stages") == [A, B]
    session_of_a.execute("RESET ROLE")
    assert _museums(session_of_a, "stages") == [A]


def test_a_public_session_that_resets_its_role_has_no_museum(two_museums: EmbeddedPostgres) -> None:
    with sign_in(two_museums, APPLICATION) as connection:
        connection.execute("SELECT set_config('app.institution', '', true)")
        connection.execute(f"SET LOCAL ROLE {PUBLIC}")
        connection.execute("RESET ROLE")
        for table in OWNED:
            assert _museums(connection, table.name) == [], table.name


def test_the_application_does_not_inherit_what_the_public_sees(two_museums: EmbeddedPostgres) -> None:
    with sign_in(two_museums, APPLICATION) as connection:
        assert scalar(connection, f"SELECT rolinherit FROM pg_roles WHERE rolname = '{APPLICATION}'") is False
        assert scalar(connection, f"SELECT pg_has_role('{APPLICATION}', '{PUBLIC}', 'MEMBER')") is True
        assert scalar(connection, f"SELECT pg_has_role('{APPLICATION}', '{PUBLIC}', 'USAGE')") is False
        published = [row[0] for row in connection.execute(PUBLISHED)]
        assert "stages" in published
        for table in published:
            assert _museums(connection, table) == [], table
        connection.execute(f"SET LOCAL ROLE {PUBLIC}")
        assert _museums(connection, "stages") == [A, B]  # what an heir would see


def test_an_heir_of_the_public_role_would_see_more(two_museums: EmbeddedPostgres) -> None:
    """The control of the test above: with inheritance, and nothing else changed, a museum's session sees another."""
    with sign_in(two_museums, SUPERUSER) as connection:
        connection.execute(f"ALTER ROLE {APPLICATION} INHERIT")
        connection.execute(f"GRANT {PUBLIC} TO {APPLICATION} WITH INHERIT TRUE")
        connection.execute(f"SET LOCAL ROLE {APPLICATION}")
        connection.execute(f"SELECT set_config('app.institution', '{A}', true)")
        assert _museums(connection, "stages") == [A, B]
        connection.rollback()
        connection.execute(f"SET LOCAL ROLE {APPLICATION}")
        connection.execute(f"SELECT set_config('app.institution', '{A}', true)")
        assert _museums(connection, "stages") == [A]
        connection.rollback()


def test_a_savepoint_that_is_rolled_back_gives_the_scope_back(session_of_a: psycopg.Connection) -> None:
    session_of_a.execute("SAVEPOINT here")
    session_of_a.execute(f"SELECT set_config('app.institution', '{B}', true)")
    assert _museums(session_of_a) == [B]
    session_of_a.execute("ROLLBACK TO SAVEPOINT here")
    assert _museums(session_of_a) == [A]


def _ask_the_public_for_identity(connection: psycopg.Connection) -> None:
    connection.execute(f"SET LOCAL ROLE {PUBLIC}")
    connection.execute("SELECT email FROM donors")


def test_a_savepoint_that_failed_keeps_the_scope(session_of_a: psycopg.Connection) -> None:
    with pytest.raises(psycopg.errors.DivisionByZero), session_of_a.transaction():
        session_of_a.execute("SELECT 1 / 0")
    assert _museums(session_of_a) == [A]
    with pytest.raises(psycopg.errors.InsufficientPrivilege), session_of_a.transaction():
        _ask_the_public_for_identity(session_of_a)
    assert scalar(session_of_a, "SELECT current_user") == APPLICATION
    assert _museums(session_of_a) == [A]


@pytest.mark.parametrize("value", ["", " ", "0", "-1", "null", "900002 or true", "9" * 30, "900001,900002"])
def test_a_setting_that_is_no_museum_sees_nothing(two_museums: EmbeddedPostgres, value: str) -> None:
    with sign_in(two_museums, APPLICATION) as connection:
        connection.execute("SELECT set_config('app.institution', %s, true)", [value])
        with suppress(psycopg.errors.DataError), connection.transaction():
            assert _museums(connection) == []
