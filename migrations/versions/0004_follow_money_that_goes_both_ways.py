"""Follow money that goes both ways: pledges reopened and held, charges resolved, gifts refunded and disputed at once."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

FROZEN = "reference pledge_id campaign_id amount_minor currency method gift_date charge"
# As in 0002; a gift that was refunded and is disputed besides may go anywhere from either end.
BEFORE = {
    "received": ["disputed", "lost", "partly_refunded", "refunded"],
    "partly_refunded": ["disputed", "lost", "received", "refunded"],
    "refunded": ["partly_refunded", "received"],
    "disputed": ["lost", "partly_refunded", "received", "refunded"],
    "lost": ["partly_refunded", "received"],
}
STATES = BEFORE | {
    "refunded": ["disputed", "lost", "partly_refunded", "received"],
    "lost": ["disputed", "partly_refunded", "received", "refunded"],
}


def _guard(transitions: dict[str, list[str]]) -> None:
    op.execute("DROP TRIGGER guard ON gifts")
    op.execute(
        "CREATE TRIGGER guard BEFORE UPDATE ON gifts FOR EACH ROW"
        f" EXECUTE FUNCTION guard_state('{json.dumps(transitions)}', '{FROZEN}')"
    )


def upgrade() -> None:
    """Add what the services note; an account of the provider belongs to one museum."""
    moment = sa.DateTime(timezone=True)
    op.add_column("pledges", sa.Column("reopened_at", moment, nullable=True))
    op.add_column("pledges", sa.Column("held_at", moment, nullable=True))
    op.add_column("pledges", sa.Column("told", postgresql.JSONB(), nullable=True))
    op.add_column("quarantined_charges", sa.Column("refund_request", sa.Uuid(), nullable=True))
    op.add_column("quarantined_charges", sa.Column("resolved_at", moment, nullable=True))
    op.create_index("ix_quarantined_charges_state", "quarantined_charges", ["institution_id", "state", "id"])
    op.drop_constraint("uq_issuers_institution_id_payment_account", "issuers", type_="unique")
    op.create_unique_constraint("uq_issuers_payment_account", "issuers", ["payment_account"])
    _guard(STATES)


def downgrade() -> None:
    """Undo it."""
    _guard(BEFORE)
    op.drop_constraint("uq_issuers_payment_account", "issuers", type_="unique")
    op.create_unique_constraint(
        "uq_issuers_institution_id_payment_account", "issuers", ["institution_id", "payment_account"]
    )
    op.drop_index("ix_quarantined_charges_state", table_name="quarantined_charges")
    op.drop_column("quarantined_charges", "resolved_at")
    op.drop_column("quarantined_charges", "refund_request")
    op.drop_column("pledges", "told")
    op.drop_column("pledges", "held_at")
    op.drop_column("pledges", "reopened_at")
