"""What journeys in process stand on: a database, a simulator and a mailbox of their own, thrown away afterwards."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from config import Config
from crowdfund import schema
from crowdfund.embedded import EmbeddedPostgres
from tests.services import PROJECT, free_base


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


@contextmanager
def prepared() -> Iterator[Ground]:
    """Start database, simulator and mailbox; clear up afterwards."""
    folder, port = Path(tempfile.mkdtemp(prefix="ck", dir="/tmp")), free_base()
    settings = {
        "APP_ENV": "test", "DATA_DIR": str(folder), "PORT": str(port), "SIMULATOR_URL": f"http://127.0.0.1:{port + 1}",
        "SMTP_URL": f"smtp://127.0.0.1:{port + 25}",
    }  # fmt: skip
    database = EmbeddedPostgres(folder, fast=True)
    doubles = [
        ["simulator", "--port", str(port + 1), "--webhook-base", "http://127.0.0.1:1", "--settle-after", "0.05"],
        ["simulator.mailbox", "--smtp-port", str(port + 25), "--http-port", str(port + 26), "--dir", str(folder / "mail")],
    ]  # fmt: skip
    running: list[subprocess.Popen[bytes]] = []
    try:
        database.start()
        schema.upgrade(database.owner_url)
        running += [subprocess.Popen([sys.executable, "-m", *one], cwd=PROJECT) for one in doubles]
        ground = Ground(folder, port, Config.from_environ(settings))
        _await(ground)
        yield ground
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
