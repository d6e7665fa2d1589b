"""A house of real processes for the journeys of payments, with limits that leave room for many donors at one address."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from config import Config
from crowdfund.app import create_app
from tests.journeys.town import Town, found
from tests.services import Stack

ROOM = [100_000, 60]
WIDENED = (
    "pledge_ip_hour", "pledge_ip_day", "pledge_network_hour", "pledge_email_hour", "payment_failed_ip",
    "payment_failed_campaign", "gift_page_ip",
)  # fmt: skip
LIMITS = dict.fromkeys(WIDENED, ROOM)


@pytest.fixture(scope="session")
def paying_house() -> Iterator[Stack]:
    """Start the real processes, once for all journeys of payments; the database is durable, since some kill it."""
    running = Stack(
        Path(tempfile.mkdtemp(prefix="cp", dir="/tmp")), durable=True, environ={"LIMITS": json.dumps(LIMITS)}
    )
    try:
        running.start()
        running.post_json(f"{running.sim}/_sim/settings", {"settle_after": 0.3})
        yield running
    finally:
        running.stop()
        if not os.environ.get("KEEP_STACK"):
            shutil.rmtree(running.data_dir, ignore_errors=True)


@pytest.fixture(scope="session")
def beside(paying_house: Stack) -> Iterator[Flask]:
    """Build the app once more in this process, on the same database and provider, to look at rows as the house does."""
    built = create_app(Config.from_environ(paying_house.settings))
    yield built
    built.extensions["database"].engine.dispose()


@pytest.fixture
def town(paying_house: Stack, beside: Flask) -> Iterator[Town]:
    """Give a museum of the test's own; afterwards the simulator behaves again."""
    with beside.app_context():
        yield found(beside, paying_house)
        paying_house.post_json(f"{paying_house.sim}/_sim/faults", {"clear": True})
        paying_house.post_json(f"{paying_house.sim}/_sim/events", {"action": "clear"})
        paying_house.post_json(f"{paying_house.sim}/_sim/events", {"thin": "off"})
