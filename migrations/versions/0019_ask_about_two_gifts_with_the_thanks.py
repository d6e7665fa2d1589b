"""Ask about two gifts with the thanks: facts that wait for the listener of its own go to the one that thanks.

Told again it sends no letter twice, and asks what was not asked.
"""

from __future__ import annotations

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Hand the waiting facts on. Their key stands beside that of the fact which thanks."""
    op.execute("SET LOCAL row_security = off")
    op.execute("ALTER TABLE outbox NO FORCE ROW LEVEL SECURITY")
    op.execute("""
        UPDATE outbox SET listener = 'gifts.tasks.thank', key = key || ' two'
        WHERE listener = 'gifts.tasks.ask_about_two' AND delivered_at IS NULL
    """)
    op.execute("ALTER TABLE outbox FORCE ROW LEVEL SECURITY")
    op.execute("SET LOCAL row_security = on")  # the steps after this one share its transaction


def downgrade() -> None:
    """Change nothing: whoever asked by itself finds its new facts."""
