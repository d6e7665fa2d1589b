"""Mark who has given, and which gifts have their receipt or a reason for none: the few others are found by an index."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy import text

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None

# The donor's row is locked after the standing's and before the campaign's totals, as whoever pledges locks them.
MARK_GIVER = """
CREATE FUNCTION mark_giver() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE museum int := coalesce(NEW.institution_id, OLD.institution_id); person bigint := coalesce(NEW.donor_id, OLD.donor_id);
BEGIN
  UPDATE donors d SET gave = s.gave
  FROM (SELECT EXISTS (SELECT FROM donor_standings WHERE institution_id = museum AND donor_id = person AND gifts > 0) AS gave) s
  WHERE d.institution_id = museum AND d.id = person AND d.gave <> s.gave;
  RETURN NULL;
END $$
"""
# Who issues or holds a receipt has locked the gift.
MARK_ANSWERED = """
CREATE FUNCTION mark_answered() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
  UPDATE gifts g SET receipt_answered = s.answered
  FROM (SELECT EXISTS (SELECT FROM receipt_gifts WHERE institution_id = NEW.institution_id AND gift_id = NEW.gift_id)
    OR EXISTS (SELECT FROM receipt_holds WHERE institution_id = NEW.institution_id AND gift_id = NEW.gift_id
      AND released_at IS NULL) AS answered) s
  WHERE g.institution_id = NEW.institution_id AND g.id = NEW.gift_id AND g.receipt_answered <> s.answered;
  RETURN NULL;
END $$
"""
FUNCTIONS = {"mark_giver()": MARK_GIVER, "mark_answered()": MARK_ANSWERED}
TRIGGERS = """
CREATE TRIGGER mark_giver AFTER INSERT OR DELETE ON donor_standings FOR EACH ROW EXECUTE FUNCTION mark_giver();
CREATE TRIGGER mark_giver_again AFTER UPDATE OF gifts ON donor_standings FOR EACH ROW
  WHEN ((OLD.gifts > 0) <> (NEW.gifts > 0)) EXECUTE FUNCTION mark_giver();
CREATE TRIGGER mark_answered AFTER INSERT ON receipt_gifts FOR EACH ROW EXECUTE FUNCTION mark_answered();
CREATE TRIGGER mark_answered AFTER INSERT OR UPDATE OF released_at ON receipt_holds FOR EACH ROW EXECUTE FUNCTION mark_answered();
"""
GAVE = """
UPDATE donors d SET gave = true FROM donor_standings s
WHERE (s.institution_id, s.donor_id) = (d.institution_id, d.id) AND s.gifts > 0
"""
ANSWERED = """
UPDATE gifts g SET receipt_answered = true FROM (
  SELECT institution_id, gift_id FROM receipt_gifts
  UNION SELECT institution_id, gift_id FROM receipt_holds WHERE released_at IS NULL) a
WHERE (a.institution_id, a.gift_id) = (g.institution_id, g.id)
"""
READ = ("donors", "donor_standings", "gifts", "receipt_gifts", "receipt_holds")


def upgrade() -> None:
    """Mark what there is, and keep marking."""
    op.execute(
        f"LOCK TABLE {', '.join(READ)} IN SHARE ROW EXCLUSIVE MODE"
    )  # nothing comes between the marks and the triggers
    op.add_column("donors", sa.Column("gave", sa.Boolean(), nullable=False, server_default=text("false")))
    op.add_column("gifts", sa.Column("receipt_answered", sa.Boolean(), nullable=False, server_default=text("false")))
    for name, function in FUNCTIONS.items():
        op.execute(function)
        op.execute(f"REVOKE EXECUTE ON FUNCTION {name} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {name} TO cimaise_app")
    op.execute("SET LOCAL row_security = off")
    for table in READ:
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")  # the owner is bound by it, too
    op.execute(GAVE)
    op.execute(ANSWERED)
    for table in READ:
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute("SET LOCAL row_security = on")  # the steps after this one share its transaction
    op.execute(TRIGGERS)
    op.create_index(
        "ix_donors_never_gave", "donors", ["institution_id", "id"],
        postgresql_where=text("NOT gave AND merged_into_id IS NULL AND erased_at IS NULL"),
    )  # fmt: skip
    op.create_index(
        "ix_gifts_unanswered", "gifts", ["institution_id", "id"],
        postgresql_where=text("wants_receipt AND NOT receipt_answered"),
    )  # fmt: skip
    op.drop_index("ix_gifts_wanting_receipt", "gifts")


def downgrade() -> None:
    """Find them by what they lack again."""
    op.create_index(
        "ix_gifts_wanting_receipt", "gifts", ["institution_id", "id"], postgresql_include=["state"],
        postgresql_where=text("wants_receipt"),
    )  # fmt: skip
    op.drop_index("ix_gifts_unanswered", "gifts")
    op.drop_index("ix_donors_never_gave", "donors")
    for table in ("receipt_gifts", "receipt_holds"):
        op.execute(f"DROP TRIGGER mark_answered ON {table}")
    for name in ("mark_giver", "mark_giver_again"):
        op.execute(f"DROP TRIGGER {name} ON donor_standings")
    for name in FUNCTIONS:
        op.execute(f"DROP FUNCTION {name}")
    op.drop_column("gifts", "receipt_answered")
    op.drop_column("donors", "gave")
