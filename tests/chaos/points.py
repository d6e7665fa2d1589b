"""Die at every boundary of one card gift's journey, finish it in another process, and let the outside judge.

    python -m tests.chaos.points [--every 7] [--first 1]

A child does the whole journey in process (form, provider, payment, webhook, settlement, receipt, mails) on a real database, simulator
and mailbox, and dies with 137 at the k-th boundary. A second child, its clock moved on, does what donor, provider
and sweeper do anyway: send again, notify again, look again. Then one charge, one gift, one receipt and one letter of each
kind must be there (copies only with the same Message-ID), and the books must be right. Exit 1 with what is not.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from html import unescape
from pathlib import Path
from typing import Any

import requests
from flask import Flask
from sqlalchemy import text

from config import SIMULATOR_WEBHOOK_SECRET, Config
from crowdfund import books, clock, crash, relay, schema
from crowdfund.app import create_app
from crowdfund.embedded import EmbeddedPostgres
from crowdfund.payments import tasks
from crowdfund.tenancy import transaction
from simulator.deliveries import sign
from tests import factories
from tests.services import PROJECT, free_base

LATER = 180.0
LONGEST = 2000


@dataclass
class Ground:
    """What all points share: database, simulator, mailbox."""

    folder: Path
    port: int
    config: Config

    @property
    def sim(self) -> str:
        return f"http://127.0.0.1:{self.port + 1}"

    @property
    def mail(self) -> str:
        return f"http://127.0.0.1:{self.port + 26}"

    def held(self, kind: str, account: str) -> list[dict[str, Any]]:
        state = requests.get(f"{self.sim}/_sim/state", params={"only": kind, "account": account}, timeout=20).json()
        return [one for one in state[kind] if one["account"] == account]


@dataclass
class Journey:
    """One donor's way, its steps noted on the disk so that another process can go on."""

    ground: Ground
    app: Flask
    name: str

    @property
    def notes(self) -> Path:
        return self.ground.folder / f"{self.name}.json"

    @property
    def account(self) -> str:
        return f"acct_{self.name}"

    @property
    def address(self) -> str:
        return f"/fr/{self.name}/work/give"

    def found(self) -> int:
        museum = factories.make_institution(code=self.name.upper(), slug=self.name)
        with transaction(factories.scope(museum)) as session:
            issuer = factories.make_issuer(session, payment_account=self.account)
            factories.make_campaign(session, slug="work", issuer_id=issuer.id)
        account = {"id": self.account, "country": "FR", "currency": "eur", "display_name": "Musée"}
        requests.post(f"{self.ground.sim}/_sim/accounts", json=account, timeout=20).raise_for_status()
        return museum

    def give(self) -> None:
        """Send the form (again), and pay if that was not done."""
        client = self.app.test_client()
        if not self.notes.exists():
            first = client.post(self.address, data={"step": "1", "amount": "50"})
            assert first.status_code == 200, first.text
            hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', first.text)
            fields = {name: unescape(value) for name, value in hidden} | {
                "first_name": "Camille", "last_name": "Rey", "email": f"{self.name}@example.org", "donor_kind": "individual",
                "wants_receipt": "1", "address_line": "8 rue des Tanneurs", "postcode": "73000", "city": "Chambéry",
                "country": "FR", "wall": "anonymous",
            }  # fmt: skip
            self.notes.write_text(json.dumps(fields))
        answer = client.post(self.address, data=json.loads(self.notes.read_text()))
        assert answer.status_code == 303, answer.text
        if "/gifts/" in answer.headers["Location"]:
            return
        page = answer.headers["Location"]
        if not self.paid():
            requests.post(f"{page}/pay", data={"card": "4242424242424242"}, allow_redirects=False, timeout=20)
            assert self.paid()

    def paid(self) -> list[dict[str, Any]]:
        return [one for one in self.ground.held("charges", self.account) if one["paid"]]

    def told(self) -> None:
        """Bring every event as the provider does, and do the work that follows."""
        client = self.app.test_client()
        for event in self.ground.held("events", self.account):
            body = json.dumps(event)
            header = {"Stripe-Signature": sign(body, (SIMULATOR_WEBHOOK_SECRET,), int(clock.now().timestamp()))}
            answer = client.post("/webhooks/stripe/connected", data=body, headers=header)
            assert answer.status_code == 200, answer.text
        relay.drain()

    def whole(self) -> None:
        self.give()
        time.sleep(0.15)  # the provider's fee comes a moment after the charge
        self.told()

    def verdict(self, museum: int) -> dict[str, Any]:
        """Look from three outside views; `wrong` is empty when all is well."""
        wrong = [f"books: {one}" for one in books.check_museum(museum, self.name)]
        with transaction(factories.scope(museum)) as session:
            found = {
                name: session.execute(text(f"SELECT count(*) FROM {name} WHERE institution_id = {museum}")).scalar_one()
                for name in ("pledges", "gifts", "receipts")
            }
        found["charges"] = len(self.paid())
        waiting = text("SELECT count(*) FROM outbox WHERE delivered_at IS NULL")
        with transaction(factories.scope(museum)) as session:
            found["facts undelivered"] = session.execute(waiting).scalar_one() + 1
        wrong += [f"{count} {name}" for name, count in found.items() if count != 1]
        letters = Counter(
            one["message_id"]
            for one in requests.get(f"{self.ground.mail}/_mail/", timeout=20).json()
            if one["to"] == f"{self.name}@example.org"
        )
        if len(letters) != 2:
            wrong.append(f"{len(letters)} letters")
        return {"wrong": wrong, "copies": sum(letters.values()) - len(letters)}


