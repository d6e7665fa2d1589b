"""Run the migrations as the owner of the tables (DATABASE_OWNER_URL), the only role that may change them."""

from __future__ import annotations

import os

from alembic import context
from sqlalchemy import Connection, create_engine

from config import Config
from crowdfund import models  # noqa: F401 - every table
from crowdfund.database import Base


def run(connection: Connection) -> None:
    """Migrate over this connection, in one transaction."""
    context.configure(
        connection=connection, target_metadata=Base.metadata, compare_type=True, transaction_per_migration=False
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    url = context.config.attributes.get("url") or Config.from_environ(os.environ).database_owner_url
    engine = create_engine(url)
    with engine.begin() as connection:
        run(connection)
    engine.dispose()
