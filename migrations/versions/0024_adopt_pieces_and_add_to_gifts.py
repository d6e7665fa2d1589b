"""Adopt the pieces of a work, add to a gift until it earns a higher reward, make a card to share."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

OWNED = ["pieces"]
LINKS = {"piece_id": ("pieces", ("pledges", "wall_entries")), "tops_up_id": ("pledges", ("pledges",))}


def upgrade() -> None:
    """Make the pieces; tie pledges to the piece they adopt, to the pledge they add to, and to their card."""
    op.create_table(
        "pieces",
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("campaign_id", sa.BigInteger(), nullable=False),
        sa.Column("reward_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("title", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("shares", sa.Integer(), nullable=False),
        sa.Column("claimed", sa.Integer(), nullable=False),
        sa.CheckConstraint("shares > 0 AND claimed >= 0 AND claimed <= shares", name=op.f("ck_pieces_shares")),
        sa.ForeignKeyConstraint(["institution_id"], ["institutions.id"], name=op.f("fk_pieces_institution_id")),
        sa.ForeignKeyConstraint(
            ["institution_id", "campaign_id"],
            ["campaigns.institution_id", "campaigns.id"],
            name=op.f("fk_pieces_institution_id_campaign_id"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "reward_id"],
            ["rewards.institution_id", "rewards.id"],
            name=op.f("fk_pieces_institution_id_reward_id"),
        ),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_pieces")),
        sa.UniqueConstraint(
            "institution_id", "reward_id", "number", name=op.f("uq_pieces_institution_id_reward_id_number")
        ),
    )
    op.create_index("ix_pieces_campaign", "pieces", ["institution_id", "campaign_id"])
    op.execute("ALTER TABLE pieces ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE pieces FORCE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY museum ON pieces USING (institution_id = current_institution())"
        " WITH CHECK (institution_id = current_institution())"
    )
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON pieces TO cimaise_app")
    op.execute("GRANT USAGE ON SEQUENCE pieces_id_seq TO cimaise_app")
    op.execute("GRANT SELECT ON pieces TO cimaise_public")
    op.execute(
        "CREATE POLICY published ON pieces FOR SELECT TO cimaise_public USING (EXISTS (SELECT FROM rewards r"
        " WHERE r.institution_id = pieces.institution_id AND r.id = pieces.reward_id))"
    )
    for column, (target, tables) in LINKS.items():
        for table in tables:
            op.add_column(table, sa.Column(column, sa.BigInteger(), nullable=True))
            op.create_foreign_key(
                op.f(f"fk_{table}_institution_id_{column}"),
                table,
                target,
                ["institution_id", column],
                ["institution_id", "id"],
            )
    op.create_index(
        "ix_pledges_tops_up",
        "pledges",
        ["institution_id", "tops_up_id"],
        postgresql_where=sa.text("tops_up_id IS NOT NULL"),
    )
    op.create_index(
        "ix_wall_entries_piece",
        "wall_entries",
        ["institution_id", "campaign_id"],
        postgresql_where=sa.text("piece_id IS NOT NULL"),
    )
    op.execute("GRANT SELECT (piece_id) ON wall_entries TO cimaise_public")
    op.add_column("pledges", sa.Column("card_hash", sa.Text(), nullable=True))
    op.add_column("pledges", sa.Column("card_amount", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_unique_constraint(op.f("uq_pledges_institution_id_card_hash"), "pledges", ["institution_id", "card_hash"])


def downgrade() -> None:
    """Undo it."""
    op.drop_constraint(op.f("uq_pledges_institution_id_card_hash"), "pledges")
    op.drop_column("pledges", "card_amount")
    op.drop_column("pledges", "card_hash")
    op.drop_index("ix_wall_entries_piece", "wall_entries")
    op.drop_index("ix_pledges_tops_up", "pledges")
    for column, (_target, tables) in LINKS.items():
        for table in tables:
            op.drop_column(table, column)
    op.drop_table("pieces")
