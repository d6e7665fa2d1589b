"""Match what comes to the account, pay cheques in, count boxes: by two people, each step only as the rules allow."""

from __future__ import annotations

import json

import sqlalchemy as sa
import sqlalchemy.dialects.postgresql
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

OWNED = ["bank_lines", "batches", "cheques", "column_maps", "counts", "statements"]
RIGHTS = {"cheques": "SELECT, INSERT, UPDATE, DELETE"}  # a row may leave a batch that is being entered
STATES: dict[str, tuple[dict[str, list[str]], str]] = {
    "statements": (
        {"read": ["dropped", "imported"], "imported": [], "dropped": []},
        "issuer_id form filename sha256 account recorded_by created_at",
    ),
    "bank_lines": (
        {
            "recorded": ["aside", "matched", "returned"],
            "matched": ["closed", "recorded"],
            "closed": ["recorded"],
            "aside": ["recorded"],
            "returned": ["recorded"],
        },
        "statement_id issuer_id account key booked_on amount_minor currency",
    ),
    "batches": (
        {
            "recorded": ["counted", "dropped"],
            "counted": ["closed", "recorded"],
            "closed": [],
            "dropped": [],
        },
        "attempt issuer_id currency opened_by created_at",
    ),
    "cheques": (
        {"recorded": ["closed"], "closed": ["returned"], "returned": []},
        "attempt batch_id pledge_id donor_id campaign_id amount_minor currency number bank received_on handed recorded_by",
    ),
    "counts": (
        {"recorded": ["closed", "dropped"], "closed": [], "dropped": []},
        "attempt kind campaign_id place day sheet total_minor currency units recorded_by created_at",
    ),
}
TWO_PEOPLE = "approved_by IS NULL OR approved_by <> recorded_by"

# A cheque may leave its batch, and come to it, while the batch is being entered; and a number once given stays.
GUARD = """
CREATE FUNCTION guard_cheque_rows() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
  batch bigint := CASE WHEN TG_OP = 'DELETE' THEN OLD.batch_id ELSE NEW.batch_id END;
  museum int := CASE WHEN TG_OP = 'DELETE' THEN OLD.institution_id ELSE NEW.institution_id END;
BEGIN
  IF NOT EXISTS (SELECT FROM batches b WHERE b.institution_id = museum AND b.id = batch AND b.state = 'recorded') THEN
    RAISE EXCEPTION 'the batch is counted' USING ERRCODE = 'check_violation';
  END IF;
  RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER rows BEFORE INSERT OR DELETE ON cheques FOR EACH ROW EXECUTE FUNCTION guard_cheque_rows();

CREATE FUNCTION guard_slip_number() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  IF OLD.number IS NOT NULL AND NEW.number IS DISTINCT FROM OLD.number THEN
    RAISE EXCEPTION 'the number of a deposit slip never changes' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER numbered BEFORE UPDATE ON batches FOR EACH ROW EXECUTE FUNCTION guard_slip_number();
REVOKE EXECUTE ON FUNCTION guard_cheque_rows(), guard_slip_number() FROM PUBLIC;
"""


def _owned(
    table: str, *columns: sa.schema.SchemaItem, keys: dict[str, str], unique: tuple[tuple[str, ...], ...] = ()
) -> None:
    op.create_table(
        table,
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        *columns,
        *(
            sa.ForeignKeyConstraint(
                ["institution_id", column],
                [f"{target}.institution_id", f"{target}.id"],
                name=op.f(f"fk_{table}_institution_id_{column}"),
            )
            for column, target in keys.items()
        ),
        *(
            sa.UniqueConstraint("institution_id", *names, name=op.f(f"uq_{table}_institution_id_{'_'.join(names)}"))
            for names in unique
        ),
        sa.ForeignKeyConstraint(["institution_id"], ["institutions.id"], name=op.f(f"fk_{table}_institution_id")),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f(f"pk_{table}")),
    )


def _texts(*names: str, nullable: bool = False) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=nullable) for name in names]


def _numbers(*names: str, nullable: bool = False) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), nullable=nullable) for name in names]


def _moments(*names: str, nullable: bool = False) -> list[sa.Column[object]]:
    return [sa.Column(name, sa.DateTime(timezone=True), nullable=nullable) for name in names]


def _check(table: str, name: str, rule: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(rule, name=op.f(f"ck_{table}_{name}"))


def _currency() -> sa.Column[str]:
    return sa.Column("currency", sa.String(3), nullable=False)


def upgrade() -> None:
    """Make the tables and guard them."""
    _make_statements()
    _make_lines()
    _make_batches()
    _make_counts()
    for table in OWNED:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY museum ON {table} USING (institution_id = current_institution())"
            " WITH CHECK (institution_id = current_institution())"
        )
        op.execute(f"GRANT {RIGHTS.get(table, 'SELECT, INSERT, UPDATE')} ON {table} TO cimaise_app")
        op.execute(f"GRANT USAGE ON SEQUENCE {table}_id_seq TO cimaise_app")
    for table, (transitions, frozen) in STATES.items():
        op.execute(
            f"CREATE TRIGGER guard BEFORE UPDATE ON {table} FOR EACH ROW"
            f" EXECUTE FUNCTION guard_state('{json.dumps(transitions)}', '{frozen}')"
        )
    op.execute(GUARD)


