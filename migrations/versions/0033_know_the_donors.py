"""Know the donors: who is the same person, what they gave in all, tags and notes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

OWNED = "donor_merges donor_notes donor_standings donor_tags".split()
MADE = ["donor_standings", "donor_tags", "donor_notes", "donor_merges"]
RIGHTS = {"donor_standings": "SELECT", "donor_merges": "SELECT, INSERT, UPDATE"}

# What a person gave, under the record that stands for them; in the order of the keys, so that two statements never wait for
# each other crosswise. A merge holds the records until its end, and a gift waits for it at its foreign key.
COUNT_NEW = """
CREATE FUNCTION count_new_gifts() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
  INSERT INTO donor_standings AS s (institution_id, donor_id, currency, gifts, kept_minor, largest_minor, first_at, last_at)
  SELECT n.institution_id, coalesce(d.merged_into_id, d.id), n.currency, count(*) FILTER (WHERE n.state NOT IN ('refunded', 'lost')),
    sum(n.amount_minor - n.refunded_minor - n.lost_minor), max(n.amount_minor), min(n.received_at), max(n.received_at)
  FROM new_gifts n JOIN donors d ON d.institution_id = n.institution_id AND d.id = n.donor_id GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
  ON CONFLICT (institution_id, donor_id, currency) DO UPDATE SET gifts = s.gifts + excluded.gifts,
    kept_minor = s.kept_minor + excluded.kept_minor, largest_minor = greatest(s.largest_minor, excluded.largest_minor),
    first_at = least(s.first_at, excluded.first_at), last_at = greatest(s.last_at, excluded.last_at);
  RETURN NULL;
END $$
"""
COUNT_CHANGED = """
CREATE FUNCTION count_changed_gift() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
  UPDATE donor_standings s SET
    gifts = s.gifts + (NEW.state NOT IN ('refunded', 'lost'))::int - (OLD.state NOT IN ('refunded', 'lost'))::int,
    kept_minor = s.kept_minor - (NEW.refunded_minor + NEW.lost_minor) + (OLD.refunded_minor + OLD.lost_minor)
  FROM donors d WHERE d.institution_id = NEW.institution_id AND d.id = NEW.donor_id
    AND s.institution_id = d.institution_id AND s.donor_id = coalesce(d.merged_into_id, d.id) AND s.currency = NEW.currency;
  RETURN NULL;
END $$
"""
COUNT_PERSON = """
CREATE FUNCTION count_person(museum int, person bigint) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public AS $$
BEGIN
  DELETE FROM donor_standings s WHERE s.institution_id = museum AND s.donor_id = person;
  INSERT INTO donor_standings (institution_id, donor_id, currency, gifts, kept_minor, largest_minor, first_at, last_at)
  SELECT museum, person, g.currency, count(*) FILTER (WHERE g.state NOT IN ('refunded', 'lost')),
    sum(g.amount_minor - g.refunded_minor - g.lost_minor), max(g.amount_minor), min(g.received_at), max(g.received_at)
  FROM gifts g JOIN donors d ON d.institution_id = g.institution_id AND d.id = g.donor_id
  WHERE d.institution_id = museum AND coalesce(d.merged_into_id, d.id) = person GROUP BY g.currency;
END $$
"""
COUNT_MERGED = """
CREATE FUNCTION count_merged_donor() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
  PERFORM count_person(NEW.institution_id, coalesce(OLD.merged_into_id, OLD.id));
  PERFORM count_person(NEW.institution_id, coalesce(NEW.merged_into_id, NEW.id));
  RETURN NULL;
END $$
"""
FUNCTIONS = {
    "count_new_gifts()": COUNT_NEW,
    "count_changed_gift()": COUNT_CHANGED,
    "count_person(int, bigint)": COUNT_PERSON,
    "count_merged_donor()": COUNT_MERGED,
}
FILL = """
INSERT INTO donor_standings (institution_id, donor_id, currency, gifts, kept_minor, largest_minor, first_at, last_at)
SELECT institution_id, donor_id, currency, count(*) FILTER (WHERE state NOT IN ('refunded', 'lost')),
  sum(amount_minor - refunded_minor - lost_minor), max(amount_minor), min(received_at), max(received_at)
