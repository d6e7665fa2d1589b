"""Read what donors write for the wall, keep beginnings for answers, list what others say."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

OWNED = ["mentions", "reply_templates"]


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _key(name: str) -> tuple[sa.schema.SchemaItem, ...]:
    return (
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.ForeignKeyConstraint(["institution_id"], ["institutions.id"], name=op.f(f"fk_{name}_institution_id")),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f(f"pk_{name}")),
    )


def upgrade() -> None:
    """Make the tables, and remember when a person has read a donor's words."""
    op.add_column("wall_entries", sa.Column("message_read_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "reply_templates",
        *_key("reply_templates"),
        _text("locale"),
        _text("title"),
        _text("text"),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint(
            "institution_id", "locale", "title", name=op.f("uq_reply_templates_institution_id_locale_title")
        ),
    )
    op.create_table(
        "mentions",
        *_key("mentions"),
        sa.Column("campaign_id", sa.BigInteger(), nullable=False),
        _text("source"),
        _text("title"),
        _text("url"),
        sa.Column("said_on", sa.Date(), nullable=False),
        _text("locale"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id", "campaign_id"],
            ["campaigns.institution_id", "campaigns.id"],
            name=op.f("fk_mentions_institution_id_campaign_id"),
        ),
    )
    op.create_index("ix_mentions_campaign", "mentions", ["institution_id", "campaign_id", "said_on"])
    for table in OWNED:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY museum ON {table} USING (institution_id = current_institution())"
            " WITH CHECK (institution_id = current_institution())"
        )
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO cimaise_app")
    op.execute("GRANT SELECT ON mentions TO cimaise_public")
    op.execute(
        "CREATE POLICY published ON mentions FOR SELECT TO cimaise_public USING (EXISTS (SELECT FROM campaigns c"
        " WHERE c.institution_id = mentions.institution_id AND c.id = mentions.campaign_id))"
    )


def downgrade() -> None:
    """Take it all away."""
    op.drop_table("mentions")
    op.drop_table("reply_templates")
    op.drop_column("wall_entries", "message_read_at")
