"""The promises of the books, read from outside: plain SQL on the `reporting` views, by the auditor's role.

What the services write keeps every promise; each promise broken once, behind the triggers' back, is seen. For a museum's
own tools the same views show that museum's rows only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import pytest
from flask import Flask
from sqlalchemy import Connection, create_engine, text

from crowdfund import clock
from crowdfund.database import Base, Database
from crowdfund.embedded import SUPERUSER, EmbeddedPostgres
from crowdfund.gifts import service as gifts
from crowdfund.gifts import tasks as thanks
from crowdfund.gifts.reports import MoneyReceived
from crowdfund.gifts.rules import Method
from crowdfund.money import Money
from crowdfund.receipts import service as receipts
from crowdfund.roles import APPLICATION, AUDIT
from tests import factories
from tests.conftest import inside
from tests.receipts.conftest import MailKeeper, found_museum
from tests.tenancy.planted import A, B, sign_in, value

PROMISES = {
    "1 every ledger transaction sums to zero":
    "SELECT transaction_id FROM reporting.ledger GROUP BY transaction_id, currency HAVING sum(debit_minor - credit_minor) <> 0",
    "2 what the funds hold is what was given less what was given back": """
      SELECT institution FROM
        (SELECT institution, sum(credit_minor - debit_minor) AS held FROM reporting.ledger WHERE account LIKE 'fund:%' GROUP BY 1) l
        FULL JOIN (SELECT institution, sum(amount_minor - refunded_minor - disputed_minor) AS kept FROM reporting.gifts GROUP BY 1) g
        USING (institution) WHERE held IS DISTINCT FROM kept""",
    "3 one attempt is one pledge": "SELECT attempt FROM reporting.pledges GROUP BY institution, attempt HAVING count(*) > 1",
    "3 one pledge is one gift, and one charge is one gift": """
      SELECT max(id) FROM reporting.gifts GROUP BY pledge_id HAVING pledge_id IS NOT NULL AND count(*) > 1
      UNION ALL SELECT max(id) FROM reporting.gifts GROUP BY provider_ref HAVING provider_ref IS NOT NULL AND count(*) > 1""",
    "4 a gift has one receipt in force, and none when it was given back": """
      SELECT l.gift_id FROM reporting.receipt_gifts l JOIN reporting.receipts r ON r.id = l.receipt_id AND r.state = 'issued'
      JOIN reporting.gifts g ON g.id = l.gift_id GROUP BY l.gift_id HAVING count(*) > 1 OR bool_or(g.state = 'refunded')""",
    "5 receipts are numbered from 1 without a gap": """
      SELECT institution, issuer, series, year FROM reporting.receipts GROUP BY institution, issuer, series, year
      HAVING max(number) <> count(*) OR min(number) <> 1 OR count(DISTINCT number) <> count(*)""",
    "6 a mail has left under one key once":
    "SELECT institution, key FROM reporting.mails GROUP BY institution, key HAVING count(*) > 1 OR bool_or(state <> 'sent')",
    "9 no link of the audit chain is missing":
    "SELECT institution FROM reporting.audit GROUP BY institution HAVING max(seq) <> count(*) OR min(seq) <> 1",
}  # fmt: skip
FAULTS = {
    "1 every ledger transaction sums to zero": "UPDATE ledger_entries SET amount_minor = 1 WHERE amount_minor > 0 AND {ours}",
    "2 what the funds hold is what was given less what was given back": "UPDATE gifts SET refunded_minor = refunded_minor + 1 WHERE {ours}",
    "3 one attempt is one pledge": "UPDATE pledges SET attempt = (SELECT attempt FROM pledges ORDER BY id DESC LIMIT 1) WHERE {ours}",
    "3 one pledge is one gift, and one charge is one gift": "UPDATE gifts SET charge = 'ch_same' WHERE {ours}",
    "4 a gift has one receipt in force, and none when it was given back": "UPDATE gifts SET state = 'refunded' WHERE {ours}",
    "5 receipts are numbered from 1 without a gap": "UPDATE receipts SET number = number + 1 WHERE number = 2 AND {ours}",
    "6 a mail has left under one key once": "UPDATE mails SET state = 'failed' WHERE {ours}",
    "9 no link of the audit chain is missing": "DELETE FROM audit_entries WHERE seq = 1 AND {ours}",
}  # fmt: skip
# One promise about stock, and one about keys between tables, are the catalogue's and the books check's: no view shows them.


@pytest.fixture
def connection(house: Flask, migrated: EmbeddedPostgres) -> Iterator[Connection]:
    """Run the services as the application in a transaction that can be looked at by others before it is undone."""
    database: Database = house.extensions["database"]
    engine = create_engine(migrated.url(SUPERUSER))
    with engine.connect() as bound, inside(database, bound):
        bound.execute(text(f"SET SESSION AUTHORIZATION {APPLICATION}"))
        yield bound
    engine.dispose()


@dataclass(frozen=True)
class Books:
    """Two museums' books, and what was broken before: other tests leave rows behind."""

    connection: Connection
    ours: str
    before: dict[str, set[str]]

    def broken(self) -> set[str]:
        """Name the promises that are broken now and were not before."""
        return {promise for promise, rows in _read(self.connection).items() if rows - self.before[promise]}


