"""Tell the public how many of the rewards it promised a museum has handed over: two numbers, and nobody's name."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

OWNED = ["reward_records"]


def upgrade() -> None:
    """Make the projection."""
    op.create_table(
        "reward_records",
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.Column("handed_over", sa.BigInteger(), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("due >= handed_over AND handed_over >= 0", name=op.f("ck_reward_records_counts")),
        sa.ForeignKeyConstraint(["institution_id"], ["institutions.id"], name=op.f("fk_reward_records_institution_id")),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_reward_records")),
        sa.UniqueConstraint("institution_id", name=op.f("uq_reward_records_institution_id")),
    )
    op.execute("ALTER TABLE reward_records ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE reward_records FORCE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY museum ON reward_records USING (institution_id = current_institution())"
        " WITH CHECK (institution_id = current_institution())"
    )
    op.execute("GRANT SELECT, INSERT, UPDATE ON reward_records TO cimaise_app")
    op.execute("GRANT USAGE ON SEQUENCE reward_records_id_seq TO cimaise_app")
    op.execute("GRANT SELECT ON reward_records TO cimaise_public")
    op.execute("CREATE POLICY published ON reward_records FOR SELECT TO cimaise_public USING (true)")


def downgrade() -> None:
    """Undo it."""
    op.drop_table("reward_records")
