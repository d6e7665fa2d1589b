"""The books check finds what it is there to find: each promise broken once, behind the triggers' back."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from crowdfund import books
from crowdfund.database import Base
from crowdfund.embedded import EmbeddedPostgres
from tests.tenancy.planted import value

MUSEUM = 900_003
# invariant → rows that break it, (table, values spelt out); all else is filled in
BROKEN: dict[str, list[tuple[str, dict[str, str]]]] = {
    "1 every ledger transaction sums to zero per currency": [("ledger_transactions", {"id": "1"})],
    "1 the kept balances are the sums of the entries": [
        ("ledger_accounts", {"id": "1"}), ("ledger_totals", {"account_id": "1", "balance_minor": "5"})],
    "2 a campaign's total is its gifts less what was given back": [("campaigns", {"id": "1"}), ("gifts", {"campaign_id": "1"})],
    "2 the refunds of a gift are what it says it gave back": [("gifts", {"refunded_minor": "50"})],
    "2 supporters and promises are counted right": [
        ("campaigns", {"id": "1"}), ("campaign_totals", {"campaign_id": "1", "supporters": "7"})],
    "2 what a person gave in all is counted right": [("donors", {"id": "1", "gave": "true"})],
    "3 a paid pledge has exactly one gift, and only a paid one has": [("pledges", {"state": "'paid'"})],
    "3 a paid checkout belongs to a paid pledge or a quarantined charge": [
        ("pledges", {"id": "1", "state": "'made'"}), ("checkouts", {"pledge_id": "1", "state": "'paid'", "session": "'cs_1'"})],
    "4 a gift with a receipt wished for has one live receipt, a reason, or a fact on its way": [
        ("gifts", {"wants_receipt": "true", "state": "'received'"})],
    "4 a gift is marked as answered once it has a receipt or a reason for none": [("gifts", {"receipt_answered": "true"})],
    "4 money given back has no live receipt": [
        ("gifts", {"id": "1", "state": "'refunded'", "refunded_minor": "100"}), ("receipts", {"id": "1", "state": "'issued'"}),
        ("receipt_gifts", {"gift_id": "1", "receipt_id": "1", "live": "true"})],
    "4 a live line belongs to a receipt in force": [
        ("receipts", {"id": "1", "state": "'cancelled'"}), ("receipt_gifts", {"receipt_id": "1", "live": "true"})],
    "5 receipts are numbered 1 to n without gap": [("receipt_counters", {"last": "3"})],
    "6 a mail that left was sent under one key, and none is stuck": [("mails", {"state": "'failed'"})],
    "7 a reward is never claimed beyond its stock": [("rewards", {"stock": "9", "claimed": "2"})],
    "7 a piece is never adopted beyond its places": [("pieces", {"shares": "9", "claimed": "2"})],
}  # fmt: skip


@pytest.fixture
def behind(migrated: EmbeddedPostgres) -> Iterator[psycopg.Connection]:
    """Open a superuser's connection past the triggers; what it does is undone."""
    connection = migrated.connect()
    connection.autocommit = False
    connection.execute("SET LOCAL session_replication_role = replica")
    yield connection
    connection.rollback()
    connection.close()


def _add(connection: psycopg.Connection, name: str, given: dict[str, str]) -> None:
    table = Base.metadata.tables[name]
    values = {
        column.name: value(table, column.name, MUSEUM)
        for column in table.columns
        if (not column.nullable and column.name not in {"id", "xid"}) or column.name == "institution_id"
    } | given
    connection.execute(f"INSERT INTO {name} ({', '.join(values)}) VALUES ({', '.join(values.values())})")


def _found(connection: psycopg.Connection, invariant: str) -> set[str]:
    return {str(row[0]) for row in connection.execute(books.CHECKS[invariant])}


def test_every_check_has_its_fault() -> None:
    assert set(BROKEN) == set(books.CHECKS)


@pytest.mark.parametrize("invariant", BROKEN)
def test_a_broken_promise_is_found(behind: psycopg.Connection, invariant: str) -> None:
    before = _found(behind, invariant)
    for table, given in BROKEN[invariant]:
        _add(behind, table, given)
    assert _found(behind, invariant) - before
