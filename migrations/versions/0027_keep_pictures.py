"""Keep pictures that museums upload: what is shown of them, in words too; their files are in the storage."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

OWNED = ("pictures",)


def upgrade() -> None:
    """Make the table and guard it. The public reads all of it: a picture's address cannot be guessed."""
    op.create_table(
        "pictures",
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("width", "height")),
        *(sa.Column(name, postgresql.JSONB(astext_type=sa.Text()), nullable=False) for name in ("widths", "alt")),
        sa.Column("credit", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("focus_x", "focus_y")),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("focus_x BETWEEN 0 AND 100 AND focus_y BETWEEN 0 AND 100", name=op.f("ck_pictures_focus")),
        sa.ForeignKeyConstraint(["institution_id"], ["institutions.id"], name=op.f("fk_pictures_institution_id")),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_pictures")),
        sa.UniqueConstraint("institution_id", "digest", name=op.f("uq_pictures_institution_id_digest")),
    )
    op.execute("ALTER TABLE pictures ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE pictures FORCE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY museum ON pictures USING (institution_id = current_institution())"
        " WITH CHECK (institution_id = current_institution())"
    )
    op.execute("GRANT SELECT, INSERT, UPDATE ON pictures TO cimaise_app")
    op.execute("GRANT SELECT ON pictures TO cimaise_public")
    op.execute("CREATE POLICY published ON pictures FOR SELECT TO cimaise_public USING (true)")


def downgrade() -> None:
    """Take it away."""
    op.drop_table("pictures")
