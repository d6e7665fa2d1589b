"""A sample of the points of one gift's journey at which a process may die; `python -m tests.chaos.points` tries all of them."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.services import PROJECT

pytestmark = [pytest.mark.stack, pytest.mark.timeout(180)]


def test_a_gift_recovers_from_a_death_at_sampled_boundaries() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.chaos.points", "--first", "20", "--every", "97"],
        cwd=PROJECT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    tried = re.search(r"(\d+) points, (\d+) recovered", done.stdout)
    assert tried is not None
    assert int(tried[1]) == int(tried[2]) >= 5
