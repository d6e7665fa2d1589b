"""Ask more of giving: who is told of a dedication, whom to remind, who gives together."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

OWNED = ["reminders", "groups"]


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
    _make_groups()
    for table in OWNED:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY museum ON {table} USING (institution_id = current_institution())"
            " WITH CHECK (institution_id = current_institution())"
        )
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO cimaise_app")
        op.execute(f"GRANT USAGE ON SEQUENCE {table}_id_seq TO cimaise_app")


def _make_groups() -> None:
    op.create_table(
        "groups",
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("campaign_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("organiser_email", sa.Text(), nullable=True),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id", "campaign_id"],
            ["campaigns.institution_id", "campaigns.id"],
            name="fk_groups_institution_id_campaign_id",
        ),
        sa.ForeignKeyConstraint(["institution_id"], ["institutions.id"], name="fk_groups_institution_id"),
        sa.PrimaryKeyConstraint("institution_id", "id", name="pk_groups"),
        sa.UniqueConstraint("institution_id", "code", name="uq_groups_institution_id_code"),
    )
    for table in ("pledges", "wall_entries"):
        op.add_column(table, sa.Column("group_id", sa.BigInteger(), nullable=True))
        op.create_foreign_key(
            f"fk_{table}_institution_id_group_id",
            table,
            "groups",
            ["institution_id", "group_id"],
            ["institution_id", "id"],
        )
    op.alter_column("wall_entries", "pledge_id", nullable=True)
    op.create_unique_constraint(
        "uq_wall_entries_institution_id_group_id", "wall_entries", ["institution_id", "group_id"]
    )
    op.create_check_constraint("whose", "wall_entries", "pledge_id IS NOT NULL OR group_id IS NOT NULL")


def downgrade() -> None:
    """Undo it. A group's name leaves the wall."""
    op.execute("ALTER TABLE wall_entries NO FORCE ROW LEVEL SECURITY")  # the owner is bound by it, too
    op.execute("DELETE FROM wall_entries WHERE pledge_id IS NULL")
    op.execute("ALTER TABLE wall_entries FORCE ROW LEVEL SECURITY")
    op.drop_constraint("ck_wall_entries_whose", "wall_entries")
    op.alter_column("wall_entries", "pledge_id", nullable=False)
    for table in ("wall_entries", "pledges"):
        op.drop_column(table, "group_id")
    op.drop_table("groups")
    op.drop_table("reminders")
    op.drop_column("pledges", "dedication_email")