def _make_statements() -> None:
    _owned(
        "statements",
        *_numbers("issuer_id"),
        *_texts("form", "filename", "sha256", "account"),
        sa.Column("source", sa.LargeBinary(), nullable=True),
        *_texts("state"),
        sa.Column("lines_new", sa.Integer(), nullable=False),
        sa.Column("lines_known", sa.Integer(), nullable=False),
        *_texts("recorded_by"),
        *_moments("created_at"),
        *_moments("imported_at", nullable=True),
        keys={"issuer_id": "issuers"},
    )
    op.create_index("ix_statements_made", "statements", ["institution_id", "created_at"])
    _owned(
        "column_maps",
        *_texts("head_sha256"),
        sa.Column("columns", sa.dialects.postgresql.JSONB(), nullable=False),
        *_moments("changed_at"),
        keys={},
        unique=(("head_sha256",),),
    )


def _make_lines() -> None:
    _owned(
        "bank_lines",
        *_numbers("statement_id", "issuer_id"),
        *_texts("account", "key"),
        sa.Column("booked_on", sa.Date(), nullable=False),
        *_numbers("amount_minor"),
        _currency(),
        *_texts("payer", "text", "state"),
        *_numbers("pledge_id", "donor_id", "campaign_id", nullable=True),
        sa.Column("wants_receipt", sa.Boolean(), nullable=False),
        *_texts("note", "recorded_by", "approved_by", nullable=True),
        *_moments("approved_at", nullable=True),
        *_numbers("gift_id", nullable=True),
        sa.Column("rounds", sa.Integer(), nullable=False),
        _check("bank_lines", "amount", "amount_minor > 0"),
        _check("bank_lines", "two_people", TWO_PEOPLE),
        _check("bank_lines", "closed", "state <> 'closed' OR (approved_by IS NOT NULL AND gift_id IS NOT NULL)"),
        _check("bank_lines", "matched", "state NOT IN ('matched', 'closed') OR recorded_by IS NOT NULL"),
        keys={
            "statement_id": "statements", "issuer_id": "issuers", "pledge_id": "pledges", "donor_id": "donors",
            "campaign_id": "campaigns", "gift_id": "gifts",
        },
        unique=(("account", "key"),),
    )  # fmt: skip
    op.create_index("ix_bank_lines_state", "bank_lines", ["institution_id", "state", "id"])


def _make_batches() -> None:
    _owned(
        "batches",
        sa.Column("attempt", sa.Uuid(), nullable=False),
        *_numbers("issuer_id"),
        sa.Column("number", sa.Integer(), nullable=True),
        _currency(),
        *_texts("state", "opened_by"),
        *_moments("created_at"),
        *_texts("recorded_by", nullable=True),
        *_moments("counted_at", nullable=True),
        *_texts("approved_by", nullable=True),
        *_moments("approved_at", nullable=True),
        *_texts("accountant_reference", nullable=True),
        _check("batches", "two_people", TWO_PEOPLE),
        _check("batches", "closed", "state <> 'closed' OR approved_by IS NOT NULL"),
        _check(
            "batches",
            "counted",
            "state NOT IN ('counted', 'closed') OR (number IS NOT NULL AND recorded_by IS NOT NULL)",
        ),
        keys={"issuer_id": "issuers"},
        unique=(("attempt",), ("issuer_id", "number")),
    )
    op.create_index("ix_batches_state", "batches", ["institution_id", "state", "id"])
    _owned(
        "cheques",
        sa.Column("attempt", sa.Uuid(), nullable=False),
        *_numbers("batch_id"),
        *_numbers("pledge_id", nullable=True),
        *_numbers("donor_id", "campaign_id", "amount_minor"),
        _currency(),
        *_texts("number", "bank"),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("handed", sa.Boolean(), nullable=False),
        sa.Column("wants_receipt", sa.Boolean(), nullable=False),
        *_texts("state", "recorded_by"),
        *_texts("approved_by", nullable=True),
        *_numbers("gift_id", nullable=True),
        *_moments("created_at"),
        _check("cheques", "amount", "amount_minor > 0"),
        _check("cheques", "two_people", TWO_PEOPLE),
        _check("cheques", "closed", "state = 'recorded' OR (approved_by IS NOT NULL AND gift_id IS NOT NULL)"),
        keys={
            "batch_id": "batches", "pledge_id": "pledges", "donor_id": "donors", "campaign_id": "campaigns", "gift_id": "gifts",
        },
        unique=(("attempt",),),
    )  # fmt: skip
    op.create_index("ix_cheques_batch", "cheques", ["institution_id", "batch_id", "id"])


def _make_counts() -> None:
    _owned(
        "counts",
        sa.Column("attempt", sa.Uuid(), nullable=False),
        *_texts("kind"),
        *_numbers("campaign_id"),
        *_texts("place"),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("sheet", sa.dialects.postgresql.JSONB(), nullable=False),
        *_numbers("total_minor"),
        _currency(),
        sa.Column("units", sa.Integer(), nullable=False),
        *_texts("state", "recorded_by"),
        *_moments("created_at"),
        *_texts("approved_by", nullable=True),
        *_moments("approved_at", nullable=True),
        *_numbers("gift_id", nullable=True),
        _check("counts", "amount", "total_minor > 0 AND units > 0"),
        _check("counts", "two_people", TWO_PEOPLE),
        _check("counts", "closed", "state <> 'closed' OR (approved_by IS NOT NULL AND gift_id IS NOT NULL)"),
        keys={"campaign_id": "campaigns", "gift_id": "gifts"},
        unique=(("attempt",),),
    )
    op.create_index("ix_counts_state", "counts", ["institution_id", "state", "id"])


def downgrade() -> None:
    """Undo it."""
    for table in ("counts", "cheques", "batches", "bank_lines", "column_maps", "statements"):
        op.drop_table(table)
    op.execute("DROP FUNCTION guard_cheque_rows, guard_slip_number")
