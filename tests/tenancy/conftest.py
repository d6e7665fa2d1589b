"""Two museums with one row of every owned table each, and ways into one of them."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from flask import Flask

from crowdfund.embedded import EmbeddedPostgres
from crowdfund.roles import APPLICATION
from crowdfund.tenancy import transaction
from tests import factories
from tests.tenancy.planted import OWNED, A, B, insert, sign_in


@pytest.fixture(scope="module")
def two_museums(migrated: EmbeddedPostgres) -> Iterator[EmbeddedPostgres]:
    """Give each of two museums one row of every owned table."""
    with (
        migrated.connect() as connection,
        connection.transaction(),
    ):  # all or none, or the next file trips over the rest
        connection.execute("SET session_replication_role = replica")
        for museum in (A, B):
            for table in OWNED:
                connection.execute(insert(table, museum))
    yield migrated
    with migrated.connect() as connection:
        connection.execute("SET session_replication_role = replica")
        for table in OWNED:
            connection.execute(f"DELETE FROM {table.name} WHERE institution_id IN ({A}, {B})")


@pytest.fixture
def session_of_a(two_museums: EmbeddedPostgres) -> Iterator[psycopg.Connection]:
    """Open a connection on the application's role, in museum A's setting."""
    connection = sign_in(two_museums, APPLICATION)
    connection.execute(f"SELECT set_config('app.institution', '{A}', true)")
    yield connection
    connection.rollback()
    connection.close()


@pytest.fixture
def foreign_donor(app: Flask) -> tuple[int, int, int]:
    """Found two museums, one donor in the second; give both museums and the donor."""
    ours, theirs = factories.make_institution(), factories.make_institution()
    with transaction(factories.scope(theirs)) as session:
        return ours, theirs, factories.make_donor(session).id
