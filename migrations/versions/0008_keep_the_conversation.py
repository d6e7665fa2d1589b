"""Keep the conversation: news and their corrections, questions and answers, followers, mailings, links for friends."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

OWNED = "dispatches early_links followers news news_corrections news_texts questions".split()
MADE = ["early_links", "followers", "news", "news_texts", "news_corrections", "questions", "dispatches"]
RIGHTS = {
    "news_corrections": "SELECT, INSERT",
    "followers": "SELECT, INSERT, UPDATE, DELETE",
}

# table → (transitions, columns that never change), as in 0002
STATES: dict[str, tuple[dict[str, list[str]], str]] = {
    "news": (
        {
            "draft": ["dropped", "planned", "published"],
            "planned": ["draft", "dropped", "published"],
            "published": [],
            "dropped": [],
        },
        "campaign_id",
    ),
    "questions": (
        {"new": ["answered", "set_aside"], "set_aside": ["answered", "new"], "answered": []},
        "campaign_id text asker_name asked_at",
    ),
    "followers": (
        {"waiting": ["confirmed", "ended"], "confirmed": ["ended"], "ended": []},
        "campaign_id purpose key token_hash",
    ),
}

# What the public role reads: table → (columns, which rows).
PUBLIC = {
    "news": (
        "institution_id, id, campaign_id, kind, state, published_at, image, image_width, image_height, image_alt",
        "state = 'published'",
    ),
    "news_texts": (
        "institution_id, id, news_id, locale, title, text, status",
        (
            "status = 'approved' AND EXISTS (SELECT FROM news n"
            " WHERE n.institution_id = news_texts.institution_id AND n.id = news_texts.news_id)"
        ),
    ),
    "news_corrections": ("institution_id, id, news_id, locale, text, made_at", "true"),
    "questions": (
        (
            "institution_id, id, campaign_id, state, text, asker_name, locale, asked_at, answer, answer_locale, answered_by,"
            " answered_as, answered_at"
        ),
        "state = 'answered'",
    ),
}

KEEP_WORDS = """
CREATE FUNCTION keep_published_words() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
  IF OLD.status = 'approved' AND (OLD.news_id, OLD.locale, OLD.title, OLD.text, OLD.status)
     IS DISTINCT FROM (NEW.news_id, NEW.locale, NEW.title, NEW.text, NEW.status)
     AND EXISTS (SELECT FROM news n WHERE n.institution_id = OLD.institution_id AND n.id = OLD.news_id AND n.state = 'published') THEN
    RAISE EXCEPTION 'published words never change' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
