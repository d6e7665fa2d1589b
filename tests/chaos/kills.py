"""Kill processes at random under load, then compare what the outside sees: provider, mailbox, database.

    python -m tests.chaos.kills --kills 100 --seed 1 --pace 1

The real house runs with a durable database. Donors give over HTTP, so many in a second in all (`--pace`), and try again with
the same attempt until they are told that it is done; meanwhile web, worker, relay, database, simulator and mailbox are
killed (SIGKILL) by weight. Afterwards everything is left to settle and three outside views must agree: one paid charge for
each donor who was sent to the thanks, one gift for each charge, one thanks and one receipt mail for each donor (a second
copy only with the same Message-ID), and `flask books check`.
The time from opening the form to the later of the two letters is told besides.
Exit 1 with what does not agree.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from html import unescape
from pathlib import Path
from random import Random

import requests
from flask import Flask

from config import Config
from crowdfund.app import create_app
from tests.journeys.conftest import LIMITS
from tests.journeys.town import Town, found
from tests.services import Stack

WEIGHTS = {"worker": 36, "web": 30, "db": 16, "relay": 8, "simulator": 5, "mailbox": 5}
# How often a kill waits until the site is up again: a house that is always down proves little, nor does one that always recovers.
RECOVERED = 0.8
DONORS = 6
PATIENCE = 240
TOLD_WITHIN = 900


@dataclass
class Tally:
    """What the donors were told.

    `thanked` holds the e-mail address of each donor who came to the thanks, `begun` when (Unix time) each opened the form.
    """

    thanked: list[str] = field(default_factory=list)
    begun: dict[str, float] = field(default_factory=dict)
    tries: int = 0
    stop: threading.Event = field(default_factory=threading.Event)


def _again(tally: Tally, act: Callable[[], requests.Response], good: set[int]) -> requests.Response:
    """Try until it works, as a patient donor does."""
    while True:
        tally.tries += 1
        try:
            answer = act()
            if answer.status_code in good:
                return answer
        except requests.RequestException:
            pass
        time.sleep(0.3)


def _give(town: Town, tally: Tally, number: str) -> None:
    """Give 50 euros: the same attempt again and again until the thanks page is there."""
    who = f"donor{number}@example.org"
    tally.begun[who] = time.time()
    first = _again(tally, lambda: requests.post(town.address, data={"step": "1", "amount": "50"}, timeout=10), {200})
    fields = {
        name: unescape(value)
        for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', first.text)
    }
    fields |= {
        "first_name": "Camille", "last_name": f"Rey{number}", "email": who, "donor_kind": "individual", "wants_receipt": "1",
        "address_line": "8 rue des Tanneurs", "postcode": "73000", "city": "Chambéry", "country": "FR", "wall": "anonymous",
    }  # fmt: skip
    page = _again(
        tally, lambda: requests.post(town.address, data=fields, allow_redirects=False, timeout=15), {303}
    ).headers["Location"]
    if "/c/pay/" not in page:
        tally.thanked.append(who)  # the attempt was paid in an earlier try
        return
    paid = _again(
        tally,
        lambda: requests.post(f"{page}/pay", data={"card": "4242424242424242"}, allow_redirects=False, timeout=15),
        {303},
    )
    _again(tally, lambda: requests.get(paid.headers["Location"], timeout=15), {200})
    tally.thanked.append(who)


def _donor(town: Town, tally: Tally, name: int, pace: float) -> None:
    """Give again and again, each time when it is this donor's turn; who was held up does not hurry afterwards."""
    round_, turn = 0, time.monotonic() + name / pace
    while not tally.stop.wait(max(0.0, turn - time.monotonic())):
        round_ += 1
        _give(town, tally, f"{name}x{round_}")
        turn = max(turn + DONORS / pace, time.monotonic())


def run(kills: int, seed: int, pace: float) -> list[str]:
    """Kill so many times while so many gifts are made in a second; give what does not agree afterwards."""
    random = Random(seed)
    stack = Stack(Path(tempfile.mkdtemp(prefix="ck", dir="/tmp")), durable=True, environ={"LIMITS": json.dumps(LIMITS)})
    try:
        stack.start()
        app = create_app(Config.from_environ(stack.settings))
        with app.app_context():
            town = found(app, stack)
        tally = Tally()
        donors = [threading.Thread(target=_donor, args=(town, tally, name, pace)) for name in range(DONORS)]
        for donor in donors:
            donor.start()
        began, killed = time.monotonic(), _kill(stack, random, kills)
        tally.stop.set()
        for donor in donors:
            donor.join(PATIENCE)
        print(
            f"seed {seed}: {sum(killed.values())} kills in {time.monotonic() - began:.0f} s: {dict(killed)}; load {os.getloadavg()}",
            flush=True,
        )
        return _verdict(app, town, tally, kills)
    finally:
        stack.stop()
        shutil.rmtree(stack.data_dir, ignore_errors=True)


