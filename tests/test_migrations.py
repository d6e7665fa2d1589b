"""The schema: one line of migrations, up and down, equal to the models; states that move only as the rules say."""

from __future__ import annotations

import importlib.util
import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import psycopg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from crowdfund import models as _every_table  # noqa: F401
from crowdfund import schema
from crowdfund.campaigns import rules as campaigns
from crowdfund.conversation import rules as conversation
from crowdfund.database import Base
from crowdfund.desk import rules as desk
from crowdfund.embedded import EmbeddedPostgres
from crowdfund.fulfilment import rules as fulfilment
from crowdfund.gifts import rules as gifts
from crowdfund.intake import rules as intake
from crowdfund.invitations import rules as invitations
from crowdfund.payments import rules as payments
from crowdfund.pledges import rules as pledges
from crowdfund.receipts import rules as receipts
from crowdfund.thanks import rules as thanks

CODE: dict[str, Mapping[Any, Any]] = {
    "campaigns": campaigns.TRANSITIONS,
    "campaign_documents": campaigns.DOCUMENT_TRANSITIONS,
    "pledges": pledges.TRANSITIONS,
    "checkouts": payments.CHECKOUT_TRANSITIONS,
    "gifts": gifts.TRANSITIONS,
    "refunds": gifts.REFUND_TRANSITIONS,
    "disputes": gifts.DISPUTE_TRANSITIONS,
    "receipts": receipts.TRANSITIONS,
    "news": conversation.NEWS_TRANSITIONS,
    "questions": conversation.QUESTION_TRANSITIONS,
    "followers": conversation.FOLLOW_TRANSITIONS,
    "statements": desk.STATEMENT_TRANSITIONS,
    "bank_lines": desk.LINE_TRANSITIONS,
    "batches": desk.BATCH_TRANSITIONS,
    "cheques": desk.CHEQUE_TRANSITIONS,
    "counts": desk.COUNT_TRANSITIONS,
    "counterparts": fulfilment.TRANSITIONS,
    "gatherings": invitations.GATHERING_TRANSITIONS,
    "bookings": invitations.BOOKING_TRANSITIONS,
    "thank_calls": thanks.CALL_TRANSITIONS,
    "thank_letters": thanks.LETTER_TRANSITIONS,
    "letter_batches": thanks.BATCH_TRANSITIONS,
    "donor_files": intake.TRANSITIONS,
}


def _load(number: str) -> ModuleType:
    [path] = Path(schema.FOLDER, "versions").glob(f"{number}_*.py")
    spec = importlib.util.spec_from_file_location(f"migration_{number}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _numbers() -> list[str]:
    return sorted(path.name[:4] for path in Path(schema.FOLDER, "versions").glob("0*.py"))


def test_there_is_one_head() -> None:
    assert len(ScriptDirectory(str(schema.FOLDER)).get_heads()) == 1


def test_the_migrations_make_what_the_models_say(migrated: EmbeddedPostgres) -> None:
    engine = create_engine(migrated.owner_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
    engine.dispose()


def test_every_owned_table_is_guarded() -> None:
    owned = {table.name for table in Base.metadata.tables.values() if "institution_id" in table.columns}
    guarded = [table for number in _numbers() for table in getattr(_load(number), "OWNED", ())]
    assert sorted(guarded) == sorted(owned)  # each by the migration that made it, or by 0002


@pytest.mark.parametrize("table", CODE)
def test_the_database_knows_the_same_ways_as_the_rules(table: str) -> None:
    in_code = {str(state): sorted(map(str, ways)) for state, ways in CODE[table].items()}
    own = {
        name: ways
        for number in _numbers()
        if number != "0004"
        for name, (ways, _frozen) in getattr(_load(number), "STATES", {}).items()
    }
    own["gifts"] = _load("0004").STATES
    in_database = {state: sorted(ways) for state, ways in own[table].items()}
    assert in_database == in_code


@pytest.fixture
def trial(migrated: EmbeddedPostgres) -> Iterator[psycopg.Connection]:
    """Give a connection whose work is undone, with a small table for each machine behind the same trigger."""
    connection = migrated.connect()
    connection.autocommit = False
    yield connection
    connection.rollback()
    connection.close()


@pytest.mark.parametrize("table", CODE)
def test_every_pair_of_states_is_tried(trial: psycopg.Connection, table: str) -> None:
    """Take the real table's trigger, as the catalogue has it, and try each pair of states behind it."""
    trigger = trial.execute(
        "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = %s::regclass AND tgname = 'guard'", [table]
    ).fetchone()
    assert trigger is not None
    trial.execute("CREATE TEMP TABLE tried (institution_id int, id int, state text)")
    definition = trigger[0].replace(f"ON public.{table}", "ON tried")
    arguments = definition[: definition.rindex(", '")] + ", 'state_never_frozen')"
    trial.execute(arguments)
    for before, after in itertools.product(CODE[table], repeat=2):
        trial.execute("TRUNCATE tried")
        trial.execute("INSERT INTO tried VALUES (1, 1, %s)", [before])
        allowed = before == after or after in CODE[table][before]
        try:
            with trial.transaction():
                trial.execute("UPDATE tried SET state = %s", [after])
        except psycopg.errors.CheckViolation:
            assert not allowed, (before, after)
        else:
            assert allowed, (before, after)


def test_up_down_and_up_again_with_data(short_dir: Path) -> None:
    server = EmbeddedPostgres(short_dir, fast=True)
    server.start()
    try:
        config = schema.alembic_config(server.owner_url)
        command.upgrade(config, "head")
        with server.connect() as connection:
            connection.execute(
                "INSERT INTO accounts (email, name, locale, totp_last_step, recovery_hashes, created_at)"
                " VALUES ('a@example.org', 'A', 'fr', 0, '[]', now())"
            )
        _hand_on_the_question_about_two(server, config)
        command.downgrade(config, "0001")
        with server.connect() as connection:
            assert connection.execute("SELECT count(*) FROM accounts").fetchone() == (1,)
        command.upgrade(config, "head")
        assert schema.is_current(server.owner_url)
        command.downgrade(config, "base")
        command.upgrade(config, "head")
    finally:
        server.stop()


def _hand_on_the_question_about_two(server: EmbeddedPostgres, config: Config) -> None:
    """A fact that waits for a listener that is no more goes to the one that does its work, beside that one's own."""
    state = """INSERT INTO outbox (institution_id, topic, key, listener, payload, background, attempts, not_before, created_at)
        VALUES (1, 'gift.received', 'gift.received:7', %s, '{"gift_id": 7}', false, 0, now(), now())"""
    command.downgrade(config, "0018")
    with server.connect() as connection:
        connection.execute("SET session_replication_role = replica")
        for listener in ("gifts.tasks.thank", "gifts.tasks.ask_about_two"):
            connection.execute(state, [listener])
    command.upgrade(config, "head")
    with server.connect() as connection:
        waiting = connection.execute("DELETE FROM outbox RETURNING listener, key").fetchall()
    assert sorted(waiting) == [("gifts.tasks.thank", "gift.received:7"), ("gifts.tasks.thank", "gift.received:7 two")]