REVOKE EXECUTE ON FUNCTION keep_published_words() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION keep_published_words() TO cimaise_app;
CREATE TRIGGER words BEFORE UPDATE ON news_texts FOR EACH ROW EXECUTE FUNCTION keep_published_words();
"""


def _owned(
    name: str, *columns: sa.Column[object], keys: dict[str, str], unique: tuple[tuple[str, ...], ...] = ()
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


def _text(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _number(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    """Make the tables, guard them, and give the public what is published."""
    _make_news()
    _make_the_rest()
    _guard()


def _make_news() -> None:
    _owned(
        "news",
        _number("campaign_id"),
        _text("kind"),
        _text("state"),
        _moment("published_at", nullable=True),
        _text("image", nullable=True),
        sa.Column("image_width", sa.Integer(), nullable=True),
        sa.Column("image_height", sa.Integer(), nullable=True),
        sa.Column("image_alt", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        _moment("created_at"),
        keys={"campaign_id": "campaigns"},
    )
    op.create_index("ix_news_campaign", "news", ["institution_id", "campaign_id", "published_at"])
    _owned(
        "news_texts",
        _number("news_id"),
        _text("locale"),
        _text("title"),
        _text("text"),
        _text("status"),
        _moment("changed_at"),
        keys={"news_id": "news"},
        unique=(("news_id", "locale"),),
    )
    _owned(
        "news_corrections",
        _number("news_id"),
        _text("locale"),
        _text("text"),
        _moment("made_at"),
        keys={"news_id": "news"},
    )
    op.create_index("ix_news_corrections_news", "news_corrections", ["institution_id", "news_id"])


def _make_the_rest() -> None:
    _owned(
        "questions",
        _number("campaign_id"),
        *(_text(name) for name in ("state", "text")),
        *(_text(name, nullable=True) for name in ("asker_name", "asker_email")),
        _text("locale"),
        sa.Column("holds_link", sa.Boolean(), nullable=False),
        _text("fingerprint"),
        _moment("asked_at"),
        *(_text(name, nullable=True) for name in ("answer", "answer_locale", "answered_by", "answered_as")),
        _moment("answered_at", nullable=True),
        _text("reason", nullable=True),
        keys={"campaign_id": "campaigns"},
        unique=(("campaign_id", "fingerprint"),),
    )
    op.create_index("ix_questions_state", "questions", ["institution_id", "state", "asked_at"])
    _owned(
        "followers",
        _number("campaign_id"),
        _text("purpose"),
        _text("state"),
        _text("email", nullable=True),
        _text("locale"),
        sa.Column("key", sa.Uuid(), nullable=False),
        *(_text(name) for name in ("token_hash", "wording", "source")),
        sa.Column("times_asked", sa.Integer(), nullable=False),
        _moment("asked_at"),
        *(_moment(name, nullable=True) for name in ("confirmed_at", "ended_at")),
        keys={"campaign_id": "campaigns"},
        unique=(("campaign_id", "purpose", "email"), ("token_hash",)),
    )
    op.create_index("ix_followers_email", "followers", ["institution_id", "email"])
    _owned(
        "dispatches",
        *(_text(name) for name in ("occasion", "address_hash", "token_hash")),
        _number("campaign_id"),
        *(_number(name, nullable=True) for name in ("news_id", "follower_id", "donor_id")),
        _text("locale"),
        _moment("created_at"),
        keys={"campaign_id": "campaigns", "news_id": "news", "follower_id": "followers", "donor_id": "donors"},
        unique=(("occasion", "address_hash"), ("token_hash",)),
    )
    _owned(
        "early_links",
        _number("campaign_id"),
        _text("note"),
        sa.Column("key", sa.Uuid(), nullable=False),
        _text("token_hash"),
        _moment("created_at"),
        _moment("revoked_at", nullable=True),
        keys={"campaign_id": "campaigns"},
        unique=(("token_hash",),),
    )
    op.add_column("pledges", _number("early_link_id", nullable=True))
    op.create_foreign_key(
        op.f("fk_pledges_institution_id_early_link_id"),
        "pledges",
        "early_links",
        ["institution_id", "early_link_id"],
        ["institution_id", "id"],
    )


def _guard() -> None:
    for table in OWNED:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY museum ON {table} USING (institution_id = current_institution())"
            " WITH CHECK (institution_id = current_institution())"
        )
        op.execute(f"GRANT {RIGHTS.get(table, 'SELECT, INSERT, UPDATE')} ON {table} TO cimaise_app")
    for table, (columns, rows) in PUBLIC.items():
        op.execute(f"GRANT SELECT ({columns}) ON {table} TO cimaise_public")
        op.execute(f"CREATE POLICY published ON {table} FOR SELECT TO cimaise_public USING ({rows})")
    for table, (transitions, frozen) in STATES.items():
        op.execute(
            f"CREATE TRIGGER guard BEFORE UPDATE ON {table} FOR EACH ROW"
            f" EXECUTE FUNCTION guard_state('{json.dumps(transitions)}', '{frozen}')"
        )
    op.execute(KEEP_WORDS)


def downgrade() -> None:
    """Take it all away."""
    op.drop_constraint(op.f("fk_pledges_institution_id_early_link_id"), "pledges", type_="foreignkey")
    op.drop_column("pledges", "early_link_id")
    for table in reversed(MADE):
        op.drop_table(table)
    op.execute("DROP FUNCTION keep_published_words")
