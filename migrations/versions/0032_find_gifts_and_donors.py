"""Find gifts and donors among a million: words of donors, indexes for the filters, views that are kept.

Row security keeps full-text and pattern operators off an index; a comparison of words is leakproof and stays on it. So the
words of a donor are rows, kept by a trigger, compared by their beginnings in the order of their bytes.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

OWNED = ["donor_words", "saved_views"]
NAMED = "first_name, last_name, company_name, email"

# What separates words: signs of ASCII, and the quotes and dashes of print. Letters of any script stay.
WORDS_OF = r"""
CREATE FUNCTION words_of(said text) RETURNS SETOF text LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, public AS $$
  SELECT DISTINCT left(word, 60) FROM regexp_split_to_table(folded(said), '[\s!-/:-@\[-`{-~\u2010-\u2027\u00ab\u00bb\u00b7]+') AS word
  WHERE word <> ''
$$
"""
KEEP = """
CREATE FUNCTION keep_words_of_donors() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
  IF TG_OP = 'UPDATE' THEN
    DELETE FROM donor_words w WHERE w.institution_id = NEW.institution_id AND w.donor_id = NEW.id;
  END IF;
  INSERT INTO donor_words (institution_id, donor_id, word)
  SELECT NEW.institution_id, NEW.id, word
  FROM words_of(concat_ws(' ', NEW.first_name, NEW.last_name, NEW.company_name, NEW.email)) AS word;
  RETURN NULL;
END $$
"""
FILL = """
INSERT INTO donor_words (institution_id, donor_id, word)
SELECT d.institution_id, d.id, word FROM donors d, words_of(concat_ws(' ', first_name, last_name, company_name, email)) AS word
"""
TABLES_OF_FILL = ("donors", "donor_words")


def upgrade() -> None:
    """Make the tables, the trigger and the indexes; fill the words."""
    _make()
    for table in OWNED:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY museum ON {table} USING (institution_id = current_institution())"
            " WITH CHECK (institution_id = current_institution())"
        )
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO cimaise_app")
    op.execute(WORDS_OF)
    op.execute(KEEP)
    for function in ("words_of(text)", "keep_words_of_donors()"):
        op.execute(f"REVOKE EXECUTE ON FUNCTION {function} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {function} TO cimaise_app")
    op.execute(
        f"CREATE TRIGGER keep_words AFTER INSERT OR UPDATE OF {NAMED} ON donors"
        " FOR EACH ROW EXECUTE FUNCTION keep_words_of_donors()"
    )
    op.execute("SET LOCAL row_security = off")
    for table in TABLES_OF_FILL:
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    op.execute(FILL)
    for table in TABLES_OF_FILL:
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute("SET LOCAL row_security = on")  # the steps after this one share its transaction
    op.create_index("ix_donor_words_word", "donor_words", ["institution_id", "word", "donor_id"])
    op.create_index("ix_donor_words_donor", "donor_words", ["institution_id", "donor_id"])
    op.create_index("ix_gifts_method_received", "gifts", ["institution_id", "method", "received_at", "id"])
    op.create_index("ix_gifts_amount", "gifts", ["institution_id", "amount_minor"])
    op.create_index(
        "ix_gifts_state_received",
        "gifts",
        ["institution_id", "state", "received_at", "id"],
        postgresql_where=sa.text("state <> 'received'"),
    )
    op.create_index("ix_refunds_state", "refunds", ["institution_id", "state"])
    op.create_index(
        "ix_receipt_holds_open",
        "receipt_holds",
        ["institution_id", "outcome"],
        postgresql_where=sa.text("released_at IS NULL"),
    )
    op.create_index(
        "ix_receipts_state", "receipts", ["institution_id", "state"], postgresql_where=sa.text("state <> 'issued'")
    )
    op.create_index(
        "ix_mails_lost", "mails", ["institution_id", "created_at"],
        postgresql_where=sa.text("state IN ('bounced', 'failed')"),
    )  # fmt: skip


def _make() -> None:
    op.create_table(
        "donor_words",
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("donor_id", sa.BigInteger(), nullable=False),
        sa.Column("word", sa.Text(collation="C"), nullable=False),
        sa.ForeignKeyConstraint(["institution_id"], ["institutions.id"], name=op.f("fk_donor_words_institution_id")),
        sa.ForeignKeyConstraint(
            ["institution_id", "donor_id"],
            ["donors.institution_id", "donors.id"],
            name=op.f("fk_donor_words_institution_id_donor_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_donor_words")),
    )
    op.create_table(
        "saved_views",
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("page", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("filters", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("saved_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["institution_id"], ["institutions.id"], name=op.f("fk_saved_views_institution_id")),
        sa.UniqueConstraint("institution_id", "page", "name", name=op.f("uq_saved_views_institution_id_page_name")),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_saved_views")),
    )


def downgrade() -> None:
    """Take it all away."""
    op.drop_index("ix_mails_lost", table_name="mails")
    op.drop_index("ix_receipts_state", table_name="receipts")
    op.drop_index("ix_receipt_holds_open", table_name="receipt_holds")
    op.drop_index("ix_refunds_state", table_name="refunds")
    for name in ("state_received", "amount", "method_received"):
        op.drop_index(f"ix_gifts_{name}", table_name="gifts")
    op.execute("DROP TRIGGER keep_words ON donors")
    op.execute("DROP FUNCTION keep_words_of_donors")
    op.drop_table("saved_views")
    op.drop_table("donor_words")
    op.execute("DROP FUNCTION words_of(text)")
