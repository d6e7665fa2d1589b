"""End a campaign: statements that never change, and what was learnt."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

OWNED = ["final_statements", "lessons"]
RIGHTS = {"final_statements": "SELECT, INSERT", "lessons": "SELECT, INSERT, UPDATE"}


def _owned(name: str, *columns: sa.Column[object], unique: tuple[str, ...]) -> None:
    """Make a table of a museum about one of its campaigns."""
    op.create_table(
        name,
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("campaign_id", sa.BigInteger(), nullable=False),
        *columns,
        sa.ForeignKeyConstraint(["institution_id"], ["institutions.id"], name=op.f(f"fk_{name}_institution_id")),
        sa.ForeignKeyConstraint(
            ["institution_id", "campaign_id"],
            ["campaigns.institution_id", "campaigns.id"],
            name=op.f(f"fk_{name}_institution_id_campaign_id"),
        ),
        sa.UniqueConstraint("institution_id", *unique, name=op.f(f"uq_{name}_institution_id_{'_'.join(unique)}")),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f(f"pk_{name}")),
    )
    op.execute(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY museum ON {name} USING (institution_id = current_institution())"
        " WITH CHECK (institution_id = current_institution())"
    )
    op.execute(f"GRANT {RIGHTS[name]} ON {name} TO cimaise_app")


def upgrade() -> None:
    """Make the tables; a statement may be added and never changed."""
    _owned(
        "final_statements",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("signed_by_id", sa.BigInteger(), nullable=False),
        sa.Column("signed_name", sa.Text(), nullable=False),
        sa.Column("signed_as", sa.Text(), nullable=False),
        unique=("campaign_id", "number"),
    )
    op.create_check_constraint("number", "final_statements", "number > 0")
    _owned(
        "lessons",
        sa.Column("went_well", sa.Text(), nullable=False),
        sa.Column("went_badly", sa.Text(), nullable=False),
        sa.Column("advice", sa.Text(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("written_by_id", sa.BigInteger(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        unique=("campaign_id",),
    )


def downgrade() -> None:
    """Take the tables away."""
    op.drop_table("lessons")
    op.drop_table("final_statements")
