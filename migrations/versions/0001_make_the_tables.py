"""Make the tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "accounts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("totp_secret", sa.Text(), nullable=True),
        sa.Column("totp_last_step", sa.BigInteger(), nullable=False),
        sa.Column("recovery_hashes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("email = lower(email)", name=op.f("ck_accounts_email_lower")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("email", name=op.f("uq_accounts_email")),
    )
    op.create_table(
        "buckets",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("level", sa.Double(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_buckets")),
    )
    op.create_table(
        "institutions",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.String(length=8), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("intro", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("latitude", sa.Double(), nullable=False),
        sa.Column("longitude", sa.Double(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("locales", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("default_locale", sa.Text(), nullable=False),
        sa.Column("contact_email", sa.Text(), nullable=False),
        sa.Column("opening", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("wall_hue", sa.Double(), nullable=False),
        sa.Column("wall_chroma", sa.Double(), nullable=False),
        sa.Column("wall_shift", sa.Double(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("wall_chroma BETWEEN 0 AND 0.115", name=op.f("ck_institutions_wall_chroma")),
        sa.CheckConstraint("wall_hue BETWEEN 0 AND 360", name=op.f("ck_institutions_wall_hue")),
        sa.CheckConstraint("wall_shift BETWEEN -0.04 AND 0.03", name=op.f("ck_institutions_wall_shift")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_institutions")),
        sa.UniqueConstraint("code", name=op.f("uq_institutions_code")),
        sa.UniqueConstraint("slug", name=op.f("uq_institutions_slug")),
    )
    op.create_table(
        "stray_events",
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=True),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("event", name=op.f("pk_stray_events")),
    )
    op.create_table(
        "artworks",
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("title", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("maker", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("dated", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("technique", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("seller", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("provenance", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("price_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("image", sa.Text(), nullable=True),
        sa.Column("image_width", sa.Integer(), nullable=True),
        sa.Column("image_height", sa.Integer(), nullable=True),
        sa.Column("image_alt", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("parts", sa.Integer(), nullable=True),
        sa.Column("part_images", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["institution_id"], ["institutions.id"], name=op.f("fk_artworks_institution_id")),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_artworks")),
    )
    op.create_table(
        "audit_entries",
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("prev_hash", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["institution_id"], ["institutions.id"], name=op.f("fk_audit_entries_institution_id")),
        sa.PrimaryKeyConstraint("institution_id", "seq", name=op.f("pk_audit_entries")),
    )
    op.create_table(
        "donors",
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("first_name", sa.Text(), nullable=True),
        sa.Column("last_name", sa.Text(), nullable=True),
        sa.Column("company_name", sa.Text(), nullable=True),
        sa.Column("company_number", sa.Text(), nullable=True),
        sa.Column("legal_form", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("address_line", sa.Text(), nullable=True),
        sa.Column("postcode", sa.Text(), nullable=True),
        sa.Column("city", sa.Text(), nullable=True),
        sa.Column("country", sa.String(length=2), nullable=True),
        sa.Column("tax_number", sa.Text(), nullable=True),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('individual', 'company')", name=op.f("ck_donors_kind")),
        sa.ForeignKeyConstraint(["institution_id"], ["institutions.id"], name=op.f("fk_donors_institution_id")),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_donors")),
    )
    op.create_index("ix_donors_email", "donors", ["institution_id", "email"], unique=False)
    op.create_table(
        "event_cursors",
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("read_until", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["institution_id"], ["institutions.id"], name=op.f("fk_event_cursors_institution_id")),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_event_cursors")),
        sa.UniqueConstraint("institution_id", "account", name=op.f("uq_event_cursors_institution_id_account")),
    )
    op.create_table(
        "issuers",
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("legal_name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("jurisdiction", sa.String(length=2), nullable=False),
        sa.Column("registrations", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("address_line", sa.Text(), nullable=False),
        sa.Column("postcode", sa.Text(), nullable=False),
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("purpose", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("category", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("legal_bases", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("stamp_duty_policy", sa.Text(), nullable=True),
        sa.Column("signatory_name", sa.Text(), nullable=True),
        sa.Column("signatory_quality", sa.Text(), nullable=True),
        sa.Column("signature_asset", sa.Text(), nullable=True),
        sa.Column("mandate_signed_on", sa.Date(), nullable=True),
        sa.Column("mandate_revoked_on", sa.Date(), nullable=True),
        sa.Column("accountant_agreed_on", sa.Date(), nullable=True),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("payment_account", sa.Text(), nullable=True),
        sa.Column("payment_account_state", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["institution_id"], ["institutions.id"], name=op.f("fk_issuers_institution_id")),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_issuers")),
        sa.UniqueConstraint(
            "institution_id", "payment_account", name=op.f("uq_issuers_institution_id_payment_account")
        ),
        sa.UniqueConstraint("institution_id", "series", name=op.f("uq_issuers_institution_id_series")),
    )
    op.create_table(
        "ledger_transactions",
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("memo", sa.Text(), nullable=False),
        sa.Column("booked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("reverses_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["institution_id", "reverses_id"],
            ["ledger_transactions.institution_id", "ledger_transactions.id"],
            name=op.f("fk_ledger_transactions_institution_id_reverses_id"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institutions.id"], name=op.f("fk_ledger_transactions_institution_id")
        ),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_ledger_transactions")),
        sa.UniqueConstraint(
            "institution_id", "reference", name=op.f("uq_ledger_transactions_institution_id_reference")
        ),
    )
    op.create_table(
        "mails",
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("to_hash", sa.Text(), nullable=False),
        sa.Column("to_address", sa.Text(), nullable=True),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["institution_id"], ["institutions.id"], name=op.f("fk_mails_institution_id")),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_mails")),
        sa.UniqueConstraint("institution_id", "key", name=op.f("uq_mails_institution_id_key")),
    )
    op.create_table(
        "members",
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("invited_by_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_members_account_id")),
        sa.ForeignKeyConstraint(["institution_id"], ["institutions.id"], name=op.f("fk_members_institution_id")),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_members")),
        sa.UniqueConstraint("institution_id", "account_id", name=op.f("uq_members_institution_id_account_id")),
    )
    op.create_table(
        "outbox",
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("listener", sa.Text(), nullable=False),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("background", sa.Boolean(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error_class", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["institution_id"], ["institutions.id"], name=op.f("fk_outbox_institution_id")),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("institution_id", "listener", "key", name=op.f("uq_outbox_institution_id_listener_key")),
    )
    op.create_index(
        "ix_outbox_due",
        "outbox",
        ["background", "not_before"],
        unique=False,
        postgresql_where=sa.text("delivered_at IS NULL"),
    )
    op.create_table(
        "provider_calls",
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("params", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("object_id", sa.Text(), nullable=True),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.Column("http_status", sa.Integer(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["institution_id"], ["institutions.id"], name=op.f("fk_provider_calls_institution_id")),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_provider_calls")),
        sa.UniqueConstraint("institution_id", "key", name=op.f("uq_provider_calls_institution_id_key")),
    )
    op.create_index("ix_provider_calls_state", "provider_calls", ["institution_id", "state", "sent_at"], unique=False)
    op.create_table(
        "provider_events",
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("object_id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("processed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("via", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institutions.id"], name=op.f("fk_provider_events_institution_id")
        ),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_provider_events")),
        sa.UniqueConstraint("institution_id", "event", name=op.f("uq_provider_events_institution_id_event")),
    )
    op.create_index(
        "ix_provider_events_waiting", "provider_events", ["institution_id", "state", "received_at"], unique=False
    )
    op.create_table(
        "quarantined_charges",
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("charge", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("payment", sa.Text(), nullable=True),
        sa.Column("pledge_id", sa.BigInteger(), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institutions.id"], name=op.f("fk_quarantined_charges_institution_id")
        ),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_quarantined_charges")),
        sa.UniqueConstraint("institution_id", "charge", name=op.f("uq_quarantined_charges_institution_id_charge")),
    )
    op.create_table(
        "sessions",
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("authenticated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ip_prefix", sa.Text(), nullable=False),
        sa.Column("user_agent", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_sessions_account_id")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_sessions")),
    )
    op.create_table(
        "campaigns",
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("artwork_id", sa.BigInteger(), nullable=False),
        sa.Column("issuer_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("funding_model", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("goal_minor", sa.BigInteger(), nullable=True),
        sa.Column("threshold_minor", sa.BigInteger(), nullable=True),
        sa.Column("minimum_minor", sa.BigInteger(), nullable=False),
        sa.Column("suggested_minor", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("opens_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tax_regime", sa.Text(), nullable=True),
        sa.Column("art_bonus_id", sa.Text(), nullable=True),
        sa.Column("title", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("summary", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("story", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("fallback", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("surplus", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("budget", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("timeline", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("joint_code", sa.Text(), nullable=True),
        sa.Column("joint_share", sa.Integer(), nullable=True),
        sa.Column("followers", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("closes_at > opens_at", name=op.f("ck_campaigns_dates")),
        sa.CheckConstraint("goal_minor > 0", name=op.f("ck_campaigns_goal")),
        sa.CheckConstraint("minimum_minor > 0", name=op.f("ck_campaigns_minimum")),
        sa.ForeignKeyConstraint(
            ["institution_id", "artwork_id"],
            ["artworks.institution_id", "artworks.id"],
            name=op.f("fk_campaigns_institution_id_artwork_id"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "issuer_id"],
            ["issuers.institution_id", "issuers.id"],
            name=op.f("fk_campaigns_institution_id_issuer_id"),
        ),
        sa.ForeignKeyConstraint(["institution_id"], ["institutions.id"], name=op.f("fk_campaigns_institution_id")),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_campaigns")),
        sa.UniqueConstraint("institution_id", "code", name=op.f("uq_campaigns_institution_id_code")),
        sa.UniqueConstraint("institution_id", "slug", name=op.f("uq_campaigns_institution_id_slug")),
    )
    op.create_table(
        "consents",
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("donor_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("wording", sa.Text(), nullable=False),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["institution_id", "donor_id"],
            ["donors.institution_id", "donors.id"],
            name=op.f("fk_consents_institution_id_donor_id"),
        ),
        sa.ForeignKeyConstraint(["institution_id"], ["institutions.id"], name=op.f("fk_consents_institution_id")),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_consents")),
    )
    op.create_index("ix_consents_donor", "consents", ["institution_id", "donor_id"], unique=False)
    op.create_table(
        "ledger_accounts",
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("issuer_id", sa.BigInteger(), nullable=False),
        sa.Column("campaign_id", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id", "issuer_id"],
            ["issuers.institution_id", "issuers.id"],
            name=op.f("fk_ledger_accounts_institution_id_issuer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institutions.id"], name=op.f("fk_ledger_accounts_institution_id")
        ),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_ledger_accounts")),
        sa.UniqueConstraint("institution_id", "code", name=op.f("uq_ledger_accounts_institution_id_code")),
    )
    op.create_index("ix_ledger_accounts_campaign", "ledger_accounts", ["institution_id", "campaign_id"], unique=False)
    op.create_table(
        "receipt_counters",
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("issuer_id", sa.BigInteger(), nullable=False),
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id", "issuer_id"],
            ["issuers.institution_id", "issuers.id"],
            name=op.f("fk_receipt_counters_institution_id_issuer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institutions.id"], name=op.f("fk_receipt_counters_institution_id")
        ),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_receipt_counters")),
        sa.UniqueConstraint(
            "institution_id",
            "issuer_id",
            "series",
            "year",
            name=op.f("uq_receipt_counters_institution_id_issuer_id_series_year"),
        ),
    )
    op.create_table(
        "receipts",
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("issuer_id", sa.BigInteger(), nullable=False),
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("donor_kind", sa.Text(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("gift_date", sa.Date(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("snapshot", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("code_hash", sa.Text(), nullable=False),
        sa.Column("replaces_id", sa.BigInteger(), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.Column("storage_key", sa.Text(), nullable=True),
        sa.Column("rendered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("close_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("(sha256 IS NULL) = (storage_key IS NULL)", name=op.f("ck_receipts_stored")),
        sa.CheckConstraint("amount_minor > 0 AND number > 0", name=op.f("ck_receipts_amount")),
        sa.ForeignKeyConstraint(
            ["institution_id", "issuer_id"],
            ["issuers.institution_id", "issuers.id"],
            name=op.f("fk_receipts_institution_id_issuer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "replaces_id"],
            ["receipts.institution_id", "receipts.id"],
            name=op.f("fk_receipts_institution_id_replaces_id"),
        ),
        sa.ForeignKeyConstraint(["institution_id"], ["institutions.id"], name=op.f("fk_receipts_institution_id")),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_receipts")),
        sa.UniqueConstraint("institution_id", "code_hash", name=op.f("uq_receipts_institution_id_code_hash")),
        sa.UniqueConstraint(
            "institution_id",
            "issuer_id",
            "series",
            "year",
            "number",
            name=op.f("uq_receipts_institution_id_issuer_id_series_year_number"),
        ),
    )
    op.create_table(
        "campaign_totals",
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.BigInteger(), nullable=False),
        sa.Column("shard", sa.SmallInteger(), nullable=False),
        sa.Column("supporters", sa.BigInteger(), nullable=False),
        sa.Column("contributions", sa.BigInteger(), nullable=False),
        sa.Column("promised_count", sa.BigInteger(), nullable=False),
        sa.Column("promised_minor", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id", "campaign_id"],
            ["campaigns.institution_id", "campaigns.id"],
            name=op.f("fk_campaign_totals_institution_id_campaign_id"),
        ),
        sa.PrimaryKeyConstraint("institution_id", "campaign_id", "shard", name=op.f("pk_campaign_totals")),
    )
    op.create_table(
        "funding_sources",
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("campaign_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("label", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("certainty", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.CheckConstraint("certainty IN ('firm', 'conditional')", name=op.f("ck_funding_sources_certainty")),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_funding_sources_amount")),
        sa.ForeignKeyConstraint(
            ["institution_id", "campaign_id"],
            ["campaigns.institution_id", "campaigns.id"],
            name=op.f("fk_funding_sources_institution_id_campaign_id"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institutions.id"], name=op.f("fk_funding_sources_institution_id")
        ),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_funding_sources")),
    )
    op.create_index("ix_funding_sources_campaign", "funding_sources", ["institution_id", "campaign_id"], unique=False)
    op.create_table(
        "ledger_entries",
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("transaction_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.CheckConstraint("amount_minor <> 0", name=op.f("ck_ledger_entries_not_zero")),
        sa.ForeignKeyConstraint(
            ["institution_id", "account_id"],
            ["ledger_accounts.institution_id", "ledger_accounts.id"],
            name=op.f("fk_ledger_entries_institution_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "transaction_id"],
            ["ledger_transactions.institution_id", "ledger_transactions.id"],
            name=op.f("fk_ledger_entries_institution_id_transaction_id"),
        ),
        sa.ForeignKeyConstraint(["institution_id"], ["institutions.id"], name=op.f("fk_ledger_entries_institution_id")),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_ledger_entries")),
    )
    op.create_index("ix_ledger_entries_account", "ledger_entries", ["institution_id", "account_id", "id"], unique=False)
    op.create_index(
        "ix_ledger_entries_transaction", "ledger_entries", ["institution_id", "transaction_id"], unique=False
    )
    op.create_table(
        "ledger_totals",
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("shard", sa.SmallInteger(), nullable=False),
        sa.Column("balance_minor", sa.BigInteger(), nullable=False),
        sa.Column("entries", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id", "account_id"],
            ["ledger_accounts.institution_id", "ledger_accounts.id"],
            name=op.f("fk_ledger_totals_institution_id_account_id"),
        ),
        sa.PrimaryKeyConstraint("institution_id", "account_id", "shard", name=op.f("pk_ledger_totals")),
    )
    op.create_table(
        "rewards",
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("campaign_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("title", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("description", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("price_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("fair_value_minor", sa.BigInteger(), nullable=False),
        sa.Column("valued_on", sa.Date(), nullable=False),
        sa.Column("symbolic", sa.Boolean(), nullable=False),
        sa.Column("fulfilment", sa.Text(), nullable=False),
        sa.Column("stock", sa.Integer(), nullable=True),
        sa.Column("claimed", sa.Integer(), nullable=False),
        sa.Column("available_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("available_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("image", sa.Text(), nullable=True),
        sa.CheckConstraint("claimed >= 0 AND (stock IS NULL OR claimed <= stock)", name=op.f("ck_rewards_stock")),
        sa.CheckConstraint("fair_value_minor >= 0 AND price_minor > 0", name=op.f("ck_rewards_amounts")),
        sa.ForeignKeyConstraint(
            ["institution_id", "campaign_id"],
            ["campaigns.institution_id", "campaigns.id"],
            name=op.f("fk_rewards_institution_id_campaign_id"),
        ),
        sa.ForeignKeyConstraint(["institution_id"], ["institutions.id"], name=op.f("fk_rewards_institution_id")),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_rewards")),
    )
    op.create_index("ix_rewards_campaign", "rewards", ["institution_id", "campaign_id"], unique=False)
    op.create_table(
        "stages",
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("campaign_id", sa.BigInteger(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("title", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("text", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id", "campaign_id"],
            ["campaigns.institution_id", "campaigns.id"],
            name=op.f("fk_stages_institution_id_campaign_id"),
        ),
        sa.ForeignKeyConstraint(["institution_id"], ["institutions.id"], name=op.f("fk_stages_institution_id")),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_stages")),
    )
    op.create_index("ix_stages_campaign", "stages", ["institution_id", "campaign_id"], unique=False)
    op.create_table(
        "pledges",
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("attempt", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("campaign_id", sa.BigInteger(), nullable=False),
        sa.Column("donor_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("cover_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("reward_id", sa.BigInteger(), nullable=True),
        sa.Column("reward_state", sa.Text(), nullable=False),
        sa.Column("counterpart_minor", sa.BigInteger(), nullable=False),
        sa.Column("wants_receipt", sa.Boolean(), nullable=False),
        sa.Column("fallback", sa.Text(), nullable=False),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("wall", sa.Text(), nullable=False),
        sa.Column("wall_name", sa.Text(), nullable=True),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("dedication_kind", sa.Text(), nullable=True),
        sa.Column("dedication_name", sa.Text(), nullable=True),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "amount_minor > 0 AND cover_minor >= 0 AND cover_minor < amount_minor", name=op.f("ck_pledges_amounts")
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "campaign_id"],
            ["campaigns.institution_id", "campaigns.id"],
            name=op.f("fk_pledges_institution_id_campaign_id"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "donor_id"],
            ["donors.institution_id", "donors.id"],
            name=op.f("fk_pledges_institution_id_donor_id"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "reward_id"],
            ["rewards.institution_id", "rewards.id"],
            name=op.f("fk_pledges_institution_id_reward_id"),
        ),
        sa.ForeignKeyConstraint(["institution_id"], ["institutions.id"], name=op.f("fk_pledges_institution_id")),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_pledges")),
        sa.UniqueConstraint("institution_id", "attempt", name=op.f("uq_pledges_institution_id_attempt")),
        sa.UniqueConstraint("institution_id", "token_hash", name=op.f("uq_pledges_institution_id_token_hash")),
    )
    op.create_index("ix_pledges_campaign", "pledges", ["institution_id", "campaign_id", "id"], unique=False)
    op.create_index("ix_pledges_donor", "pledges", ["institution_id", "donor_id"], unique=False)
    op.create_table(
        "checkouts",
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("pledge_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("session", sa.Text(), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id", "pledge_id"],
            ["pledges.institution_id", "pledges.id"],
            name=op.f("fk_checkouts_institution_id_pledge_id"),
        ),
        sa.ForeignKeyConstraint(["institution_id"], ["institutions.id"], name=op.f("fk_checkouts_institution_id")),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_checkouts")),
        sa.UniqueConstraint(
            "institution_id", "pledge_id", "number", name=op.f("uq_checkouts_institution_id_pledge_id_number")
        ),
        sa.UniqueConstraint("institution_id", "session", name=op.f("uq_checkouts_institution_id_session")),
    )
    op.create_index("ix_checkouts_open", "checkouts", ["institution_id", "state", "expires_at"], unique=False)
    op.create_table(
        "gifts",
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("pledge_id", sa.BigInteger(), nullable=True),
        sa.Column("donor_id", sa.BigInteger(), nullable=True),
        sa.Column("campaign_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("refunded_minor", sa.BigInteger(), nullable=False),
        sa.Column("disputed_minor", sa.BigInteger(), nullable=False),
        sa.Column("lost_minor", sa.BigInteger(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.Column("gift_date", sa.Date(), nullable=False),
        sa.Column("gift_date_basis", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("charge", sa.Text(), nullable=True),
        sa.Column("payment", sa.Text(), nullable=True),
        sa.Column("fee_minor", sa.BigInteger(), nullable=True),
        sa.Column("balance_transaction", sa.Text(), nullable=True),
        sa.Column("wants_receipt", sa.Boolean(), nullable=False),
        sa.Column("counterpart_minor", sa.BigInteger(), nullable=False),
        sa.Column("imported", sa.Boolean(), nullable=False),
        sa.Column("moved_from_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount_minor > 0 AND units > 0", name=op.f("ck_gifts_amount")),
        sa.CheckConstraint(
            (
                "refunded_minor >= 0 AND disputed_minor >= 0 AND lost_minor >= 0"
                " AND refunded_minor + disputed_minor + lost_minor <= amount_minor"
            ),
            name=op.f("ck_gifts_given_back"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "campaign_id"],
            ["campaigns.institution_id", "campaigns.id"],
            name=op.f("fk_gifts_institution_id_campaign_id"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "donor_id"],
            ["donors.institution_id", "donors.id"],
            name=op.f("fk_gifts_institution_id_donor_id"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "moved_from_id"],
            ["gifts.institution_id", "gifts.id"],
            name=op.f("fk_gifts_institution_id_moved_from_id"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "pledge_id"],
            ["pledges.institution_id", "pledges.id"],
            name=op.f("fk_gifts_institution_id_pledge_id"),
        ),
        sa.ForeignKeyConstraint(["institution_id"], ["institutions.id"], name=op.f("fk_gifts_institution_id")),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_gifts")),
        sa.UniqueConstraint("institution_id", "charge", name=op.f("uq_gifts_institution_id_charge")),
        sa.UniqueConstraint("institution_id", "reference", name=op.f("uq_gifts_institution_id_reference")),
    )
    op.create_index("ix_gifts_campaign", "gifts", ["institution_id", "campaign_id", "id"], unique=False)
    op.create_index("ix_gifts_donor", "gifts", ["institution_id", "donor_id"], unique=False)
    op.create_index("ix_gifts_received", "gifts", ["institution_id", "received_at", "id"], unique=False)
    op.create_table(
        "wall_entries",
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("campaign_id", sa.BigInteger(), nullable=False),
        sa.Column("pledge_id", sa.BigInteger(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("message_approved", sa.Boolean(), nullable=False),
        sa.Column("dedication", sa.Text(), nullable=True),
        sa.Column("town", sa.Text(), nullable=True),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("shown_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("order_key", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id", "campaign_id"],
            ["campaigns.institution_id", "campaigns.id"],
            name=op.f("fk_wall_entries_institution_id_campaign_id"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "pledge_id"],
            ["pledges.institution_id", "pledges.id"],
            name=op.f("fk_wall_entries_institution_id_pledge_id"),
        ),
        sa.ForeignKeyConstraint(["institution_id"], ["institutions.id"], name=op.f("fk_wall_entries_institution_id")),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_wall_entries")),
        sa.UniqueConstraint("institution_id", "pledge_id", name=op.f("uq_wall_entries_institution_id_pledge_id")),
    )
    op.create_index(
        "ix_wall_entries_campaign", "wall_entries", ["institution_id", "campaign_id", "order_key"], unique=False
    )
    op.create_table(
        "disputes",
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("provider_dispute", sa.Text(), nullable=False),
        sa.Column("gift_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("fee_minor", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["institution_id", "gift_id"],
            ["gifts.institution_id", "gifts.id"],
            name=op.f("fk_disputes_institution_id_gift_id"),
        ),
        sa.ForeignKeyConstraint(["institution_id"], ["institutions.id"], name=op.f("fk_disputes_institution_id")),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_disputes")),
        sa.UniqueConstraint(
            "institution_id", "provider_dispute", name=op.f("uq_disputes_institution_id_provider_dispute")
        ),
    )
    op.create_index("ix_disputes_gift", "disputes", ["institution_id", "gift_id"], unique=False)
    op.create_table(
        "receipt_gifts",
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("receipt_id", sa.BigInteger(), nullable=False),
        sa.Column("gift_id", sa.BigInteger(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id", "gift_id"],
            ["gifts.institution_id", "gifts.id"],
            name=op.f("fk_receipt_gifts_institution_id_gift_id"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "receipt_id"],
            ["receipts.institution_id", "receipts.id"],
            name=op.f("fk_receipt_gifts_institution_id_receipt_id"),
        ),
        sa.ForeignKeyConstraint(["institution_id"], ["institutions.id"], name=op.f("fk_receipt_gifts_institution_id")),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_receipt_gifts")),
        sa.UniqueConstraint(
            "institution_id", "receipt_id", "gift_id", name=op.f("uq_receipt_gifts_institution_id_receipt_id_gift_id")
        ),
    )
    op.create_index(
        "uq_receipt_gifts_live",
        "receipt_gifts",
        ["institution_id", "gift_id"],
        unique=True,
        postgresql_where=sa.text("live"),
    )
    op.create_table(
        "receipt_holds",
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("gift_id", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["institution_id", "gift_id"],
            ["gifts.institution_id", "gifts.id"],
            name=op.f("fk_receipt_holds_institution_id_gift_id"),
        ),
        sa.ForeignKeyConstraint(["institution_id"], ["institutions.id"], name=op.f("fk_receipt_holds_institution_id")),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_receipt_holds")),
        sa.UniqueConstraint("institution_id", "gift_id", name=op.f("uq_receipt_holds_institution_id_gift_id")),
    )
    op.create_table(
        "refunds",
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("request", sa.Uuid(), nullable=False),
        sa.Column("gift_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("provider_refund", sa.Text(), nullable=True),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_refunds_amount")),
        sa.ForeignKeyConstraint(
            ["institution_id", "gift_id"],
            ["gifts.institution_id", "gifts.id"],
            name=op.f("fk_refunds_institution_id_gift_id"),
        ),
        sa.ForeignKeyConstraint(["institution_id"], ["institutions.id"], name=op.f("fk_refunds_institution_id")),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_refunds")),
        sa.UniqueConstraint(
            "institution_id", "provider_refund", name=op.f("uq_refunds_institution_id_provider_refund")
        ),
        sa.UniqueConstraint("institution_id", "request", name=op.f("uq_refunds_institution_id_request")),
    )
    op.create_index("ix_refunds_gift", "refunds", ["institution_id", "gift_id"], unique=False)


def downgrade() -> None:
    """Undo it."""
    op.drop_index("ix_refunds_gift", table_name="refunds")
    op.drop_table("refunds")
    op.drop_table("receipt_holds")
    op.drop_index("uq_receipt_gifts_live", table_name="receipt_gifts", postgresql_where=sa.text("live"))
    op.drop_table("receipt_gifts")
    op.drop_index("ix_disputes_gift", table_name="disputes")
    op.drop_table("disputes")
    op.drop_index("ix_wall_entries_campaign", table_name="wall_entries")
    op.drop_table("wall_entries")
    op.drop_index("ix_gifts_received", table_name="gifts")
    op.drop_index("ix_gifts_donor", table_name="gifts")
    op.drop_index("ix_gifts_campaign", table_name="gifts")
    op.drop_table("gifts")
    op.drop_index("ix_checkouts_open", table_name="checkouts")
    op.drop_table("checkouts")
    op.drop_index("ix_pledges_donor", table_name="pledges")
    op.drop_index("ix_pledges_campaign", table_name="pledges")
    op.drop_table("pledges")
    op.drop_index("ix_stages_campaign", table_name="stages")
    op.drop_table("stages")
    op.drop_index("ix_rewards_campaign", table_name="rewards")
    op.drop_table("rewards")
    op.drop_table("ledger_totals")
    op.drop_index("ix_ledger_entries_transaction", table_name="ledger_entries")
    op.drop_index("ix_ledger_entries_account", table_name="ledger_entries")
    op.drop_table("ledger_entries")
    op.drop_index("ix_funding_sources_campaign", table_name="funding_sources")
    op.drop_table("funding_sources")
    op.drop_table("campaign_totals")
    op.drop_table("receipts")
    op.drop_table("receipt_counters")
    op.drop_index("ix_ledger_accounts_campaign", table_name="ledger_accounts")
    op.drop_table("ledger_accounts")
    op.drop_index("ix_consents_donor", table_name="consents")
    op.drop_table("consents")
    op.drop_table("campaigns")
    op.drop_table("sessions")
    op.drop_table("quarantined_charges")
    op.drop_index("ix_provider_events_waiting", table_name="provider_events")
    op.drop_table("provider_events")
    op.drop_index("ix_provider_calls_state", table_name="provider_calls")
    op.drop_table("provider_calls")
    op.drop_index("ix_outbox_due", table_name="outbox", postgresql_where=sa.text("delivered_at IS NULL"))
    op.drop_table("outbox")
    op.drop_table("members")
    op.drop_table("mails")
    op.drop_table("ledger_transactions")
    op.drop_table("issuers")
    op.drop_table("event_cursors")
    op.drop_index("ix_donors_email", table_name="donors")
    op.drop_table("donors")
    op.drop_table("audit_entries")
    op.drop_table("artworks")
    op.drop_table("stray_events")
    op.drop_table("institutions")
    op.drop_table("buckets")
    op.drop_table("accounts")
