"""What every test may ask for: a database of its own, the app, a client, the real processes.

The cluster is made once for each worker of pytest-xdist and thrown away. A test that touches the database runs in one
outer transaction that is rolled back; what a door commits is a savepoint inside it, and deferred constraints are judged
there, as a real commit would.
"""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser
from sqlalchemy import Connection, event, text
from sqlalchemy.orm import Session
from xdist.scheduler import LoadScopeScheduling

from config import Config
from crowdfund import schema
from crowdfund.database import Database
from crowdfund.embedded import EmbeddedPostgres
from crowdfund.tenancy import Scope, transaction
from tests.browser import chromium, started
from tests.services import Stack

# No property depends on how fast the machine is, or what else it does.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

JOURNEYS = "tests/journeys/"
LOOPBACK = ("127.", "::1", "localhost")
SETTINGS = (
    "BROKER_URL",
    "CLOCK_OFFSET",
    "CRASH_AT",
    "CRASH_COUNT",
    "DATABASE_OWNER_URL",
    "DATABASE_URL",
    "LIMITS",
    "PLATFORM_NAME",
    "PORT",
    "PUBLIC_URL",
    "REDIS_URL",
    "SECRET_KEY",
    "SIGNING_KEYS",
    "SIMULATOR_URL",
    "SMTP_URL",
    "STORAGE_URL",
    "STRIPE_API_BASE",
    "STRIPE_SECRET_KEY",
    "STRIPE_WEBHOOK_SECRETS",
    "MAILBOX_URL",
    "DATA_DIR",
)


