"""Guard the tables: row security, rights, books that only grow, states that only move as they may, reporting views.

The rules stand here as they were on the day of this migration; `tests/test_migrations.py` compares them with the code.
"""

from __future__ import annotations

import json

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

OWNED = (
    "artworks audit_entries campaign_totals campaigns checkouts consents disputes donors event_cursors funding_sources gifts"
    " issuers ledger_accounts ledger_entries ledger_totals ledger_transactions mails members outbox pledges provider_calls"
    " provider_events quarantined_charges receipt_counters receipt_gifts receipt_holds receipts refunds rewards stages"
    " wall_entries"
).split()

# What the public role reads: table → (columns, which rows).
PUBLIC = {
    "institutions": ("*", "true"),
    "artworks": ("*", "true"),
    "campaigns": ("*", "state <> 'draft'"),
    "funding_sources": ("*", "true"),
    "stages": ("*", "true"),
    "rewards": ("*", "state = 'offered'"),
    "issuers": (
        "institution_id, id, legal_name, kind, jurisdiction, purpose, legal_bases, time_zone, currency",
        "true",
    ),
    "ledger_accounts": ("institution_id, id, code, kind, campaign_id, currency", "kind = 'fund'"),
    "ledger_totals": (
        "*",
        "account_id IN (SELECT a.id FROM ledger_accounts a WHERE a.institution_id = ledger_totals.institution_id)",
    ),
    "campaign_totals": ("*", "true"),
    "wall_entries": (
        "institution_id, id, campaign_id, display_name, message, message_approved, dedication, town, locale, shown_from, order_key",
        "true",
    ),
}

APPEND_ONLY = ["ledger_transactions", "ledger_entries", "audit_entries"]
KEPT = [  # rows may change as their triggers allow, but never go
    "checkouts",
    "disputes",
    "gifts",
    "issuers",
    "ledger_accounts",
    "mails",
    "outbox",
    "pledges",
    "provider_calls",
    "provider_events",
    "quarantined_charges",
    "receipt_counters",
    "receipt_gifts",
    "receipts",
    "refunds",
]
TOTALS = ["ledger_totals", "campaign_totals"]  # written by triggers alone

# table → (column of the state, transitions, columns that never change)
STATES: dict[str, tuple[dict[str, list[str]], str]] = {
    "campaigns": (
        {
            "draft": ["live", "scheduled"],
            "scheduled": ["draft", "live", "withdrawn"],
            "live": ["ended", "succeeded", "withdrawn"],
            "succeeded": ["withdrawn"],
            "ended": [],
            "withdrawn": [],
        },
        "code currency issuer_id",
    ),
    "pledges": (
        {
            "made": ["cancelled", "expired", "paid", "promised"],
            "promised": ["cancelled", "due", "released"],
            "due": ["cancelled", "expired", "paid"],
            "paid": [],
            "expired": ["made", "paid"],
            "cancelled": ["paid"],
            "released": ["paid"],
        },
        "attempt amount_minor cover_minor currency donor_id campaign_id token_hash",
    ),
    "checkouts": (
        {
            "new": ["expired", "failed", "open", "paid", "unknown"],
            "unknown": ["expired", "failed", "open", "paid"],
            "open": ["expired", "failed", "paid", "processing"],
            "processing": ["failed", "paid"],
            "failed": ["paid"],
            "expired": ["paid"],
            "paid": [],
        },
        "pledge_id number account amount_minor currency",
    ),
    "gifts": (
        {
            "received": ["disputed", "lost", "partly_refunded", "refunded"],
            "partly_refunded": ["disputed", "lost", "received", "refunded"],
            "refunded": ["partly_refunded", "received"],
            "disputed": ["lost", "partly_refunded", "received", "refunded"],
            "lost": ["partly_refunded", "received"],
        },
        "reference pledge_id campaign_id amount_minor currency method gift_date charge",
    ),
    "refunds": (
        {
            "requested": ["failed", "pending", "succeeded"],
            "pending": ["failed", "succeeded"],
            "succeeded": ["failed"],
            "failed": [],
        },
        "request gift_id amount_minor currency kind",
    ),
    "disputes": (
        {"warning": ["lost", "open", "won"], "open": ["lost", "won"], "won": [], "lost": []},
        "provider_dispute gift_id currency",
    ),
    "receipts": (
        {
            "issued": ["cancelled", "replaced", "suspended"],
            "suspended": ["cancelled", "issued", "replaced"],
            "replaced": [],
            "cancelled": [],
        },
        (
            "issuer_id series year number donor_kind form amount_minor currency gift_date issued_at locale snapshot code_hash"
            " replaces_id"
        ),
    ),
}

