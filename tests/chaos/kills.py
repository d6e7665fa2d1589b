"""Kill processes at random under load, then compare what the outside sees: provider, mailbox, database.

    python -m tests.chaos.kills --kills 100 --seed 1

The real house runs with a durable database. Donors give over HTTP and try again with the same attempt until they are told that it is
done; meanwhile web, worker, relay, database, simulator and mailbox are killed (SIGKILL) by weight. Afterwards everything is left
to settle and three outside views must agree: one paid charge for each donor who was sent to the thanks, one gift for each
charge, one thanks and one receipt mail for each donor (a second copy only with the same Message-ID), and `flask books check`.
Exit 1 with what does not agree.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
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


@dataclass
class Tally:
    """What the donors were told. `thanked` holds the e-mail address of each donor who came to the thanks."""

    thanked: list[str] = field(default_factory=list)
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
    first = _again(tally, lambda: requests.post(town.address, data={"step": "1", "amount": "50"}, timeout=10), {200})
    fields = {
        name: unescape(value)
        for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', first.text)
    }
    who = f"donor{number}@example.org"
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


def _donor(town: Town, tally: Tally, name: int) -> None:
    round_ = 0
    while not tally.stop.is_set():
        round_ += 1
        _give(town, tally, f"{name}x{round_}")


def run(kills: int, seed: int) -> list[str]:
    """Kill so many times; give what does not agree afterwards."""
    random = Random(seed)
    stack = Stack(Path(tempfile.mkdtemp(prefix="ck", dir="/tmp")), durable=True, environ={"LIMITS": json.dumps(LIMITS)})
    try:
        stack.start()
        app = create_app(Config.from_environ(stack.settings))
        with app.app_context():
            town = found(app, stack)
        tally = Tally()
        donors = [threading.Thread(target=_donor, args=(town, tally, name)) for name in range(DONORS)]
        for donor in donors:
            donor.start()
        began, killed = time.monotonic(), _kill(stack, random, kills)
        tally.stop.set()
        for donor in donors:
            donor.join(PATIENCE)
        print(f"seed {seed}: {sum(killed.values())} kills in {time.monotonic() - began:.0f} s: {dict(killed)}")
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
    """Wait until nothing waits: no fact, no delivery of an event."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            [row] = stack.sql("SELECT count(*) AS n FROM outbox WHERE delivered_at IS NULL")
            if row["n"] == 0 and all(one["state"] != "pending" for one in town.held("deliveries")):
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
    doubles, missing = _mails(stack, tally.thanked)
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


def _mails(stack: Stack, thanked: list[str]) -> tuple[int, list[str]]:
    """Count thanks and receipts by donor and Message-ID: each donor has one of each, copies only under the same id."""
    copies: Counter[tuple[str, str, str]] = Counter()
    for head in stack.mails():
        raw = requests.get(f"{stack.mail}/_mail/{head['id']}.eml", timeout=20).text
        kind = "receipt" if "application/pdf" in raw else "thanks"
        copies[str(head["to"]), kind, str(head["message_id"])] += 1
    letters = Counter((who, kind) for who, kind, _message_id in copies)
    wrong = [
        f"{letters[who, kind]} letters of {kind} to {who}"
        for who in thanked
        for kind in ("thanks", "receipt")
        if letters[who, kind] != 1
    ]
    return sum(copies.values()) - len(copies), wrong


def main() -> int:
    """Read the command line, kill, and say what came of it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    wrong = run(options.kills, options.seed)
    print("\n".join(wrong) or "nothing lost, nothing twice")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
