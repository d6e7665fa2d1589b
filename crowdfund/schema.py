"""Bring the database's schema to the newest migration, and tell whether it is there."""

from __future__ import annotations

import os
from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.script import ScriptDirectory

from config import Config

FOLDER = Path(__file__).parent.parent / "migrations"


def alembic_config(owner_url: str) -> AlembicConfig:
    """Give Alembic its settings; `migrations/env.py` takes the address from `attributes["url"]`."""
    config = AlembicConfig(FOLDER / "alembic.ini")
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["url"] = owner_url
    return config


def upgrade(owner_url: str) -> None:
    """Run the migrations that are missing, as the owner of the tables."""
    command.upgrade(alembic_config(owner_url), "head")


def head() -> str | None:
    """Name the newest migration."""
    return ScriptDirectory(str(FOLDER)).get_current_head()


def is_current(owner_url: str) -> bool:
    """Say whether the database is at the newest migration."""
    with psycopg.connect(owner_url.replace("+psycopg", "", 1), connect_timeout=3) as connection:
        found = connection.execute("SELECT to_regclass('alembic_version')").fetchone()
        if found is None or found[0] is None:
            return False
        version = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return version is not None and version[0] == head()


if __name__ == "__main__":
    upgrade(Config.from_environ(os.environ).database_owner_url)
