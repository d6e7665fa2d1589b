"""P12: how long `make run` takes to be ready, the first time with the demo data and later."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from crowdfund.programs import is_free

PROJECT = Path(__file__).resolve().parents[1]
LATER = 3
PATIENCE = 300.0
OFFSETS = (0, 1, 25, 26)


def measure() -> dict[str, Any]:
    """Start the house in an empty folder, stop it, start it again; seconds until it answers that it is ready."""
    folder = Path(tempfile.mkdtemp(prefix="cp", dir="/tmp"))
    port = next(port for port in range(19_500, 19_900) if all(is_free(port + offset) for offset in OFFSETS))
    environ = {**os.environ, "DATA_DIR": str(folder), "PORT": str(port), "APP_ENV": "demo"}
    try:
        first = _start(folder, environ)
        later = sorted(_start(folder, environ) for _ in range(LATER))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return {"first_s": first, "later_s": later[LATER // 2], "goal": "first <= 60, later <= 10"}


def _start(folder: Path, environ: dict[str, str]) -> float:
    ready = folder / "run" / "ready"
    ready.unlink(missing_ok=True)
    began = time.monotonic()
    with subprocess.Popen(
        [sys.executable, "-m", "crowdfund.supervisor"], cwd=PROJECT, env=environ, stdout=subprocess.DEVNULL
    ) as house:
        try:
            while not ready.exists():
                if house.poll() is not None or time.monotonic() - began > PATIENCE:
                    raise RuntimeError("the house did not start")
                time.sleep(0.05)
            return round(time.monotonic() - began, 1)
        finally:
            house.terminate()
            house.wait(30)
