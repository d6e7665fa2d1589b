"""Run the whole house on one machine: `python -m crowdfund.supervisor`, which is what `make run` does.

Database, mailbox and payment simulator first; then the migrations and, into an empty database, the demo data; then web,
worker and relay. A child that dies is started again. Ctrl-C or SIGTERM stops everything, the database last.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import TextIO

import psycopg

from config import ConfigError
from crowdfund import schema
from crowdfund.embedded import EmbeddedError
from crowdfund.launch import end_with_parent
from crowdfund.leftovers import end_leftovers
from crowdfund.processes import Processes, Stopped
from crowdfund.programs import LIBRARIES_COMMAND, STOP_ORDER, Plan, missing_libraries
from crowdfund.welcome import welcome

READY_WITHIN = 60.0
PORTS_WITHIN = 15.0
DEMO_WITHIN = 300.0


class StartError(RuntimeError):
    """The house cannot start; the message is one sentence for the person."""


def say(sentence: str) -> None:
    """Tell the person at the terminal."""
    print(sentence, flush=True)


class Supervisor:
    """The parent of all processes."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.data_dir = plan.config.data_dir
        self.data_dir.mkdir(parents=True, exist_ok=True)
        self.processes = Processes(self.data_dir, say)

    def run(self) -> int:
        """Start everything, watch over it until asked to stop, stop everything. Gives the exit status."""
        lock = self._lock()
        self.processes.take_charge()
        try:
            self._start()
            while True:
                self.processes.tend()
        except Stopped:
            say("Stopping ...")
            return 0
        except (StartError, EmbeddedError, psycopg.Error) as error:
            say(str(error).strip())
            return 1
        finally:
            self.processes.stop(*STOP_ORDER)
            (self.data_dir / "run" / "ready").unlink(missing_ok=True)
            lock.close()

    def _lock(self) -> TextIO:
        """Refuse a second supervisor on the same data."""
        lock = (self.data_dir / "run" / "supervisor.lock").open("a+", encoding="ascii")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            raise StartError(f"Already running on {self.data_dir} (process {lock.read().strip() or '?'}).") from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        return lock

    def _start(self) -> None:
        began = time.monotonic()
        (self.data_dir / "run" / "ready").unlink(missing_ok=True)
        # What a killed supervisor left may need a moment to let go of its ports.
        patience = PORTS_WITHIN if end_leftovers(self.processes.run) else 0.0
        port = self.plan.taken_port()
        while port is not None and time.monotonic() - began < patience:
            time.sleep(0.1)
            port = self.plan.taken_port()
        if port is not None:
            raise StartError(f"Port {port} is in use by another program: stop it, or start with PORT=8100 make run.")
        self._start_database()
        self._migrate()
        self._load_demo()
        for program in self.plan.house():
            self.processes.start(program)
        credentials = self._credentials()
        if not self.processes.wait_for(self._is_ready, READY_WITHIN):
            raise StartError(f"The site does not answer at {self.plan.config.public_url}: see {self.processes.logs}.")
        (self.data_dir / "run" / "ready").touch()
        say(welcome(self.plan, credentials, time.monotonic() - began))

    def _start_database(self) -> None:
        """Start the database beside what stands in for the world, and wait for it."""
        embedded = self.plan.embedded
        child = None
        if embedded is not None:
            if not embedded.exists:
                say("Making the database ...")
            child = self.processes.start(self.plan.database(embedded))
        for program in self.plan.doubles():
            self.processes.start(program)
        if embedded is not None and child is not None:
            embedded.wait_ready(lambda: child.alive, self.processes.logs / "db.log")
            embedded.bootstrap()

    def _migrate(self) -> None:
        if schema.is_current(self.plan.config.database_owner_url):
            return
        say("Bringing the database up to date ...")
        status = self.processes.once(self.plan.python("migrate", "crowdfund.schema"), DEMO_WITHIN)
        if status != 0:
            raise StartError(f"The database could not be migrated: see {self.processes.logs / 'migrate.jsonl'}.")

    def _load_demo(self) -> None:
        """Load the demo data into an empty database; what a broken-off loading left is replaced."""
        unfinished = self.data_dir / "demo-unfinished"
        if self.plan.config.app_env != "demo" or (self._has_museums() and not unfinished.exists()):
            return
        say("Loading the demo data (six museums and their campaigns); this happens once ...")
        action = "reset" if unfinished.exists() else "load"
        unfinished.touch()
        status = self.processes.once(self.plan.python("demo", "flask", "demo", action), DEMO_WITHIN)
        if status != 0:
            raise StartError(f"The demo data could not be loaded: see {self.processes.logs / 'demo.jsonl'}.")
        unfinished.unlink()

    def _has_museums(self) -> bool:
        url = self.plan.config.database_owner_url.replace("+psycopg", "", 1)
        with psycopg.connect(url, connect_timeout=3) as connection:
            found = connection.execute("SELECT EXISTS (SELECT FROM institutions)").fetchone()
        return found is not None and bool(found[0])

    def _credentials(self) -> list[dict[str, str]]:
        """Ask the demo who may sign in."""
        if self.plan.config.app_env != "demo":
            return []
        text = self.processes.collect(self.plan.python("demo", "flask", "demo", "credentials", "--json"), READY_WITHIN)
        try:
            found = json.loads(text)
        except ValueError:
            return []
        return list(found if isinstance(found, list) else found.get("accounts", []))

    def _is_ready(self) -> bool:
        """Say whether the site serves. Facts that the last stop left waiting do not count: only a house that runs
        tells them; nor does a copy's quiet.
        """
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.plan.port}/health/ready", timeout=2) as answer:
                return bool(answer.status == 200)
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code == 503 and _only_late(refused.read())
        except (urllib.error.URLError, OSError):
            return False


def _only_late(answer: bytes) -> bool:
    try:
        return bool(set(json.loads(answer)["reasons"]) <= {"outbox", "quiet"})
    except (ValueError, KeyError, TypeError):
        return False


def main(arguments: list[str]) -> int:
    """Start the house; `--with-parent` ends it when the program that started it dies."""
    if "--with-parent" in arguments:
        end_with_parent(signal.SIGTERM)
    missing = missing_libraries()
    if missing:
        say(f"Missing for the receipts' PDF: {', '.join(missing)}. Install it with: {LIBRARIES_COMMAND}")
        return 1
    try:
        return Supervisor(Plan.from_environ(os.environ)).run()
    except (ConfigError, StartError, EmbeddedError) as error:
        say(str(error))
        return 1
    except PermissionError as error:
        say(f"{Path(str(error.filename))} cannot be written: choose another folder with DATA_DIR=… make run.")
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
