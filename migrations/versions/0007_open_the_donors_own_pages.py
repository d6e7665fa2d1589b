"""Open the donors' own pages: links asked for, visits, wishes to be erased; town and dedication on the wall."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

STAFF = "SELECT encode(sha256(convert_to(account_id::text, 'UTF8')), 'hex') AS account_hash, created_at, ended_at, reason FROM sessions"
DONORS = "SELECT person_hash AS account_hash, created_at, ended_at, reason FROM donor_visits"


def _links() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "donor_links",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("key", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("asked_at", moment, nullable=False),
        sa.Column("used_at", moment, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_donor_links"),
        sa.UniqueConstraint("token_hash", name="uq_donor_links_token_hash"),
    )
    op.create_index("ix_donor_links_email", "donor_links", ["email"])
    op.create_table(
        "donor_visits",
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("person_hash", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("last_seen_at", moment, nullable=False),
        sa.Column("ended_at", moment, nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("token_hash", name="pk_donor_visits"),
    )
    op.create_index("ix_donor_visits_person", "donor_visits", ["person_hash"])
    op.create_table(
        "erasures",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("written_from", sa.Integer(), nullable=False),
        sa.Column("asked_at", moment, nullable=False),
        sa.Column("done_at", moment, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_erasures"),
        sa.ForeignKeyConstraint(["written_from"], ["institutions.id"], name="fk_erasures_written_from"),
    )


def upgrade() -> None:
    """Make the tables, which belong to no museum, and let the auditor count the visits."""
    _links()
    op.add_column("pledges", sa.Column("wall_town", sa.Text(), nullable=True))
    op.add_column("pledges", sa.Column("wall_dedication", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON donor_links TO cimaise_app")
    op.execute("GRANT SELECT, INSERT, UPDATE ON donor_visits, erasures TO cimaise_app")
    op.execute("GRANT SELECT (person_hash, created_at, ended_at, reason) ON donor_visits TO cimaise_audit")
    op.execute(
        f"CREATE OR REPLACE VIEW reporting.sessions WITH (security_invoker = true) AS {STAFF} UNION ALL {DONORS}"
    )


def downgrade() -> None:
    """Undo it."""
    op.execute(f"CREATE OR REPLACE VIEW reporting.sessions WITH (security_invoker = true) AS {STAFF}")
    op.drop_column("pledges", "wall_dedication")
    op.drop_column("pledges", "wall_town")
    for table in ("erasures", "donor_visits", "donor_links"):
        op.drop_table(table)
