"""Ask a partner museum to read a draft: a link for its own people, and the remarks that come back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

OWNED = ("campaign_reviews", "campaign_remarks")
RIGHTS = {"campaign_reviews": "SELECT, INSERT, UPDATE", "campaign_remarks": "SELECT, INSERT"}


def upgrade() -> None:
    """Make the tables and guard them."""
    op.create_table(
        "campaign_reviews",
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("campaign_id", sa.BigInteger(), nullable=False),
        sa.Column("guest_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institutions.id"], name=op.f("fk_campaign_reviews_institution_id")
        ),
        sa.ForeignKeyConstraint(["guest_id"], ["institutions.id"], name=op.f("fk_campaign_reviews_guest_id")),
        sa.ForeignKeyConstraint(
            ["institution_id", "campaign_id"],
            ["campaigns.institution_id", "campaigns.id"],
            name=op.f("fk_campaign_reviews_institution_id_campaign_id"),
        ),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_campaign_reviews")),
        sa.UniqueConstraint("institution_id", "token_hash", name=op.f("uq_campaign_reviews_institution_id_token_hash")),
    )
    op.create_table(
        "campaign_remarks",
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("campaign_id", sa.BigInteger(), nullable=False),
        sa.Column("review_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institutions.id"], name=op.f("fk_campaign_remarks_institution_id")
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "campaign_id"],
            ["campaigns.institution_id", "campaigns.id"],
            name=op.f("fk_campaign_remarks_institution_id_campaign_id"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "review_id"],
            ["campaign_reviews.institution_id", "campaign_reviews.id"],
            name=op.f("fk_campaign_remarks_institution_id_review_id"),
        ),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_campaign_remarks")),
    )
    op.create_index("ix_campaign_remarks_campaign", "campaign_remarks", ["institution_id", "campaign_id"])
    for table, rights in RIGHTS.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY museum ON {table} USING (institution_id = current_institution())"
            " WITH CHECK (institution_id = current_institution())"
        )
        op.execute(f"GRANT {rights} ON {table} TO cimaise_app")


def downgrade() -> None:
    """Take them away."""
    for table in reversed(OWNED):
        op.drop_table(table)
