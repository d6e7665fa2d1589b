"""Tell where on the picture each piece lies, and which picture they are drawn on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

SIDES = ("x", "y", "width", "height")


def upgrade() -> None:
    """Add the place, whole or not at all, and the picture: without one it is that of the work."""
    for side in SIDES:
        op.add_column("pieces", sa.Column(side, sa.Integer(), nullable=True))
    op.create_check_constraint(
        op.f("ck_pieces_place"),
        "pieces",
        "num_nulls(x, y, width, height) IN (0, 4) AND x >= 0 AND y >= 0 AND width > 0 AND height > 0"
        " AND x + width <= 10000 AND y + height <= 10000",
    )
    op.add_column("campaigns", sa.Column("pieces_image", sa.Text(), nullable=True))


def downgrade() -> None:
    """Undo it."""
    op.drop_column("campaigns", "pieces_image")
    op.drop_constraint(op.f("ck_pieces_place"), "pieces")
    for side in SIDES:
        op.drop_column("pieces", side)
