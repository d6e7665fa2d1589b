"""Keep the papers of a campaign: the files stand in the storage, the public reads what is published."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

OWNED = ["campaign_documents"]
STATES = {
    "campaign_documents": (
        {"internal": ["public", "withdrawn"], "public": ["internal", "withdrawn"], "withdrawn": []},
        "campaign_id storage_key sha256 size_bytes",
    )
}


def upgrade() -> None:
    """Make the table and guard it."""
    op.create_table(
        "campaign_documents",
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("campaign_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("dated_on", sa.Date(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("storage_key", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("size_bytes > 0", name=op.f("ck_campaign_documents_size")),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institutions.id"], name=op.f("fk_campaign_documents_institution_id")
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "campaign_id"],
            ["campaigns.institution_id", "campaigns.id"],
            name=op.f("fk_campaign_documents_institution_id_campaign_id"),
        ),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_campaign_documents")),
    )
    op.create_index("ix_campaign_documents_campaign", "campaign_documents", ["institution_id", "campaign_id"])
    op.execute("ALTER TABLE campaign_documents ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE campaign_documents FORCE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY museum ON campaign_documents USING (institution_id = current_institution())"
        " WITH CHECK (institution_id = current_institution())"
    )
    op.execute("GRANT SELECT, INSERT, UPDATE ON campaign_documents TO cimaise_app")
    op.execute("GRANT USAGE ON SEQUENCE campaign_documents_id_seq TO cimaise_app")
    op.execute("GRANT SELECT ON campaign_documents TO cimaise_public")
    op.execute(
        "CREATE POLICY published ON campaign_documents FOR SELECT TO cimaise_public USING (state = 'public' AND EXISTS"
        " (SELECT FROM campaigns c WHERE c.institution_id = campaign_documents.institution_id"
        " AND c.id = campaign_documents.campaign_id))"
    )
    for table, (transitions, frozen) in STATES.items():
        op.execute(
            f"CREATE TRIGGER guard BEFORE UPDATE ON {table} FOR EACH ROW"
            f" EXECUTE FUNCTION guard_state('{json.dumps(transitions)}', '{frozen}')"
        )


def downgrade() -> None:
    """Take it away; the files stay in the storage."""
    op.drop_table("campaign_documents")
