"""Bring a file of donors, know who was erased, and tell by an index who may be one person."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

OWNED = "brought_donors donor_file_maps donor_files erased_addresses".split()
RIGHTS = {"brought_donors": "SELECT, INSERT, UPDATE, DELETE", "erased_addresses": "SELECT, INSERT"}
STATES: dict[str, tuple[dict[str, list[str]], str]] = {
    "donor_files": (
        {
            "read": ["checked", "checking", "dropped"],
            "checking": ["checked", "dropped"],
            "checked": ["applying", "checking", "dropped"],
            "applying": ["applied"],
            "applied": ["undoing"],
            "undoing": ["undone"],
            "undone": [],
            "dropped": [],
        },
        "sha256 recorded_by",
    )
}
# The postcode and what is left of the words of a name without vowels, h, y and doubled letters, in their order: "Camille Rey" and
# "Rey Camile" at one postcode meet. Coarser than what is then compared letter by letter, and found by an index.
TWIN_KEY = r"""
CREATE FUNCTION twin_key(first_name text, last_name text, company_name text, postcode text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, public AS $$
  SELECT CASE WHEN coalesce(postcode, '') <> '' AND string_agg(bones, ' ') IS NOT NULL
    THEN left(postcode || ':' || string_agg(bones, ' ' ORDER BY bones COLLATE "C"), 200) END
  FROM (SELECT coalesce(nullif(regexp_replace(regexp_replace(word, '[aeiouyh]', '', 'g'), '(.)\1+', '\1', 'g'), ''), left(word, 1))
    FROM words_of(concat_ws(' ', first_name, last_name, company_name)) AS word) AS words (bones)
$$
"""
# Whoever was erased is known by the mails that were sent to them: no address, no subject, and the hash.
FILL = """
INSERT INTO erased_addresses (institution_id, to_hash, at)
SELECT institution_id, to_hash, now() FROM mails
WHERE to_address IS NULL AND to_hash <> '' AND NOT content ? 'subject' GROUP BY institution_id, to_hash
"""
READ_BY_FILL = ("mails", "erased_addresses")
# Foreign keys at donors without an index of their own: a record that is taken back is looked for there.
POINTING = {
    "donor_merges": "merged_id",
    "thank_calls": "donor_id",
    "thank_letters": "donor_id",
    "bank_lines": "donor_id",
    "cheques": "donor_id",
    "dispatches": "donor_id",
    "museum_visits": "donor_id",
}


def _owned(name: str, *columns: sa.Column[object] | sa.Constraint) -> None:
    op.create_table(
        name,
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        *columns,
        sa.ForeignKeyConstraint(["institution_id"], ["institutions.id"], name=op.f(f"fk_{name}_institution_id")),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f(f"pk_{name}")),
    )


def _texts(*names: str, nullable: bool = False) -> list[sa.Column[object]]:
    return [sa.Column(name, sa.Text(), nullable=nullable) for name in names]


def _moments(*names: str, nullable: bool = False) -> list[sa.Column[object]]:
    return [sa.Column(name, sa.DateTime(timezone=True), nullable=nullable) for name in names]


def _json(*names: str) -> list[sa.Column[object]]:
    return [sa.Column(name, postgresql.JSONB(astext_type=sa.Text()), nullable=False) for name in names]


def upgrade() -> None:
    """Make the tables and guard them; add the key to the donors; note who was erased before."""
    _make()
    for table in OWNED:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY museum ON {table} USING (institution_id = current_institution())"
            " WITH CHECK (institution_id = current_institution())"
        )
        op.execute(f"GRANT {RIGHTS.get(table, 'SELECT, INSERT, UPDATE')} ON {table} TO cimaise_app")
    for table, (transitions, frozen) in STATES.items():
        op.execute(
            f"CREATE TRIGGER guard BEFORE UPDATE ON {table} FOR EACH ROW"
            f" EXECUTE FUNCTION guard_state('{json.dumps(transitions)}', '{frozen}')"
        )
    op.execute(TWIN_KEY)
    op.execute("REVOKE EXECUTE ON FUNCTION twin_key(text, text, text, text) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION twin_key(text, text, text, text) TO cimaise_app")
    op.execute(
        'ALTER TABLE donors ADD COLUMN twin_key text COLLATE "C"'
        " GENERATED ALWAYS AS (twin_key(first_name, last_name, company_name, postcode)) STORED"
    )
    op.create_index(
        "ix_donors_twin", "donors", ["institution_id", "twin_key", "merged_into_id"],
        postgresql_where=sa.text("twin_key IS NOT NULL"),
    )  # fmt: skip
    op.create_index("ix_dispatches_address", "dispatches", ["institution_id", "address_hash"])
    for table, column in POINTING.items():
        op.create_index(f"ix_{table}_{column}", table, ["institution_id", column])
    op.execute("SET LOCAL row_security = off")
    for table in READ_BY_FILL:
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    op.execute(FILL)
    for table in READ_BY_FILL:
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute("SET LOCAL row_security = on")  # the steps after this one share its transaction


def _make() -> None:
    _owned(
        "donor_files", *_texts("filename", "sha256", "encoding", "delimiter"), sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("source", sa.LargeBinary(), nullable=True), *_texts("state"), *_json("columns", "report"),
        *_texts("origin", "document_key", nullable=True), sa.Column("done", sa.Integer(), nullable=False),
        *_texts("recorded_by"), *_moments("created_at"), *_texts("applied_by", nullable=True),
        *_moments("applied_at", "undone_at", nullable=True),
    )  # fmt: skip
    op.create_index("ix_donor_files_made", "donor_files", ["institution_id", "created_at"])
    _owned(
        "donor_file_maps", *_texts("head_sha256"), *_json("columns"), *_moments("changed_at"),
        sa.UniqueConstraint("institution_id", "head_sha256", name=op.f("uq_donor_file_maps_institution_id_head_sha256")),
    )  # fmt: skip
    _owned(
        "brought_donors", sa.Column("file_id", sa.BigInteger(), nullable=False), sa.Column("donor_id", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False), *_texts("said_sha256"), *_texts("stays", nullable=True),
        sa.ForeignKeyConstraint(["institution_id", "file_id"], ["donor_files.institution_id", "donor_files.id"],
                                name=op.f("fk_brought_donors_institution_id_file_id")),
        sa.ForeignKeyConstraint(["institution_id", "donor_id"], ["donors.institution_id", "donors.id"],
                                name=op.f("fk_brought_donors_institution_id_donor_id"), ondelete="CASCADE"),
    )  # fmt: skip
    op.create_index("ix_brought_donors_file", "brought_donors", ["institution_id", "file_id", "id"])
    op.create_index("ix_brought_donors_donor", "brought_donors", ["institution_id", "donor_id"])
    _owned(
        "erased_addresses", *_texts("to_hash"), *_moments("at"),
        sa.UniqueConstraint("institution_id", "to_hash", name=op.f("uq_erased_addresses_institution_id_to_hash")),
    )  # fmt: skip


def downgrade() -> None:
    """Take it all away."""
    for table, column in POINTING.items():
        op.drop_index(f"ix_{table}_{column}", table_name=table)
    op.drop_index("ix_dispatches_address", table_name="dispatches")
    op.drop_index("ix_donors_twin", table_name="donors")
    op.drop_column("donors", "twin_key")
    op.execute("DROP FUNCTION twin_key(text, text, text, text)")
    for table in ("brought_donors", "donor_file_maps", "donor_files", "erased_addresses"):
        op.drop_table(table)
