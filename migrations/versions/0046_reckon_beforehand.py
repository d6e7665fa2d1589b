"""Keep both sides of an account in its totals, and the figures of very large campaigns and books."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None

OWNED = ["reckonings"]

TOTALS = """
CREATE OR REPLACE FUNCTION add_to_ledger_totals() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
  INSERT INTO ledger_totals AS t (institution_id, account_id, shard, balance_minor, debit_minor, entries)
  SELECT institution_id, account_id, pg_backend_pid() % 16, sum(amount_minor), sum(greatest(amount_minor, 0)), count(*)
  FROM added GROUP BY institution_id, account_id ORDER BY account_id
  ON CONFLICT (institution_id, account_id, shard)
  DO UPDATE SET balance_minor = t.balance_minor + excluded.balance_minor,
    debit_minor = t.debit_minor + excluded.debit_minor, entries = t.entries + excluded.entries;
  RETURN NULL;
END $$
"""
# As 0002 made it.
ONE_SIDE = """
CREATE OR REPLACE FUNCTION add_to_ledger_totals() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
  INSERT INTO ledger_totals AS t (institution_id, account_id, shard, balance_minor, entries)
  SELECT institution_id, account_id, pg_backend_pid() % 16, sum(amount_minor), count(*)
  FROM added GROUP BY institution_id, account_id ORDER BY account_id
  ON CONFLICT (institution_id, account_id, shard)
  DO UPDATE SET balance_minor = t.balance_minor + excluded.balance_minor, entries = t.entries + excluded.entries;
  RETURN NULL;
END $$
"""
# The shards are added up by whoever reads: an account's past goes to one of them.
PAST = """
UPDATE ledger_totals t SET debit_minor = e.debit
FROM (SELECT institution_id, account_id, sum(greatest(amount_minor, 0)) AS debit FROM ledger_entries GROUP BY 1, 2) e
WHERE (e.institution_id, e.account_id) = (t.institution_id, t.account_id)
  AND t.shard = (SELECT min(shard) FROM ledger_totals f
    WHERE (f.institution_id, f.account_id) = (t.institution_id, t.account_id))
"""


def upgrade() -> None:
    """Add the debits, from the entries there are; make the table."""
    op.execute("LOCK TABLE ledger_entries IN EXCLUSIVE MODE")  # no entry comes between the sum and the trigger
    op.add_column("ledger_totals", sa.Column("debit_minor", sa.BigInteger(), nullable=False, server_default="0"))
    for table in ("ledger_totals", "ledger_entries"):
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")  # the owner is bound by it, too
    op.execute(PAST)
    for table in ("ledger_totals", "ledger_entries"):
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.alter_column("ledger_totals", "debit_minor", server_default=None)
    op.execute(TOTALS)
    op.create_table(
        "reckonings",
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("figures", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("reckoned_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["institution_id"], ["institutions.id"], name=op.f("fk_reckonings_institution_id")),
        sa.UniqueConstraint("institution_id", "subject", name=op.f("uq_reckonings_institution_id_subject")),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_reckonings")),
    )
    op.execute("ALTER TABLE reckonings ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE reckonings FORCE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY museum ON reckonings USING (institution_id = current_institution())"
        " WITH CHECK (institution_id = current_institution())"
    )
    op.execute("GRANT SELECT, INSERT, UPDATE ON reckonings TO cimaise_app")


def downgrade() -> None:
    """Undo it."""
    op.drop_table("reckonings")
    op.execute(ONE_SIDE)
    op.drop_column("ledger_totals", "debit_minor")
