"""Ask donors what becomes of their gifts when a purchase came to nothing; say why, in the museum's words."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

OWNED = ["askings", "gift_choices"]


def _owned(name: str, *columns: sa.Column[object], keys: dict[str, str], unique: str) -> None:
    op.create_table(
        name,
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        *columns,
        sa.ForeignKeyConstraint(["institution_id"], ["institutions.id"], name=op.f(f"fk_{name}_institution_id")),
        *(
            sa.ForeignKeyConstraint(
                ["institution_id", column],
                [f"{target}.institution_id", f"{target}.id"],
                name=op.f(f"fk_{name}_institution_id_{column}"),
            )
            for column, target in keys.items()
        ),
        sa.UniqueConstraint("institution_id", unique, name=op.f(f"uq_{name}_institution_id_{unique}")),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f(f"pk_{name}")),
    )


def upgrade() -> None:
    """Make the tables. The public reads why a purchase came to nothing, and nothing of the answers."""
    moment = sa.DateTime(timezone=True)
    _owned(
        "askings",
        sa.Column("campaign_id", sa.BigInteger(), nullable=False),
        sa.Column("words", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("otherwise", sa.Text(), nullable=False),
        sa.Column("until", moment, nullable=False),
        sa.Column("asked_at", moment, nullable=False),
        keys={"campaign_id": "campaigns"},
        unique="campaign_id",
    )
    _owned(
        "gift_choices",
        sa.Column("asking_id", sa.BigInteger(), nullable=False),
        sa.Column("gift_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("otherwise", sa.Text(), nullable=False),
        sa.Column("until", moment, nullable=False),
        sa.Column("wish", sa.Text(), nullable=True),
        sa.Column("target_id", sa.BigInteger(), nullable=True),
        sa.Column("answered_at", moment, nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("done_at", moment, nullable=True),
        keys={"asking_id": "askings", "gift_id": "gifts", "target_id": "campaigns"},
        unique="gift_id",
    )
    op.create_unique_constraint(
        op.f("uq_gift_choices_institution_id_token_hash"), "gift_choices", ["institution_id", "token_hash"]
    )
    op.create_index(
        "ix_gift_choices_due", "gift_choices", ["institution_id", "until"], postgresql_where=sa.text("done_at IS NULL")
    )
    op.create_index("ix_gift_choices_asking", "gift_choices", ["institution_id", "asking_id"])
    for table in OWNED:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY museum ON {table} USING (institution_id = current_institution())"
            " WITH CHECK (institution_id = current_institution())"
        )
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO cimaise_app")
        op.execute(f"GRANT USAGE ON SEQUENCE {table}_id_seq TO cimaise_app")
    op.execute("GRANT SELECT ON askings TO cimaise_public")
    op.execute("CREATE POLICY published ON askings FOR SELECT TO cimaise_public USING (true)")


def downgrade() -> None:
    """Take the tables away."""
    for table in reversed(OWNED):
        op.drop_table(table)
