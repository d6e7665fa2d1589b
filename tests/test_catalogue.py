"""Museums are kept apart by the database itself, and the audit that says so finds planted faults."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from crowdfund.catalogue import audit
from crowdfund.embedded import EmbeddedPostgres
from crowdfund.tenancy import PlatformScope, transaction

FAULTS = {
    "row security is not forced": "ALTER TABLE gifts NO FORCE ROW LEVEL SECURITY",
    "no policy for the museum": "DROP POLICY museum ON donors",
    "a policy that is neither the museum's nor the public's": "CREATE POLICY extra ON gifts FOR SELECT USING (true)",
    "the museum may be missing": "CREATE TABLE planted (institution_id int); ALTER TABLE planted ENABLE ROW LEVEL SECURITY,"
    " FORCE ROW LEVEL SECURITY",
    "neither owned nor listed as the platform's": "CREATE TABLE planted (id int)",
    "a foreign key between owned tables without the museum": "CREATE UNIQUE INDEX planted ON donors (id);"
    " ALTER TABLE gifts ADD CONSTRAINT planted FOREIGN KEY (donor_id) REFERENCES donors (id)",
    "a unique index that does not start with the museum": "CREATE UNIQUE INDEX planted ON donors (email, institution_id)",
    "a view with its owner's rights": "CREATE VIEW reporting.planted AS SELECT id FROM gifts",
    "a function with its owner's rights that is open to all, or without a search path":
    "CREATE FUNCTION planted() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
    "the application may truncate, or change the books": "GRANT UPDATE ON ledger_entries TO cimaise_app",
    "a table that only grows has lost a guard": "ALTER TABLE audit_entries DISABLE TRIGGER grows_whole",
    "the public reads identity": "GRANT SELECT (email) ON donors TO cimaise_public",
}  # fmt: skip


def test_the_schema_keeps_museums_apart(app: Flask) -> None:
    with transaction(PlatformScope()) as session:
        assert audit(session) == {}


@pytest.mark.parametrize("what", FAULTS)
def test_a_planted_fault_is_found(migrated: EmbeddedPostgres, what: str) -> None:
    engine = create_engine(migrated.owner_url)
    with engine.connect() as connection:
        planted = connection.begin()
        connection.execute(text(FAULTS[what]))
        session = Session(connection, info={"scope": PlatformScope()})
        assert what in audit(session)
        planted.rollback()
    engine.dispose()


def test_a_history_in_the_background_goes_one_at_a_time_and_last(migrated: EmbeddedPostgres) -> None:
    row = (
        "INSERT INTO outbox (institution_id, topic, key, listener, payload, background, attempts, not_before, created_at)"
        " VALUES (900004, 't', 'k' || %s, 'l', '{}', %s, 0, now() - interval '1 hour', now())"
    )
    with migrated.connect() as connection:
        connection.autocommit = False
        connection.execute("SET LOCAL session_replication_role = replica")
        for number in range(6):
            connection.execute(row, [number, number < 3])
        leases = [
            [
                found[1]
                for found in connection.execute("SELECT * FROM lease_outbox(now(), 40, interval '30 s') ORDER BY 2")
            ]
            for _turn in range(2)
        ]
        background = {
            one[0] for one in connection.execute("SELECT id FROM outbox WHERE institution_id = 900004 AND background")
        }
        assert len(set(leases[0]) & background) == 1
        assert len(set(leases[0]) - background) >= 3
        assert not set(leases[1]) & background
        connection.rollback()
