"""Rows of every owned table, made past every trigger by a superuser: a table added later is tried without anybody thinking of it."""

from __future__ import annotations

import psycopg
from sqlalchemy import Table

from crowdfund import models as _every_table  # noqa: F401
from crowdfund.database import Base
from crowdfund.embedded import EmbeddedPostgres

OWNED = sorted(
    (table for table in Base.metadata.tables.values() if "institution_id" in table.columns),
    key=lambda table: table.name,
)
A, B = 900_001, 900_002
MINOR = {"refunded_minor": 0, "disputed_minor": 0, "lost_minor": 0, "cover_minor": 0, "counterpart_minor": 0}
WORDS = {
    "kind": "individual",
    "certainty": "firm",
    "currency": "EUR",
    "country": "FR",
    "turn": "any",
    "jurisdiction": "FR",
    "batches.state": "recorded",  # open: what the cheque below waits for
    "cheques.state": "recorded",  # any other has been approved by somebody
}
# Optional by themselves: a check asks for one of several; a cheque is judged by the batch of the number it names.
WANTED = {"wall_entries": ["pledge_id"], "batches": ["id"], "plaque_names": ["pledge_id"]}
CLOCK = dict.fromkeys(("closes_at", "ends_at"), "now() + interval '1 day'")


def value(table: Table, name: str, museum: int) -> str:
    """Write a value that satisfies the column's type and checks."""
    column = table.columns[name]
    if name == "institution_id":
        return str(museum)
    kind = str(column.type)
    if name.endswith("_minor") and kind == "BIGINT":
        return str(MINOR.get(name, 100))
    if kind.startswith(("BIGINT", "INTEGER", "SMALLINT")):
        return {"claimed": "0", "higher_id": str(museum % 100 + 500)}.get(name, str(museum % 100))
    if kind.startswith(("TEXT", "VARCHAR")):
        word = WORDS.get(f"{table.name}.{name}") or WORDS.get(name, f"{name[:2]}{museum}")
        return f"'{word}'"
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
        "TSVECTOR": "''",
    }
    return CLOCK.get(name) or next(value for start, value in simple.items() if kind.startswith(start))


def insert(table: Table, museum: int) -> str:
    filled = [c for c in table.columns if c.computed is None]
    needed = [c.name for c in filled if (not c.nullable and c.name != "id") or c.name == "institution_id"]
    needed += WANTED.get(table.name, [])
    if table.name == "ledger_transactions":
        needed.remove("xid")
    values = ", ".join(value(table, name, museum) for name in needed)
    columns = ", ".join(f'"{name}"' for name in needed)  # a column may be called "window"
    return f"INSERT INTO {table.name} ({columns}) VALUES ({values})"


def sign_in(server: EmbeddedPostgres, role: str) -> psycopg.Connection:
    """Sign in as a role, in one transaction until it ends."""
    connection = server.connect(role=role)
    connection.autocommit = False
    return connection


def scalar(connection: psycopg.Connection, statement: str) -> object:
    """Give the one value of a statement."""
    row = connection.execute(statement).fetchone()
    assert row is not None
    return row[0]
