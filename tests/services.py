"""The real processes of the house, on free ports and in a folder of their own, for the journeys.

`Stack` starts the same supervisor as `make run`. Nothing in it looks inside the app: it sees addresses, process
numbers, the mailbox, the simulator's state and the database.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any, TypeVar

import psycopg
from psycopg.rows import dict_row

from crowdfund.embedded import SUPERUSER, EmbeddedPostgres
from crowdfund.programs import MAILBOX, SIMULATOR, SMTP, is_free
from crowdfund.roles import AUDIT, DATABASE

PROJECT = Path(__file__).parent.parent
PROCESSES = ("web", "worker", "relay", "db", "simulator", "mailbox")
T = TypeVar("T")


def free_base() -> int:
    """Find a port whose neighbours for simulator and mailbox are free too, below those the system hands out."""
    random = Random(os.getpid() ^ time.time_ns())
    while True:
        base = random.randrange(10_000, 32_000, 50)
        if all(is_free(base + offset) for offset in (0, SIMULATOR, SMTP, MAILBOX)):
            return base


class Stack:
    """One whole house. `durable` keeps fsync on, for tests that kill the database."""

    def __init__(
        self, data_dir: Path, *, durable: bool = False, environ: Mapping[str, str] | None = None, app_env: str = "test"
    ) -> None:
        self.data_dir = data_dir
        self.port = free_base()
        self.url = f"http://127.0.0.1:{self.port}"
        self.sim = f"http://127.0.0.1:{self.port + SIMULATOR}"
        self.mail = f"http://127.0.0.1:{self.port + MAILBOX}"
        self.database = EmbeddedPostgres(data_dir)
        inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TZ") if name in os.environ}
        self.environ = {
            **inherited,
            "APP_ENV": app_env,
            "DATA_DIR": str(data_dir),
            "PORT": str(self.port),
            **({} if durable else {"FAST_DATABASE": "1"}),
            **(environ or {}),
        }
        self._supervisor: subprocess.Popen[bytes] | None = None

    @property
    def output(self) -> Path:
        """Give the file with what the supervisor said."""
        return self.data_dir / "supervisor.log"

    def start(self, seconds: float = 90) -> float:
        """Start the house and wait until it is ready; give the seconds it took."""
        began = time.monotonic()
        ready = self.data_dir / "run" / "ready"
        ready.unlink(missing_ok=True)
        with self.output.open("ab") as output:
            self._supervisor = subprocess.Popen(
                [sys.executable, "-m", "crowdfund.supervisor", "--with-parent"],
                cwd=PROJECT,
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        supervisor = self._supervisor
        self.wait_until(lambda: ready.exists() or supervisor.poll() is not None, seconds)
        if supervisor.poll() is not None:
            raise RuntimeError(f"the house did not start:\n{self.output.read_text()}\n{self.logs()}")
        return time.monotonic() - began

    def stop(self) -> float:
        """Stop the house as Ctrl-C does; give the seconds it took."""
        if self._supervisor is None:
            return 0.0
        began = time.monotonic()
        self._supervisor.terminate()
        try:
            self._supervisor.wait(20)
        except subprocess.TimeoutExpired:
            self._supervisor.kill()
            self._supervisor.wait()
            raise
        finally:
            self._supervisor = None
        return time.monotonic() - began

    def kill_supervisor(self) -> None:
        """Kill the parent of all, as a machine short of memory would."""
        assert self._supervisor is not None
        self._supervisor.kill()
        self._supervisor.wait()
        self._supervisor = None

    def pid(self, name: str) -> int:
        """Give the number of a process."""
        return int((self.data_dir / "run" / f"{name}.pid").read_text())

    def kill(self, name: str, number: int = signal.SIGKILL) -> int:
        """Signal one process of the house (SIGKILL unless told); give the number it had."""
        pid = self.pid(name)
        os.kill(pid, number)
        return pid

    @contextmanager
    def without(self, name: str) -> Iterator[None]:
        """Kill one process and keep it away: the supervisor sleeps meanwhile. Afterwards it is started again."""
        assert self._supervisor is not None
        self._supervisor.send_signal(signal.SIGSTOP)
        try:
            before = self.kill(name)
            yield
        finally:
            self._supervisor.send_signal(signal.SIGCONT)
        self.wait_until(lambda: self.pid(name) != before)

    def wait_until(self, condition: Callable[[], T], seconds: float = 30) -> T:
        """Ask again and again until the answer is true; give it. Raises TimeoutError with the last answer."""
        deadline = time.monotonic() + seconds
        answer: Any = None
        while time.monotonic() < deadline:
            try:
                answer = condition()
            except (OSError, psycopg.OperationalError) as error:
                answer = error
            else:
                if answer:
                    return answer  # type: ignore[no-any-return]
            time.sleep(0.05)
        raise TimeoutError(f"not within {seconds} s; last answer: {answer!r}")

    def sql(self, statement: str, *values: Any, role: str = SUPERUSER) -> list[dict[str, Any]]:
        """Run one statement, as the superuser unless told; give its rows."""
        with psycopg.connect(
            host=str(self.database.socket), dbname=DATABASE, user=role, autocommit=True, row_factory=dict_row
        ) as connection:
            cursor = connection.execute(statement.encode(), values or None)
            return cursor.fetchall() if cursor.description else []

    def audit(self, statement: str, *values: Any) -> list[dict[str, Any]]:
        """Run one statement as an outside auditor, who sees the schema `reporting` only."""
        return self.sql(statement, *values, role=AUDIT)

    def flask(self, *arguments: str, check: bool = True, environ: Mapping[str, str] | None = None) -> str:
        """Run an operator's command with the settings of the house; give what it wrote."""
        done = subprocess.run(
            [sys.executable, "-m", "flask", "--app", "wsgi:app", *arguments],
            cwd=PROJECT,
            env={**self.settings, **(environ or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        if check and done.returncode != 0:
            raise AssertionError(f"flask {' '.join(arguments)} gave {done.returncode}:\n{done.stdout}\n{done.stderr}")
        return done.stdout

    @property
    def settings(self) -> dict[str, str]:
        """Give the environment the supervisor gives to its children."""
        return {
            **self.environ,
            "PUBLIC_URL": self.environ.get("PUBLIC_URL", self.url),
            "SIMULATOR_URL": self.sim,
            "SMTP_URL": self.environ.get("SMTP_URL", f"smtp://127.0.0.1:{self.port + SMTP}"),
            "MAILBOX_URL": self.mail,
        }

    def books_check(self) -> None:
        """Fail unless every invariant holds."""
        self.flask("books", "check")

    def get_json(self, url: str) -> Any:
        """Read a JSON document."""
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.load(answer)

    def post_json(self, url: str, body: Any) -> Any:
        """Send a JSON document; give the JSON answer, None when it is empty."""
        request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def mails(self) -> list[dict[str, Any]]:
        """List the mails received."""
        return list(self.get_json(f"{self.mail}/_mail/"))

    def simulated(self) -> dict[str, Any]:
        """Give everything the payment simulator holds."""
        return dict(self.get_json(f"{self.sim}/_sim/state"))

    def is_up(self) -> bool:
        """Say whether the site says it is ready."""
        try:
            with urllib.request.urlopen(f"{self.url}/health/ready", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def logs(self, lines: int = 15) -> str:
        """Give the end of each log, for a test that failed."""
        parts = []
        for path in sorted((self.data_dir / "logs").glob("*")):
            parts += [f"--- {path.name}", *path.read_text(errors="replace").splitlines()[-lines:]]
        return "\n".join(parts)