FUNCTIONS = """
CREATE FUNCTION current_institution() RETURNS int LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog
AS $$ SELECT nullif(current_setting('app.institution', true), '')::int $$;

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog
AS $$ BEGIN RAISE EXCEPTION '% only grows', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$;

CREATE FUNCTION guard_state() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
  before jsonb := to_jsonb(OLD);
  after jsonb := to_jsonb(NEW);
  name text;
BEGIN
  IF OLD.state <> NEW.state AND NOT (TG_ARGV[0]::jsonb -> OLD.state) ? NEW.state THEN
    RAISE EXCEPTION '%: % cannot become %', TG_TABLE_NAME, OLD.state, NEW.state USING ERRCODE = 'check_violation';
  END IF;
  FOREACH name IN ARRAY string_to_array('institution_id id ' || TG_ARGV[1], ' ') LOOP
    IF before -> name IS DISTINCT FROM after -> name THEN
      RAISE EXCEPTION '%.% never changes', TG_TABLE_NAME, name USING ERRCODE = 'check_violation';
    END IF;
  END LOOP;
  RETURN NEW;
END $$;

CREATE FUNCTION guard_receipt_bytes() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  IF OLD.sha256 IS NOT NULL AND (OLD.sha256, OLD.storage_key, OLD.rendered_at)
     IS DISTINCT FROM (NEW.sha256, NEW.storage_key, NEW.rendered_at) THEN
    RAISE EXCEPTION 'the bytes of a receipt never change' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;

CREATE FUNCTION check_entry_transaction() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM ledger_transactions t WHERE t.institution_id = NEW.institution_id
                 AND t.id = NEW.transaction_id AND t.xid = pg_current_xact_id()::text::bigint) THEN
    RAISE EXCEPTION 'an entry joins only the transaction being posted' USING ERRCODE = 'check_violation';
  END IF;
  IF NOT EXISTS (SELECT FROM ledger_accounts a WHERE a.institution_id = NEW.institution_id
                 AND a.id = NEW.account_id AND a.currency = NEW.currency) THEN
    RAISE EXCEPTION 'an account holds one currency' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;

CREATE FUNCTION check_balanced() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
  posted bigint := CASE TG_TABLE_NAME WHEN 'ledger_transactions' THEN NEW.id ELSE (to_jsonb(NEW) ->> 'transaction_id')::bigint END;
  lines int;
  uneven boolean;
BEGIN
  SELECT coalesce(sum(n), 0), coalesce(bool_or(total <> 0), true) INTO lines, uneven
  FROM (SELECT count(*) AS n, sum(amount_minor) AS total FROM ledger_entries
        WHERE institution_id = NEW.institution_id AND transaction_id = posted GROUP BY currency) sums;
  IF lines < 2 OR uneven THEN
    RAISE EXCEPTION 'ledger transaction % does not balance', posted USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION add_to_ledger_totals() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
  INSERT INTO ledger_totals AS t (institution_id, account_id, shard, balance_minor, entries)
  SELECT institution_id, account_id, pg_backend_pid() % 16, sum(amount_minor), count(*)
  FROM added GROUP BY institution_id, account_id ORDER BY account_id
  ON CONFLICT (institution_id, account_id, shard)
  DO UPDATE SET balance_minor = t.balance_minor + excluded.balance_minor, entries = t.entries + excluded.entries;
  RETURN NULL;
END $$;

CREATE FUNCTION add_to_campaign_totals(
  museum int, campaign bigint, people bigint, coins bigint, promises bigint, promised bigint
) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
  INSERT INTO campaign_totals AS t
    (institution_id, campaign_id, shard, supporters, contributions, promised_count, promised_minor)
  VALUES (museum, campaign, pg_backend_pid() % 16, people, coins, promises, promised)
  ON CONFLICT (institution_id, campaign_id, shard)
  DO UPDATE SET supporters = t.supporters + excluded.supporters, contributions = t.contributions + excluded.contributions,
    promised_count = t.promised_count + excluded.promised_count, promised_minor = t.promised_minor + excluded.promised_minor
$$;

CREATE FUNCTION count_gift() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
  was int := 0;
  is_ int := CASE WHEN NEW.state IN ('refunded', 'lost') THEN 0 ELSE 1 END;
  person int := 0;
BEGIN
  IF TG_OP = 'UPDATE' THEN
    was := CASE WHEN OLD.state IN ('refunded', 'lost') THEN 0 ELSE 1 END;
  END IF;
  IF is_ = was THEN
    RETURN NULL;
  END IF;
  IF NEW.donor_id IS NOT NULL THEN
    -- A person counts once, however often they give: two gifts of one donor at once wait for each other here.
    PERFORM pg_advisory_xact_lock(hashtextextended('supporter:' || NEW.campaign_id || ':' || NEW.donor_id, NEW.institution_id));
    person := CASE WHEN EXISTS (
      SELECT FROM gifts g WHERE g.institution_id = NEW.institution_id AND g.donor_id = NEW.donor_id
      AND g.campaign_id = NEW.campaign_id AND g.id <> NEW.id AND g.state NOT IN ('refunded', 'lost')) THEN 0 ELSE 1 END;
  END IF;
  PERFORM add_to_campaign_totals(NEW.institution_id, NEW.campaign_id, (is_ - was) * person, (is_ - was) * NEW.units, 0, 0);
  RETURN NULL;
END $$;

CREATE FUNCTION count_promise() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
  was int := 0;
  is_ int := CASE WHEN NEW.state IN ('promised', 'due') THEN 1 ELSE 0 END;
BEGIN
  IF TG_OP = 'UPDATE' THEN
    was := CASE WHEN OLD.state IN ('promised', 'due') THEN 1 ELSE 0 END;
  END IF;
  IF is_ <> was THEN
    PERFORM add_to_campaign_totals(NEW.institution_id, NEW.campaign_id, 0, 0, is_ - was, (is_ - was) * NEW.amount_minor);
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION audit_text(a audit_entries) RETURNS text LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public AS $$
  SELECT concat_ws(E'\\x1f', a.institution_id, a.seq, a.actor, a.action, a.subject, a.detail::text,
                   extract(epoch FROM a.at)::text, a.prev_hash)
$$;

CREATE FUNCTION chain_audit() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE last audit_entries;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('audit'), NEW.institution_id);
  SELECT * INTO last FROM audit_entries WHERE institution_id = NEW.institution_id ORDER BY seq DESC LIMIT 1;
  NEW.seq := coalesce(last.seq, 0) + 1;
  NEW.prev_hash := coalesce(last.hash, '');
  NEW.hash := encode(sha256(convert_to(audit_text(NEW), 'UTF8')), 'hex');
  RETURN NEW;
END $$;

CREATE FUNCTION lease_outbox(at timestamptz, batch int, lease interval)
RETURNS TABLE (institution_id int, id bigint) LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
  WITH front AS (
    SELECT d.institution_id, d.id FROM outbox d
    WHERE d.delivered_at IS NULL AND NOT d.background AND d.not_before <= at
    ORDER BY d.not_before LIMIT batch FOR UPDATE SKIP LOCKED
  ), back AS (  -- one at a time, so that a new fact never waits behind a history
    SELECT d.institution_id, d.id FROM outbox d
    WHERE d.delivered_at IS NULL AND d.background AND d.not_before <= at
      AND NOT EXISTS (SELECT FROM outbox o WHERE o.delivered_at IS NULL AND o.background AND o.leased_until > at)
    ORDER BY d.not_before LIMIT 1 FOR UPDATE SKIP LOCKED
  )
  UPDATE outbox o SET not_before = at + lease, leased_until = at + lease, attempts = o.attempts + 1
  FROM (SELECT * FROM front UNION ALL SELECT * FROM back) due
  WHERE o.institution_id = due.institution_id AND o.id = due.id
  RETURNING o.institution_id, o.id
$$;

CREATE FUNCTION outbox_health(at timestamptz)
RETURNS TABLE (waiting bigint, due bigint, failing bigint, oldest_due timestamptz)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
  SELECT count(*), count(*) FILTER (WHERE not_before <= at), count(*) FILTER (WHERE attempts > 6 AND error_class IS NOT NULL),
         min(not_before) FILTER (WHERE not_before <= at)
  FROM outbox WHERE delivered_at IS NULL
$$;

CREATE FUNCTION institution_of_account(account text) RETURNS int
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
  SELECT institution_id FROM issuers WHERE payment_account = account
$$;

CREATE FUNCTION memberships_of(account bigint) RETURNS TABLE (institution_id int, role text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
  SELECT institution_id, role FROM members WHERE account_id = account AND state = 'active'
$$;
"""

