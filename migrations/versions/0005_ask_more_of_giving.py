"""Ask more of giving: who is told of a dedication, whom to remind."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

OWNED = ["reminders"]


def upgrade() -> None:
    """Add the address to be told once, and the reminders."""
    op.add_column("pledges", sa.Column("dedication_email", sa.Text(), nullable=True))
    op.create_table(
        "reminders",
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("campaign_id", sa.BigInteger(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id", "campaign_id"],
            ["campaigns.institution_id", "campaigns.id"],
            name="fk_reminders_institution_id_campaign_id",
        ),
        sa.ForeignKeyConstraint(["institution_id"], ["institutions.id"], name="fk_reminders_institution_id"),
        sa.PrimaryKeyConstraint("institution_id", "id", name="pk_reminders"),
        sa.UniqueConstraint(
            "institution_id", "campaign_id", "email", name="uq_reminders_institution_id_campaign_id_email"
        ),
    )
    op.execute("ALTER TABLE reminders ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE reminders FORCE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY museum ON reminders USING (institution_id = current_institution())"
        " WITH CHECK (institution_id = current_institution())"
    )
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON reminders TO cimaise_app")
    op.execute("GRANT USAGE ON SEQUENCE reminders_id_seq TO cimaise_app")


def downgrade() -> None:
    """Undo it."""
    op.drop_table("reminders")
    op.drop_column("pledges", "dedication_email")
