"""Foreign keys carry the museum: each one in the catalogue refuses a row that points to another museum's parent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import pytest

from crowdfund.database import Base
from crowdfund.embedded import SUPERUSER, EmbeddedPostgres
from tests.tenancy.planted import OWNED, A, B, sign_in

KEYS = """
  SELECT k.conname, k.conrelid::regclass::text, k.confrelid::regclass::text,
         ARRAY(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY o(n, i)
               JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = o.n ORDER BY i),
         ARRAY(SELECT a.attname::text FROM unnest(k.confkey) WITH ORDINALITY o(n, i)
               JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = o.n ORDER BY i)
  FROM pg_constraint k JOIN pg_namespace s ON s.oid = k.connamespace AND s.nspname = 'public'
  WHERE k.contype = 'f' ORDER BY 1"""


@dataclass(frozen=True)
class Key:
    """A foreign key as the catalogue tells it."""

    name: str
    child: str
    parent: str
    columns: list[str]
    referred: list[str]

    def pointing_at(self, museum: int) -> str:
        """Write the statement that lets A's row point to a museum's parent, its own museum unchanged."""
        own = [
            (mine, theirs) for mine, theirs in zip(self.columns, self.referred, strict=True) if mine != "institution_id"
        ]
        values = ", ".join(
            f"{mine} = (SELECT {theirs} FROM {self.parent} WHERE institution_id = {museum})" for mine, theirs in own
        )
        return f"UPDATE {self.child} SET {values} WHERE institution_id = {A}"


@pytest.fixture(scope="module")
def keys(two_museums: EmbeddedPostgres) -> list[Key]:
    with sign_in(two_museums, SUPERUSER) as connection:
        found = [Key(*row) for row in connection.execute(KEYS)]
    owned = {table.name for table in OWNED}
    return [key for key in found if key.child in owned and key.parent in owned]


@pytest.fixture
def bare(two_museums: EmbeddedPostgres) -> Iterator[psycopg.Connection]:
    """Open a superuser's connection, past row security, for which only the foreign keys are left. All is undone."""
    connection = sign_in(two_museums, SUPERUSER)
    for table in OWNED:
        connection.execute(f"ALTER TABLE {table.name} DISABLE TRIGGER USER")
    # With one donor planted, both of a pair point to the same one.
    connection.execute("ALTER TABLE donor_aparts DROP CONSTRAINT ck_donor_aparts_two")
    yield connection
    connection.rollback()
    connection.close()


def test_the_catalogue_has_every_key_of_the_models(keys: list[Key]) -> None:
    owned = {table.name for table in OWNED}
    told = {
        (table.name, constraint.referred_table.name, tuple(constraint.column_keys))
        for table in Base.metadata.tables.values()
        for constraint in table.foreign_key_constraints
        if table.name in owned and constraint.referred_table.name in owned
    }
    assert len(told) > 20
    assert {(key.child, key.parent, tuple(key.columns)) for key in keys} == told


def _point(connection: psycopg.Connection, key: Key, museum: int) -> int:
    """Point A's row to a parent of a museum, judge it at once, and undo it."""
    with connection.transaction(force_rollback=True):
        changed = connection.execute(key.pointing_at(museum)).rowcount
        connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
    return changed


def test_each_key_refuses_another_museums_parent_and_takes_its_own(keys: list[Key], bare: psycopg.Connection) -> None:
    for key in keys:
        assert "institution_id" in key.columns, key.name
        assert _point(bare, key, A) == 1, key.name  # or the test proves nothing
        with pytest.raises(psycopg.errors.ForeignKeyViolation) as refused:
            _point(bare, key, B)
        assert refused.value.diag.constraint_name == key.name