DISPATCHED = {  # functions that look across museums → what the dispatching role needs for them
    "lease_outbox(timestamptz, int, interval)": "SELECT, UPDATE ON outbox",
    "outbox_health(timestamptz)": "SELECT ON outbox",
    "institution_of_account(text)": "SELECT ON issuers",
    "memberships_of(bigint)": "SELECT ON members",
}

TRIGGERS = """
CREATE TRIGGER entry_transaction BEFORE INSERT ON ledger_entries FOR EACH ROW EXECUTE FUNCTION check_entry_transaction();
CREATE CONSTRAINT TRIGGER balanced AFTER INSERT ON ledger_transactions DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION check_balanced();
CREATE CONSTRAINT TRIGGER balanced AFTER INSERT ON ledger_entries DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION check_balanced();
CREATE TRIGGER totals AFTER INSERT ON ledger_entries REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION add_to_ledger_totals();
CREATE TRIGGER totals AFTER INSERT OR UPDATE OF state ON gifts FOR EACH ROW EXECUTE FUNCTION count_gift();
CREATE TRIGGER totals AFTER INSERT OR UPDATE OF state ON pledges FOR EACH ROW EXECUTE FUNCTION count_promise();
CREATE TRIGGER chain BEFORE INSERT ON audit_entries FOR EACH ROW EXECUTE FUNCTION chain_audit();
CREATE TRIGGER bytes BEFORE UPDATE ON receipts FOR EACH ROW EXECUTE FUNCTION guard_receipt_bytes();
"""

