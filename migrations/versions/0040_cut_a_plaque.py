"""Cut a plaque: how it is made, its names as they were fixed and corrected, its signed versions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

OWNED = "plaque_corrections plaque_lines plaque_names plaque_versions plaques".split()
MADE = ["plaques", "plaque_names", "plaque_corrections", "plaque_versions", "plaque_lines"]
RIGHTS = {
    "plaque_names": "SELECT, INSERT, UPDATE, DELETE",  # they go with their donor
    "plaque_corrections": "SELECT, INSERT, DELETE",
    "plaque_versions": "SELECT, INSERT",
    "plaque_lines": "SELECT, INSERT, UPDATE (pledge_id)",  # whose a name was is forgotten, the name is cut
}

# Donors were told the day: once it is over, neither the day nor the moment the names were fixed at moves any more.
GUARD = """
CREATE FUNCTION guard_plaque() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  IF OLD.frozen_at IS NOT NULL AND (NEW.frozen_at, NEW.locks_on) IS DISTINCT FROM (OLD.frozen_at, OLD.locks_on) THEN
    RAISE EXCEPTION 'the names of this plaque are fixed' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
REVOKE EXECUTE ON FUNCTION guard_plaque() FROM PUBLIC;
CREATE TRIGGER fixed BEFORE UPDATE ON plaques FOR EACH ROW EXECUTE FUNCTION guard_plaque();

CREATE FUNCTION guard_plaque_name() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  IF OLD.frozen IS NOT NULL AND NEW.frozen IS DISTINCT FROM OLD.frozen THEN
    RAISE EXCEPTION 'this name is fixed' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
REVOKE EXECUTE ON FUNCTION guard_plaque_name() FROM PUBLIC;
CREATE TRIGGER fixed BEFORE UPDATE ON plaque_names FOR EACH ROW EXECUTE FUNCTION guard_plaque_name();
"""


def _owned(
    table: str, *columns: sa.schema.SchemaItem, keys: dict[str, str], unique: tuple[tuple[str, ...], ...] = ()
) -> None:
    op.create_table(
        table,
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        *columns,
        *(
            sa.ForeignKeyConstraint(
                ["institution_id", column],
                [f"{target}.institution_id", f"{target}.id"],
                name=op.f(f"fk_{table}_institution_id_{column}"),
            )
            for column, target in keys.items()
        ),
        *(
            sa.UniqueConstraint("institution_id", *names, name=op.f(f"uq_{table}_institution_id_{'_'.join(names)}"))
            for names in unique
        ),
        sa.ForeignKeyConstraint(["institution_id"], ["institutions.id"], name=op.f(f"fk_{table}_institution_id")),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f(f"pk_{table}")),
    )


def _texts(*names: str, nullable: bool = False) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=nullable) for name in names]


def _numbers(*names: str, nullable: bool = False) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), nullable=nullable) for name in names]


def _integers(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.Integer(), nullable=False) for name in names]


def _moments(*names: str, nullable: bool = False) -> list[sa.Column[object]]:
    return [sa.Column(name, sa.DateTime(timezone=True), nullable=nullable) for name in names]


def _json(*names: str) -> list[sa.Column[object]]:
    return [sa.Column(name, postgresql.JSONB(astext_type=sa.Text()), nullable=False) for name in names]


def upgrade() -> None:
    """Make the tables and guard them."""
    _make_plaques()
    _make_versions()
    for table in OWNED:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY museum ON {table} USING (institution_id = current_institution())"
            " WITH CHECK (institution_id = current_institution())"
        )
        op.execute(f"GRANT {RIGHTS.get(table, 'SELECT, INSERT, UPDATE')} ON {table} TO cimaise_app")
        op.execute(f"GRANT USAGE ON SEQUENCE {table}_id_seq TO cimaise_app")
    op.execute(GUARD)


def _make_plaques() -> None:
    _owned(
        "plaques",
        *_numbers("campaign_id"),
        *_texts("size"),
        *_integers("columns", "line_mm"),
        *_texts("order_by", "locale"),
        *_json("heading", "caption"),
        *_numbers("least_minor", nullable=True),
        *_json("sections"),
        sa.Column("counts_others", sa.Boolean(), nullable=False),
        sa.Column("locks_on", sa.Date(), nullable=True),
        *_moments("frozen_at", "reminded_at", nullable=True),
        *_moments("created_at", "changed_at"),
        sa.CheckConstraint("columns > 0 AND line_mm > 0", name=op.f("ck_plaques_measures")),
        sa.CheckConstraint("least_minor > 0", name=op.f("ck_plaques_least")),
        keys={"campaign_id": "campaigns"},
        unique=(("campaign_id",),),
    )
    _owned(
        "plaque_names",
        *_numbers("plaque_id"),
        *_numbers("pledge_id", "group_id", nullable=True),
        *_texts("frozen", "corrected", "sort_word", nullable=True),
        sa.Column("left_out", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.CheckConstraint("pledge_id IS NOT NULL OR group_id IS NOT NULL", name=op.f("ck_plaque_names_whose")),
        keys={"plaque_id": "plaques", "pledge_id": "pledges", "group_id": "groups"},
        unique=(("plaque_id", "pledge_id"), ("plaque_id", "group_id")),
    )
    op.create_index("ix_plaque_names_pledge", "plaque_names", ["institution_id", "pledge_id"])
    _owned(
        "plaque_corrections",
        *_numbers("name_id"),
        *_texts("what", "before", "after", "note", "by_name"),
        *_moments("at"),
        keys={"name_id": "plaque_names"},
    )
    op.create_index("ix_plaque_corrections_name", "plaque_corrections", ["institution_id", "name_id"])


def _make_versions() -> None:
    _owned(
        "plaque_versions",
        *_numbers("plaque_id"),
        *_integers("number"),
        *_texts("fingerprint", "storage_key", "sha256"),
        *_integers("size_bytes", "names", "sheets"),
        *_numbers("signed_by_id"),
        *_texts("signed_name", "signed_as"),
        *_moments("signed_at"),
        sa.CheckConstraint("number > 0", name=op.f("ck_plaque_versions_number")),
        keys={"plaque_id": "plaques"},
        unique=(("plaque_id", "number"),),
    )
    _owned(
        "plaque_lines",
        *_numbers("version_id"),
        *_integers("position"),
        *_numbers("pledge_id", "group_id", nullable=True),
        *_texts("heading", "name"),
        keys={"version_id": "plaque_versions", "pledge_id": "pledges", "group_id": "groups"},
        unique=(("version_id", "position"),),
    )
    op.create_index("ix_plaque_lines_pledge", "plaque_lines", ["institution_id", "pledge_id"])


def downgrade() -> None:
    """Take it all away."""
    for table in reversed(MADE):
        op.drop_table(table)
    op.execute("DROP FUNCTION guard_plaque")
    op.execute("DROP FUNCTION guard_plaque_name")
