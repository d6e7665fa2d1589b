"""Show a museum's façade on its page."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the drawing's name; the public role reads all of this table."""
    op.add_column("institutions", sa.Column("facade", sa.Text(), nullable=True))


def downgrade() -> None:
    """Take it away."""
    op.drop_column("institutions", "facade")
