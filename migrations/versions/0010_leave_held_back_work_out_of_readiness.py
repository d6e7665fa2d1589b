"""Leave work that is held back on purpose out of the house's readiness: a history's letters may take their time."""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

HEALTH = """
CREATE OR REPLACE FUNCTION outbox_health(at timestamptz)
RETURNS TABLE (waiting bigint, due bigint, failing bigint, oldest_due timestamptz)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
  SELECT count(*), count(*) FILTER (WHERE not_before <= at), count(*) FILTER (WHERE attempts > 6 AND error_class IS NOT NULL),
         min(not_before) FILTER (WHERE not_before <= at{pressing})
  FROM outbox WHERE delivered_at IS NULL
$$
"""


def upgrade() -> None:
    """Count the age of what presses only."""
    op.execute(HEALTH.format(pressing=" AND NOT background"))


def downgrade() -> None:
    """Count everything again."""
    op.execute(HEALTH.format(pressing=""))
