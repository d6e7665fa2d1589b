"""Tell the public what became of the gifts of a campaign that came to nothing: counts and sums, and nobody's own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

OWNED = ["campaign_outcomes"]
COUNTS = "gifts back back_minor moved moved_minor waiting waiting_minor kept kept_minor".split()


def upgrade() -> None:
    """Make the projection."""
    op.create_table(
        "campaign_outcomes",
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("campaign_id", sa.BigInteger(), nullable=False),
        sa.Column("counted", sa.Integer(), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in COUNTS),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("gone_from", sa.Date(), nullable=True),
        sa.Column("gone_until", sa.Date(), nullable=True),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institutions.id"], name=op.f("fk_campaign_outcomes_institution_id")
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "campaign_id"],
            ["campaigns.institution_id", "campaigns.id"],
            name=op.f("fk_campaign_outcomes_institution_id_campaign_id"),
        ),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_campaign_outcomes")),
        sa.UniqueConstraint(
            "institution_id", "campaign_id", name=op.f("uq_campaign_outcomes_institution_id_campaign_id")
        ),
    )
    op.execute("ALTER TABLE campaign_outcomes ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE campaign_outcomes FORCE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY museum ON campaign_outcomes USING (institution_id = current_institution())"
        " WITH CHECK (institution_id = current_institution())"
    )
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON campaign_outcomes TO cimaise_app")
    op.execute("GRANT USAGE ON SEQUENCE campaign_outcomes_id_seq TO cimaise_app")
    op.execute("GRANT SELECT ON campaign_outcomes TO cimaise_public")
    op.execute("CREATE POLICY published ON campaign_outcomes FOR SELECT TO cimaise_public USING (true)")


def downgrade() -> None:
    """Take it away."""
    op.drop_table("campaign_outcomes")
