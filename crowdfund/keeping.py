"""The operator's commands for backups: make one, look at one, restore one, and switch a restored copy on."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path

import click
from flask.cli import AppGroup, with_appcontext

from crowdfund import audit, backups, books, installation, restoring
from crowdfund.answer import as_json, say
from crowdfund.backups import BackupError
from crowdfund.errors import Refusal
from crowdfund.restoring import Restored
from crowdfund.tenancy import OperatorScope, PlatformScope, transaction

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)

backup = AppGroup("backup", help="Backups: database, files and the heads of the audit trails.")


@backup.command("create")
@click.option(
    "--to", "target", type=click.Path(file_okay=False, path_type=Path), required=True, help="Where backups are kept."
)
@as_json
def backup_create(target: Path, *, as_json: bool) -> None:
    """Make a backup in a new folder; its name carries the heads of the audit trails."""
    try:
        made = backups.create(target)
    except BackupError as error:
        raise click.ClickException(str(error)) from error
    document = {
        "backup": str(target / made.name),
        "files": len(made.files) - 1,
        "bytes": sum(int(size) for size, _hash in made.files.values()),
        "heads": made.heads,
    }
    say(document, as_json=as_json, plain=lambda: f"{document['backup']}: the database and {document['files']} files")


@backup.command("check")
@click.argument("folder", type=FOLDER)
@click.option("--restore", is_flag=True, help="Also restore it into a throw-away database and check the books there.")
@as_json
def backup_check(folder: Path, *, restore: bool, as_json: bool) -> None:
    """Compare every file of the backup in FOLDER with its hash."""
    try:
        found = backups.problems(folder)
        if restore and not found:
            found = restoring.try_out(folder).wrong
    except BackupError as error:
        raise click.ClickException(str(error)) from error
    done = "whole, and its books are right" if restore else "whole"
    say(
        {"ok": not found, "wrong": found}, as_json=as_json, plain=lambda: "\n".join(found) or f"{folder.name} is {done}"
    )
    sys.exit(1 if found else 0)


@backup.command("restore")
@click.argument("folder", type=FOLDER)
@click.option(
    "--journal", type=FOLDER, help="The folder `journal` of the storage in use until now: erasures after the backup."
)
@as_json
def backup_restore(folder: Path, journal: Path | None, *, as_json: bool) -> None:
    """Restore the backup in FOLDER into the configured database and storage, both empty. The copy starts quiet."""
    try:
        found = restoring.restore(folder, journal=journal)
    except BackupError as error:
        raise click.ClickException(str(error)) from error
    say(asdict(found), as_json=as_json, plain=lambda: _told(found))
    sys.exit(1 if found.wrong else 0)


def _told(found: Restored) -> str:
    lines = [
        f"{found.name} is restored as installation {found.installation}, and quiet",
        f"erased again: {found.erased_again}, waiting for the worker: {found.erasures_waiting}",
        f"booked from the provider: {', '.join(found.found_at_provider) or 'nothing'}",
        *(f"to look at: {one}" for one in found.wrong),
        "when you have looked: flask resume --by NAME",
    ]
    return "\n".join(lines)


@click.command("resume")
@click.option("--by", required=True, help="Who has looked, and answers for it.")
@as_json
@with_appcontext
def resume(by: str, *, as_json: bool) -> None:
    """Let a restored, quiet installation hand over facts, charge and send mails again."""
    name = " ".join(by.split())
    if not name:
        raise click.BadParameter("a name", param_hint="--by")
    try:
        with transaction(PlatformScope()) as session:
            awake = installation.wake(session, name)
    except Refusal as error:
        raise click.ClickException(error.message) from error
    for museum, _slug in books.museums():
        with transaction(OperatorScope(museum, f"resume by {name}")) as session:
            audit.record(session, "installation.resumed", f"installation:{awake.name}")
    say({"installation": awake.name, "by": name}, as_json=as_json, plain=lambda: f"{awake.name} acts again, by {name}")


GROUPS: tuple[click.Command, ...] = (backup, resume)
