"""P11: every page of the desk, its searches, filters and exports, with a thousand gifts of one museum and with a million."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from bench.ground import Ground
from crowdfund.campaigns.models import Campaign
from crowdfund.closing.tasks import reckon_endings
from crowdfund.dashboard.tasks import check_long_books
from crowdfund.donors.models import Donor
from crowdfund.gifts.days import sum_up
from crowdfund.gifts.models import Gift
from crowdfund.institutions.models import Issuer
from crowdfund.ledger import service as ledger
from crowdfund.ledger.models import LedgerAccount
from crowdfund.ledger.rules import AccountKind
from crowdfund.pledges.models import Pledge
from crowdfund.reach.tasks import reckon_ways
from crowdfund.receipts.models import Receipt
from crowdfund.tenancy import OperatorScope, transaction
from tests.desk import enter, form_token, make_colleague

FEW, MANY = 1_000, 1_000_000
ROUNDS = 40
# Two gifts and a half of one person, as many names as a town has; of a thousand gifts one is refunded, two are held.
DONORS = """
INSERT INTO donors (institution_id, kind, first_name, last_name, email, postcode, city, country, locale, created_at, gave)
SELECT %(museum)s, 'individual', (ARRAY['Camille','Élise','Nour','Paul','Zoé','Marc','Anne','Luca'])[1 + n %% 8],
  'Nom' || to_char(n, 'FM0000000'), 'n' || n || '@example.org', lpad((73000 + n %% 900)::text, 5, '0'),
  (ARRAY['Chambéry','Aix','Annecy','Turin'])[1 + n %% 4], 'FR', (ARRAY['fr','it','en'])[1 + n %% 3],
  now() - n * interval '1 minute', true
FROM generate_series(%(first)s::bigint, %(last)s::bigint) n
"""
# Every card's gift has its pledge, that came by one of three ways or by none.
PLEDGES = """
INSERT INTO pledges (institution_id, id, attempt, token_hash, campaign_id, donor_id, state, amount_minor, currency, method, reward_state,
  wants_receipt, fallback, locale, wall, channel, created_at, cover_minor, counterpart_minor)
SELECT %(museum)s, %(pledge)s + n, gen_random_uuid(), 'desk:' || n, %(campaign)s, %(donor)s + n * 2 / 5, 'paid',
  (ARRAY[1000, 2000, 5000, 5000, 10000, 3000, 1500, 25000])[1 + n %% 8], 'EUR', 'card', 'none', n %% 2 = 0, 'museum', 'fr',
  'anonymous', (ARRAY['hall', 'tram', NULL, 'kiosk'])[1 + n %% 4], now() - n * interval '20 seconds', 0, 0
FROM generate_series(%(first)s::bigint, %(last)s::bigint) n WHERE n %% 5 < 3
"""
GIFTS = """
INSERT INTO gifts (institution_id, reference, pledge_id, campaign_id, donor_id, state, amount_minor, currency, refunded_minor,
  disputed_minor, lost_minor, method, units, gift_date, gift_date_basis, received_at, wants_receipt, counterpart_minor, imported,
  created_at)
SELECT %(museum)s, 'desk:' || n, CASE WHEN n %% 5 < 3 THEN %(pledge)s + n END, %(campaign)s, %(donor)s + n * 2 / 5,
  CASE WHEN n %% 1000 = 7 THEN 'refunded' ELSE 'received' END,
  (ARRAY[1000, 2000, 5000, 5000, 10000, 3000, 1500, 25000])[1 + n %% 8] + CASE WHEN n %% 5000 = 11 THEN 900000 ELSE 0 END, 'EUR',
  CASE WHEN n %% 1000 = 7 THEN (ARRAY[1000, 2000, 5000, 5000, 10000, 3000, 1500, 25000])[1 + n %% 8] ELSE 0 END, 0, 0,
  (ARRAY['card','card','card','bank_transfer','cheque'])[1 + n %% 5], 1, current_date, 'credited', now() - n * interval '20 seconds',
  n %% 2 = 0, 0, true, now() FROM generate_series(%(first)s::bigint, %(last)s::bigint) n
