"""Gather a team: invitations by mail, second factors started anew, passkeys."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

OWNED = ["invitations", "factor_resets"]
MOMENT = sa.DateTime(timezone=True)


def _owned(name: str, *parts: sa.Column[object] | sa.Constraint) -> None:
    """Make a table of a museum."""
    op.create_table(
        name,
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        *parts,
        sa.ForeignKeyConstraint(["institution_id"], ["institutions.id"], name=op.f(f"fk_{name}_institution_id")),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f(f"pk_{name}")),
    )
    op.execute(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY museum ON {name} USING (institution_id = current_institution())"
        " WITH CHECK (institution_id = current_institution())"
    )
    op.execute(f"GRANT SELECT, INSERT, UPDATE ON {name} TO cimaise_app")


def _person(table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], ["accounts.id"], name=op.f(f"fk_{table}_{column}"))


def upgrade() -> None:
    """Make the tables. Passkeys belong to accounts and to no museum."""
    _owned(
        "invitations",
        sa.Column("key", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("times_sent", sa.Integer(), nullable=False),
        sa.Column("invited_by_id", sa.BigInteger(), nullable=False),
        sa.Column("invited_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("accepted_at", MOMENT, nullable=True),
        sa.Column("withdrawn_at", MOMENT, nullable=True),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        _person("invitations", "invited_by_id"),
        _person("invitations", "account_id"),
        sa.UniqueConstraint("institution_id", "token_hash", name=op.f("uq_invitations_institution_id_token_hash")),
    )
    op.create_index(
        "uq_invitations_open", "invitations", ["institution_id", "email"], unique=True,
        postgresql_where=sa.text("accepted_at IS NULL AND withdrawn_at IS NULL"),
    )  # fmt: skip
    _owned(
        "factor_resets",
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("asked_by_id", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("done_at", MOMENT, nullable=True),
        sa.Column("stopped_at", MOMENT, nullable=True),
        sa.Column("stopped_by_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["institution_id", "member_id"], ["members.institution_id", "members.id"],
            name=op.f("fk_factor_resets_institution_id_member_id"),
        ),
        _person("factor_resets", "asked_by_id"),
        _person("factor_resets", "stopped_by_id"),
    )  # fmt: skip
    op.create_index(
        "uq_factor_resets_open", "factor_resets", ["institution_id", "member_id"], unique=True,
        postgresql_where=sa.text("done_at IS NULL AND stopped_at IS NULL"),
    )  # fmt: skip
    op.create_table(
        "passkeys",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("credential_id", sa.Text(), nullable=False),
        sa.Column("public_key", sa.Text(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("last_used_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkeys")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_passkeys_credential_id")),
        _person("passkeys", "account_id"),
    )
    op.create_index(op.f("ix_passkeys_account_id"), "passkeys", ["account_id"])
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON passkeys TO cimaise_app")


def downgrade() -> None:
    """Take the tables away."""
    for table in ("passkeys", "factor_resets", "invitations"):
        op.drop_table(table)
