"""Note when the letter that asks a donor was posted, and how an answer reached the desk."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add both; what was asked before has neither."""
    op.add_column("gift_choices", sa.Column("heard", sa.Text(), nullable=True))
    op.add_column("gift_choices", sa.Column("posted_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Forget both."""
    op.drop_column("gift_choices", "posted_at")
    op.drop_column("gift_choices", "heard")
