"""Announce transfers and cheques: where they go, the reference they are known by, and their own sum in the totals."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

OWNED = ["bank_details"]
# As 0002 guards them; a reference, too, never changes.
PLEDGES = {
    "made": ["cancelled", "expired", "paid", "promised"],
    "promised": ["cancelled", "due", "released"],
    "due": ["cancelled", "expired", "paid"],
    "paid": [],
    "expired": ["made", "paid"],
    "cancelled": ["paid"],
    "released": ["paid"],
}
FROZEN = "attempt amount_minor cover_minor currency donor_id campaign_id token_hash"

COUNT = """
CREATE FUNCTION count_announced() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
  was int := 0;
  is_ int := CASE WHEN NEW.state = 'made' AND NEW.reference IS NOT NULL THEN 1 ELSE 0 END;
BEGIN
  IF TG_OP = 'UPDATE' THEN
    was := CASE WHEN OLD.state = 'made' AND OLD.reference IS NOT NULL THEN 1 ELSE 0 END;
  END IF;
  IF is_ <> was THEN
    INSERT INTO campaign_totals AS t (institution_id, campaign_id, shard, supporters, contributions, promised_count, promised_minor,
                                      announced_count, announced_minor)
    VALUES (NEW.institution_id, NEW.campaign_id, pg_backend_pid() % 16, 0, 0, 0, 0, is_ - was, (is_ - was) * NEW.amount_minor)
    ON CONFLICT (institution_id, campaign_id, shard)
    DO UPDATE SET announced_count = t.announced_count + excluded.announced_count,
      announced_minor = t.announced_minor + excluded.announced_minor;
  END IF;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION count_announced() FROM PUBLIC;
CREATE TRIGGER announced AFTER INSERT OR UPDATE OF state ON pledges FOR EACH ROW EXECUTE FUNCTION count_announced();
"""


def upgrade() -> None:
    """Make the table and the columns, count and guard."""
    op.create_table(
        "bank_details",
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("issuer_id", sa.BigInteger(), nullable=False),
        sa.Column("beneficiary", sa.Text(), nullable=True),
        sa.Column("iban", sa.String(34), nullable=True),
        sa.Column("bic", sa.String(11), nullable=True),
        sa.Column("cheque_order", sa.Text(), nullable=True),
        sa.Column("cheque_address", sa.Text(), nullable=True),
        sa.Column("takes_transfers", sa.Boolean(), nullable=False),
        sa.Column("takes_cheques", sa.Boolean(), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "NOT takes_transfers OR (iban IS NOT NULL AND beneficiary IS NOT NULL)",
            name=op.f("ck_bank_details_transfers"),
        ),
        sa.CheckConstraint(
            "NOT takes_cheques OR (cheque_order IS NOT NULL AND cheque_address IS NOT NULL)",
            name=op.f("ck_bank_details_cheques"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "issuer_id"],
            ["issuers.institution_id", "issuers.id"],
            name=op.f("fk_bank_details_institution_id_issuer_id"),
        ),
        sa.ForeignKeyConstraint(["institution_id"], ["institutions.id"], name=op.f("fk_bank_details_institution_id")),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_bank_details")),
        sa.UniqueConstraint("institution_id", "issuer_id", name=op.f("uq_bank_details_institution_id_issuer_id")),
    )
    op.add_column("pledges", sa.Column("reference", sa.Text(), nullable=True))
    op.create_unique_constraint(op.f("uq_pledges_institution_id_reference"), "pledges", ["institution_id", "reference"])
    op.create_index(
        "ix_pledges_announced",
        "pledges",
        ["institution_id", "id"],
        postgresql_where=sa.text("state = 'made' AND reference IS NOT NULL"),
    )
    for column in ("announced_count", "announced_minor"):
        op.add_column("campaign_totals", sa.Column(column, sa.BigInteger(), nullable=False, server_default="0"))
    _guard()


def _guard() -> None:
    for table in OWNED:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY museum ON {table} USING (institution_id = current_institution())"
            " WITH CHECK (institution_id = current_institution())"
        )
        op.execute(f"GRANT SELECT, INSERT, UPDATE ON {table} TO cimaise_app")
        op.execute(f"GRANT USAGE ON SEQUENCE {table}_id_seq TO cimaise_app")
    # The public form asks whether transfers and cheques are taken; where to is told to who has announced one.
    op.execute(
        "GRANT SELECT (institution_id, id, issuer_id, takes_transfers, takes_cheques) ON bank_details TO cimaise_public"
    )
    op.execute("CREATE POLICY published ON bank_details FOR SELECT TO cimaise_public USING (true)")
    op.execute(COUNT)
    _guard_pledges(f"{FROZEN} reference")


def _guard_pledges(frozen: str) -> None:
    op.execute("DROP TRIGGER guard ON pledges")
    op.execute(
        "CREATE TRIGGER guard BEFORE UPDATE ON pledges FOR EACH ROW"
        f" EXECUTE FUNCTION guard_state('{json.dumps(PLEDGES)}', '{frozen}')"
    )


def downgrade() -> None:
    """Undo it."""
    _guard_pledges(FROZEN)
    op.execute("DROP TRIGGER announced ON pledges")
    op.execute("DROP FUNCTION count_announced")
    for column in ("announced_minor", "announced_count"):
        op.drop_column("campaign_totals", column)
    op.drop_index("ix_pledges_announced", "pledges")
    op.drop_constraint(op.f("uq_pledges_institution_id_reference"), "pledges")
    op.drop_column("pledges", "reference")
    op.drop_table("bank_details")
