"""Bound what is in flight: facts that wait for a busy worker are not named to it again and again."""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

LEASE = """
CREATE OR REPLACE FUNCTION lease_outbox(at timestamptz, batch int, lease interval)
RETURNS TABLE (institution_id int, id bigint) LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
  WITH front AS (
    SELECT d.institution_id, d.id FROM outbox d
    WHERE d.delivered_at IS NULL AND NOT d.background AND d.not_before <= at
    ORDER BY d.not_before LIMIT {room} FOR UPDATE SKIP LOCKED
  ), back AS (  -- one at a time, so that a new fact never waits behind a history
    SELECT d.institution_id, d.id FROM outbox d
    WHERE d.delivered_at IS NULL AND d.background AND d.not_before <= at
      AND NOT EXISTS (SELECT FROM outbox o WHERE o.delivered_at IS NULL AND o.background AND o.leased_until > at)
    ORDER BY d.not_before LIMIT 1 FOR UPDATE SKIP LOCKED
  )
  UPDATE outbox o SET not_before = at + lease, leased_until = at + lease, attempts = o.attempts + 1
  FROM (SELECT * FROM front UNION ALL SELECT * FROM back) due
  WHERE o.institution_id = due.institution_id AND o.id = due.id
  RETURNING o.institution_id, o.id
$$
"""
ROOM = """greatest(0, batch - (
      SELECT count(*) FROM outbox f WHERE f.delivered_at IS NULL AND NOT f.background AND f.not_before > at AND f.leased_until > at))"""


def upgrade() -> None:
    """Lease up to `batch` facts, those that are with a worker already among them."""
    op.execute(LEASE.format(room=ROOM))


def downgrade() -> None:
    """Lease `batch` more each time."""
    op.execute(LEASE.format(room="batch"))
