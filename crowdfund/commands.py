"""The operator's commands for museums, money, receipts and the demo."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from smtplib import SMTPException

import click
import psycopg
import requests
from flask import current_app
from flask.cli import AppGroup
from sqlalchemy import select

from config import Config
from crowdfund import roles, schema
from crowdfund.answer import as_json, say
from crowdfund.demo import loader
from crowdfund.demo import staff as demo_staff
from crowdfund.errors import Refusal
from crowdfund.institutions import service as institutions
from crowdfund.institutions.models import Institution
from crowdfund.me import door, erasure, export
from crowdfund.me import service as me
from crowdfund.network import service as seats
from crowdfund.payments.provider import ProviderUnavailable
from crowdfund.payments.reconciliation import reconcile
from crowdfund.receipts.rendering import is_reproduced
from crowdfund.receipts.verification import find_receipt, verify_pdf
from crowdfund.tenancy import OperatorScope, PlatformScope, transaction

SIMULATOR_SECONDS = 10


def _config() -> Config:
    config: Config = current_app.extensions["config"]
    return config


institution = AppGroup("institution", help="Museums.")


@institution.command("add")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def institution_add(file: Path) -> None:
    """Found the museum described in FILE (TOML with [museum] and [issuer], like those of the demo)."""
    written = loader.read(file)
    try:
        with transaction(PlatformScope()) as session:
            museum = institutions.add_institution(session, institutions.MuseumDetails(**written["museum"]))
        with transaction(OperatorScope(museum.id, "institution add")) as session:
            institutions.add_issuer(session, institutions.IssuerDetails(**written["issuer"]))
    except (Refusal, TypeError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{museum.slug} is there")


@institution.command("list")
@as_json
def institution_list(*, as_json: bool) -> None:
    """List the museums."""
    with transaction(PlatformScope()) as session:
        found = [{"slug": m.slug, "name": m.name, "city": m.city} for m in institutions.list_institutions(session)]
    say(found, as_json=as_json, plain=lambda: "\n".join(f"{m['slug']:20} {m['name']}, {m['city']}" for m in found))


member = AppGroup("member", help="People of a museum's staff.")


@member.command("invite")
@click.argument("museum")
@click.argument("email")
@click.argument("name")
@click.option("--role", default="owner", show_default=True)
@as_json
def member_invite(museum: str, email: str, name: str, role: str, *, as_json: bool) -> None:
    """Make NAME <EMAIL> a member of MUSEUM; prints the link by which they choose a password."""
    found = _museum(museum)
    try:
        with transaction(OperatorScope(found.id, "member invite")) as session:
            invitation = institutions.invite_member(session, email, name, role)
    except Refusal as error:
        raise click.ClickException(error.message % error.params) from error
    link = f"{_config().public_url}/account/invitation/{invitation.token}" if invitation.token else ""
    say({"role": invitation.role, "link": link}, as_json=as_json, plain=lambda: link or "has an account already")


def _museum(slug: str) -> Institution:
    with transaction(PlatformScope()) as session:
        found = session.scalars(select(Institution).where(Institution.slug == slug)).one_or_none()
    if found is None:
        raise click.BadParameter(f"no museum {slug}")
    return found


network = AppGroup("network", help="Who sees the museums side by side.")


@network.command("seat")
@click.argument("email")
@click.option("--end", is_flag=True, help="Take the seat away.")
def network_seat(email: str, *, end: bool) -> None:
    """Let the account with this address see counts and sums of all museums."""
    try:
        with transaction(PlatformScope()) as session:
            (seats.end_seat if end else seats.give_seat)(session, email)
    except Refusal as error:
        raise click.ClickException(f"no account or no seat of {email}") from error
    click.echo("ended" if end else "given")


payments = AppGroup("payments", help="Money at the provider.")


@payments.command("reconcile")
@click.option("--institution", "slug", help="One museum only.")
@as_json
def payments_reconcile(slug: str | None, *, as_json: bool) -> None:
    """Compare the last 35 days at the provider with the books; book what was missed."""
    with transaction(PlatformScope()) as session:
        museums = institutions.list_institutions(session)
    found = []
    for museum in museums:
        if slug in {None, museum.slug}:
            try:
                report = reconcile(OperatorScope(museum.id, "payments reconcile"))
            except ProviderUnavailable as error:
                raise click.ClickException(f"the provider does not answer for {museum.slug}") from error
            found.append({"institution": museum.slug, "clean": report.clean, "findings": [
                {"what": f.what, "object": f.object_id, "repaired": f.repaired} for f in report.findings]})  # fmt: skip
    say(found, as_json=as_json, plain=lambda: "\n".join(
        f"{row['institution']}: {'in agreement' if not row['findings'] else row['findings']}" for row in found))  # fmt: skip
    sys.exit(0 if all(row["clean"] for row in found) else 1)


receipts = AppGroup("receipts", help="Tax receipts.")


@receipts.command("verify")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@as_json
def receipts_verify(file: Path, *, as_json: bool) -> None:
    """Say whether FILE is, to the byte, a receipt that was issued, and whether it is in force."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 - the app behind the proxy
    found = verify_pdf(app, file.read_bytes())
    say(
        {"valid": found.valid, "state": found.state, "number": found.number, "issuer": found.issuer, "sha256": found.sha256},
        as_json=as_json, plain=lambda: f"{found.number or file.name}: {found.state}",
    )  # fmt: skip
    sys.exit(0 if found.in_force else 1)


