"""Run a program of our own on a file from outside: in a child process that inherits nothing, and is stopped when it takes too long.

The program sets its own limits before it reads a byte (`resource.setrlimit`), says in its output what it found, and ends with 3
after one word that says why it takes the file not.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
from pathlib import Path


class TooSlow(Exception):
    """The program was stopped: by our patience, or by its own limit of work."""


class Stopped(Exception):
    """The program did not take the file; the message is its word, empty where it died without one."""


def run_on(content: bytes, program: Path, patience: int) -> str:
    """Run a program on a file, which it finds under the name `source`, and give what it says. Raises TooSlow, Stopped."""
    with tempfile.TemporaryDirectory(prefix="confined-") as folder:
        Path(folder, "source").write_bytes(content)
        return run(program, folder, patience)


def run(program: Path, folder: str, patience: int) -> str:
    """Run a program on a folder and give what it says. `patience` is in seconds by the wall's clock. Raises TooSlow, Stopped."""
    try:
        done = subprocess.run(  # noqa: S603 - our own program; -I and an empty environment: nothing of the house goes along
            [sys.executable, "-I", str(program), folder],
            cwd=folder,
            env={},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=patience,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise TooSlow from None
    if done.returncode in {-signal.SIGXCPU, -signal.SIGKILL}:
        raise TooSlow
    said = done.stdout.decode("ascii", "replace")
    if done.returncode != 0:
        raise Stopped(said if done.returncode == 3 else "")
    return said
