"""Say when a bank's line was matched, so that a record made by the same act goes with its undo, and who corrected a cheque."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

# What is written on a cheque may be corrected while its batch is being entered; before, only by taking it out.
WRITTEN = "pledge_id donor_id campaign_id amount_minor number bank received_on handed wants_receipt"
KEPT = "attempt batch_id currency recorded_by created_at"
FROZEN = (
    "attempt batch_id pledge_id donor_id campaign_id amount_minor currency number bank received_on handed recorded_by"
)
TRANSITIONS = {"recorded": ["closed"], "closed": ["returned"], "returned": []}
GUARD = f"""
CREATE FUNCTION guard_cheque_words() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
  before jsonb := to_jsonb(OLD);
  after jsonb := to_jsonb(NEW);
  name text;
BEGIN
  FOREACH name IN ARRAY string_to_array('{WRITTEN} corrected_by', ' ') LOOP
    IF before -> name IS DISTINCT FROM after -> name AND (OLD.state <> 'recorded' OR NEW.state <> 'recorded' OR NOT EXISTS (
      SELECT FROM batches b WHERE b.institution_id = OLD.institution_id AND b.id = OLD.batch_id AND b.state = 'recorded'))
    THEN
      RAISE EXCEPTION 'cheques.% changes only while the batch is being entered', name USING ERRCODE = 'check_violation';
    END IF;
  END LOOP;
  RETURN NEW;
END $$;
CREATE TRIGGER written BEFORE UPDATE ON cheques FOR EACH ROW EXECUTE FUNCTION guard_cheque_words();
REVOKE EXECUTE ON FUNCTION guard_cheque_words() FROM PUBLIC;
"""


def _guard(frozen: str) -> None:
    op.execute("DROP TRIGGER guard ON cheques")
    op.execute(
        "CREATE TRIGGER guard BEFORE UPDATE ON cheques FOR EACH ROW"
        f" EXECUTE FUNCTION guard_state('{json.dumps(TRANSITIONS)}', '{frozen}')"
    )


def upgrade() -> None:
    """Add the moment and the person; of what was done before they are not known."""
    op.add_column("cheques", sa.Column("corrected_by", sa.Text(), nullable=True))
    op.create_check_constraint(
        op.f("ck_cheques_corrected"), "cheques", "approved_by IS NULL OR approved_by IS DISTINCT FROM corrected_by"
    )
    _guard(KEPT)
    op.execute(GUARD)
    op.add_column("bank_lines", sa.Column("matched_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Take them away."""
    op.execute("DROP TRIGGER written ON cheques")
    op.execute("DROP FUNCTION guard_cheque_words()")
    _guard(FROZEN)
    op.drop_constraint(op.f("ck_cheques_corrected"), "cheques")
    op.drop_column("cheques", "corrected_by")
    op.drop_column("bank_lines", "matched_at")