@receipts.command("render")
@click.argument("receipt_id", type=int)
def receipts_render(receipt_id: int) -> None:
    """Render a receipt again from its snapshot and say whether the bytes are those that were issued."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 - likewise
    receipt = find_receipt(app, receipt_id)
    if receipt is None:
        raise click.BadParameter(f"no receipt {receipt_id}")
    same = is_reproduced(receipt)
    click.echo("the same bytes" if same else "other bytes")
    sys.exit(0 if same else 1)


demo = AppGroup("demo", help="The demo data.")


@demo.command("load")
def demo_load() -> None:
    """Load the demo into an empty database."""
    _refuse_in_production()
    _open_accounts()
    try:
        loader.load()
    except Refusal as error:
        raise click.ClickException(error.message) from error


@demo.command("reset")
def demo_reset() -> None:
    """Throw everything away and load the demo anew."""
    _refuse_in_production()
    config = _config()
    current_app.extensions["database"].engine.dispose()
    owner = config.database_owner_url.replace("+psycopg", "", 1)
    with psycopg.connect(owner, autocommit=True) as connection:
        for statement in ("DROP SCHEMA IF EXISTS reporting CASCADE", "DROP SCHEMA public CASCADE", "CREATE SCHEMA public",
                          *roles.schema_statements()):  # fmt: skip
            connection.execute(statement)
    schema.upgrade(config.database_owner_url)
    shutil.rmtree(config.data_dir / "files", ignore_errors=True)
    _open_accounts()
    loader.load()


@demo.command("credentials")
@as_json
def demo_credentials(*, as_json: bool) -> None:
    """List every role's sign-in."""
    _refuse_in_production()
    found = demo_staff.credentials()
    say(found, as_json=as_json, plain=lambda: "\n".join(
        f"{row['museum']} {row['role']:14} {row['email']:32} {row['password']}  TOTP {row['totp_secret']} (now {row['code_now']})"
        for row in found))  # fmt: skip


def _refuse_in_production() -> None:
    if _config().app_env == "production":
        raise click.ClickException("The demo is not for production.")


def _open_accounts() -> None:
    """Open the museums' accounts at the payment simulator; opening twice is once."""
    config = _config()
    if config.simulator_url is None:
        return
    for code in loader.MUSEUMS:
        issuer = loader.content(code)["issuer"]
        requests.post(
            f"{config.simulator_url}/_sim/accounts",
            json={
                "id": issuer["payment_account"],
                "country": issuer["country"],
                "currency": issuer["currency"].lower(),
            },
            timeout=SIMULATOR_SECONDS,
        ).raise_for_status()


privacy = AppGroup("privacy", help="What is kept of a person.")


@privacy.command("export")
@click.argument("email")
@click.option(
    "--to", type=click.Path(dir_okay=False, path_type=Path), help="Write the ZIP with the receipts to this file."
)
@as_json
def privacy_export(email: str, to: Path | None, *, as_json: bool) -> None:
    """Tell all that is kept of EMAIL at all museums; --to writes it with the receipts, as the donor would get it."""
    document, files = export.collect(email.lower(), lambda museum: OperatorScope(museum, "privacy export"))
    if to is not None:
        with export.packed(document, files) as packed:
            to.write_bytes(packed.read())
    known = [part["museum"] for part in document["museums"]]
    say(document, as_json=as_json, plain=lambda: "\n".join(known) or "not known at any museum")
    sys.exit(0 if known else 1)


@privacy.command("erase")
@click.argument("email")
@as_json
def privacy_erase(email: str, *, as_json: bool) -> None:
    """Erase EMAIL at all museums, at once, and confirm it by a last mail. Books and receipts stay."""
    address = email.lower()
    found = door.at_each(
        lambda session: [donor.locale for donor in me.records_of(session, address)],
        lambda museum: OperatorScope(museum, "privacy erase"),
    )
    known = [(own, locales) for own, locales in found if locales]
    done = {"museums": len(known), "records": sum(len(locales) for _own, locales in known), "state": "not known"}
    if known:
        scope, locales = known[0]
        with transaction(scope) as session:
            wish = erasure.ask(session, address, locales[0], by="operator")
        done["state"] = _carried_out(wish.id)
    say(done, as_json=as_json, plain=lambda: f"{done['records']} records at {done['museums']} museums: {done['state']}")
    sys.exit(0 if known else 1)


def _carried_out(wish_id: int) -> str:
    """Carry out a wish to be erased here and now; what cannot be done yet, the worker does later."""
    try:
        erasure.carry_out(wish_id)
    except erasure.StillPaying:
        return "waits for a payment under way"
    except (OSError, SMTPException):
        return "erased; the last mail waits for the mail server"
    return "erased"


GROUPS: tuple[click.Command, ...] = (institution, member, network, payments, receipts, privacy, demo)
