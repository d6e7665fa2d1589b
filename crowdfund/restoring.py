"""Restore a backup into an empty database and storage. The copy draws a new name and starts quiet (`installation`).

The application's role is kept out until the copy is quiet: a relay that waits for the database finds nothing to hand over.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from flask import current_app
from psycopg import sql
from sqlalchemy.exc import SQLAlchemyError

from config import Config
from crowdfund import audit, backups, books, catalogue, clock, schema
from crowdfund.backups import DUMP, FILES, BackupError, Manifest
from crowdfund.database import Database
from crowdfund.embedded import EmbeddedPostgres
from crowdfund.me import replay
from crowdfund.me.erased import FOLDER as JOURNAL
from crowdfund.payments.provider import ProviderUnavailable
from crowdfund.payments.reconciliation import DAYS, reconcile
from crowdfund.roles import APPLICATION, DISPATCH
from crowdfund.storage import FileStorage, Storage
from crowdfund.tenancy import OperatorScope, PlatformScope, transaction

MARGIN_DAYS = 2  # what was under way at the provider when the backup was made


@dataclass(slots=True)
class Restored:
    """What a restore did and found. `wrong` is what a person must look at before the copy is switched on."""

    name: str
    installation: str
    erased_again: int = 0
    erasures_waiting: int = 0
    found_at_provider: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def restore(folder: Path, *, journal: Path | None = None, ask_provider: bool = True) -> Restored:
    """Restore a backup into the configured database and storage, which must be empty, and look it over.

    `journal` is the folder of erasures of the storage that was lost or left behind: who was erased after the backup is
    erased again. Raises BackupError before anything is changed when it cannot be done.
    """
    manifest = backups.read(folder)
    damaged = backups.problems(folder)
    if damaged:
        raise BackupError(f"the backup is damaged: {'; '.join(damaged[:5])}")
    storage: Storage = current_app.extensions["storage"]
    config: Config = current_app.extensions["config"]
    if next(storage.keys(), None) is not None:
        raise BackupError(f"{storage} is not empty: name an empty folder or bucket in STORAGE_URL")
    with psycopg.connect(config.database_owner_url.replace("+psycopg", "", 1), autocommit=True) as owner:
        _refuse_unless_empty(owner)
        _keep_out(owner)
        _load(owner, folder, config)
        name = _fall_silent(owner, manifest)
        _fill(storage, folder, journal)
        _let_in(owner)
    found = Restored(manifest.name, name)
    _look_over(manifest, found, ask_provider=ask_provider)
    return found


def _refuse_unless_empty(owner: psycopg.Connection) -> None:
    there = owner.execute("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace").fetchone()
    if there != (0,):
        raise BackupError("the database is not empty: name a new one in DATABASE_URL and DATABASE_OWNER_URL")


def _on_database(owner: psycopg.Connection, statement: str) -> None:
    owner.execute(sql.SQL(statement).format(database=sql.Identifier(owner.info.dbname)))


def _keep_out(owner: psycopg.Connection) -> None:
    _on_database(owner, f"REVOKE CONNECT ON DATABASE {{database}} FROM {APPLICATION}")


def _let_in(owner: psycopg.Connection) -> None:
    _on_database(owner, f"GRANT CONNECT ON DATABASE {{database}} TO {APPLICATION}")


def _load(owner: psycopg.Connection, folder: Path, config: Config) -> None:
    """Load the dump whole or not at all, and bring it to this version's schema."""
    try:
        # Functions are handed to their owner while they are made; it may make nothing else.
        owner.execute(f"GRANT CREATE ON SCHEMA public TO {DISPATCH}".encode())
        backups.run(
            "pg_restore", config.database_owner_url, "--dbname=", "--single-transaction", "--exit-on-error",
            str(folder / DUMP),
        )  # fmt: skip
    except BackupError:
        _let_in(owner)  # it is empty, as it was
        raise
    finally:
        owner.execute(f"REVOKE CREATE ON SCHEMA public FROM {DISPATCH}".encode())
    schema.upgrade(config.database_owner_url)


