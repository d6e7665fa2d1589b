"""Owe rewards and thanks: counterparts and each of their steps, rules of thanks, calls, letters and their batches."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

OWNED = "counterpart_steps counterparts letter_batches thank_calls thank_letters thank_rules".split()
MADE = ["thank_rules", "thank_calls", "letter_batches", "thank_letters", "counterparts", "counterpart_steps"]
RIGHTS = {"counterpart_steps": "SELECT, INSERT"}

# table → (transitions, columns that never change), as in 0002
STATES: dict[str, tuple[dict[str, list[str]], str]] = {
    "counterparts": (
        {
            "promised": ["cancelled", "handed_over", "impossible", "ready", "waived"],
            "ready": ["cancelled", "handed_over", "impossible", "promised", "waived"],
            "handed_over": ["promised", "ready"],
            "waived": ["cancelled", "promised", "ready"],
            "impossible": ["cancelled", "promised", "ready"],
            "cancelled": ["impossible", "promised"],
        },
        "gift_id pledge_id reward_id campaign_id value_minor currency made_at",
    ),
    "thank_calls": (
        {
            "due": ["dropped", "made", "unreached"],
            "unreached": ["dropped", "due", "made"],
            "made": ["due"],
            "dropped": ["due"],
        },
        "gift_id due_at",
    ),
    "thank_letters": (
        {"due": ["dropped", "printed"], "printed": ["due", "sent"], "sent": ["printed"], "dropped": ["due"]},
        "gift_id",
    ),
    "letter_batches": ({"printed": ["sent"], "sent": ["printed"]}, "number made_by made_at"),
}

# What gifts owed before: nothing has been handed over that we know of.
OWED = """
INSERT INTO counterparts (institution_id, gift_id, pledge_id, reward_id, campaign_id, donor_id, state, value_minor, currency,
  made_at, changed_at, times_reminded)
SELECT DISTINCT ON (g.institution_id, p.id) g.institution_id, g.id, p.id, p.reward_id, g.campaign_id, p.donor_id, 'promised',
  g.counterpart_minor, g.currency, g.created_at, g.created_at, 0
FROM gifts g JOIN pledges p ON (p.institution_id, p.id) = (g.institution_id, g.pledge_id)
WHERE p.reward_id IS NOT NULL AND p.reward_state = 'claimed' AND g.campaign_id = p.campaign_id AND g.moved_from_id IS NULL
  AND g.state NOT IN ('refunded', 'lost')
