"""The catalogue audit: does every table keep museums apart? Empty is good (`flask security rls`)."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import text
from sqlalchemy.orm import Session

# Tables that belong to no museum, each with its reason.
PLATFORM_TABLES = {
    "alembic_version": "the schema's own version",
    "institutions": "the museums themselves; each is public",
    "accounts": "people sign in anywhere; membership is what grants a museum",
    "sessions": "of accounts",
    "passkeys": "likewise",
    "buckets": "budgets by address and account, hashed",
    "donor_links": "one address may have given to several museums",
    "donor_visits": "likewise, of donors",
    "installation": "which installation this database belongs to",
    "erasures": "a wish that concerns every museum",
    "network_seats": "who looks after all museums belongs to none",
    "stray_events": "notifications that belong to no museum",
}
# Unique indexes that look across museums, each with its reason.
ACROSS_MUSEUMS = {"uq_issuers_payment_account": "an account of the provider belongs to one museum"}
APPENDED = ("ledger_transactions", "ledger_entries", "audit_entries")
BYPASSING = ("cimaise_dispatch", "cimaise_audit", "cimaise_backup")


def _listed(names: Iterable[str]) -> str:
    """Write our own constants as an SQL list."""
    return ", ".join(f"'{name}'" for name in names)


_TABLES = """
  WITH tables AS (
    SELECT c.oid, c.relname, c.relrowsecurity, c.relforcerowsecurity, a.attnum, a.attnotnull
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'
    LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'institution_id' AND NOT a.attisdropped
    WHERE c.relkind IN ('r', 'p'))
"""

AUDITS = {
    "row security is not forced": "SELECT relname FROM tables WHERE attnum IS NOT NULL AND NOT (relrowsecurity AND relforcerowsecurity)",
    "no policy for the museum": """
      SELECT relname FROM tables t WHERE attnum IS NOT NULL AND NOT EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = t.oid
        AND p.polcmd = '*' AND pg_get_expr(p.polqual, p.polrelid) LIKE '%institution_id = current_institution()%'
        AND pg_get_expr(p.polwithcheck, p.polrelid) LIKE '%institution_id = current_institution()%')""",
    "a policy that is neither the museum's nor the public's": """
      SELECT t.relname || '.' || p.polname FROM tables t JOIN pg_policy p ON p.polrelid = t.oid WHERE attnum IS NOT NULL
        AND p.polname <> 'museum' AND NOT (p.polcmd = 'r'
          AND p.polroles = ARRAY[(SELECT oid FROM pg_roles WHERE rolname = 'cimaise_public')])""",
    "the museum may be missing": "SELECT relname FROM tables WHERE attnum IS NOT NULL AND NOT attnotnull",
    "neither owned nor listed as the platform's": f"SELECT relname FROM tables WHERE attnum IS NULL AND relname NOT IN ({_listed(PLATFORM_TABLES)})",
    "a foreign key between owned tables without the museum": """
      SELECT t.relname || '.' || k.conname FROM pg_constraint k JOIN tables t ON t.oid = k.conrelid
      JOIN tables f ON f.oid = k.confrelid WHERE k.contype = 'f' AND t.attnum IS NOT NULL AND f.attnum IS NOT NULL
        AND NOT t.attnum = ANY (k.conkey)""",
    "a unique index that does not start with the museum": f"""
      SELECT i.indexrelid::regclass::text FROM pg_index i JOIN tables t ON t.oid = i.indrelid
      WHERE i.indisunique AND t.attnum IS NOT NULL AND i.indkey[0] <> t.attnum
        AND i.indexrelid::regclass::text NOT IN ({_listed(ACROSS_MUSEUMS)})""",
    "a view with its owner's rights": """
      SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname IN ('public', 'reporting') AND (c.relkind = 'm' OR c.relkind = 'v'
        AND NOT coalesce('security_invoker=true' = ANY (c.reloptions), false))""",
    "a function with its owner's rights that is open to all, or without a search path": """
      SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace AND n.nspname = 'public'
      WHERE p.prosecdef AND (has_function_privilege('public', p.oid, 'EXECUTE')
        OR NOT EXISTS (SELECT FROM unnest(p.proconfig) o WHERE o LIKE 'search_path=%'))""",
    "a role that row security does not bind": f"""
      SELECT rolname FROM pg_roles WHERE rolname LIKE 'cimaise%' AND (rolbypassrls OR rolsuper)
        AND rolname NOT IN ({_listed(BYPASSING)})""",
    "the application owns something": """
      SELECT relname FROM pg_class WHERE relowner = (SELECT oid FROM pg_roles WHERE rolname = 'cimaise_app')""",
    "the application may truncate, or change the books": f"""
      SELECT relname FROM tables WHERE has_table_privilege('cimaise_app', oid, 'TRUNCATE')
        OR relname IN ({_listed(APPENDED)})
           AND (has_table_privilege('cimaise_app', oid, 'UPDATE') OR has_table_privilege('cimaise_app', oid, 'DELETE'))""",
    "a table that only grows has lost a guard": f"""
      SELECT relname FROM tables t WHERE relname IN ({_listed(APPENDED)}) AND (
        SELECT count(*) FROM pg_trigger g JOIN pg_proc p ON p.oid = g.tgfoid
        WHERE g.tgrelid = t.oid AND p.proname = 'refuse_change' AND g.tgenabled IN ('O', 'A')) < 2""",
    "the public reads identity": """
      SELECT relname FROM tables WHERE relname IN ('donors', 'gifts', 'pledges', 'receipts', 'mails', 'consents', 'accounts', 'sessions', 'passkeys', 'invitations',
        'donor_links', 'donor_visits', 'erasures')
        AND has_any_column_privilege('cimaise_public', oid, 'SELECT')""",
}  # fmt: skip


def audit(session: Session) -> dict[str, list[str]]:
    """Name what is wrong, by kind."""
    found = {}
    for what, query in AUDITS.items():
        rows = [row[0] for row in session.execute(text(_TABLES + query))]
        if rows:
            found[what] = rows
    return found
