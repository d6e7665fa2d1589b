"""The drill: a house is lost, restored from its backup by another database, looked over while quiet, and switched on."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text

from config import Config
from crowdfund import backups, books, clock, outbox, relay, restoring, schema
from crowdfund.app import create_app
from crowdfund.audit import AuditEntry
from crowdfund.backups import BackupError
from crowdfund.donors.models import Donor
from crowdfund.embedded import EmbeddedPostgres
from crowdfund.gifts.models import Gift
from crowdfund.institutions.models import Issuer
from crowdfund.mail import SentMail
from crowdfund.me import erasure
from crowdfund.payments import service
from crowdfund.payments.models import ProviderCall
from crowdfund.payments.provider import ProviderUnavailable
from crowdfund.receipts.models import Receipt
from crowdfund.receipts.verification import verify_pdf
from crowdfund.roles import APPLICATION, OWNER, create_database_statement, database_statements
from crowdfund.tenancy import PlatformScope, transaction
from tests import factories
from tests.doubles import FakeProvider, MemoryMailer
from tests.payments.conftest import Scene

GONE = "parti@example.org"
STAYS = "reste@example.org"


@dataclass
class House:
    """One installation: its app, its provider, its scene."""

    app: Flask
    config: Config
    scene: Scene

    def run(self, *arguments: str) -> Any:
        return self.app.test_cli_runner().invoke(args=list(arguments))


@dataclass
class Ground:
    """A cluster on which houses stand, each with a database and a storage of its own; the provider outlives them."""

    server: EmbeddedPostgres
    folder: Path
    provider: FakeProvider

    def database(self, name: str) -> None:
        with self.server.connect("postgres") as connection:
            connection.execute(create_database_statement(name).encode())
        with self.server.connect(name) as connection:
            for statement in database_statements(name):
                connection.execute(statement.encode())

    def app(self, name: str) -> tuple[Flask, Config]:
        config = Config.from_environ({
            "APP_ENV": "test", "DATA_DIR": str(self.folder / name), "SECRET_KEY": "the same secret, before and after it all",
            "SIGNING_KEYS": "the same key, before and after", "SIMULATOR_URL": "http://127.0.0.1:1", "SMTP_URL": "smtp://127.0.0.1:1",
            "DATABASE_URL": self.server.url(APPLICATION, name), "DATABASE_OWNER_URL": self.server.url(OWNER, name),
        })  # fmt: skip
        app = create_app(config, self.provider)
        app.extensions["mailer"] = MemoryMailer(config, app.extensions["storage"])
        return app, config


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    folder = Path("/tmp") / f"ck{tmp_path_factory.getbasetemp().name[-8:]}"
    shutil.rmtree(folder, ignore_errors=True)
    server = EmbeddedPostgres(folder, fast=True)
    server.start()
    yield Ground(server, folder, FakeProvider())
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def lived_in(ground: Ground) -> Iterator[tuple[House, Path]]:
    """A house with gifts and receipts, its backup, and what happened after: money came, somebody was erased."""
    ground.database("first")
    app, config = ground.app("first")
    schema.upgrade(config.database_owner_url)
    with app.app_context():
        scene = _settled(app, ground.provider)
        scene.given(5000, donor=_donor(scene, GONE))
        scene.given(7000, donor=_donor(scene, STAYS))
        promised = scene.pledge(9000)
        page = scene.open(promised)
        relay.drain()
        house = House(app, config, scene)
        made = house.run("backup", "create", "--to", str(ground.folder / "kept"), "--json")
        assert made.exit_code == 0, made.output
        backup = Path(json.loads(made.output)["backup"])
        charge = ground.provider.pay(page)
        ground.provider.settle_fee(charge.id, 100)
        with transaction(scene.scope) as session:
            wish = erasure.ask(session, GONE, "fr", by="operator")
        relay.drain()
        with transaction(PlatformScope()) as session:
            assert session.get_one(type(wish), wish.id).done_at is not None
    yield house, backup
    app.extensions["database"].engine.dispose()


def _settled(app: Flask, provider: FakeProvider) -> Scene:
    scene = Scene(app, provider, app.extensions["mailer"], factories.make_institution())
    with transaction(scene.scope) as session:
        campaign = factories.make_campaign(session)
        scene.campaign_id, scene.code, scene.issuer_id = campaign.id, campaign.code, campaign.issuer_id
        scene.account = str(session.get_one(Issuer, (scene.museum, campaign.issuer_id)).payment_account)
    return scene


def _donor(scene: Scene, email: str) -> Donor:
    with transaction(scene.scope) as session:
        return factories.make_donor(session, email=email)


def test_a_lost_house_comes_back_quiet_and_is_switched_on(ground: Ground, lived_in: tuple[House, Path]) -> None:
    lost, backup = lived_in
    journal = Path(lost.config.storage_url.removeprefix("file://"), "journal")
    ground.database("second")
    app, config = ground.app("second")
    house = House(app, config, lost.scene)
    told = house.run("backup", "restore", str(backup), "--journal", str(journal), "--json")
    assert told.exit_code == 0, told.output
    found = json.loads(told.output)
    assert (found["wrong"], found["erased_again"], found["erasures_waiting"]) == ([], 1, 0)
    assert any(": charge ch_" in one for one in found["found_at_provider"])
    assert found["installation"] != backups.read(backup).installation
    with app.app_context():
        _it_is_quiet(app, lost.scene)
        _who_was_erased_stays_erased(lost.scene)
        resumed = house.run("resume", "--by", "Hélène  Maurienne", "--json")
        assert resumed.exit_code == 0, resumed.output
        assert house.run("resume", "--by", "again").exit_code == 1
        _it_works_again(app, lost.scene, found["installation"])
        assert books.audit_problems(backups.read(backup).heads) == []
    assert house.run("books", "check").exit_code == 0
    app.extensions["database"].engine.dispose()


def _it_is_quiet(app: Flask, scene: Scene) -> None:
    answer = app.test_client().get("/health/ready")
    assert (answer.status_code, answer.json["quiet"]) == (503, True)  # type: ignore[index]
    assert "quiet" in answer.json["reasons"]  # type: ignore[index]
    assert relay.drain() == 0
    assert relay.status()["waiting"] != 0  # or the line above proves nothing
    assert app.extensions["mailer"].sent == []
    before = scene.provider.calls["open_page"]
    with pytest.raises(ProviderUnavailable):
        service.open_checkout(scene.scope, scene.pledge(1000))
    assert scene.provider.calls["open_page"] == before
    with transaction(scene.scope) as session:
        waiting = session.execute(
            text("SELECT institution_id, id FROM outbox WHERE delivered_at IS NULL LIMIT 1")
        ).one()
    outbox.deliver(*waiting)  # named to the courier before the house was lost
    with transaction(scene.scope) as session:
        assert session.scalar(text("SELECT delivered_at FROM outbox WHERE id = :id"), {"id": waiting.id}) is None


def _who_was_erased_stays_erased(scene: Scene) -> None:
    with transaction(scene.scope) as session:
        assert session.scalar(select(Donor.id).where(Donor.email == GONE)) is None
        assert session.scalar(select(Donor.id).where(Donor.email == STAYS)) is not None


def _it_works_again(app: Flask, scene: Scene, name: str) -> None:
    with transaction(scene.scope) as session:
        sent = session.query(SentMail).count()
        for receipt in session.scalars(select(Receipt).where(Receipt.sha256.is_not(None))):
            assert verify_pdf(app, app.extensions["storage"].read(receipt.storage_key)).valid
    assert relay.drain() > 0
    with transaction(scene.scope) as session:
        assert session.query(Gift).count() == 3
        assert session.query(SentMail).count() > sent  # thanks for the gift that reconciliation found
        acts = session.execute(select(AuditEntry.action, AuditEntry.actor).order_by(AuditEntry.seq)).all()
    assert ("installation.resumed", "operator:resume by Hélène Maurienne") in {tuple(act) for act in acts}
    service.open_checkout(scene.scope, scene.pledge(1000))
    with transaction(scene.scope) as session:
        key = session.scalar(select(ProviderCall.key).order_by(ProviderCall.id.desc()).limit(1))
    assert str(key).startswith(f"{name}:")


def test_without_the_journal_the_erased_come_back(ground: Ground, lived_in: tuple[House, Path]) -> None:
    """Or the drill above proves nothing of the journal."""
    _lost, backup = lived_in
    ground.database("third")
    app, config = ground.app("third")
    found = json.loads(House(app, config, _lost.scene).run("backup", "restore", str(backup), "--json").output)
    assert found["erased_again"] == 0
    with app.app_context(), transaction(_lost.scene.scope) as session:
        assert session.scalar(select(Donor.id).where(Donor.email == GONE)) is not None
    app.extensions["database"].engine.dispose()


def test_money_that_nobody_here_knows_of_is_set_aside_and_told(ground: Ground, lived_in: tuple[House, Path]) -> None:
    lost, backup = lived_in
    with lost.app.app_context():
        lost.scene.given(4000)  # pledged, paid and booked after the backup: its pledge is lost with the house
    ground.database("fourth")
    app, config = ground.app("fourth")
    told = House(app, config, lost.scene).run("backup", "restore", str(backup), "--json")
    assert told.exit_code == 1
    assert any(": charge ch_" in one for one in json.loads(told.output)["wrong"])
    app.extensions["database"].engine.dispose()


def test_a_backup_is_tried_out_and_thrown_away(lived_in: tuple[House, Path]) -> None:
    house, backup = lived_in
    checked = house.run("backup", "check", str(backup), "--restore", "--json")
    assert (checked.exit_code, json.loads(checked.output)) == (0, {"ok": True, "wrong": []})
    assert house.app.extensions["config"] is house.config
    assert house.run("backup", "check", str(backup)).output.strip() == f"{backup.name} is whole"


def test_restoring_over_something_is_refused(ground: Ground, lived_in: tuple[House, Path]) -> None:
    house, backup = lived_in
    refused = house.run("backup", "restore", str(backup))
    assert refused.exit_code == 1
    assert "is not empty: name an empty folder or bucket in STORAGE_URL" in refused.output
    app, config = ground.app("first-again")
    with app.app_context():
        app.extensions["config"] = house.config
        with pytest.raises(BackupError, match="the database is not empty"):
            restoring.restore(backup)
    assert not Path(config.storage_url.removeprefix("file://")).exists()


@pytest.fixture
def copy(lived_in: tuple[House, Path], tmp_path: Path) -> Path:
    return Path(shutil.copytree(lived_in[1], tmp_path / "copy"))


def test_a_damaged_backup_is_named_and_not_restored(ground: Ground, copy: Path) -> None:
    [first, *_] = sorted((copy / "files").rglob("*.pdf"))
    first.write_bytes(first.read_bytes() + b"x")
    (copy / "files" / "stray").write_text("x")
    (copy / "database.dump").unlink()
    assert backups.problems(copy) == [
        "database.dump is missing", f"{first.relative_to(copy)} has changed", "files/stray does not belong to it",
    ]  # fmt: skip
    app, _config = ground.app("fifth")
    with app.app_context(), pytest.raises(BackupError, match="the backup is damaged"):
        restoring.restore(copy)


def test_a_dump_that_cannot_be_loaded_leaves_an_empty_database(
    ground: Ground, lived_in: tuple[House, Path], copy: Path
) -> None:
    manifest = json.loads((copy / "manifest.json").read_text())
    dump = copy / "database.dump"
    dump.write_bytes(dump.read_bytes()[: dump.stat().st_size // 2])
    manifest["files"]["database.dump"] = backups.described(dump)
    (copy / "manifest.json").write_text(json.dumps(manifest))
    ground.database("sixth")
    app, config = ground.app("sixth")
    told = House(app, config, lived_in[0].scene).run("backup", "restore", str(copy))
    assert told.exit_code == 1
    assert "pg_restore" in told.output
    with ground.server.connect("sixth", APPLICATION) as connection:  # and the application may come in
        assert connection.execute("SELECT to_regclass('gifts')").fetchone() == (None,)


def test_a_folder_that_is_no_backup_is_refused(lived_in: tuple[House, Path], tmp_path: Path) -> None:
    house, _backup = lived_in
    for command in ("check", "restore"):
        told = house.run("backup", command, str(tmp_path))
        assert told.exit_code == 1
        assert "is no backup" in told.output
    (tmp_path / "manifest.json").write_text(json.dumps({
        "form": 2, "name": "x", "made_at": clock.now().isoformat(), "schema": "", "installation": "", "heads": {}, "files": {},
    }))  # fmt: skip
    assert "of another form (2)" in house.run("backup", "check", str(tmp_path)).output