ORDER BY g.institution_id, p.id, g.id
"""
STEPS = """
INSERT INTO counterpart_steps (institution_id, counterpart_id, before, after, act, by, at)
SELECT institution_id, id, NULL, state, gen_random_uuid(), 'migration', made_at FROM counterparts
"""
READ_BY_OWNER = ("gifts", "pledges", "counterparts", "counterpart_steps")


def _owned(
    name: str,
    *columns: sa.Column[object] | sa.CheckConstraint,
    keys: dict[str, str],
    unique: tuple[tuple[str, ...], ...] = (),
) -> None:
    """Make a table of a museum: its key, its links to others (column → table), what is unique in a museum."""
    op.create_table(
        name,
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        *columns,
        sa.ForeignKeyConstraint(["institution_id"], ["institutions.id"], name=op.f(f"fk_{name}_institution_id")),
        *(
            sa.ForeignKeyConstraint(
                ["institution_id", column],
                [f"{target}.institution_id", f"{target}.id"],
                name=op.f(f"fk_{name}_institution_id_{column}"),
            )
            for column, target in keys.items()
        ),
        *(
            sa.UniqueConstraint("institution_id", *one, name=op.f(f"uq_{name}_institution_id_{'_'.join(one)}"))
            for one in unique
        ),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f(f"pk_{name}")),
    )


def _texts(*names: str, nullable: bool = False) -> list[sa.Column[object]]:
    return [sa.Column(name, sa.Text(), nullable=nullable) for name in names]


def _numbers(*names: str, nullable: bool = False) -> list[sa.Column[object]]:
    return [sa.Column(name, sa.BigInteger(), nullable=nullable) for name in names]


def _moments(*names: str, nullable: bool = False) -> list[sa.Column[object]]:
    return [sa.Column(name, sa.DateTime(timezone=True), nullable=nullable) for name in names]


def upgrade() -> None:
    """Make the tables, guard them, and write down what is owed already."""
    _make_thanks()
    _make_counterparts()
    for table in OWNED:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY museum ON {table} USING (institution_id = current_institution())"
            " WITH CHECK (institution_id = current_institution())"
        )
        op.execute(f"GRANT {RIGHTS.get(table, 'SELECT, INSERT, UPDATE')} ON {table} TO cimaise_app")
    for table, (transitions, frozen) in STATES.items():
        op.execute(
            f"CREATE TRIGGER guard BEFORE UPDATE ON {table} FOR EACH ROW"
            f" EXECUTE FUNCTION guard_state('{json.dumps(transitions)}', '{frozen}')"
        )
    op.execute("SET LOCAL row_security = off")
    for table in READ_BY_OWNER:
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    op.execute(OWED)
    op.execute(STEPS)
    for table in READ_BY_OWNER:
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute("SET LOCAL row_security = on")  # the steps after this one share its transaction


def _make_thanks() -> None:
    _owned(
        "thank_rules",
        sa.Column("position", sa.Integer(), nullable=False),
        *_texts("name"),
        sa.Column("active", sa.Boolean(), nullable=False),
        *_numbers("from_minor"),
        sa.Column("currency", sa.String(3), nullable=False),
        *_texts("method", nullable=True),
        *_texts("turn"),
        *_texts("locale", nullable=True),
        sa.Column("words", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        *_texts("signed_by", "signed_as"),
        sa.Column("calls", sa.Boolean(), nullable=False),
        sa.Column("letter", sa.Boolean(), nullable=False),
        *_moments("created_at"),
        sa.CheckConstraint("from_minor >= 0", name=op.f("ck_thank_rules_amount")),
        sa.CheckConstraint("turn IN ('any', 'first', 'again')", name=op.f("ck_thank_rules_turn")),
        keys={},
    )
    _owned(
        "thank_calls",
        *_numbers("gift_id", "donor_id", "rule_id"),
        *_texts("state"),
        *_moments("due_at"),
        *_texts("phone", "note", "called_by", nullable=True),
        *_moments("called_at", nullable=True),
        *_moments("created_at"),
        keys={"gift_id": "gifts", "donor_id": "donors", "rule_id": "thank_rules"},
        unique=(("gift_id",),),
    )
    op.create_index("ix_thank_calls_due", "thank_calls", ["institution_id", "state", "due_at"])
    _owned(
        "letter_batches",
        sa.Column("number", sa.Integer(), nullable=False),
        *_texts("state", "window"),
        sa.Column("letters", sa.Integer(), nullable=False),
        *_texts("made_by"),
        *_moments("made_at"),
        *_moments("sent_at", nullable=True),
        keys={},
        unique=(("number",),),
    )
    _owned(
        "thank_letters",
        *_numbers("gift_id", "donor_id"),
        *_numbers("rule_id", "batch_id", nullable=True),
        *_texts("state"),
        *_texts("words", "signed_by", "signed_as", nullable=True),
        *_moments("created_at"),
        keys={"gift_id": "gifts", "donor_id": "donors", "rule_id": "thank_rules", "batch_id": "letter_batches"},
        unique=(("gift_id",),),
    )
    op.create_index("ix_thank_letters_state", "thank_letters", ["institution_id", "state", "id"])
    op.create_index("ix_thank_letters_batch", "thank_letters", ["institution_id", "batch_id"])


def _make_counterparts() -> None:
    _owned(
        "counterparts",
        *_numbers("gift_id", "pledge_id", "reward_id", "campaign_id", "donor_id"),
        *_texts("state"),
        *_numbers("value_minor"),
        sa.Column("currency", sa.String(3), nullable=False),
        *_texts("note", nullable=True),
        *_moments("made_at", "changed_at"),
        *_moments("reminded_at", nullable=True),
        sa.Column("times_reminded", sa.Integer(), nullable=False),
        sa.CheckConstraint("value_minor >= 0", name=op.f("ck_counterparts_value")),
        keys={
            "gift_id": "gifts",
            "pledge_id": "pledges",
            "reward_id": "rewards",
            "campaign_id": "campaigns",
            "donor_id": "donors",
        },
        unique=(("pledge_id",),),
    )
    op.create_index("ix_counterparts_reward", "counterparts", ["institution_id", "reward_id", "state", "id"])
    op.create_index("ix_counterparts_gift", "counterparts", ["institution_id", "gift_id"])
    op.create_index("ix_counterparts_donor", "counterparts", ["institution_id", "donor_id"])
    _owned(
        "counterpart_steps",
        *_numbers("counterpart_id"),
        *_texts("before", nullable=True),
        *_texts("after"),
        sa.Column("act", sa.Uuid(), nullable=False),
        *_texts("by"),
        *_moments("at"),
        keys={"counterpart_id": "counterparts"},
    )
    op.create_index(
        "ix_counterpart_steps_counterpart", "counterpart_steps", ["institution_id", "counterpart_id", "at", "id"]
    )
    op.create_index("ix_counterpart_steps_act", "counterpart_steps", ["institution_id", "act"])


def downgrade() -> None:
    """Take it all away."""
    for table in reversed(MADE):
        op.drop_table(table)
