"""Give what is given by itself: a name on the wall of the page."""

from __future__ import annotations

from alembic import op

revision = "0031"
down_revision = "0030"
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
    """Mark them as given."""
    op.execute("SET LOCAL row_security = off")
    for table in TOUCHED:
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    op.execute(BY_ITSELF)
    for table in TOUCHED:
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute("SET LOCAL row_security = on")  # the steps after this one share its transaction


def downgrade() -> None:
    """Leave them given: they are."""
