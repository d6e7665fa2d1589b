"""The operator's commands. Each prints words, or one JSON document with --json, and exits 0 or says why not."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from alembic import command as alembic
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext

from config import Config
from crowdfund import books, catalogue, commands, keeping, relay, roles, routes, schema
from crowdfund.accounts.buckets import limits
from crowdfund.answer import as_json, say
from crowdfund.money import Money, MoneyError
from crowdfund.tax.vectors import check_vectors
from crowdfund.tax.words import words
from crowdfund.tenancy import PlatformScope, transaction


def _config() -> Config:
    config: Config = current_app.extensions["config"]
    return config


db = AppGroup("db", help="The schema, by the owner of the tables.")


@db.command("upgrade")
def db_upgrade() -> None:
    """Run the migrations that are missing."""
    schema.upgrade(_config().database_owner_url)


@db.command("downgrade")
@click.argument("revision")
def db_downgrade(revision: str) -> None:
    """Go back to REVISION."""
    alembic.downgrade(schema.alembic_config(_config().database_owner_url), revision)


@db.command("current")
@as_json
def db_current(as_json: bool) -> None:
    """Say whether the schema is the newest."""
    current = schema.is_current(_config().database_owner_url)
    say(
        {"current": current, "head": schema.head()},
        as_json=as_json,
        plain=lambda: f"newest {schema.head()}: {'there' if current else 'not there yet'}",
    )
    sys.exit(0 if current else 1)


@db.command("roles")
def db_roles() -> None:
    """Print the statements that make the roles, for a server's superuser."""
    for statement in [*roles.role_statements(), roles.create_database_statement(), *roles.database_statements()]:
        click.echo(f"{statement};")


@click.command("relay")
@with_appcontext
def run_relay() -> None:
    """Hand facts to the courier until stopped."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 - the app behind the proxy
    relay.Relay(app, app.extensions["celery"]).run()


@click.command("work")
@with_appcontext
def work() -> None:
    """Work without a courier: deliver facts and sweep in this one process until stopped."""
    relay.work(current_app._get_current_object())  # type: ignore[attr-defined]  # noqa: SLF001 - likewise


outbox = AppGroup("outbox", help="Facts and their delivery.")


@outbox.command("status")
@as_json
def outbox_status(as_json: bool) -> None:
    """Tell how many facts wait, are due and fail."""
    found = relay.status()
    say(found, as_json=as_json, plain=lambda: ", ".join(f"{name} {value}" for name, value in found.items()))


@outbox.command("drain")
@as_json
def outbox_drain(as_json: bool) -> None:
    """Deliver everything that is due, here and now."""
    delivered = relay.drain()
    say({"delivered": delivered}, as_json=as_json, plain=lambda: f"{delivered} delivered")


book_commands = AppGroup("books", help="The books.")


@book_commands.command("check")
@click.option("--institution", "slug", help="One museum only.")
@as_json
def books_check(slug: str | None, as_json: bool) -> None:
    """Check every invariant of every museum; name what offends."""
    findings = books.check(slug)
    document = {
        "ok": not findings,
        "findings": [
            {"institution": f.institution, "invariant": f.invariant, "offending": f.offending} for f in findings
        ],
    }
    say(
        document,
        as_json=as_json,
        plain=lambda: (
            "the books are right"
            if not findings
            else "\n".join(f"{f.institution}: {f.invariant}: {', '.join(f.offending)}" for f in findings)
        ),
    )
    sys.exit(1 if findings else 0)


tax = AppGroup("tax", help="The tax rules.")


@tax.command("vectors")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@as_json
def tax_vectors(file: Path, as_json: bool) -> None:
    """Compute each row of FILE and print what differs."""
    differences = check_vectors(file)
    say(
        [str(difference) for difference in differences],
        as_json=as_json,
        plain=lambda: "\n".join(map(str, differences)) or "no difference",
    )
    sys.exit(1 if differences else 0)


@tax.command("words")
@click.option("--lang", type=click.Choice(["fr", "fr_BE", "fr_CH", "it", "en"]), required=True)
@click.option("--amount", required=True)
@click.option("--currency", default="EUR")
def tax_words(lang: str, amount: str, currency: str) -> None:
    """Write an amount in words."""
    try:
        click.echo(words(Money.parse(amount, currency), lang))
    except MoneyError as error:
        raise click.BadParameter(str(error), param_hint="--amount") from error


security = AppGroup("security", help="What keeps museums apart.")


@security.command("rls")
@as_json
def security_rls(as_json: bool) -> None:
    """Audit the catalogue; empty is good."""
    with transaction(PlatformScope()) as session:
        found = catalogue.audit(session)
    say(found, as_json=as_json, plain=lambda: "\n".join(f"{what}: {', '.join(names)}" for what, names in found.items()))
    sys.exit(1 if found else 0)


audit = AppGroup("audit", help="The audit trail.")


@audit.command("verify")
@click.option(
    "--anchor", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Heads kept earlier: slug seq:hash."
)
@as_json
def audit_verify(anchor: Path | None, as_json: bool) -> None:
    """Verify each museum's chain, and that the kept heads still stand in it."""
    broken = books.audit_problems(dict(line.split() for line in anchor.read_text().splitlines()) if anchor else {})
    heads = books.audit_heads()
    say(
        {"broken": broken, "heads": heads},
        as_json=as_json,
        plain=lambda: "\n".join(broken) or "\n".join(f"{slug} {head}" for slug, head in heads.items()),
    )
    sys.exit(1 if broken else 0)


@click.command("limits")
@as_json
@with_appcontext
def show_limits(as_json: bool) -> None:
    """Print the rate limits in force."""
    found = limits()
    say(found, as_json=as_json, plain=lambda: "\n".join(f"{name}: {value}" for name, value in found.items()))


@click.command("routes")
@as_json
@with_appcontext
def show_routes(as_json: bool) -> None:
    """Print every address: endpoint, methods, parameters, door, permission, framable, cacheable."""
    found = routes.listed(current_app)
    say(
        found,
        as_json=as_json,
        plain=lambda: "\n".join(
            f"{row['door']:9} {row['rule']:60} {','.join(row['methods']):18} {row['permission'] or ''}" for row in found
        ),
    )


GROUPS: tuple[click.Command, ...] = (
    db,
    run_relay,
    work,
    outbox,
    book_commands,
    tax,
    security,
    audit,
    show_limits,
    show_routes,
)


def register(app: Flask) -> None:
    """Give the app its commands."""
    for group in (*GROUPS, *commands.GROUPS, *keeping.GROUPS):
        app.cli.add_command(group)
