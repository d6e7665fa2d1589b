"""Name a bank's line by its day and amount beside the bank's reference, which some banks write alike on every line."""

from __future__ import annotations

from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

# As `desk.reading.with_keys` makes them; lines are numbered in the order in which they came.
NAMED = """
WITH lines AS (
  SELECT institution_id, id, account, key,
    CASE WHEN key NOT LIKE 'ref:%' THEN regexp_replace(key, ':[0-9]+$', '')
         WHEN upper(substring(key FROM '^ref:(.*):[0-9]+$')) IN ('NONREF', 'NOTPROVIDED') THEN 'sha:' || encode(sha256(convert_to(
           concat_ws(E'\x1f', booked_on, amount_minor, currency, payer, text), 'UTF8')), 'hex')
         ELSE concat_ws(':', 'ref', substring(key FROM '^ref:(.*):[0-9]+$'), booked_on, amount_minor, currency) END AS base
  FROM bank_lines
), numbered AS (
  SELECT institution_id, id, base || ':' || row_number() OVER (PARTITION BY institution_id, account, base ORDER BY id) AS key
  FROM lines
)
UPDATE bank_lines b SET key = n.key FROM numbered n
WHERE n.institution_id = b.institution_id AND n.id = b.id AND b.key LIKE 'ref:%'
"""


def upgrade() -> None:
    """Name the lines that are there as the next file will name them."""
    op.execute("ALTER TABLE bank_lines NO FORCE ROW LEVEL SECURITY")  # the owner is bound by it, too
    op.execute("ALTER TABLE bank_lines DISABLE TRIGGER USER")  # a key does not change, but for this once
    op.execute(NAMED)
    op.execute("ALTER TABLE bank_lines ENABLE TRIGGER USER")
    op.execute("ALTER TABLE bank_lines FORCE ROW LEVEL SECURITY")


def downgrade() -> None:
    """Leave the names: the earlier ones were less sure."""