"""
HOLDS = """
INSERT INTO receipt_holds (institution_id, gift_id, outcome, reason, held_at)
SELECT institution_id, id, 'hold', 'address_missing', now() FROM gifts
WHERE institution_id = %(museum)s AND wants_receipt AND id %% 500 = 0 ON CONFLICT DO NOTHING
"""
RECEIPTS = """
WITH wanted AS (
  SELECT g.*, row_number() OVER (ORDER BY g.id) AS place FROM gifts g WHERE g.institution_id = %(museum)s AND g.wants_receipt
    AND NOT EXISTS (SELECT FROM receipt_holds h WHERE h.institution_id = g.institution_id AND h.gift_id = g.id)
    AND NOT EXISTS (SELECT FROM receipt_gifts r WHERE r.institution_id = g.institution_id AND r.gift_id = g.id)
), issued AS (
  INSERT INTO receipts (institution_id, issuer_id, series, year, number, state, donor_kind, form, amount_minor, currency, gift_date,
    issued_at, locale, snapshot, code_hash, sha256, storage_key)
  SELECT institution_id, %(issuer)s, 'B', 2026, %(numbered)s + place, 'issued', 'individual', '2041-RD', amount_minor, currency,
    gift_date, received_at, 'fr', '{}', 'desk:' || id, 'x', 'x' FROM wanted RETURNING institution_id, id, code_hash, amount_minor
)
INSERT INTO receipt_gifts (institution_id, receipt_id, gift_id, amount_minor, live)
SELECT institution_id, id, substr(code_hash, 6)::bigint, amount_minor, true FROM issued
"""
# Booked whole, on the provider's account and the campaign's fund, and one line less for what went back.
BOOKED = """
WITH booked AS (
  INSERT INTO ledger_transactions (institution_id, reference, memo, booked_at)
  SELECT institution_id, 'gift:' || id, 'gift', received_at FROM gifts WHERE institution_id = %(museum)s AND id > %(gift)s
  RETURNING institution_id, id, substr(reference, 6)::bigint AS gift_id
)
INSERT INTO ledger_entries (institution_id, transaction_id, account_id, amount_minor, currency)
SELECT b.institution_id, b.id, line.account, line.sign * g.amount_minor, g.currency
FROM booked b JOIN gifts g ON (g.institution_id, g.id) = (b.institution_id, b.gift_id)
CROSS JOIN (VALUES (%(clearing)s::bigint, 1), (%(fund)s::bigint, -1)) line (account, sign)
"""
ANSWERED = """
UPDATE gifts SET receipt_answered = true WHERE institution_id = %(museum)s AND wants_receipt AND NOT receipt_answered
"""
TOTALS = """
INSERT INTO ledger_totals (institution_id, account_id, shard, balance_minor, debit_minor, entries)
SELECT institution_id, account_id, 0, sum(amount_minor), sum(greatest(amount_minor, 0)), count(*) FROM ledger_entries GROUP BY 1, 2
"""
SUPPORTERS = """
INSERT INTO campaign_totals (institution_id, campaign_id, shard, supporters, contributions, promised_count, promised_minor)
SELECT institution_id, campaign_id, 0, count(DISTINCT donor_id), count(*), 0, 0 FROM gifts
WHERE state NOT IN ('refunded', 'lost') GROUP BY 1, 2
"""
WORDS = """
INSERT INTO donor_words (institution_id, donor_id, word) SELECT d.institution_id, d.id, word
FROM donors d, words_of(concat_ws(' ', first_name, last_name, company_name, email)) AS word
WHERE d.institution_id = %(museum)s AND d.id > %(donor)s
"""
STANDINGS = """
INSERT INTO donor_standings (institution_id, donor_id, currency, gifts, kept_minor, largest_minor, first_at, last_at)
SELECT institution_id, donor_id, currency, count(*) FILTER (WHERE state NOT IN ('refunded', 'lost')),
  sum(amount_minor - refunded_minor - lost_minor), max(amount_minor), min(received_at), max(received_at)
