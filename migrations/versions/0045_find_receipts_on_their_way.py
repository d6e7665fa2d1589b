"""Find the gifts whose receipt is on its way without reading every gift: few receipts are not written yet."""

from __future__ import annotations

from alembic import op
from sqlalchemy import text

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Keep the gifts that ask for a receipt, and the receipts that are not written, in an index of their own."""
    op.create_index(
        "ix_gifts_wanting_receipt",
        "gifts",
        ["institution_id", "id"],
        postgresql_include=["state"],
        postgresql_where=text("wants_receipt"),
    )
    op.create_index(
        "ix_receipts_unwritten", "receipts", ["institution_id", "id"], postgresql_where=text("sha256 IS NULL")
    )


def downgrade() -> None:
    """Read them all again."""
    op.drop_index("ix_receipts_unwritten", "receipts")
    op.drop_index("ix_gifts_wanting_receipt", "gifts")