# What takes longest begins first, so that no worker is left alone with it at the end.
LONGEST = (JOURNEYS, "tests/tenancy/test_crawl.py", "tests/institutions/test_permissions.py", "tests/test_restart.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first."""
    places = {begin: place for place, begin in enumerate(LONGEST)}
    items.sort(
        key=lambda item: next((places[begin] for begin in LONGEST if item.nodeid.startswith(begin)), len(LONGEST))
    )


class ByFile(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """Deal out tests file by file; the journeys share one house, so they stay on one worker."""

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.split("::", maxsplit=1)[0]
        return JOURNEYS if path.startswith(JOURNEYS) else path


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile:
    return ByFile(config, log)


@pytest.fixture(scope="session", autouse=True)
def own_settings() -> Iterator[None]:
    """Let no setting of the person's shell reach a test."""
    with pytest.MonkeyPatch.context() as patch:
        for name in SETTINGS:
            patch.delenv(name, raising=False)
        patch.setenv("APP_ENV", "test")
        yield


@pytest.fixture(scope="session", autouse=True)
def closed_sockets() -> Iterator[None]:
    """Refuse every connection that leaves the machine."""

    def refuse(address: Any) -> None:
        host = address[0] if isinstance(address, tuple) else ""
        if host and not str(host).startswith(LOOPBACK):
            raise AssertionError(f"a test reached out to {host}")

    connect, connect_ex, look_up = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def guarded_connect(self: socket.socket, address: Any) -> None:
        refuse(address)
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:
        refuse(address)
        return connect_ex(self, address)

    def guarded_look_up(host: Any, *args: Any, **options: Any) -> Any:
        refuse((host.decode() if isinstance(host, bytes) else host or "",))
        return look_up(host, *args, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded_connect)
        patch.setattr(socket.socket, "connect_ex", guarded_connect_ex)
        patch.setattr(socket, "getaddrinfo", guarded_look_up)
        yield


@pytest.fixture
def short_dir() -> Iterator[Path]:
    """Give a folder with a short name, for a test that has a database of its own."""
    folder = Path(tempfile.mkdtemp(prefix="cd", dir="/tmp"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def data_dir() -> Iterator[Path]:
    """Give a folder with a short name: sockets live in it."""
    folder = Path(tempfile.mkdtemp(prefix="ct", dir="/tmp"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def cluster(data_dir: Path) -> Iterator[EmbeddedPostgres]:
    """Start a throw-away PostgreSQL with the roles and an empty database."""
    server = EmbeddedPostgres(data_dir, fast=True)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def migrated(cluster: EmbeddedPostgres) -> EmbeddedPostgres:
    """Run the migrations once, as the owner."""
    schema.upgrade(cluster.owner_url)
    return cluster


@pytest.fixture(scope="session")
def config(data_dir: Path) -> Config:
    """Give the settings of the tests."""
    return Config.from_environ(
        {
            "APP_ENV": "test",
            "DATA_DIR": str(data_dir),
            "SECRET_KEY": "a secret of the tests, forty characters x",
            "SIMULATOR_URL": "http://127.0.0.1:1",
            "SMTP_URL": "smtp://127.0.0.1:1",
        }
    )


class OwnContext(FlaskClient):
    """A client whose requests share nothing with the test's own context, nor with one another, and leave no file open."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        """Send a request in an application context of its own, as the server does."""
        with self.application.app_context():
            answer = super().open(*args, **kwargs)
        answer.request.environ[
            "wsgi.input"
        ].close()  # of a large upload it is a temporary file, which nobody else closes
        return answer


@pytest.fixture(scope="session")
def house(config: Config, migrated: EmbeddedPostgres) -> Iterator[Flask]:
    """Build the app once; ask for `app` instead, which also opens the test's transaction."""
    from crowdfund.app import create_app  # noqa: PLC0415 - tests of one module need not load the whole house

    built = create_app(config)
    built.testing = True
    built.test_client_class = OwnContext
    yield built
    built.extensions["database"].engine.dispose()


@pytest.fixture
def connection(house: Flask) -> Iterator[Connection]:
    """Open the test's outer transaction, on the application's role, and run every session inside it."""
    database: Database = house.extensions["database"]
    with database.engine.connect() as bound, inside(database, bound):
        yield bound


@contextmanager
def inside(database: Database, bound: Connection) -> Iterator[None]:
    """Run every session inside one transaction of this connection, and undo it at the end."""
    outer = bound.begin()
    database.bind(bound)
    event.listen(Session, "after_begin", _forget_scope, insert=True)
    event.listen(Session, "before_commit", _judge)
    try:
        yield
    finally:
        event.remove(Session, "after_begin", _forget_scope)
        event.remove(Session, "before_commit", _judge)
        database.bind(None)
        if outer.is_active:
            outer.rollback()


def _forget_scope(_session: Session, _transaction: Any, bound: Connection) -> None:
    """Undo what `SET LOCAL` of the last session left in the outer transaction."""
    bound.execute(text("RESET ROLE"))


def _judge(session: Session) -> None:
    """Check deferred constraints where a real commit would."""
    if session.in_nested_transaction():
        return
    session.flush()
    session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    session.execute(text("SET CONSTRAINTS ALL DEFERRED"))


@pytest.fixture
def app(house: Flask, connection: Connection) -> Iterator[Flask]:
    """Give the app inside its context and the test's transaction."""
    with house.app_context():
        yield house


@pytest.fixture
def client(house: Flask, connection: Connection) -> FlaskClient:
    """Give a browser without a browser, inside the test's transaction."""
    return house.test_client()


@pytest.fixture
def opened(app: Flask) -> Callable[[Scope], AbstractContextManager[Session]]:
    """Open a session as a door does: `with opened(scope) as session:`."""
    return transaction


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """Start the real processes once: database, simulator, mailbox, web, worker, relay."""
    running = Stack(Path(tempfile.mkdtemp(prefix="cs", dir="/tmp")))
    try:
        running.start()
        yield running
    finally:
        running.stop()
        if not os.environ.get("KEEP_STACK"):
            shutil.rmtree(running.data_dir, ignore_errors=True)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start Chromium once; without one on the machine the browser tests are left out."""
    path = chromium()
    if path is None:
        pytest.skip("no Chromium on this machine")
    with started(path) as running:
        yield running
