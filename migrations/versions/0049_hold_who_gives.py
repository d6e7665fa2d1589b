"""Hold a donor before a gift of theirs comes or goes, so that who marks them never waits for who holds them already."""

from __future__ import annotations

from alembic import op

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None

# Whoever merges records, or takes over what a donor told anew, holds the record first and what is counted of it after
# that. A gift counts first and marks the record (0048) last: before all else it holds the record, and who stands for it.
HOLD_GIVER = """
CREATE FUNCTION hold_giver() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
  PERFORM FROM donors d WHERE d.institution_id = NEW.institution_id AND d.id IN (NEW.donor_id,
    (SELECT merged_into_id FROM donors WHERE institution_id = NEW.institution_id AND id = NEW.donor_id))
  ORDER BY d.id FOR NO KEY UPDATE;
  RETURN NEW;
END $$
"""
TRIGGERS = """
CREATE TRIGGER hold_giver BEFORE INSERT ON gifts FOR EACH ROW WHEN (NEW.donor_id IS NOT NULL) EXECUTE FUNCTION hold_giver();
CREATE TRIGGER hold_giver_again BEFORE UPDATE OF state ON gifts FOR EACH ROW
  WHEN ((OLD.state IN ('refunded', 'lost')) <> (NEW.state IN ('refunded', 'lost'))) EXECUTE FUNCTION hold_giver();
"""


def upgrade() -> None:
    """Hold first."""
    op.execute(HOLD_GIVER)
    op.execute("REVOKE EXECUTE ON FUNCTION hold_giver() FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION hold_giver() TO cimaise_app")
    op.execute(TRIGGERS)


def downgrade() -> None:
    """Mark without holding first."""
    for name in ("hold_giver", "hold_giver_again"):
        op.execute(f"DROP TRIGGER {name} ON gifts")
    op.execute("DROP FUNCTION hold_giver()")
