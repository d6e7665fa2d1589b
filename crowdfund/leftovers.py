"""What a supervisor that was killed leaves behind: found again by notes, ended at the next start.

`processes.json` keeps the number and the start of each child, so that a stranger who got the same number is spared.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import psutil

NOTES = "processes.json"
# A process whose start differs by more seconds from the noted one is another.
SAME_START = 2.0


def note(run: Path, children: Mapping[str, int]) -> None:
    """Write down the children, by name and number."""
    notes = {}
    for name, pid in children.items():
        with suppress(psutil.NoSuchProcess):
            notes[name] = {"pid": pid, "created": psutil.Process(pid).create_time()}
    write(run / NOTES, json.dumps(notes))


def forget(run: Path) -> None:
    """Drop the notes: all children ended."""
    (run / NOTES).unlink(missing_ok=True)


def end_leftovers(run: Path) -> bool:
    """End the noted children and what they started; say whether there were notes."""
    try:
        notes = json.loads((run / NOTES).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        notes = {}
    left = [process for each in notes.values() for process in _session(each["pid"], each["created"])]
    for process in left:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    for process in wait_gone(left, 2):
        with suppress(psutil.NoSuchProcess):
            process.kill()
    wait_gone(left, 2)
    for path in run.glob("*.pid"):
        path.unlink()
    return bool(notes)


def wait_gone(processes: list[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Wait until the processes ended (a zombie has); give those that have not."""
    deadline = time.monotonic() + seconds
    while (left := [process for process in processes if _runs(process)]) and time.monotonic() < deadline:
        time.sleep(0.02)
    return left


def _runs(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _session(leader: int, created: float) -> list[psutil.Process]:
    """Find the noted process and what it started; nothing when the number belongs to another by now."""
    if created < psutil.boot_time():
        return []
    with suppress(psutil.NoSuchProcess):
        if abs(psutil.Process(leader).create_time() - created) > SAME_START:
            return []
    found = []
    for process in psutil.process_iter():
        with suppress(ProcessLookupError, PermissionError):
            if os.getsid(process.pid) == leader:
                found.append(process)
    return found


def write(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    made = path.with_name(f".{path.name}.new")
    made.write_text(text, encoding="utf-8")
    made.replace(path)
