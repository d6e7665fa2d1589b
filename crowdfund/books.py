"""The books check: every invariant the platform promises, looked at from the tables themselves, museum by museum.

Each check is one query that finds what offends; empty is good. They recompute from first principles and share no code with the
services that write, so that a fault there shows here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from flask import current_app
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from crowdfund.audit import AuditEntry
from crowdfund.institutions.models import Institution
from crowdfund.storage import Storage, StorageError
from crowdfund.tenancy import OperatorScope, PlatformScope, transaction

MOST_SHOWN = 20
AUDIT_RULE = "9 the audit chain verifies"


@dataclass(frozen=True, slots=True)
class Finding:
    """An invariant that does not hold, and the ids that show it."""

    institution: str
    invariant: str
    offending: list[str]


# name → query giving one column of offending ids, run in the museum's scope
CHECKS = {
    "1 every ledger transaction sums to zero per currency": """
        SELECT DISTINCT t.reference FROM ledger_transactions t
        LEFT JOIN LATERAL (SELECT count(*) AS n, sum(amount_minor) AS total FROM ledger_entries e
          WHERE (e.institution_id, e.transaction_id) = (t.institution_id, t.id) GROUP BY currency) s ON true
        WHERE s.n IS NULL OR s.total <> 0""",
    "1 the kept balances are the sums of the entries": """
        SELECT a.code FROM ledger_accounts a
        LEFT JOIN (SELECT account_id, sum(amount_minor) AS s, sum(greatest(amount_minor, 0)) AS d, count(*) AS n FROM ledger_entries
          GROUP BY 1) e ON e.account_id = a.id
        LEFT JOIN (SELECT account_id, sum(balance_minor) AS s, sum(debit_minor) AS d, sum(entries) AS n FROM ledger_totals
          GROUP BY 1) t ON t.account_id = a.id
        WHERE (coalesce(e.s, 0), coalesce(e.d, 0), coalesce(e.n, 0)) <> (coalesce(t.s, 0), coalesce(t.d, 0), coalesce(t.n, 0))""",
    "2 a campaign's total is its gifts less what was given back": """
        SELECT c.code FROM campaigns c
        LEFT JOIN (SELECT a.campaign_id, -sum(e.amount_minor) AS total FROM ledger_accounts a
          JOIN ledger_entries e ON e.account_id = a.id WHERE a.kind = 'fund' GROUP BY 1) f ON f.campaign_id = c.id
        LEFT JOIN (SELECT campaign_id, sum(amount_minor - refunded_minor - lost_minor) AS total FROM gifts GROUP BY 1) g
          ON g.campaign_id = c.id
        WHERE coalesce(f.total, 0) <> coalesce(g.total, 0)""",
    "2 the refunds of a gift are what it says it gave back": """
        SELECT g.reference FROM gifts g
        LEFT JOIN (SELECT gift_id, sum(amount_minor) AS s FROM refunds WHERE state IN ('pending', 'succeeded') GROUP BY 1) r
          ON r.gift_id = g.id
        WHERE g.refunded_minor <> coalesce(r.s, 0)""",
    "2 supporters and promises are counted right": """
        SELECT c.code FROM campaigns c
        LEFT JOIN (SELECT campaign_id, sum(supporters) AS people, sum(contributions) AS coins, sum(promised_count) AS n,
          sum(promised_minor) AS promised, sum(announced_count) AS words, sum(announced_minor) AS announced
          FROM campaign_totals GROUP BY 1) t ON t.campaign_id = c.id
        LEFT JOIN (SELECT campaign_id, count(DISTINCT donor_id) AS people, sum(units) AS coins FROM gifts
          WHERE state NOT IN ('refunded', 'lost') GROUP BY 1) g ON g.campaign_id = c.id
        LEFT JOIN (SELECT campaign_id, count(*) AS n, sum(amount_minor) AS promised FROM pledges
          WHERE state IN ('promised', 'due') GROUP BY 1) p ON p.campaign_id = c.id
        LEFT JOIN (SELECT campaign_id, count(*) AS words, sum(amount_minor) AS announced FROM pledges
          WHERE state = 'made' AND reference IS NOT NULL GROUP BY 1) a ON a.campaign_id = c.id
        WHERE (coalesce(t.people, 0), coalesce(t.coins, 0), coalesce(t.n, 0), coalesce(t.promised, 0), coalesce(t.words, 0),
               coalesce(t.announced, 0))
           <> (coalesce(g.people, 0), coalesce(g.coins, 0), coalesce(p.n, 0), coalesce(p.promised, 0), coalesce(a.words, 0),
               coalesce(a.announced, 0))""",
    "2 what a person gave in all is counted right": """
        SELECT donor_id::text FROM donor_standings s
        FULL JOIN (SELECT coalesce(d.merged_into_id, d.id) AS donor_id, g.currency,
          count(*) FILTER (WHERE g.state NOT IN ('refunded', 'lost')) AS n,
          sum(g.amount_minor - g.refunded_minor - g.lost_minor) AS kept, min(g.received_at) AS first, max(g.received_at) AS last
          FROM gifts g JOIN donors d ON d.id = g.donor_id GROUP BY 1, 2) g USING (donor_id, currency)
        WHERE (s.gifts, s.kept_minor, s.first_at, s.last_at) IS DISTINCT FROM (g.n, g.kept, g.first, g.last)
        UNION ALL SELECT d.id::text FROM donors d
        WHERE d.gave <> EXISTS (SELECT FROM donor_standings s WHERE s.donor_id = d.id AND s.gifts > 0)""",
    "3 a paid pledge has exactly one gift, and only a paid one has": """
        SELECT p.attempt::text FROM pledges p LEFT JOIN gifts g ON g.pledge_id = p.id AND g.moved_from_id IS NULL
        GROUP BY p.id, p.attempt, p.state HAVING count(g.id) <> CASE p.state WHEN 'paid' THEN 1 ELSE 0 END""",
    "3 a paid checkout belongs to a paid pledge or a quarantined charge": """
        SELECT k.session FROM checkouts k JOIN pledges p ON p.id = k.pledge_id WHERE k.state = 'paid' AND p.state <> 'paid'
          AND NOT EXISTS (SELECT FROM quarantined_charges q WHERE q.pledge_id = p.id)""",
    "4 a gift with a receipt wished for has one live receipt, a reason, or a fact on its way": """
        SELECT g.reference FROM gifts g
        WHERE g.wants_receipt AND g.state IN ('received', 'partly_refunded')
          AND (SELECT count(*) FROM receipt_gifts x WHERE x.gift_id = g.id AND x.live) <> 1
          AND NOT EXISTS (SELECT FROM receipt_holds h WHERE h.gift_id = g.id AND h.released_at IS NULL)
          AND NOT EXISTS (SELECT FROM refunds r WHERE r.gift_id = g.id AND r.state IN ('requested', 'pending'))
          AND NOT EXISTS (SELECT FROM outbox o WHERE o.delivered_at IS NULL AND (o.payload->>'gift_id')::bigint = g.id)""",
    "4 a gift is marked as answered once it has a receipt or a reason for none": """
        SELECT g.reference FROM gifts g WHERE g.receipt_answered
          <> (EXISTS (SELECT FROM receipt_gifts x WHERE x.gift_id = g.id)
            OR EXISTS (SELECT FROM receipt_holds h WHERE h.gift_id = g.id AND h.released_at IS NULL))""",
    "4 money given back has no live receipt": """
        SELECT g.reference FROM gifts g JOIN receipt_gifts x ON x.gift_id = g.id AND x.live
        JOIN receipts r ON r.id = x.receipt_id
        WHERE (g.state IN ('refunded', 'lost') OR x.amount_minor > g.amount_minor - g.refunded_minor - g.lost_minor)
          AND r.state <> 'suspended'
          AND NOT EXISTS (SELECT FROM outbox o WHERE o.delivered_at IS NULL AND (o.payload->>'gift_id')::bigint = g.id)""",
    "4 a live line belongs to a receipt in force": """
        SELECT x.receipt_id::text FROM receipt_gifts x JOIN receipts r ON r.id = x.receipt_id
        WHERE x.live <> (r.state IN ('issued', 'suspended'))""",
    "5 receipts are numbered 1 to n without gap": """
        SELECT concat_ws('-', c.series, c.year) FROM receipt_counters c
        LEFT JOIN (SELECT issuer_id, series, year, count(*) AS n, min(number) AS low, max(number) AS high, count(DISTINCT number) AS d
          FROM receipts GROUP BY 1, 2, 3) r USING (issuer_id, series, year)
        WHERE (coalesce(r.n, 0), coalesce(r.d, 0), coalesce(r.high, 0)) <> (c.last, c.last, c.last) OR coalesce(r.low, 1) <> 1""",
    "6 a mail that left was sent under one key, and none is stuck": """
        SELECT m.key FROM mails m WHERE m.state IN ('sending', 'failed')
          AND NOT EXISTS (SELECT FROM outbox o WHERE o.delivered_at IS NULL)""",
    "7 a reward is never claimed beyond its stock": """
        SELECT r.id::text FROM rewards r
        LEFT JOIN (SELECT reward_id, count(*) AS n FROM pledges WHERE reward_state = 'claimed' GROUP BY 1) p ON p.reward_id = r.id
        WHERE r.stock IS NOT NULL AND (coalesce(p.n, 0) > r.stock OR coalesce(p.n, 0) <> r.claimed)""",
    "7 a piece is never adopted beyond its places": """
        SELECT c.id::text FROM pieces c
        LEFT JOIN (SELECT piece_id, count(*) AS n FROM pledges WHERE reward_state IN ('claimed', 'waived') GROUP BY 1) p
          ON p.piece_id = c.id
        WHERE coalesce(p.n, 0) <> c.claimed""",
}


def museums() -> list[tuple[int, str]]:
    """List the museums: id and slug."""
    with transaction(PlatformScope()) as session:
        rows = session.execute(select(Institution.id, Institution.slug).order_by(Institution.id))
        return [(row.id, row.slug) for row in rows]


def check(only: str | None = None) -> list[Finding]:
    """Look at every invariant of every museum, or of the one with this slug. Reads only."""
    return [finding for museum, slug in museums() if only in {None, slug} for finding in check_museum(museum, slug)]


def check_museum(institution_id: int, slug: str) -> Iterator[Finding]:
    """Look at one museum. Files are read after the transaction, which must not sit idle meanwhile."""
    with transaction(OperatorScope(institution_id, "books check")) as session:
        found = look(session)
        stored = session.execute(text("SELECT storage_key, sha256 FROM receipts WHERE sha256 IS NOT NULL")).all()
        signed = session.execute(text("SELECT storage_key, sha256 FROM plaque_versions")).all()
    found["5 the bytes of a receipt never change"] = _changed_bytes((row[0], row[1]) for row in stored)
    found["5 the bytes of a signed plaque never change"] = _changed_bytes((row[0], row[1]) for row in signed)
    for invariant, offending in sorted(found.items()):
        if offending:
            yield Finding(slug, invariant, offending)


def look(session: Session) -> dict[str, list[str]]:
    """Check what can be checked without the files, in the museum of the session: what does not hold, and what shows it."""
    found = broken(session)
    if breaks := audit_breaks(session):
        found[AUDIT_RULE] = breaks
    return found


def broken(session: Session) -> dict[str, list[str]]:
    """Run every check that is a query, in the museum of the session: what does not hold, and the ids that show it."""
    found = {
        invariant: [str(row[0]) for row in session.execute(text(query)).fetchmany(MOST_SHOWN)]
        for invariant, query in CHECKS.items()
    }
    return {invariant: offending for invariant, offending in found.items() if offending}


def _changed_bytes(stored: Iterable[tuple[str, str]]) -> list[str]:
    """Compare each stored file with its hash: pairs (storage key, SHA-256)."""
    storage: Storage = current_app.extensions["storage"]
    wrong = []
    for key, expected in stored:
        try:
            if hashlib.sha256(storage.read(key)).hexdigest() != expected:
                wrong.append(key)
        except StorageError:
            wrong.append(key)
    return wrong[:MOST_SHOWN]


def audit_breaks(session: Session) -> list[str]:
    """Give the entries of the trail whose hash does not follow from what they say and what came before."""
    rows = session.execute(
        text("""
        SELECT seq FROM (SELECT a.seq, a.hash, a.prev_hash, audit_text(a) AS said,
          lag(a.hash, 1, '') OVER (ORDER BY a.seq) AS before, row_number() OVER (ORDER BY a.seq) AS n FROM audit_entries a) t
        WHERE prev_hash <> before OR hash <> encode(sha256(convert_to(said, 'UTF8')), 'hex') OR n <> seq ORDER BY seq""")
    )
    return [str(row[0]) for row in rows.fetchmany(MOST_SHOWN)]


def audit_heads() -> dict[str, str]:
    """Give the head of each museum's trail: the anchor to keep elsewhere."""
    heads = {}
    for museum, slug in museums():
        with transaction(OperatorScope(museum, "audit")) as session:
            last = session.execute(
                select(AuditEntry.seq, AuditEntry.hash)
                .where(AuditEntry.institution_id == museum)
                .order_by(AuditEntry.seq.desc())
                .limit(1)
            ).one_or_none()
        heads[slug] = f"{last.seq}:{last.hash}" if last else "0:"
    return heads


def audit_problems(anchors: dict[str, str]) -> list[str]:
    """Name what is wrong with the trails: broken links, and kept heads ("seq:hash" by slug) that no longer stand."""
    problems = []
    for museum, slug in museums():
        with transaction(OperatorScope(museum, "audit")) as session:
            problems += [f"{slug}: entry {seq} does not verify" for seq in audit_breaks(session)]
            seq, _, kept = anchors.get(slug, "0:").partition(":")
            at_head = select(AuditEntry.hash).where(AuditEntry.institution_id == museum, AuditEntry.seq == int(seq))
            if kept and session.scalar(at_head) != kept:
                problems.append(f"{slug}: the kept head {seq} no longer stands")
    return problems
