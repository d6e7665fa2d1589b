"""Index what the desk asks for."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Index what the desk asks for."""
    op.create_index("ix_audit_entries_subject", "audit_entries", ["institution_id", "subject"], unique=False)
    op.create_index("ix_provider_calls_subject", "provider_calls", ["institution_id", "subject"], unique=False)
    op.create_index("ix_provider_events_object", "provider_events", ["institution_id", "object_id"], unique=False)
    op.create_index("ix_receipt_gifts_gift", "receipt_gifts", ["institution_id", "gift_id"], unique=False)


def downgrade() -> None:
    """Undo it."""
    op.drop_index("ix_receipt_gifts_gift", table_name="receipt_gifts")
    op.drop_index("ix_provider_events_object", table_name="provider_events")
    op.drop_index("ix_provider_calls_subject", table_name="provider_calls")
    op.drop_index("ix_audit_entries_subject", table_name="audit_entries")