def _kill(stack: Stack, random: Random, kills: int) -> Counter[str]:
    killed: Counter[str] = Counter()
    names, weights = zip(*WEIGHTS.items(), strict=True)
    while sum(killed.values()) < kills:
        if random.random() < RECOVERED:
            stack.wait_until(stack.is_up, PATIENCE)
        time.sleep(random.uniform(0.4, 2.2))
        name = random.choices(names, weights)[0]
        try:
            stack.kill(name)
        except (OSError, ValueError):
            continue  # it is just being started again
        killed[name] += 1
    return killed


def _settled(stack: Stack, town: Town) -> None:
    """Wait until nothing waits: no fact, no delivery of an event. Tell how much waited and for how long."""
    began, waited = time.monotonic(), None
    while time.monotonic() < began + TOLD_WITHIN:
        try:
            [row] = stack.sql("SELECT count(*) AS n FROM outbox WHERE delivered_at IS NULL")
            waited = row["n"] if waited is None else waited
            if row["n"] == 0 and all(one["state"] != "pending" for one in town.held("deliveries")):
                print(f"{waited} facts waited at the end, all told {time.monotonic() - began:.0f} s later", flush=True)
                return
        except Exception as error:  # noqa: BLE001 - the database is on its way up
            print(f"waiting: {type(error).__name__}")
        time.sleep(1)


def _verdict(app: Flask, town: Town, tally: Tally, kills: int) -> list[str]:
    stack = town.stack
    _settled(stack, town)
    charges = [one for one in town.held("charges") if one["paid"]]
    gifts = stack.sql("SELECT charge, state FROM gifts WHERE institution_id = %s", town.museum)
    receipts = stack.sql("SELECT count(*) AS n FROM receipts WHERE institution_id = %s", town.museum)[0]["n"]
    wrong = []
    if len(tally.thanked) < kills // 2:
        wrong.append(f"only {len(tally.thanked)} thanked between {kills} kills: too little to prove anything")
    if len(tally.thanked) != len(set(tally.thanked)):
        wrong.append("a donor was thanked twice")
    if len(charges) < len(tally.thanked):
        wrong.append(f"{len(tally.thanked)} thanked, {len(charges)} charged")
    if {one["id"] for one in charges} != {row["charge"] for row in gifts}:
        wrong.append(f"{len(charges)} charges are not the {len(gifts)} gifts")
    if receipts != len(gifts):
        wrong.append(f"{receipts} receipts for {len(gifts)} gifts")
    doubles, missing = _mails(stack, tally)
    wrong += missing
    books = stack.flask("books", "check", check=False).strip()
    if "the books are right" not in books:
        wrong.append(books[-400:])
    print(
        f"{len(tally.thanked)} thanked in {tally.tries} tries; {len(charges)} charges, {len(gifts)} gifts, {receipts} receipts;"
        f" {doubles} second copies with the same Message-ID; books: {books[-60:]}"
    )
    app.extensions["database"].engine.dispose()
    return wrong


def _mails(stack: Stack, tally: Tally) -> tuple[int, list[str]]:
    """Count thanks and receipts by donor and Message-ID: each donor has one of each, copies only under the same id."""
    copies: Counter[tuple[str, str, str]] = Counter()
    came: dict[str, float] = {}
    for head in reversed(stack.mails()):  # the first one first
        raw = requests.get(f"{stack.mail}/_mail/{head['id']}.eml", timeout=20).text
        kind = "receipt" if "application/pdf" in raw else "thanks"
        letter = (str(head["to"]), kind, str(head["message_id"]))
        copies[letter] += 1
        if copies[letter] == 1:
            came[letter[0]] = datetime.fromisoformat(head["received_at"]).timestamp()
    letters = Counter((who, kind) for who, kind, _message_id in copies)
    wrong = [
        f"{letters[who, kind]} letters of {kind} to {who}"
        for who in tally.thanked
        for kind in ("thanks", "receipt")
        if letters[who, kind] != 1
    ]
    took = sorted(came[who] - tally.begun[who] for who in tally.thanked if who in came)
    if took:
        print(
            f"from the form to both letters: median {took[len(took) // 2]:.1f} s, p95 {took[len(took) * 95 // 100]:.1f} s"
        )
    return sum(copies.values()) - len(copies), wrong


def main() -> int:
    """Read the command line, kill, and say what came of it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pace", type=float, default=1.0, help="gifts begun in a second, in all")
    options = parser.parse_args()
    wrong = run(options.kills, options.seed, options.pace)
    print("\n".join(wrong) or "nothing lost, nothing twice")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