def _read(connection: Connection) -> dict[str, set[str]]:
    """Read every promise as the auditor."""
    connection.execute(text("RESET SESSION AUTHORIZATION"))
    connection.execute(text(f"SET LOCAL ROLE {AUDIT}"))
    found = {name: {str(row) for row in connection.execute(text(query))} for name, query in PROMISES.items()}
    connection.execute(text("RESET ROLE"))
    return found


@pytest.fixture
def books(app: Flask, connection: Connection) -> Books:
    """Give two museums two gifts each, with their receipts and mails."""
    before = _read(connection)
    connection.execute(text(f"SET SESSION AUTHORIZATION {APPLICATION}"))
    mailer = app.extensions["mailer"]
    app.extensions["mailer"] = MailKeeper(app.extensions["config"], app.extensions["storage"])
    museums = [found_museum() for _museum in range(2)]
    for museum in museums:
        for number in range(2):
            with museum.open() as session:
                pledge = factories.make_pledge(session, museum.campaign(session))
                money = MoneyReceived(
                    reference=f"pledge:{pledge.id}", campaign_id=museum.campaign_id, amount=Money(5000, "EUR"),
                    method=Method.CARD, received_at=clock.now(), pledge_id=pledge.id,
                    charge=f"ch_{museum.id}_{number}", payment=f"pi_{museum.id}_{number}",
                )  # fmt: skip
                gift = gifts.receive_gift(session, money)
                receipts.issue(session, gift.id)
            thanks.thank(museum.scope, gift.id)
    app.extensions["mailer"] = mailer
    return Books(connection, f"institution_id IN ({museums[0].id}, {museums[1].id})", before)


def test_what_the_services_write_keeps_every_promise(books: Books) -> None:
    assert books.broken() == set()


@pytest.mark.parametrize("promise", PROMISES)
def test_a_promise_that_is_broken_is_seen_from_outside(books: Books, promise: str) -> None:
    books.connection.execute(text("RESET SESSION AUTHORIZATION"))
    books.connection.execute(text("SET LOCAL session_replication_role = replica"))
    if promise.startswith("3"):
        _drop_unique_indexes(books.connection)
    assert books.connection.execute(text(FAULTS[promise].format(ours=books.ours))).rowcount > 0
    assert promise in books.broken()


def _drop_unique_indexes(connection: Connection) -> None:
    """Take away what would have refused the double."""
    unique = "SELECT indexrelid::regclass::text FROM pg_index WHERE indisunique AND NOT indisprimary AND indrelid = '{}'::regclass"
    for table in ("pledges", "gifts"):
        for index in connection.scalars(text(unique.format(table))).all():
            connection.execute(text(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {index} CASCADE"))
            connection.execute(text(f"DROP INDEX IF EXISTS {index} CASCADE"))


def _views(connection: psycopg.Connection) -> dict[str, list[str]]:
    rows = connection.execute(
        "SELECT table_name, array_agg(column_name::text) FROM information_schema.columns WHERE table_schema = 'reporting' GROUP BY 1"
    )
    return {name: columns for name, columns in rows}  # noqa: C416 - a row is not a pair to mypy


def test_a_museums_own_tools_see_its_rows_only(two_museums: EmbeddedPostgres) -> None:
    museums = Base.metadata.tables["institutions"]
    needed = [column.name for column in museums.columns if not column.nullable]
    with sign_in(two_museums, SUPERUSER) as connection:
        connection.execute("SET LOCAL session_replication_role = replica")
        for museum in (A, B):  # the views name a museum by its slug
            named = {"id": str(museum), "slug": f"'slug-{museum}'", "wall_chroma": "0", "wall_shift": "0"}
            values = ", ".join(named.get(name) or value(museums, name, museum) for name in needed)
            connection.execute(f"INSERT INTO institutions ({', '.join(needed)}) VALUES ({values})")
        connection.execute("SET LOCAL session_replication_role = origin")
        seen = {}
        for who in ("", str(A), str(B)):
            connection.execute(f"SET LOCAL ROLE {APPLICATION}")
            connection.execute("SELECT set_config('app.institution', %s, true)", [who])
            seen[who] = {
                view: {row[0] for row in connection.execute(f"SELECT institution FROM reporting.{view}")}
                for view, columns in _views(connection).items()
                if "institution" in columns
            }
        connection.rollback()
    assert len(seen[""]) >= 8
    assert set().union(*seen[""].values()) == set()
    for museum in (A, B):
        assert set().union(*seen[str(museum)].values()) == {f"slug-{museum}"}


def test_the_auditor_reads_the_reports_of_all_museums_and_no_identity(two_museums: EmbeddedPostgres) -> None:
    with sign_in(two_museums, AUDIT) as connection:
        assert len(_views(connection)) == 12
        for view in _views(connection):
            connection.execute(f"SELECT * FROM reporting.{view} LIMIT 5")
        for column in ("email", "last_name", "address_line"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
                connection.execute(f"SELECT {column} FROM donors LIMIT 1")
        for change in (
            "UPDATE gifts SET state = 'lost'",
            "UPDATE reporting.provider_calls SET state = 'lost'",
            "DELETE FROM mails",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
                connection.execute(change)
