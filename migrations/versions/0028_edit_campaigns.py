"""Edit campaigns: every change with what it was before, the decisions and the yeses that an opening waits for."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

OWNED = ("campaign_changes", "campaign_decisions", "campaign_approvals")


def _words(name: str, **options: object) -> sa.Column[object]:
    return sa.Column(name, postgresql.JSONB(astext_type=sa.Text()), nullable=False, **options)  # type: ignore[arg-type]


def _text(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Text(), nullable=False)


def _by() -> Any:
    return sa.Column("account_id", sa.BigInteger(), nullable=True)


def _noted() -> Any:
    return sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False)


def _of_a_campaign(name: str, *columns: Any, unique: str = "") -> None:
    """Make a table of rows of one campaign, guarded: rows are added and read, never changed."""
    unique_key = [
        sa.UniqueConstraint(
            "institution_id", "campaign_id", unique, name=op.f(f"uq_{name}_institution_id_campaign_id_{unique}")
        )
    ]
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
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f(f"pk_{name}")),
        *(unique_key if unique else []),
    )
    if not unique:
        op.create_index(f"ix_{name}_campaign", name, ["institution_id", "campaign_id"])
    op.execute(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY museum ON {name} USING (institution_id = current_institution())"
        " WITH CHECK (institution_id = current_institution())"
    )
    op.execute(f"GRANT SELECT, INSERT ON {name} TO cimaise_app")


def upgrade() -> None:
    """Add what a work and a campaign say besides, and the three tables."""
    op.add_column("artworks", _words("why_here", server_default="{}"))
    op.add_column("artworks", sa.Column("option_until", sa.Date(), nullable=True))
    op.add_column("campaigns", _words("word_states", server_default="{}"))
    op.add_column("campaigns", sa.Column("revision", sa.Integer(), nullable=False, server_default="0"))
    for table, column in (("artworks", "why_here"), ("campaigns", "word_states"), ("campaigns", "revision")):
        op.alter_column(table, column, server_default=None)
    _of_a_campaign(
        "campaign_changes",
        sa.Column("number", sa.Integer(), nullable=False),
        _by(),
        _text("name"),
        _text("note"),
        _words("fields"),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        unique="number",
    )
    _of_a_campaign(
        "campaign_decisions",
        _text("kind"),
        _text("reference"),
        sa.Column("dated_on", sa.Date(), nullable=False),
        _by(),
        _noted(),
    )
    _of_a_campaign(
        "campaign_approvals",
        _text("part"),
        _text("name"),
        sa.Column("agreed_on", sa.Date(), nullable=False),
        _text("document"),
        sa.Column("revision", sa.Integer(), nullable=False),
        _by(),
        _noted(),
    )


def downgrade() -> None:
    """Take it away."""
    for table in reversed(OWNED):
        op.drop_table(table)
    op.drop_column("campaigns", "revision")
    op.drop_column("campaigns", "word_states")
    op.drop_column("artworks", "option_until")
    op.drop_column("artworks", "why_here")
