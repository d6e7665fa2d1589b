"""Let a paper that was withdrawn come back to the museum's own eyes: a slip can be undone."""

from __future__ import annotations

import json

from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

FROZEN = "campaign_id storage_key sha256 size_bytes"
BEFORE = {"internal": ["public", "withdrawn"], "public": ["internal", "withdrawn"], "withdrawn": []}
STATES = {"campaign_documents": (BEFORE | {"withdrawn": ["internal"]}, FROZEN)}


def upgrade() -> None:
    """Guard the new way."""
    _guard(STATES["campaign_documents"][0])


def downgrade() -> None:
    """Guard the old ones alone."""
    _guard(BEFORE)


def _guard(transitions: dict[str, list[str]]) -> None:
    op.execute("DROP TRIGGER guard ON campaign_documents")
    op.execute(
        "CREATE TRIGGER guard BEFORE UPDATE ON campaign_documents FOR EACH ROW"
        f" EXECUTE FUNCTION guard_state('{json.dumps(transitions)}', '{FROZEN}')"
    )
