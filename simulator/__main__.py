"""Starts the simulator: `python -m simulator --port 8001`."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from pathlib import Path

from simulator.server import Simulator
from simulator.settings import Settings, default_secret


def read_arguments(arguments: list[str] | None = None) -> Settings:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m simulator", description="A simulated payment provider on loopback."
    )
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument(
        "--secret-connected", action="append", metavar="whsec_…", help="may be given twice while it is rolled"
    )
    parser.add_argument("--secret-platform", action="append", metavar="whsec_…")
    parser.add_argument("--webhook-base", default=os.environ.get("PUBLIC_URL", "http://127.0.0.1:8000"))
    parser.add_argument("--state", type=Path, help="a file that keeps what the simulator holds")
    parser.add_argument(
        "--settle-after", type=float, default=2.0, help="seconds from a charge to its balance transaction"
    )
    parser.add_argument("--check-answers", action="store_true", help="check every answer against the SDK's types")
    given = parser.parse_args(arguments)
    return Settings(
        port=given.port,
        webhook_base=given.webhook_base.rstrip("/"),
        secrets_connected=tuple(given.secret_connected or [default_secret()]),
        secrets_platform=tuple(given.secret_platform or [default_secret()]),
        state=given.state,
        settle_after=given.settle_after,
        check_answers=given.check_answers,
    )


def main() -> int:
    """Run until a signal ends it."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    simulator = Simulator(read_arguments())
    simulator.start()
    print(f"Simulated payment provider on {simulator.settings.base_url}", flush=True)  # noqa: T201
    stop.wait()
    simulator.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
