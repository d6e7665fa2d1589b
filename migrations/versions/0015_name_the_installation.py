"""Name the installation in its own database, and let it be quiet: a restored copy does not act until it is told to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the one row; a new installation is awake."""
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "installation",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("made_at", moment, nullable=False),
        sa.Column("restored_from", sa.Text(), nullable=True),
        sa.Column("quiet_since", moment, nullable=True),
        sa.Column("resumed_at", moment, nullable=True),
        sa.Column("resumed_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_installation"),
        sa.CheckConstraint("id = 1", name="only_one"),
    )
    op.execute(
        "INSERT INTO installation (id, name, made_at) VALUES (1, left(replace(gen_random_uuid()::text, '-', ''), 16), now())"
    )
    op.execute("GRANT SELECT, UPDATE ON installation TO cimaise_app")


def downgrade() -> None:
    """Forget the name."""
    op.drop_table("installation")