def _fall_silent(owner: psycopg.Connection, manifest: Manifest) -> str:
    """Give the copy a name of its own, and make it quiet."""
    row = owner.execute(
        "UPDATE installation SET name = left(replace(gen_random_uuid()::text, '-', ''), 16), restored_from = %s,"
        " quiet_since = %s, resumed_at = NULL, resumed_by = NULL RETURNING name",
        [manifest.name, clock.now()],
    ).fetchone()
    if row is None:
        raise BackupError("the backup has no installation")
    return str(row[0])


def _fill(storage: Storage, folder: Path, journal: Path | None) -> None:
    """Copy the files, and the erasures that were noted after the backup."""
    kept = FileStorage(folder / FILES)
    for key in kept.keys():  # noqa: SIM118 - a storage is no mapping
        storage.write(key, kept.read(key))
    for path in sorted(journal.glob("*.json")) if journal is not None else ():
        storage.write(f"{JOURNAL}/{path.name}", path.read_bytes())


def _look_over(manifest: Manifest, found: Restored, *, ask_provider: bool) -> None:
    """Check the trails, erase again, look at what the provider knows, and check the books."""
    found.wrong += books.audit_problems(manifest.heads)
    with transaction(PlatformScope()) as session:
        found.wrong += [f"{what}: {', '.join(names)}" for what, names in catalogue.audit(session).items()]
    for museum, _slug in books.museums():
        with transaction(OperatorScope(museum, "backup restore")) as session:
            audit.record(session, "installation.restored", f"installation:{found.installation}", backup=manifest.name)
    again = replay.erase_again(datetime.fromisoformat(manifest.made_at))
    found.erased_again, found.erasures_waiting = again.erased, again.waiting
    if ask_provider:
        _ask_provider(manifest, found)
    found.wrong += [f"{f.institution}: {f.invariant}: {', '.join(f.offending)}" for f in books.check()]


def _ask_provider(manifest: Manifest, found: Restored) -> None:
    """Book what the provider took and gave back since the backup."""
    lost = clock.now() - datetime.fromisoformat(manifest.made_at)
    for museum, slug in books.museums():
        try:
            report = reconcile(OperatorScope(museum, "backup restore"), max(DAYS, lost.days + MARGIN_DAYS))
        except ProviderUnavailable:
            found.wrong.append(f"{slug}: the provider does not answer; run `flask payments reconcile` before resuming")
            continue
        for one in report.findings:
            told = f"{slug}: {one.what} {one.object_id}"
            (found.found_at_provider if one.repaired else found.wrong).append(told)


def try_out(folder: Path) -> Restored:
    """Restore a backup into a throw-away database and storage, look it over, and throw them away. Nobody is asked or told."""
    with tempfile.TemporaryDirectory(prefix="cb", dir="/tmp") as made:
        server = EmbeddedPostgres(Path(made), fast=True)
        server.start()
        try:
            with _standing_in(server, FileStorage(Path(made) / FILES)):
                return restore(folder, ask_provider=False)
        except (SQLAlchemyError, psycopg.Error) as error:
            raise BackupError(f"the copy cannot be read: {type(error).__name__}") from error
        finally:
            server.stop()


@contextmanager
def _standing_in(server: EmbeddedPostgres, storage: Storage) -> Iterator[None]:
    """Let the app work on other ground for a while."""
    extensions: dict[str, Any] = current_app.extensions
    before = {name: extensions[name] for name in ("config", "database", "storage")}
    database = Database(server.url(APPLICATION))
    config = replace(before["config"], database_owner_url=server.owner_url)
    extensions.update(config=config, database=database, storage=storage)
    try:
        yield
    finally:
        database.engine.dispose()
        extensions.update(before)