def forked(act: Callable[[], None], log: Path) -> int:
    """Do something in a child; give its status."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    status = 1
    try:
        with log.open("w") as output:
            os.dup2(output.fileno(), 2)
            try:
                act()
                status = 0
            except BaseException:  # noqa: BLE001 - it ends here, and says why
                traceback.print_exc()
    finally:
        os._exit(status)


def crashing(ground: Ground, name: str, at: int) -> None:
    """Do the journey and die at a boundary."""
    app = create_app(dataclasses.replace(ground.config, crash_at=at))
    crash._at = None  # not while the museum is founded
    with app.app_context():
        journey = Journey(ground, app, name)
        museum = journey.found()
        (ground.folder / f"{name}.museum").write_text(str(museum))
        crash._at, crash._passed = at, 0
        journey.whole()


def finishing(ground: Ground, name: str) -> None:
    """Go on later, as donor, provider and sweeper do, and judge."""
    offset = ground.folder / f"{name}.offset"
    offset.write_text(str(LATER))
    app = create_app(dataclasses.replace(ground.config, clock_offset=offset))
    museum = int((ground.folder / f"{name}.museum").read_text())
    with app.app_context():
        journey = Journey(ground, app, name)
        tasks.sweep(museum)
        journey.whole()
        offset.write_text(str(LATER * 2))
        tasks.sweep(museum)
        journey.told()
        (ground.folder / f"{name}.verdict").write_text(json.dumps(journey.verdict(museum)))


def enumerate_points(ground: Ground, first: int, every: int) -> int:
    """Die at each point; print what came of it, give the number of points that did not recover."""
    began, tried, failed, copies = time.monotonic(), 0, 0, 0
    for at in range(first, LONGEST, every):
        name = f"p{at}"
        log = ground.folder / f"{name}.log"
        status = forked(partial(crashing, ground, name, at), log)
        if status == 0:
            break
        said = log.read_text().strip().splitlines()[-1:]
        if status != 137:
            print(f"point {at}: ended with {status}\n" + log.read_text()[-1500:], flush=True)
            failed += 1
            continue
        tried += 1
        again = ground.folder / f"{name}.again.log"
        if forked(partial(finishing, ground, name), again) != 0:
            failed += 1
            print(f"{said}: not finished\n{again.read_text()[-1500:]}", flush=True)
            continue
        verdict = json.loads((ground.folder / f"{name}.verdict").read_text())
        copies += verdict["copies"] > 0
        if verdict["wrong"]:
            failed += 1
            print(f"{said}: {verdict['wrong']}", flush=True)
    print(
        f"{tried} points, {tried - failed} recovered, {copies} with a second copy of a letter, in {time.monotonic() - began:.0f} s"
    )
    return failed if tried else 1


def main() -> int:
    """Start the ground, enumerate, clear up."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--first", type=int, default=1)
    options = parser.parse_args()
    folder, port = Path(tempfile.mkdtemp(prefix="ck", dir="/tmp")), free_base()
    settings = {
        "APP_ENV": "test", "DATA_DIR": str(folder), "PORT": str(port), "SIMULATOR_URL": f"http://127.0.0.1:{port + 1}",
        "SMTP_URL": f"smtp://127.0.0.1:{port + 25}",
    }  # fmt: skip
    database = EmbeddedPostgres(folder, fast=True)
    doubles = [
        ["simulator", "--port", str(port + 1), "--webhook-base", "http://127.0.0.1:1", "--settle-after", "0.05"],
        [
            "simulator.mailbox",
            "--smtp-port",
            str(port + 25),
            "--http-port",
            str(port + 26),
            "--dir",
            str(folder / "mail"),
        ],
    ]
    running: list[subprocess.Popen[bytes]] = []
    try:
        database.start()
        schema.upgrade(database.owner_url)
        running += [subprocess.Popen([sys.executable, "-m", *one], cwd=PROJECT) for one in doubles]
        ground = Ground(folder, port, Config.from_environ(settings))
        _await(ground)
        return 1 if enumerate_points(ground, options.first, options.every) else 0
    finally:
        for process in running:
            process.terminate()
            process.wait()
        database.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _await(ground: Ground) -> None:
    for _try in range(200):
        try:
            requests.get(f"{ground.sim}/_sim/state?only=clock", timeout=5)
            requests.get(f"{ground.mail}/_mail/", timeout=5)
        except requests.ConnectionError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError("simulator and mailbox do not start")


if __name__ == "__main__":
    sys.exit(main())
