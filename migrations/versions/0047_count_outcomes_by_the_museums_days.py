"""Count anew what became of gifts: days are the museum's, and none is told where the figures are not."""

from __future__ import annotations

from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forget the days, and let the worker count each campaign again within ten minutes."""
    op.execute("SET LOCAL row_security = off")
    op.execute("ALTER TABLE campaign_outcomes NO FORCE ROW LEVEL SECURITY")  # the owner is bound by it, too
    op.execute("UPDATE campaign_outcomes SET gone_from = NULL, gone_until = NULL, counted = -1")
    op.execute("ALTER TABLE campaign_outcomes FORCE ROW LEVEL SECURITY")
    op.execute("SET LOCAL row_security = on")  # the steps after this one share its transaction


def downgrade() -> None:
    """Keep what is counted."""
