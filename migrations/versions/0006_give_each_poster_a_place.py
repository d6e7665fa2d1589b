"""Give each poster a place: its short link, the way its gifts are known by, and how often the link was opened."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

OWNED = ("openings", "places")
RIGHTS = {"places": "SELECT, INSERT", "openings": "SELECT, INSERT, UPDATE"}


def upgrade() -> None:
    """Make the tables and guard them."""
    op.create_table(
        "places",
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("campaign_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("way", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("takes_cash", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id", "campaign_id"],
            ["campaigns.institution_id", "campaigns.id"],
            name=op.f("fk_places_institution_id_campaign_id"),
        ),
        sa.ForeignKeyConstraint(["institution_id"], ["institutions.id"], name=op.f("fk_places_institution_id")),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_places")),
        sa.UniqueConstraint(
            "institution_id", "campaign_id", "way", name=op.f("uq_places_institution_id_campaign_id_way")
        ),
        sa.UniqueConstraint("institution_id", "code", name=op.f("uq_places_institution_id_code")),
    )
    op.create_table(
        "openings",
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("place_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.CheckConstraint("times > 0", name=op.f("ck_openings_times")),
        sa.ForeignKeyConstraint(
            ["institution_id", "place_id"],
            ["places.institution_id", "places.id"],
            name=op.f("fk_openings_institution_id_place_id"),
        ),
        sa.ForeignKeyConstraint(["institution_id"], ["institutions.id"], name=op.f("fk_openings_institution_id")),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_openings")),
        sa.UniqueConstraint("institution_id", "place_id", "day", name=op.f("uq_openings_institution_id_place_id_day")),
    )
    for table, rights in RIGHTS.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY museum ON {table} USING (institution_id = current_institution())"
            " WITH CHECK (institution_id = current_institution())"
        )
        op.execute(f"GRANT {rights} ON {table} TO cimaise_app")
        op.execute(f"GRANT USAGE ON SEQUENCE {table}_id_seq TO cimaise_app")


def downgrade() -> None:
    """Undo it."""
    op.drop_table("openings")
    op.drop_table("places")
