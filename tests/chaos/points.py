"""Die at every boundary of one card gift's journey, finish it in another process, and let the outside judge.

    python -m tests.chaos.points [--every 7] [--first 1] [--only "provider open_page"]

A child does the whole journey in process (form, provider, payment, webhook, settlement, receipt, mails) on a real database, simulator
and mailbox, and dies with 137 at the k-th boundary. A second child, its clock moved on, does what donor, provider
and sweeper do anyway: send again, notify again, look again. Then one page and one charge at the provider, one gift, one receipt
and one letter of each kind must be there, and the books must be right. A second copy of a letter is let pass only with the same
Message-ID, and only after a death between the mail server's "250" and our commit. Exit 1 with what is not so.
`--only` counts only the boundaries whose name holds these words.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import re
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask
from sqlalchemy import text

from config import SIMULATOR_WEBHOOK_SECRET
from crowdfund import books, clock, crash, relay
from crowdfund.app import create_app
from crowdfund.payments import tasks
from crowdfund.tenancy import transaction
from simulator.deliveries import sign
from tests import factories
from tests.chaos.ground import Ground, prepared
from tests.chaos.seeded import SEEDS, Seed

LATER = 180.0
LONGEST = 2000


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

    def asked(self) -> list[dict[str, Any]]:
        """List the pages the provider was made to open."""
        return self.ground.held("sessions", self.account)

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
        # A second page is a request that was sent under another key: the donor might pay on both.
        found |= {"pages": len(self.asked()), "charges": len(self.paid())}
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


def crashing(ground: Ground, name: str, at: int, only: str = "") -> None:
    """Do the journey and die at a boundary: the `at`-th of those whose name holds `only`."""
    app = create_app(dataclasses.replace(ground.config, crash_at=at))
    crash._at = None  # not while the museum is founded
    every, window = crash.point, ground.folder / f"{name}.window"

    def point(name: str) -> None:
        if name == "after mail":
            window.touch()
        elif name == "after commit":
            window.unlink(missing_ok=True)
        if only in name:
            every(name)

    crash.point = point
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


@dataclass
class Tried:
    """What came of an enumeration: points tried, those with a second copy of a letter, and what was wrong, by point."""

    points: int = 0
    copies: int = 0
    wrong: list[str] = field(default_factory=list)


def enumerate_points(ground: Ground, points: Iterable[int], only: str = "", label: str = "p") -> Tried:
    """Die at each point, as long as the journey has as many; tell at once what did not recover."""
    tried = Tried()
    for at in points:
        name = f"{label}{at}"
        log = ground.folder / f"{name}.log"
        status = forked(partial(crashing, ground, name, at, only), log)
        if status == 0:
            break
        wrong = _recovered(ground, name, tried) if status == 137 else f"ended with {status}\n{log.read_text()[-1500:]}"
        tried.points += 1
        if wrong:
            said = log.read_text().strip().splitlines()[-1:]
            tried.wrong.append(f"point {at} {said}: {wrong}")
            print(tried.wrong[-1], flush=True)
    return tried


def _recovered(ground: Ground, name: str, tried: Tried) -> str:
    """Let a second process finish; give what was wrong afterwards."""
    log = ground.folder / f"{name}.again.log"
    if forked(partial(finishing, ground, name), log) != 0:
        return f"not finished\n{log.read_text()[-1500:]}"
    verdict = json.loads((ground.folder / f"{name}.verdict").read_text())
    if verdict["copies"]:
        tried.copies += 1
        if not (ground.folder / f"{name}.window").exists():
            verdict["wrong"].append("a second copy of a letter that was marked as sent, or had not left")
    return ", ".join(verdict["wrong"])


def try_seeds(ground: Ground) -> dict[str, list[str]]:
    """Try the boundaries of each seeded bug, as they are ("") and with the bug; give what was wrong by the bug's name.

    The bug is planted in a child, where it stays.
    """
    found: dict[str, list[str]] = {"": []}
    for number, (name, seed) in enumerate((name, seed) for name, seed in SEEDS.items() if seed.only):
        found[""] += enumerate_points(ground, [1], seed.only, f"s{number}p").wrong
        note = ground.folder / f"b{number}.json"

        def planted(number: int = number, seed: Seed = seed, note: Path = note) -> None:
            seed.plant(pytest.MonkeyPatch())
            note.write_text(json.dumps(enumerate_points(ground, [1], seed.only, f"b{number}p").wrong))

        log = ground.folder / f"b{number}.log"
        assert forked(planted, log) == 0, log.read_text()
        found[name] = json.loads(note.read_text())
    return found


def main() -> int:
    """Enumerate, and say what came of it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--only", default="")
    parser.add_argument("--seeds", type=Path, help="try the seeded bugs instead, and write what was found to this file")
    options = parser.parse_args()
    with prepared() as ground:
        if options.seeds:
            options.seeds.write_text(json.dumps(try_seeds(ground)))
            return 0
        began = time.monotonic()
        tried = enumerate_points(ground, range(options.first, LONGEST, options.every), options.only)
        print(
            f"{tried.points} points, {tried.points - len(tried.wrong)} recovered, {tried.copies} with a second copy of a letter,"
            f" in {time.monotonic() - began:.0f} s"
        )
        return 1 if tried.wrong or not tried.points else 0


if __name__ == "__main__":
    sys.exit(main())
