"""What `make run` runs, and with which settings: the one place that knows the processes of a house on one machine."""

from __future__ import annotations

import ctypes
import signal
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from config import Config, ConfigError
from crowdfund.embedded import EmbeddedPostgres
from crowdfund.processes import Program

PROJECT = Path(__file__).parent.parent
SIMULATOR, SMTP, MAILBOX = 1, 25, 26  # what is added to PORT
# Stopped in this order: who writes first, who is written to after, the database last.
STOP_ORDER = (("web", "worker", "relay"), ("simulator", "mailbox"), ("db",))
WEB_WORKERS, WEB_THREADS, TASKS_AT_ONCE = 2, 4, 2

# What WeasyPrint opens when a receipt is printed, and how a Debian system gets it.
LIBRARIES = ("libgobject-2.0.so.0", "libpango-1.0.so.0", "libharfbuzz.so.0", "libharfbuzz-subset.so.0",
             "libfontconfig.so.1", "libpangoft2-1.0.so.0")  # fmt: skip
LIBRARIES_COMMAND = "apt-get install -y libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"


@dataclass(frozen=True, slots=True)
class Plan:
    """Which processes run, and the environment all of them share."""

    config: Config
    environ: Mapping[str, str]
    port: int
    embedded: EmbeddedPostgres | None
    simulator: bool
    mailbox: bool

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Plan:
        """Fill in the defaults of `make run`. Raises ConfigError naming the first setting that is wrong."""
        port = _port(environ.get("PORT", "8000"))
        given = {name: value for name, value in environ.items() if value}
        filled = {**given, "PORT": str(port), "DATA_DIR": str(Path(given.get("DATA_DIR", "instance")).resolve())}
        filled.setdefault("APP_ENV", "demo")
        filled.setdefault("PUBLIC_URL", f"http://127.0.0.1:{port}")
        demo = filled["APP_ENV"] != "production"
        simulator = demo and "SIMULATOR_URL" not in given and "STRIPE_API_BASE" not in given
        mailbox = demo and "SMTP_URL" not in given
        if simulator:
            filled["SIMULATOR_URL"] = f"http://127.0.0.1:{port + SIMULATOR}"
        if mailbox:
            filled["SMTP_URL"] = f"smtp://127.0.0.1:{port + SMTP}"
            filled["MAILBOX_URL"] = f"http://127.0.0.1:{port + MAILBOX}"
        config = Config.from_environ(filled)
        embedded = None
        if "DATABASE_URL" not in given:
            embedded = EmbeddedPostgres(config.data_dir, fast=config.app_env == "test" and "FAST_DATABASE" in given)
        elif "DATABASE_OWNER_URL" not in given:
            raise ConfigError("DATABASE_OWNER_URL must be set with DATABASE_URL: migrations run as the tables' owner")
        filled.update(FLASK_APP="wsgi:app", PYTHONUNBUFFERED="1", PYTHONPATH=str(PROJECT))
        return cls(config, filled, port, embedded, simulator, mailbox)

    def python(self, name: str, *arguments: str, stop_signal: int = signal.SIGTERM) -> Program:
        """Give a program of our own Python, run in the project's folder."""
        return Program(name, [sys.executable, "-m", *arguments], self.environ, PROJECT, stop_signal)

    def database(self, embedded: EmbeddedPostgres) -> Program:
        """Give the embedded database's program."""
        return Program(
            "db",
            embedded.command(),
            self.environ,
            PROJECT,
            signal.SIGINT,
            embedded.preparation(),
            embedded.prepare,
            structured=False,
        )

    def doubles(self) -> list[Program]:
        """Give the programs that stand in for the world: the payment simulator and the mailbox."""
        data_dir = self.config.data_dir
        programs = []
        if self.simulator:
            programs.append(self.python(
                "simulator", "simulator", "--port", str(self.port + SIMULATOR),
                "--webhook-base", self.config.public_url, "--state", str(data_dir / "simulator.json"),
            ))  # fmt: skip
        if self.mailbox:
            programs.append(self.python(
                "mailbox", "simulator.mailbox", "--smtp-port", str(self.port + SMTP), "--http-port",
                str(self.port + MAILBOX), "--dir", str(data_dir / "mail"),
            ))  # fmt: skip
        return programs

    def house(self) -> list[Program]:
        """Give the platform's own programs: web, worker, relay."""
        return [
            self.python(
                "web", "granian", "wsgi:app", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(self.port),
                "--workers", str(WEB_WORKERS), "--blocking-threads", str(WEB_THREADS), "--no-ws",
                "--respawn-failed-workers", "--respawn-interval", "0.5", "--workers-kill-timeout", "4",
                "--log-level", "warning",
            ),
            self.python(
                "worker", "celery", "--quiet", "-A", "wsgi:celery", "worker", "--concurrency", str(TASKS_AT_ONCE),
                "--loglevel", "warning", "--without-gossip", "--without-mingle", "--without-heartbeat",
            ),
            self.python("relay", "flask", "relay"),
        ]  # fmt: skip

    def ports(self) -> list[int]:
        """List the ports that must be free."""
        ports = [self.port]
        if self.simulator:
            ports.append(self.port + SIMULATOR)
        if self.mailbox:
            ports += [self.port + SMTP, self.port + MAILBOX]
        return ports

    def taken_port(self) -> int | None:
        """Give the first port that another program holds."""
        return next((port for port in self.ports() if not is_free(port)), None)


def is_free(port: int) -> bool:
    """Say whether a server could listen on the port of loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def missing_libraries() -> list[str]:
    """List the system libraries of the PDF printer that this machine lacks (Linux only)."""
    missing = []
    for name in LIBRARIES if sys.platform.startswith("linux") else ():
        try:
            ctypes.CDLL(name)
        except OSError:
            missing.append(name)
    return missing


def plain_address(url: str) -> str:
    """Give host and port of an address, without a user's name or password."""
    parts = urlsplit(url)
    return f"{parts.hostname or 'localhost'}:{parts.port}" if parts.port else parts.hostname or url


def _port(text: str) -> int:
    if not text.isdigit() or not 1024 <= int(text) <= 65535 - MAILBOX:
        raise ConfigError(f"PORT must be a number from 1024 to {65535 - MAILBOX}")
    return int(text)