FROM gifts WHERE donor_id IS NOT NULL GROUP BY 1, 2, 3
"""
READ_BY_FILL = ("gifts", "donors", "donor_standings")


def upgrade() -> None:
    """Make the tables, count what was given, and keep counting."""
    op.add_column("donors", sa.Column("phone", sa.Text(), nullable=True))
    op.add_column("donors", sa.Column("merged_into_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("fk_donors_institution_id_merged_into_id"), "donors", "donors",
        ["institution_id", "merged_into_id"], ["institution_id", "id"],
    )  # fmt: skip
    op.create_index(
        "ix_donors_merged", "donors", ["institution_id", "merged_into_id"],
        postgresql_where=sa.text("merged_into_id IS NOT NULL"),
    )  # fmt: skip
    op.create_index("ix_donors_postcode", "donors", ["institution_id", "postcode"])
    op.create_index("ix_donors_city", "donors", ["institution_id", "city"])
    _make_what_is_known()
    for table in MADE:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY museum ON {table} USING (institution_id = current_institution())"
            " WITH CHECK (institution_id = current_institution())"
        )
        op.execute(f"GRANT {RIGHTS.get(table, 'SELECT, INSERT, UPDATE, DELETE')} ON {table} TO cimaise_app")
    for name, function in FUNCTIONS.items():
        op.execute(function)
        op.execute(f"REVOKE EXECUTE ON FUNCTION {name} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {name} TO cimaise_app")
    op.execute(
        "CREATE TRIGGER count_new AFTER INSERT ON gifts REFERENCING NEW TABLE AS new_gifts"
        " FOR EACH STATEMENT EXECUTE FUNCTION count_new_gifts()"
    )
    op.execute(
        "CREATE TRIGGER count_changed AFTER UPDATE OF state, refunded_minor, lost_minor ON gifts"
        " FOR EACH ROW WHEN (NEW.donor_id IS NOT NULL) EXECUTE FUNCTION count_changed_gift()"
    )
    op.execute(
        "CREATE TRIGGER count_merged AFTER UPDATE OF merged_into_id ON donors FOR EACH ROW"
        " WHEN (OLD.merged_into_id IS DISTINCT FROM NEW.merged_into_id) EXECUTE FUNCTION count_merged_donor()"
    )
    op.execute("SET LOCAL row_security = off")
    for table in READ_BY_FILL:
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    op.execute(FILL)
    for table in READ_BY_FILL:
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute("SET LOCAL row_security = on")  # the steps after this one share its transaction
    op.create_index("ix_donor_standings_last", "donor_standings", ["institution_id", "last_at", "donor_id"])
    op.create_index("ix_donor_standings_kept", "donor_standings", ["institution_id", "kept_minor"])


def _owned(
    name: str, *columns: sa.Column[object], keys: dict[str, str], unique: tuple[tuple[str, ...], ...] = ()
) -> None:
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
                ondelete="CASCADE"
                if target == "donors" and name in {"donor_tags", "donor_notes", "donor_standings"}
                else None,
            )
            for column, target in keys.items()
        ),
        *(
            sa.UniqueConstraint("institution_id", *one, name=op.f(f"uq_{name}_institution_id_{'_'.join(one)}"))
            for one in unique
        ),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f(f"pk_{name}")),
    )


def _number(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _text(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _make_what_is_known() -> None:
    _owned(
        "donor_standings",
        _number("donor_id"),
        sa.Column("currency", sa.String(3), nullable=False),
        *(_number(name) for name in ("gifts", "kept_minor", "largest_minor")),
        _moment("first_at"),
        _moment("last_at"),
        keys={"donor_id": "donors"},
        unique=(("donor_id", "currency"),),
    )
    _owned("donor_tags", _number("donor_id"), _text("tag"), keys={"donor_id": "donors"}, unique=(("donor_id", "tag"),))
    op.create_index("ix_donor_tags_tag", "donor_tags", ["institution_id", "tag", "donor_id"])
    _owned(
        "donor_notes", _number("donor_id"), _text("kind"), _text("text"), _text("written_by"), _moment("at"),
        keys={"donor_id": "donors"},
    )  # fmt: skip
    op.create_index("ix_donor_notes_donor", "donor_notes", ["institution_id", "donor_id", "at"])
    _owned(
        "donor_merges", _number("kept_id"), _number("merged_id"),
        sa.Column("moved", postgresql.JSONB(astext_type=sa.Text()), nullable=False), _text("merged_by"), _moment("merged_at"),
        _moment("undone_at", nullable=True), keys={"kept_id": "donors", "merged_id": "donors"},
    )  # fmt: skip
    op.create_index("ix_donor_merges_kept", "donor_merges", ["institution_id", "kept_id"])


def downgrade() -> None:
    """Take it all away."""
    op.execute("DROP TRIGGER count_changed ON gifts")
    op.execute("DROP TRIGGER count_new ON gifts")
    op.execute("DROP TRIGGER count_merged ON donors")
    for name in reversed(FUNCTIONS):
        op.execute(f"DROP FUNCTION {name}")
    for table in reversed(MADE):
        op.drop_table(table)
    for name in ("city", "postcode", "merged"):
        op.drop_index(f"ix_donors_{name}", table_name="donors")
    op.drop_constraint(op.f("fk_donors_institution_id_merged_into_id"), "donors", type_="foreignkey")
    for name in ("merged_into_id", "phone"):
        op.drop_column("donors", name)
