"""Children of the supervisor: started, watched, started again when they die, stopped in order.

Each child is the leader of a session of its own, so that what it started dies with it; its number stands in
DATA_DIR/run/<name>.pid while it lives.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import psutil

from crowdfund.launch import adopt_orphans, preparation
from crowdfund.leftovers import forget, note, write

# The first restart comes at once, those of a child that keeps dying a little later; always within two seconds.
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 1.5
STEADY_AFTER = 10.0
# What is kept for each group that is stopped later.
LATER_GROUP = 2.0
LOG_LIMIT = 20_000_000


@dataclass(frozen=True, slots=True)
class Program:
    """What a child runs. `before` runs before each start."""

    name: str
    command: list[str]
    environ: Mapping[str, str]
    folder: Path
    stop_signal: int = signal.SIGTERM
    prepare: Callable[[], None] | None = None
    before: Callable[[], None] | None = None
    structured: bool = True


@dataclass(slots=True)
class Child:
    """One running program."""

    program: Program
    process: subprocess.Popen[bytes]
    started: float = field(default_factory=time.monotonic)
    deaths: int = 0
    restart_at: float | None = None

    @property
    def alive(self) -> bool:
        """Say whether it runs."""
        return self.restart_at is None and self.process.poll() is None


class Stopped(Exception):
    """The person (or the system) asked us to stop."""


class Processes:
    """All children of one supervisor. Not for threads: everything happens in `tend`, called again and again."""

    def __init__(self, data_dir: Path, say: Callable[[str], None]) -> None:
        self.run = data_dir / "run"
        self.logs = data_dir / "logs"
        self.children: dict[str, Child] = {}
        self.stopping = False
        self._say = say
        self._adopts = False
        self._errand: subprocess.Popen[bytes] | None = None
        self._wake, self._waker = socket.socketpair()
        for side in (self._wake, self._waker):
            side.settimeout(0)
        for folder in (self.run, self.logs):
            folder.mkdir(parents=True, exist_ok=True)

    def take_charge(self) -> None:
        """Stop at SIGTERM, SIGINT and SIGHUP, wake up when a child dies, adopt its orphans. Main thread only.

        From here on every child of this process that was not started here counts as an orphan and is ended.
        """
        adopt_orphans()
        self._adopts = True
        signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._ask_to_stop)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def _ask_to_stop(self, *_: object) -> None:
        self.stopping = True

    def close(self) -> None:
        """Let go of what was opened to be woken up."""
        self._wake.close()
        self._waker.close()

    def start(self, program: Program) -> Child:
        """Start a program and note it."""
        child = Child(program, self._open(program))
        self.children[program.name] = child
        self._note(child)
        return child

    def _open(self, program: Program, output_to: int | None = None) -> subprocess.Popen[bytes]:
        if program.before is not None:
            program.before()
        # Structured lines are written to the standard error, so that commands can answer on the standard output.
        ending = "jsonl" if program.structured else "log"
        with self._log(f"{program.name}.log") as output, self._log(f"{program.name}.{ending}") as errors:
            return subprocess.Popen(  # noqa: S603 - our own command lines
                program.command,
                cwd=program.folder,
                env=dict(program.environ),
                stdin=subprocess.DEVNULL,
                stdout=output if output_to is None else output_to,
                stderr=errors,
                start_new_session=True,
                preexec_fn=program.prepare or preparation(),  # noqa: PLW1509 - it only makes system calls
            )

    def _log(self, name: str) -> BinaryIO:
        path = self.logs / name
        if path.exists() and path.stat().st_size > LOG_LIMIT:
            path.replace(path.with_name(f"{name}.1"))
        return path.open("ab")

    def tend(self, seconds: float = 0.5) -> None:
        """Wait a little, start again what died, bury orphans. Raises Stopped when asked to stop."""
        waiting = [child.restart_at - time.monotonic() for child in self.children.values() if child.restart_at]
        select.select([self._wake], [], [], max(0.0, min([seconds, *waiting])))
        with suppress(BlockingIOError):
            self._wake.recv(4096)
        if self.stopping:
            raise Stopped
        died = [child for child in self.children.values() if not child.alive and child.restart_at is None]
        for child in died:
            self._bury(child)
        if died:
            self._end_orphans()
        for child in self.children.values():
            if child.restart_at is not None and time.monotonic() >= child.restart_at:
                self._restart(child)

    def _bury(self, child: Child) -> None:
        """End what the dead child started, and set the time of its return."""
        code = child.process.returncode
        _signal_group(child.process.pid, signal.SIGKILL)
        lived = time.monotonic() - child.started
        child.deaths = 1 if lived > STEADY_AFTER else child.deaths + 1
        pause = min(FIRST_PAUSE * 2 ** (child.deaths - 1), LONGEST_PAUSE)
        child.restart_at = time.monotonic() + pause
        how = f"signal {-code}" if code < 0 else f"status {code}"
        self._say(f"{child.program.name} ended with {how}; it is started again")

    def _restart(self, child: Child) -> None:
        try:
            child.process = self._open(child.program)
        except (OSError, RuntimeError) as error:
            self._say(f"{child.program.name} cannot be started: {error}")
            child.restart_at = time.monotonic() + LONGEST_PAUSE
            return
        child.started = time.monotonic()
        child.restart_at = None
        self._note(child)

    def _end_orphans(self) -> None:
        """End what dead children left to us (PostgreSQL's own children are sessions of their own)."""
        if not self._adopts:
            return
        ours = {child.process.pid for child in self.children.values()}
        if self._errand is not None:
            ours.add(self._errand.pid)
        for orphan in psutil.Process().children():
            if orphan.pid not in ours:
                with suppress(psutil.NoSuchProcess):
                    orphan.kill()
                with suppress(ChildProcessError):
                    os.waitpid(orphan.pid, 0)

    def wait_for(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Tend the children until the condition holds, or the time is over."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                return False
            self.tend(0.05)
        return True

    def once(self, program: Program, seconds: float) -> int | None:
        """Run a program to its end while tending the others; give its status, None when it took too long."""
        return self._errand_status(self._open(program), seconds)

    def collect(self, program: Program, seconds: float) -> str:
        """Run a program as `once` does and give the few lines it writes; nothing when it fails."""
        process = self._open(program, subprocess.PIPE)
        with process:
            status = self._errand_status(process, seconds)
            written = process.stdout.read() if process.stdout is not None else b""
        return written.decode() if status == 0 else ""

    def _errand_status(self, process: subprocess.Popen[bytes], seconds: float) -> int | None:
        self._errand = process
        try:
            self.wait_for(lambda: process.poll() is not None, seconds)
            return process.returncode
        finally:
            _signal_group(process.pid, signal.SIGKILL)
            process.wait()
            self._errand = None

    def stop(self, *groups: Iterable[str], seconds: float = 9.0) -> None:
        """Stop the children group after group; kill what is left when the time is over."""
        deadline = time.monotonic() + seconds
        for number, names in enumerate(groups):
            children = [self.children[name] for name in names if name in self.children]
            for child in children:
                if child.alive:
                    child.process.send_signal(child.program.stop_signal)
            _wait(children, deadline - LATER_GROUP * (len(groups) - number - 1))
            for child in children:
                _signal_group(child.process.pid, signal.SIGKILL)
                child.process.wait()
                (self.run / f"{child.program.name}.pid").unlink(missing_ok=True)
                del self.children[child.program.name]
        self._end_orphans()
        forget(self.run)

    def _note(self, child: Child) -> None:
        """Write the child's number where others look for it."""
        write(self.run / f"{child.program.name}.pid", f"{child.process.pid}\n")
        note(self.run, {name: each.process.pid for name, each in self.children.items()})


def _wait(children: list[Child], deadline: float) -> None:
    for child in children:
        with suppress(subprocess.TimeoutExpired):
            child.process.wait(max(0.0, deadline - time.monotonic()))


def _signal_group(leader: int, number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, number)
