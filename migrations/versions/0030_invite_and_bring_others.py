"""Invite donors and count who comes; let donors bring others: gatherings, bookings, visits, ambassadors."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

OWNED = "ambassadors bookings gatherings museum_visits".split()
MADE = ["gatherings", "bookings", "museum_visits", "ambassadors"]
RIGHTS = {"museum_visits": "SELECT, INSERT, DELETE"}  # the door takes back a wrong touch

# table → (transitions, columns that never change), as in 0002
STATES: dict[str, tuple[dict[str, list[str]], str]] = {
    "gatherings": ({"planned": ["cancelled", "open"], "open": ["cancelled"], "cancelled": []}, "campaign_id"),
    "bookings": (
        {
            "booked": ["cancelled", "waiting"],
            "waiting": ["booked", "cancelled"],
            "cancelled": ["booked", "waiting"],
        },
        "gathering_id pledge_id",
    ),
}

# Whatever the application does, no room holds more people than it has places.
ROOM = """
CREATE FUNCTION guard_room() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
  IF NEW.state = 'booked' AND (
    SELECT coalesce(sum(b.people), 0) FROM bookings b
    WHERE b.institution_id = NEW.institution_id AND b.gathering_id = NEW.gathering_id AND b.state = 'booked' AND b.id <> NEW.id
  ) + NEW.people > (
    SELECT g.capacity FROM gatherings g WHERE g.institution_id = NEW.institution_id AND g.id = NEW.gathering_id
  ) THEN
    RAISE EXCEPTION 'the room is full' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
REVOKE EXECUTE ON FUNCTION guard_room() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION guard_room() TO cimaise_app;
CREATE TRIGGER room BEFORE INSERT OR UPDATE OF state, people ON bookings FOR EACH ROW EXECUTE FUNCTION guard_room();
"""


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
    """Make the tables and guard them."""
    _make_gatherings()
    _make_people()
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
    op.execute(ROOM)


def _integers(*names: str) -> list[sa.Column[object]]:
    return [sa.Column(name, sa.Integer(), nullable=False) for name in names]


def _make_gatherings() -> None:
    _owned(
        "gatherings",
        *_numbers("campaign_id"),
        *_numbers("reward_id", nullable=True),
        *_texts("kind", "state"),
        sa.Column("title", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        *_texts("place"),
        *_moments("starts_at", "ends_at"),
        *_integers("capacity", "most_each"),
        *_moments("invited_at", nullable=True),
        *_integers("times_invited"),
        *_moments("created_at"),
        sa.CheckConstraint("capacity > 0 AND most_each > 0", name=op.f("ck_gatherings_capacity")),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_gatherings_times")),
        keys={"campaign_id": "campaigns", "reward_id": "rewards"},
    )
    op.create_index("ix_gatherings_campaign", "gatherings", ["institution_id", "campaign_id", "starts_at"])
    _owned(
        "bookings",
        *_numbers("gathering_id", "pledge_id", "donor_id"),
        *_texts("state"),
        *_integers("people", "came"),
        *_moments("came_at", nullable=True),
        *_moments("asked_at"),
        *_integers("version"),
        sa.CheckConstraint("people > 0 AND came >= 0", name=op.f("ck_bookings_people")),
        keys={"gathering_id": "gatherings", "pledge_id": "pledges", "donor_id": "donors"},
        unique=(("gathering_id", "pledge_id"),),
    )
    op.create_index("ix_bookings_pledge", "bookings", ["institution_id", "pledge_id"])
    op.create_index("ix_bookings_donor", "bookings", ["institution_id", "donor_id"])


def _make_people() -> None:
    _owned(
        "museum_visits",
        *_numbers("campaign_id", "pledge_id", "donor_id"),
        sa.Column("day", sa.Date(), nullable=False),
        *_integers("people"),
        *_texts("way"),
        *_moments("at"),
        sa.CheckConstraint("people > 0", name=op.f("ck_museum_visits_people")),
        keys={"campaign_id": "campaigns", "pledge_id": "pledges", "donor_id": "donors"},
        unique=(("pledge_id", "day"),),
    )
    op.create_index("ix_museum_visits_campaign", "museum_visits", ["institution_id", "campaign_id"])
    _owned(
        "ambassadors",
        *_numbers("campaign_id", "donor_id"),
        *_texts("name"),
        *_integers("goal"),
        *_texts("code"),
        sa.Column("wants_mail", sa.Boolean(), nullable=False),
        *_texts("locale"),
        *_moments("created_at"),
        *_moments("off_at", nullable=True),
        sa.CheckConstraint("goal > 0", name=op.f("ck_ambassadors_goal")),
        keys={"campaign_id": "campaigns", "donor_id": "donors"},
        unique=(("code",), ("campaign_id", "donor_id")),
    )
    op.create_index("ix_ambassadors_donor", "ambassadors", ["institution_id", "donor_id"])


def downgrade() -> None:
    """Take it all away."""
    for table in reversed(MADE):
        op.drop_table(table)
    op.execute("DROP FUNCTION guard_room")