FROM gifts WHERE donor_id IS NOT NULL GROUP BY 1, 2, 3
"""
FILLED = (
    "donors donor_words donor_standings pledges gifts receipt_holds receipts receipt_gifts"
    " ledger_transactions ledger_entries ledger_totals campaign_totals"
).split()

SOUGHT = {
    "gifts, far back": "gifts?after=1700000000000000.1",
    "gifts by method": "gifts?method=cheque",
    "gifts given back": "gifts?state=refunded",
    "gifts with a receipt held": "gifts?receipt=held",
    "gifts without a receipt": "gifts?receipt=not_wanted",
    "gifts with a receipt": "gifts?receipt=issued",
    "gifts whose receipt is coming": "gifts?receipt=coming",
    "gifts that get no receipt": "gifts?receipt=none",
    "gifts of 9,000 and more": "gifts?least=9000",
    "gifts of 20 to 50 by cheque": "gifts?least=20&most=50&method=cheque",
    "gifts since a day": "gifts?since=2026-01-01",
    "gifts, a rare name": "gifts?q=nom0000123",
    "gifts, a common name": "gifts?q=camille",
    "gifts, two words": "gifts?q=camille+nom00001",
    "gifts, nobody": "gifts?q=nobody",
    "donors who gave again": "donors?gave=again",
    "donors who never gave": "donors?gave=never",
    "donors who gave 9,000 in all": "donors?above=9000",
    "donors since a day": "donors?since=2026-01-01",
    "donors of a campaign": "donors?campaign=work",
    "donors of a town": "donors?town=Annecy",
    "donors in Italian": "donors?language=it",
    "donors, a rare name": "donors?q=nom0000123",
    "donors, a common name": "donors?q=camille",
}


def measure(ground: Ground) -> dict[str, Any]:
    """Answer each page in turn; milliseconds at the 95th percentile, and how they grow."""
    client = enter(ground.app, make_colleague(ground.museum, "owner", "owner@bench.example"))
    fill(ground, 1, FEW)
    pages = _pages(ground)
    few = _p95s(client, pages)
    fill(ground, FEW + 1, MANY)
    many = _p95s(client, pages)
    rows = {name: f"{few[name]:6.0f} ms → {many[name]:6.0f} ms" for name in pages}
    file, size = _export(client)
    return rows | {
        "export of a million as CSV": f"{file:.0f} s, {size / 1e6:.0f} MB",
        "pages": len(pages),
        "pages_above_300_ms_at_p95": sum(many[name] > 300 for name in pages),
        "worst_p95_ms_with_a_million": round(max(many.values())),
        "goal_p95_ms": 300,
        "median_growth": round(statistics.median(many[name] / few[name] for name in pages), 2),
        "goal_growth": 2,
    }


def _pages(ground: Ground) -> dict[str, str]:
    """Give every page below the museum's desk that needs no other name, those of one thing, and what is sought."""
    with transaction(OperatorScope(ground.museum, "bench")) as session:
        gift, donor = session.execute(select(func.max(Gift.id), func.max(Gift.donor_id))).one()
    one = {
        "one gift": f"gifts/{gift}",
        "one donor": f"donors/{donor}",
        "one ending": f"ending/{ground.campaign}",
        "what the ways brought": "campaigns/work/ways",
        "ambassadors": "campaigns/work/ambassadors",
        "posters of a campaign": "campaigns/work/posters",
    }
    below = "/staff/<museum>"
    plain = [
        rule.rule.removeprefix(below).removeprefix("/")
        for rule in ground.app.url_map.iter_rules()
        if rule.rule.startswith(below)
        and not {"<", "."} & set(rule.rule.removeprefix(below))  # no file: it may have nothing to hold
        and "GET" in (rule.methods or ())
    ]
    return {path or "today": path for path in sorted(plain)} | one | SOUGHT


