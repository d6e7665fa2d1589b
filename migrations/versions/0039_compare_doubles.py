"""Compare the records that may be one person, and remember which are two people."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

OWNED = "donor_aparts doubles_counts".split()
RIGHTS = {"donor_aparts": "SELECT, INSERT, DELETE", "doubles_counts": "SELECT, INSERT, UPDATE"}


def upgrade() -> None:
    """Make the tables and guard them; let the index of addresses tell who was merged."""
    _make()
    for table in OWNED:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY museum ON {table} USING (institution_id = current_institution())"
            " WITH CHECK (institution_id = current_institution())"
        )
        op.execute(f"GRANT {RIGHTS[table]} ON {table} TO cimaise_app")
    op.drop_index("ix_donors_email", table_name="donors")
    op.create_index("ix_donors_email", "donors", ["institution_id", "email", "merged_into_id"])


def _key(table: str, column: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_institution_id_{column}")
    target = ["donors.institution_id", "donors.id"]
    return sa.ForeignKeyConstraint(["institution_id", column], target, name=name, ondelete="CASCADE")


def _owned(name: str, *columns: sa.Column[object] | sa.Constraint) -> None:
    op.create_table(
        name,
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        *columns,
        sa.ForeignKeyConstraint(["institution_id"], ["institutions.id"], name=op.f(f"fk_{name}_institution_id")),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f(f"pk_{name}")),
    )


def _make() -> None:
    _owned(
        "donor_aparts",
        sa.Column("lower_id", sa.BigInteger(), nullable=False),
        sa.Column("higher_id", sa.BigInteger(), nullable=False),
        sa.Column("said_by", sa.Text(), nullable=False),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("lower_id < higher_id", name=op.f("ck_donor_aparts_two")),
        _key("donor_aparts", "lower_id"),
        _key("donor_aparts", "higher_id"),
        sa.UniqueConstraint(
            "institution_id", "lower_id", "higher_id", name=op.f("uq_donor_aparts_institution_id_lower_id_higher_id")
        ),
    )
    op.create_index("ix_donor_aparts_higher_id", "donor_aparts", ["institution_id", "higher_id"])
    _owned(
        "doubles_counts",
        sa.Column("found", sa.Integer(), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("institution_id", name=op.f("uq_doubles_counts_institution_id")),
    )


def downgrade() -> None:
    """Take it all away."""
    op.drop_index("ix_donors_email", table_name="donors")
    op.create_index("ix_donors_email", "donors", ["institution_id", "email"])
    for table in OWNED:
        op.drop_table(table)
