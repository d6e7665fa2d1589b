"""P1: a campaign page from memory, against hello-world on the same server."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.ground import Ground, median
from crowdfund.programs import is_free

PROJECT = Path(__file__).resolve().parents[1]
CLIENTS = 8
SECONDS = 3.0
ROUNDS = 5
PATH = "/fr/bench/work/"


def measure(ground: Ground) -> dict[str, Any]:
    """Ask both servers in turn, `ROUNDS` times; requests per second, medians, and the median of the rounds' ratios."""
    hello, ours = [], []
    with _served(ground, "bench.hello:app") as plain, _served(ground, "wsgi:app") as house:
        for _round in range(ROUNDS):
            hello.append(_rate(plain, "/"))
            ours.append(_rate(house, PATH))
    ratios = [a / b for a, b in zip(ours, hello, strict=True)]
    return {
        "hello_world_per_s": median(hello),
        "campaign_page_per_s": median(ours),
        "ratio": median(ratios),
        "goal": 0.85,
    }


@contextmanager
def _served(ground: Ground, target: str) -> Iterator[int]:
    port = next(port for port in range(19_100, 19_400) if is_free(port))
    command = [sys.executable, "-m", "granian", target, "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port),
               "--workers", "2", "--blocking-threads", "4", "--no-ws", "--log-level", "error"]  # fmt: skip
    with subprocess.Popen(command, cwd=PROJECT, env=ground.environ, stderr=subprocess.DEVNULL) as server:
        try:
            _wait(port)
            yield port
        finally:
            server.terminate()


def _wait(port: int) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health/live", timeout=1)
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError("the server did not start")


def _rate(port: int, path: str) -> float:
    """Count the answers that `CLIENTS` connections get in `SECONDS`."""
    counts = [0] * CLIENTS
    until = time.monotonic() + SECONDS
    threads = [threading.Thread(target=_ask, args=(port, path, until, counts, n)) for n in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / SECONDS


def _ask(port: int, path: str, until: float, counts: list[int], place: int) -> None:
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        while time.monotonic() < until:
            connection.sendall(request)
            _read_answer(connection)
            counts[place] += 1


def _read_answer(connection: socket.socket) -> None:
    got = connection.recv(65_536)
    head, _, body = got.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(head.split(b"\r\n")[0].decode())
    length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
    missing = length - len(body)
    while missing > 0:
        missing -= len(connection.recv(65_536))