def fill(ground: Ground, first: int, last: int) -> None:
    """Make donors, pledges, gifts, their books and receipts as a superuser, past the triggers."""
    with ground.server.connect() as connection:
        connection.execute("SET session_replication_role = replica")
        values = _beginning(ground) | {"first": first, "last": last}
        values["donor"] -= first * 2 // 5 - 1
        connection.execute(DONORS, values | {"first": 1 + first * 2 // 5, "last": last * 2 // 5 + 1})
        for statement in (PLEDGES, GIFTS, HOLDS, RECEIPTS, ANSWERED, BOOKED):
            connection.execute(statement, values)
        connection.execute(WORDS, values | {"donor": values["last_donor"]})
        for table, statement in (
            ("donor_standings", STANDINGS),
            ("ledger_totals", TOTALS),
            ("campaign_totals", SUPPORTERS),
        ):
            connection.execute(f"TRUNCATE {table}")
            connection.execute(statement)
        connection.execute("RESET session_replication_role")
    with ground.server.connect() as connection:
        connection.autocommit = True
        for table in FILLED:
            connection.execute(f"VACUUM ANALYZE {table}")
    with transaction(OperatorScope(ground.museum, "bench")) as session:
        sum_up(session, ZoneInfo("Europe/Paris"))
    for sweep in (reckon_endings, reckon_ways, check_long_books):  # as the worker does every hour
        sweep(ground.museum)


def _beginning(ground: Ground) -> dict[str, Any]:
    """Find what there is already, and open the accounts."""
    with transaction(OperatorScope(ground.museum, "bench")) as session:
        campaign = session.get_one(Campaign, (ground.museum, ground.campaign))
        issuer = session.scalars(select(Issuer.id)).first()
        assert issuer
        codes = {
            "fund": ledger.open_fund(session, campaign.id, campaign.code, issuer, "EUR"),
            "clearing": ledger.issuer_account(session, AccountKind.CLEARING, issuer, "EUR"),
        }
        accounts = {
            name: session.scalars(select(LedgerAccount.id).where(LedgerAccount.code == code)).one()
            for name, code in codes.items()
        }
        last = {
            "donor": select(func.coalesce(func.max(Donor.id), 0)),
            "gift": select(func.coalesce(func.max(Gift.id), 0)),
            "pledge": select(func.coalesce(func.max(Pledge.id), 0)),
            "numbered": select(func.count()).select_from(Receipt),
        }
        found = {name: session.scalars(statement).one() for name, statement in last.items()}
    return accounts | found | {
        "museum": ground.museum, "campaign": ground.campaign, "issuer": issuer, "last_donor": found["donor"],
    }  # fmt: skip


def _p95s(client: Any, pages: dict[str, str]) -> dict[str, float]:
    """Go round all pages again and again, as several people do; no page finds the memory full of itself alone."""
    taken: dict[str, list[float]] = {name: [] for name in pages}
    for _round in range(ROUNDS):
        for name, path in pages.items():
            with _clock(taken[name]):
                answer = client.get(f"/staff/bench/{path}")
            assert answer.status_code in {200, 303}, path  # the desk leads on to its first page
    return {name: float(statistics.quantiles(times, n=20)[-1]) for name, times in taken.items()}


def _export(client: Any) -> tuple[float, int]:
    """Take all gifts away as CSV, and tell how long it took and how large it was."""
    token = form_token(client, "/account/")
    begun, size = time.perf_counter(), 0
    answer = client.post("/staff/bench/gifts/export", data={"csrf_token": token, "format": "csv"}, buffered=False)
    for part in answer.response:
        size += len(part)
    return time.perf_counter() - begun, size


@contextmanager
def _clock(taken: list[float]) -> Iterator[None]:
    begun = time.perf_counter()
    yield
    taken.append((time.perf_counter() - begun) * 1000)
