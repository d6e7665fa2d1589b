"""Show which rewards were kept: what is given by itself is given, and the public counts what a museum gave."""

from __future__ import annotations

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

BY_ITSELF = """
WITH given AS (
  UPDATE counterparts c SET state = 'handed_over' FROM rewards r
  WHERE (r.institution_id, r.id) = (c.institution_id, c.reward_id) AND r.symbolic AND r.fulfilment = 'wall' AND c.state = 'promised'
  RETURNING c.institution_id, c.id, c.changed_at
)
INSERT INTO counterpart_steps (institution_id, counterpart_id, before, after, act, by, at)
SELECT institution_id, id, 'promised', 'handed_over', gen_random_uuid(), 'migration', changed_at FROM given
"""
TOUCHED = ("counterparts", "counterpart_steps", "rewards")


def upgrade() -> None:
    """Give what is given by itself; let the public role count by museum, campaign and state, and see nothing else."""
    op.execute("SET LOCAL row_security = off")
    for table in TOUCHED:
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    op.execute(BY_ITSELF)
    for table in TOUCHED:
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute("SET LOCAL row_security = on")  # the steps after this one share its transaction
    op.execute("GRANT SELECT (institution_id, campaign_id, state) ON counterparts TO cimaise_public")
    op.execute("CREATE POLICY published ON counterparts FOR SELECT TO cimaise_public USING (true)")


def downgrade() -> None:
    """Show nothing."""
    op.execute("DROP POLICY published ON counterparts")
    op.execute("REVOKE SELECT (institution_id, campaign_id, state) ON counterparts FROM cimaise_public")