VIEWS = {
    "pledges": """
      SELECT p.id, i.slug AS institution, c.slug AS campaign, p.amount_minor, p.currency, p.state, p.method,
             p.reward_id AS reward, p.created_at, p.attempt
      FROM pledges p JOIN institutions i ON i.id = p.institution_id
      JOIN campaigns c ON (c.institution_id, c.id) = (p.institution_id, p.campaign_id)""",
    "gifts": """
      SELECT g.id, g.pledge_id, i.slug AS institution, c.slug AS campaign, g.amount_minor, g.refunded_minor,
             g.lost_minor AS disputed_minor, g.currency, g.method, g.state, g.gift_date, g.received_at, g.charge AS provider_ref
      FROM gifts g JOIN institutions i ON i.id = g.institution_id
      JOIN campaigns c ON (c.institution_id, c.id) = (g.institution_id, g.campaign_id)""",
    "ledger": """
      SELECT e.id AS entry_id, e.transaction_id, t.reference, i.slug AS institution, a.code AS account,
             greatest(e.amount_minor, 0) AS debit_minor, greatest(-e.amount_minor, 0) AS credit_minor, e.currency,
             t.booked_at, t.reverses_id AS reverses
      FROM ledger_entries e JOIN institutions i ON i.id = e.institution_id
      JOIN ledger_transactions t ON (t.institution_id, t.id) = (e.institution_id, e.transaction_id)
      JOIN ledger_accounts a ON (a.institution_id, a.id) = (e.institution_id, e.account_id)""",
    "receipts": """
      SELECT r.id, i.slug AS institution, s.legal_name AS issuer, r.series, r.year, r.number, r.state, r.donor_kind, r.form,
             r.amount_minor, r.currency, r.gift_date, r.issued_at, r.sha256, r.replaces_id
      FROM receipts r JOIN institutions i ON i.id = r.institution_id
      JOIN issuers s ON (s.institution_id, s.id) = (r.institution_id, r.issuer_id)""",
    "receipt_gifts": "SELECT receipt_id, gift_id, amount_minor FROM receipt_gifts",
    "mails": """
      SELECT m.id, i.slug AS institution, m.kind, m.key, m.to_hash, m.state, m.created_at, m.sent_at
      FROM mails m JOIN institutions i ON i.id = m.institution_id""",
    "provider_events": """
      SELECT event AS id, account, type, created_at, received_at, state, attempts FROM provider_events
      UNION ALL
      SELECT event, account, type, created_at, received_at, reason, 0 FROM stray_events""",
    "audit": """
      SELECT a.seq, i.slug AS institution, a.actor, a.action, a.subject, a.at, a.hash
      FROM audit_entries a JOIN institutions i ON i.id = a.institution_id""",
    "outbox": """
      SELECT o.id, o.topic, o.key, i.slug AS institution,
             CASE WHEN o.delivered_at IS NOT NULL THEN 'delivered' WHEN o.attempts > 6 AND o.error_class IS NOT NULL THEN 'failing'
                  ELSE 'waiting' END AS state, o.attempts, o.created_at, o.delivered_at, o.error_class
      FROM outbox o JOIN institutions i ON i.id = o.institution_id""",
    "provider_calls": "SELECT key, operation, account, state, object_id FROM provider_calls",
    "wall": """
      SELECT w.id, i.slug AS institution, c.slug AS campaign, w.display_name,
             CASE WHEN w.message_approved THEN w.message END AS message, w.dedication, w.town, w.locale
      FROM wall_entries w JOIN institutions i ON i.id = w.institution_id
      JOIN campaigns c ON (c.institution_id, c.id) = (w.institution_id, w.campaign_id)""",
    "sessions": """
      SELECT encode(sha256(convert_to(account_id::text, 'UTF8')), 'hex') AS account_hash, created_at, ended_at, reason
      FROM sessions""",
}

