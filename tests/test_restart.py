"""The whole house, its processes killed one after the other, and then their parent."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.services import PROCESSES, Stack

pytestmark = [pytest.mark.stack, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def house_of_its_own() -> Iterator[Stack]:
    running = Stack(Path(tempfile.mkdtemp(prefix="cr", dir="/tmp")), durable=True)
    try:
        running.start()
        yield running
    finally:
        running.stop()
        shutil.rmtree(running.data_dir, ignore_errors=True)


def ended(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


@pytest.mark.parametrize("name", PROCESSES)
def test_each_process_is_back_within_two_seconds_of_kill_9(house_of_its_own: Stack, name: str) -> None:
    before = house_of_its_own.kill(name)
    assert house_of_its_own.wait_until(lambda: house_of_its_own.pid(name) != before, 2)
    assert house_of_its_own.wait_until(house_of_its_own.is_up, 20)


def test_a_killed_worker_of_the_web_server_is_replaced(house_of_its_own: Stack) -> None:
    leader = psutil.Process(house_of_its_own.pid("web"))
    workers = {child.pid for child in leader.children()}
    psutil.Process(min(workers)).kill()
    assert house_of_its_own.wait_until(lambda: len({c.pid for c in leader.children()} - workers) == 1, 10)
    assert house_of_its_own.wait_until(house_of_its_own.is_up, 10)


def test_the_house_comes_back_with_its_data_after_its_parent_was_killed(house_of_its_own: Stack) -> None:
    house_of_its_own.sql("CREATE TABLE public.kept AS SELECT 7 AS seven")
    pids = [house_of_its_own.pid(name) for name in PROCESSES]
    house_of_its_own.kill_supervisor()
    house_of_its_own.start()
    assert [pid for pid in pids if not ended(pid)] == []
    assert house_of_its_own.sql("SELECT seven FROM public.kept") == [{"seven": 7}]
    house_of_its_own.sql("DROP TABLE public.kept")


def test_stopping_leaves_nothing_behind(house_of_its_own: Stack) -> None:
    pids = [house_of_its_own.pid(name) for name in PROCESSES]
    assert house_of_its_own.stop() < 10
    assert [pid for pid in pids if not ended(pid)] == []
    assert not list((house_of_its_own.data_dir / "run").glob("*.pid"))
