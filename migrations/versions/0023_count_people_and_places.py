"""Count people and places in steps, for the public; let a question lose the name of who asked."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

OWNED = ["campaign_people"]
QUESTIONS = {"new": ["answered", "set_aside"], "set_aside": ["answered", "new"], "answered": []}
FROZEN = "campaign_id text asked_at"

ASKER = """
CREATE FUNCTION keep_or_forget_asker() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  IF NEW.asker_name IS NOT NULL AND NEW.asker_name IS DISTINCT FROM OLD.asker_name THEN
    RAISE EXCEPTION 'questions.asker_name never changes, it may be forgotten' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
REVOKE EXECUTE ON FUNCTION keep_or_forget_asker() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION keep_or_forget_asker() TO cimaise_app;
CREATE TRIGGER asker BEFORE UPDATE ON questions FOR EACH ROW EXECUTE FUNCTION keep_or_forget_asker();
"""


def _guard_questions(frozen: str) -> None:
    op.execute("DROP TRIGGER guard ON questions")
    op.execute(
        "CREATE TRIGGER guard BEFORE UPDATE ON questions FOR EACH ROW"
        f" EXECUTE FUNCTION guard_state('{json.dumps(QUESTIONS)}', '{frozen}')"
    )


def upgrade() -> None:
    """Make the projection, and the mark by which a question is found when its asker wishes to be forgotten."""
    op.create_table(
        "campaign_people",
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("campaign_id", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("counted", "supporters", "first_timers")),
        sa.Column("towns", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("town_count", sa.Integer(), nullable=False),
        sa.Column("elsewhere", sa.BigInteger(), nullable=False),
        sa.Column("median_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institutions.id"], name=op.f("fk_campaign_people_institution_id")
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "campaign_id"],
            ["campaigns.institution_id", "campaigns.id"],
            name=op.f("fk_campaign_people_institution_id_campaign_id"),
        ),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_campaign_people")),
        sa.UniqueConstraint(
            "institution_id", "campaign_id", name=op.f("uq_campaign_people_institution_id_campaign_id")
        ),
    )
    op.execute("ALTER TABLE campaign_people ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE campaign_people FORCE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY museum ON campaign_people USING (institution_id = current_institution())"
        " WITH CHECK (institution_id = current_institution())"
    )
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON campaign_people TO cimaise_app")
    op.execute("GRANT USAGE ON SEQUENCE campaign_people_id_seq TO cimaise_app")
    op.execute("GRANT SELECT ON campaign_people TO cimaise_public")
    op.execute("CREATE POLICY published ON campaign_people FOR SELECT TO cimaise_public USING (true)")
    op.add_column("questions", sa.Column("asker_hash", sa.Text(), nullable=True))
    op.create_index("ix_questions_asker", "questions", ["institution_id", "asker_hash"])
    _guard_questions(FROZEN)
    op.execute(ASKER)
    op.execute("SET LOCAL row_security = off")
    op.execute("ALTER TABLE questions NO FORCE ROW LEVEL SECURITY")
    op.execute(
        "UPDATE questions SET asker_hash = encode(sha256(convert_to(lower(asker_email), 'UTF8')), 'hex')"
        " WHERE asker_email IS NOT NULL"
    )
    op.execute("ALTER TABLE questions FORCE ROW LEVEL SECURITY")
    op.execute("SET LOCAL row_security = on")  # the steps after this one share its transaction


def downgrade() -> None:
    """Undo it."""
    op.execute("DROP TRIGGER asker ON questions")
    op.execute("DROP FUNCTION keep_or_forget_asker()")
    _guard_questions(f"{FROZEN} asker_name")
    op.drop_index("ix_questions_asker", "questions")
    op.drop_column("questions", "asker_hash")
    op.drop_table("campaign_people")
