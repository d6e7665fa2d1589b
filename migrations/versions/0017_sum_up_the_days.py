"""Sum up the days of a campaign, and find its gifts by the moment they came."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

OWNED = ["campaign_days"]


def upgrade() -> None:
    """Make the table and the index."""
    op.create_table(
        "campaign_days",
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("campaign_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("gifts", sa.BigInteger(), nullable=False),
        sa.Column("kept_minor", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["institution_id"], ["institutions.id"], name=op.f("fk_campaign_days_institution_id")),
        sa.ForeignKeyConstraint(
            ["institution_id", "campaign_id"],
            ["campaigns.institution_id", "campaigns.id"],
            name=op.f("fk_campaign_days_institution_id_campaign_id"),
        ),
        sa.UniqueConstraint(
            "institution_id", "campaign_id", "day", name=op.f("uq_campaign_days_institution_id_campaign_id_day")
        ),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_campaign_days")),
    )
    op.execute("ALTER TABLE campaign_days ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE campaign_days FORCE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY museum ON campaign_days USING (institution_id = current_institution())"
        " WITH CHECK (institution_id = current_institution())"
    )
    op.execute("GRANT SELECT, INSERT, UPDATE ON campaign_days TO cimaise_app")
    op.create_index("ix_gifts_campaign_received", "gifts", ["institution_id", "campaign_id", "received_at", "id"])


def downgrade() -> None:
    """Undo it."""
    op.drop_index("ix_gifts_campaign_received", table_name="gifts")
    op.drop_table("campaign_days")
