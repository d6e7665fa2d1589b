"""The trail: chained, append only; what a superuser does to it shows."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from crowdfund import audit, books, clock
from crowdfund.embedded import EmbeddedPostgres
from crowdfund.tenancy import OperatorScope, PlatformScope, transaction
from tests.factories import make_institution, scope


@pytest.fixture
def museum(app: Flask) -> int:
    found = make_institution(slug="trail")
    with transaction(scope(found)) as session:
        for number in range(1, 6):
            audit.record(session, "gift.moved", f"gift:{number}", fields=["campaign_id"])
    return found


def breaks(museum: int) -> list[str]:
    with transaction(OperatorScope(museum, "test")) as session:
        return books.audit_breaks(session)


def test_a_whole_trail_verifies(museum: int) -> None:
    assert breaks(museum) == []
    assert books.audit_problems(books.audit_heads()) == []


@pytest.mark.parametrize("statement", ["UPDATE audit_entries SET actor = 'x'", "DELETE FROM audit_entries"])
def test_the_application_cannot_change_it(museum: int, statement: str) -> None:
    with pytest.raises(DBAPIError, match="permission denied"), transaction(scope(museum)) as session:
        session.execute(text(statement))


def test_the_database_chains_whatever_it_is_told(museum: int) -> None:
    with transaction(scope(museum)) as session:
        session.execute(
            text(
                "INSERT INTO audit_entries (institution_id, seq, actor, action, subject, detail, at, prev_hash, hash)"
                " VALUES (:m, 99, 'a', 'b', 'c', '{}', now(), 'forged', 'forged')"
            ),
            {"m": museum},
        )
    assert breaks(museum) == []


FORGED = (
    "INSERT INTO audit_entries SELECT institution_id, 6, 'x', 'x', 'x', detail, at, hash, 'x' FROM audit_entries"
    " WHERE institution_id = {m} AND seq = 5"
)
DAMAGE = {
    "edit": ("UPDATE audit_entries SET actor = 'nobody' WHERE institution_id = {m} AND seq = 3", "3"),
    "edit of the hash too": ("UPDATE audit_entries SET hash = 'x' WHERE institution_id = {m} AND seq = 3", "3"),
    "deletion": ("DELETE FROM audit_entries WHERE institution_id = {m} AND seq = 3", "4"),
    "insertion": (FORGED, "6"),
    "other detail": ("""UPDATE audit_entries SET detail = '{{"n": 1}}' WHERE institution_id = {m} AND seq = 1""", "1"),
}


@pytest.fixture
def kept(house: Flask, migrated: EmbeddedPostgres) -> tuple[int, EmbeddedPostgres]:
    """Give a museum whose trail was really committed, for a superuser to damage; its numbers are the test's own."""
    with house.app_context():
        found = make_institution()
        with transaction(scope(found)) as session:
            for number in range(1, 6):
                audit.record(session, "gift.moved", f"gift:{number}", fields=["campaign_id"])
    return found, migrated


@pytest.mark.parametrize("kind", DAMAGE)
def test_damage_by_a_superuser_is_found(house: Flask, kept: tuple[int, EmbeddedPostgres], kind: str) -> None:
    museum, server = kept
    statement, seen = DAMAGE[kind]
    with house.app_context():
        try:
            _as_superuser(server, statement.format(m=museum))
            assert seen in breaks(museum)
        finally:
            _forget(server, museum)


def test_cutting_off_the_tail_shows_against_a_kept_head(house: Flask, kept: tuple[int, EmbeddedPostgres]) -> None:
    museum, server = kept
    with house.app_context():
        try:
            heads = books.audit_heads()
            _as_superuser(server, f"DELETE FROM audit_entries WHERE institution_id = {museum} AND seq > 3")
            assert breaks(museum) == []  # the chain alone cannot tell
            assert any("the kept head 5" in problem for problem in books.audit_problems(heads))
        finally:
            _forget(server, museum)


def _as_superuser(server: EmbeddedPostgres, statement: str) -> None:
    with server.connect() as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(statement.encode())


def _forget(server: EmbeddedPostgres, museum: int) -> None:
    _as_superuser(server, f"DELETE FROM audit_entries WHERE institution_id = {museum}")
    _as_superuser(server, f"DELETE FROM institutions WHERE id = {museum}")


def test_no_scope_no_trail(app: Flask, connection: Connection) -> None:
    with pytest.raises(RuntimeError), transaction(PlatformScope()) as session:
        audit.record(session, "x", "y")


def test_acts_written_together_are_chained_in_their_order(museum: int) -> None:
    with transaction(scope(museum)) as session:
        audit.record_all(session, [
            audit.Act("gift.moved", f"gift:{number}", {"amount_minor": number}, clock.now()) for number in (9, 7, 8)
        ])  # fmt: skip
        audit.record_all(session, [])
    with transaction(scope(museum)) as session:
        found = session.execute(text("SELECT subject FROM audit_entries WHERE seq > 5 ORDER BY seq")).scalars().all()
    assert found == ["gift:9", "gift:7", "gift:8"]
    assert breaks(museum) == []
