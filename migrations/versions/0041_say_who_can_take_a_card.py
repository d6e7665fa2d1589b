"""Say of each issuer whether a card can be taken for it, so that a page asks for no gift that would be refused."""

from __future__ import annotations

from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Derive it from the account's state; the public reads the answer and not the account."""
    op.execute(
        "ALTER TABLE issuers ADD COLUMN takes_cards boolean NOT NULL GENERATED ALWAYS AS (payment_account IS NOT NULL"
        " AND payment_account_state NOT IN ('restricted', 'blocked', 'deauthorized')) STORED"
    )
    op.execute("GRANT SELECT (takes_cards) ON issuers TO cimaise_public")


def downgrade() -> None:
    """Take it away."""
    op.drop_column("issuers", "takes_cards")
