"""What the measurements stand on: a durable throw-away PostgreSQL, one museum with one campaign, medians."""

from __future__ import annotations

import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from flask import Flask

from config import Config
from crowdfund import schema
from crowdfund.app import create_app
from crowdfund.embedded import EmbeddedPostgres
from crowdfund.tenancy import transaction
from tests import factories


@dataclass(frozen=True, slots=True)
class Ground:
    """A running database and the app on it."""

    data_dir: Path
    server: EmbeddedPostgres
    app: Flask
    museum: int
    campaign: int
    environ: dict[str, str]


@contextmanager
def ground() -> Iterator[Ground]:
    """Start it all, and take it away afterwards."""
    data_dir = Path(tempfile.mkdtemp(prefix="cb", dir="/tmp"))  # short: sockets live in it
    server = EmbeddedPostgres(data_dir)
    try:
        server.start()
        schema.upgrade(server.owner_url)
        environ = {**os.environ, "APP_ENV": "test", "DATA_DIR": str(data_dir)}
        app = create_app(Config.from_environ(environ))
        with app.app_context():
            museum = factories.make_institution(slug="bench")
            with transaction(factories.scope(museum)) as session:
                campaign = factories.make_campaign(session, slug="work")
                factories.make_reward(session, campaign)
            yield Ground(data_dir, server, app, museum, campaign.id, environ)
        app.extensions["database"].engine.dispose()
    finally:
        server.stop()
        shutil.rmtree(data_dir, ignore_errors=True)


def median(values: Sequence[float]) -> float:
    """Give the middle of some figures."""
    return round(statistics.median(values), 3)