# The outside auditor's rights on the tables below the views: the views' columns and no identity.
AUDITED = {
    "institutions": "id, slug",
    "campaigns": "institution_id, id, slug",
    "pledges": "institution_id, id, campaign_id, amount_minor, currency, state, method, reward_id, created_at, attempt",
    "gifts": "institution_id, id, pledge_id, campaign_id, amount_minor, refunded_minor, lost_minor, currency, method, state,"
    " gift_date, received_at, charge",
    "ledger_entries": "institution_id, id, transaction_id, account_id, amount_minor, currency",
    "ledger_transactions": "institution_id, id, reference, booked_at, reverses_id",
    "ledger_accounts": "institution_id, id, code",
    "receipts": "institution_id, id, issuer_id, series, year, number, state, donor_kind, form, amount_minor, currency,"
    " gift_date, issued_at, sha256, replaces_id",
    "receipt_gifts": "institution_id, receipt_id, gift_id, amount_minor",
    "issuers": "institution_id, id, legal_name",
    "mails": "institution_id, id, kind, key, to_hash, state, created_at, sent_at",
    "provider_events": "institution_id, event, account, type, created_at, received_at, state, attempts",
    "stray_events": "event, account, type, created_at, received_at, reason",
    "audit_entries": "institution_id, seq, actor, action, subject, at, hash",
    "outbox": "institution_id, id, topic, key, attempts, created_at, delivered_at, error_class",
    "provider_calls": "institution_id, key, operation, account, state, object_id",
    "wall_entries": "institution_id, id, campaign_id, display_name, message, message_approved, dedication, town, locale",
    "sessions": "account_id, created_at, ended_at, reason",
}


def upgrade() -> None:
    """Guard the tables."""
    op.execute(FUNCTIONS)
    _secure_rows()
    _give_rights()
    op.execute(TRIGGERS)
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER grows BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER grows_whole BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    for table, (transitions, frozen) in STATES.items():
        op.execute(
            f"CREATE TRIGGER guard BEFORE UPDATE ON {table} FOR EACH ROW"
            f" EXECUTE FUNCTION guard_state('{json.dumps(transitions)}', '{frozen}')"
        )
    _report()


