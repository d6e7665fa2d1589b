"""Say on the wall whether a gift is in honour or in memory of somebody."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the word beside the dedication, as the pledges have it."""
    op.add_column("wall_entries", sa.Column("dedication_kind", sa.Text(), nullable=True))
    op.execute("GRANT SELECT (dedication_kind) ON wall_entries TO cimaise_public")
    op.execute("ALTER TABLE wall_entries NO FORCE ROW LEVEL SECURITY")  # the owner is bound by it, too
    op.execute("ALTER TABLE pledges NO FORCE ROW LEVEL SECURITY")
    op.execute(
        "UPDATE wall_entries w SET dedication_kind = p.dedication_kind FROM pledges p"
        " WHERE p.institution_id = w.institution_id AND p.id = w.pledge_id AND w.dedication IS NOT NULL"
    )
    op.execute("ALTER TABLE pledges FORCE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE wall_entries FORCE ROW LEVEL SECURITY")


def downgrade() -> None:
    """Undo it."""
    op.drop_column("wall_entries", "dedication_kind")
