"""Seat those who look after the network."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of seats."""
    op.create_table(
        "network_seats",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_network_seats_account_id")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_network_seats")),
    )
    op.execute("GRANT SELECT, INSERT, UPDATE ON network_seats TO cimaise_app")


def downgrade() -> None:
    """Take the table away."""
    op.drop_table("network_seats")