def _secure_rows() -> None:
    for table in OWNED:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY museum ON {table} USING (institution_id = current_institution())"
            " WITH CHECK (institution_id = current_institution())"
        )
    op.execute("ALTER TABLE institutions ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE institutions FORCE ROW LEVEL SECURITY")
    op.execute("CREATE POLICY listed ON institutions FOR SELECT USING (true)")
    op.execute("CREATE POLICY founded ON institutions FOR INSERT WITH CHECK (true)")
    op.execute(
        "CREATE POLICY museum ON institutions FOR UPDATE USING (id = current_institution()) WITH CHECK (id = current_institution())"
    )
    for table, (columns, rows) in PUBLIC.items():
        what = "SELECT" if columns == "*" else f"SELECT ({columns})"
        op.execute(f"GRANT {what} ON {table} TO cimaise_public")
        if table != "institutions":
            op.execute(f"CREATE POLICY published ON {table} FOR SELECT TO cimaise_public USING ({rows})")


def _give_rights() -> None:
    everything = [*OWNED, "institutions", "accounts", "sessions", "buckets", "stray_events"]
    for table in everything:
        if table in TOTALS:
            rights = "SELECT"
        elif table in APPEND_ONLY or table == "stray_events":
            rights = "SELECT, INSERT"
        elif table in KEPT or table in {"institutions", "accounts", "sessions"}:
            rights = "SELECT, INSERT, UPDATE"
        else:
            rights = "SELECT, INSERT, UPDATE, DELETE"
        op.execute(f"GRANT {rights} ON {table} TO cimaise_app")
    op.execute("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO cimaise_app")
    op.execute("GRANT SELECT ON alembic_version TO cimaise_app")
    op.execute("REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC")
    op.execute("GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO cimaise_app")
    op.execute("GRANT EXECUTE ON FUNCTION current_institution() TO PUBLIC")
    op.execute("GRANT CREATE ON SCHEMA public TO cimaise_dispatch")
    for function, needs in DISPATCHED.items():
        op.execute(f"GRANT {needs} TO cimaise_dispatch")
        op.execute(f"ALTER FUNCTION {function} OWNER TO cimaise_dispatch")
    op.execute("REVOKE CREATE ON SCHEMA public FROM cimaise_dispatch")


def _report() -> None:
    op.execute("CREATE SCHEMA reporting")
    op.execute("GRANT USAGE ON SCHEMA reporting TO cimaise_app, cimaise_audit")
    op.execute("GRANT USAGE ON SCHEMA public TO cimaise_audit")
    for name, query in VIEWS.items():
        op.execute(f"CREATE VIEW reporting.{name} WITH (security_invoker = true) AS {query}")
        op.execute(f"GRANT SELECT ON reporting.{name} TO cimaise_app, cimaise_audit")
    for table, columns in AUDITED.items():
        op.execute(f"GRANT SELECT ({columns}) ON {table} TO cimaise_audit")


def downgrade() -> None:
    """Take the guards away; the tables stay."""
    op.execute("DROP SCHEMA reporting CASCADE")
    for table in ["institutions", *OWNED]:
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
        for policy in ("museum", "published", "listed", "founded"):
            op.execute(f"DROP POLICY IF EXISTS {policy} ON {table}")
    for table in APPEND_ONLY:
        op.execute(f"DROP TRIGGER grows ON {table}")
        op.execute(f"DROP TRIGGER grows_whole ON {table}")
    for table in STATES:
        op.execute(f"DROP TRIGGER guard ON {table}")
    op.execute(
        "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM cimaise_app, cimaise_public, cimaise_audit, cimaise_dispatch"
    )
    op.execute(
        "DROP FUNCTION current_institution, refuse_change, guard_state, guard_receipt_bytes, check_entry_transaction,"
        " check_balanced, add_to_ledger_totals, add_to_campaign_totals, count_gift, count_promise, chain_audit, audit_text,"
        " lease_outbox, outbox_health, institution_of_account, memberships_of CASCADE"
    )
