"""Backups: the database, the files and the heads of the audit trails in one folder, with the hash of everything in it.

The database is read first and the files after it: a file is written before the row that names it and never changes, so
no row of the dump lacks its file. The folder's name carries the heads, so that a copy of the list of backups, kept
elsewhere, anchors the trails.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from flask import current_app
from psycopg.conninfo import conninfo_to_dict

from config import Config
from crowdfund import books, clock, installation, schema
from crowdfund.embedded import EmbeddedError, program
from crowdfund.roles import BACKUP
from crowdfund.storage import FileStorage, Storage
from crowdfund.tenancy import PlatformScope, transaction

DUMP, FILES, MANIFEST = "database.dump", "files", "manifest.json"
FORM = 1
CHUNK = 1024 * 1024
# What libpq reads from the environment: a password on a command line is read by everybody on the machine.
LIBPQ = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD", "dbname": "PGDATABASE",
         "sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT"}  # fmt: skip


class BackupError(RuntimeError):
    """A backup cannot be made or used; the message is a sentence for the operator."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself. `files` gives size and SHA-256 by path, `heads` the trail's "seq:hash" by museum."""

    form: int
    name: str
    made_at: str
    schema: str
    installation: str
    heads: dict[str, str]
    files: dict[str, list[Any]]


def create(target: Path) -> Manifest:
    """Make a backup in a new folder of `target`. Raises BackupError; a half-made one is taken away."""
    now = clock.now()
    with transaction(PlatformScope()) as session:
        ours = installation.here(session).name
    heads = books.audit_heads()
    anchor = hashlib.sha256(json.dumps(heads, sort_keys=True).encode()).hexdigest()[:12]
    name = f"cimaise-{now:%Y%m%dT%H%M%SZ}-{anchor}"
    if (target / name).exists():
        raise BackupError(f"{target / name} is there already")
    made = target / f".{name}.{os.getpid()}"
    made.mkdir(mode=0o700, parents=True)
    try:
        _dump(made / DUMP)
        files = {DUMP: described(made / DUMP)} | _copied_files(made / FILES)
        manifest = Manifest(FORM, name, now.isoformat(), str(schema.head()), ours, heads, files)
        (made / MANIFEST).write_text(json.dumps(asdict(manifest), indent=1, sort_keys=True), encoding="utf-8")
        made.rename(target / name)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise
    return manifest


def _dump(path: Path) -> None:
    """Dump as the role that forced row security does not bind."""
    config: Config = current_app.extensions["config"]
    run("pg_dump", config.database_owner_url, "--format=custom", f"--role={BACKUP}", f"--file={path}")


def _copied_files(folder: Path) -> dict[str, list[Any]]:
    storage: Storage = current_app.extensions["storage"]
    copy = FileStorage(folder)
    folder.mkdir(mode=0o700)
    found = {}
    for key in storage.keys():  # noqa: SIM118 - a storage is no mapping
        copy.write(key, storage.read(key))
        found[f"{FILES}/{key}"] = described(folder / key)
    return found


def described(path: Path) -> list[Any]:
    """Give a file's size and SHA-256."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return [path.stat().st_size, digest.hexdigest()]


def read(folder: Path) -> Manifest:
    """Read what a backup says of itself. Raises BackupError when it is none."""
    try:
        manifest = Manifest(**json.loads((folder / MANIFEST).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise BackupError(f"{folder} is no backup: its {MANIFEST} cannot be read") from error
    if manifest.form != FORM:
        raise BackupError(f"{folder} is a backup of another form ({manifest.form})")
    return manifest


def problems(folder: Path) -> list[str]:
    """Name what is missing, changed or too much in a backup; empty is good."""
    manifest = read(folder)
    found = []
    for name, told in sorted(manifest.files.items()):
        path = folder / name
        if not path.is_file():
            found.append(f"{name} is missing")
        elif described(path) != told:
            found.append(f"{name} has changed")
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    found += [f"{name} does not belong to it" for name in sorted(there - set(manifest.files) - {MANIFEST})]
    if DUMP not in manifest.files:
        found.append(f"{DUMP} is not listed")
    return found


def run(name: str, url: str, *arguments: str) -> None:
    """Run a program of PostgreSQL on a database. Raises BackupError with the program's last words."""
    told = conninfo_to_dict(url.replace("+psycopg", "", 1))
    environment = os.environ | {LIBPQ[key]: str(value) for key, value in told.items() if key in LIBPQ and value}
    done = subprocess.run(  # noqa: S603 - our own command line
        [_found(name), *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        said = [line for line in done.stderr.splitlines() if line.strip()] or ["no reason given"]
        hint = " Run the statements of `flask db roles` as a superuser first." if BACKUP in done.stderr else ""
        raise BackupError(f"{name}: {said[0]}.{hint}")


def _found(name: str) -> str:
    """Find a program: the wheel's, which is as new as any server we run on, or else the machine's."""
    try:
        return program(name)
    except EmbeddedError:
        path = shutil.which(name)
        if path is None:
            raise BackupError(f"{name} is not on this machine: install PostgreSQL's client programs") from None
        return path
