"""P5: pledges on one campaign through the service, against plain inserts, with few and with a million gifts."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from bench.ground import Ground, median
from crowdfund.donors.rules import DonorDetails
from crowdfund.money import Money
from crowdfund.pledges import service
from crowdfund.pledges.rules import PledgeRequest
from crowdfund.tenancy import DonorScope, transaction

THREADS = 8
SECONDS = 4.0
ROUNDS = 3
FEW, MANY = 1_000, 1_000_000

PLAIN = """
CREATE TABLE plain (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, campaign bigint, amount bigint, at timestamptz)
"""
FILL = """
INSERT INTO gifts (institution_id, reference, campaign_id, donor_id, state, amount_minor, currency, refunded_minor, disputed_minor,
  lost_minor, method, units, gift_date, gift_date_basis, received_at, wants_receipt, counterpart_minor, imported, created_at)
SELECT %(museum)s, 'bench:' || n, %(campaign)s, NULL, 'received', 5000, 'EUR', 0, 0, 0, 'box', 1, current_date, 'counted', now(), false,
  0, true, now() FROM generate_series(%(first)s::bigint, %(last)s::bigint) n
"""


def measure(ground: Ground) -> dict[str, Any]:
    """Pledges and plain inserts in turn; per second, medians."""
    with ground.server.connect() as connection:
        connection.execute(PLAIN)
    _fill(ground, 1, FEW)
    plain, few = [], []
    for _round in range(ROUNDS):
        plain.append(_rate(lambda: _insert(ground)))
        few.append(_rate(lambda: _pledge(ground)))
    _fill(ground, FEW + 1, MANY)
    many = [_rate(lambda: _pledge(ground)) for _round in range(ROUNDS)]
    ratios = [a / b for a, b in zip(few, plain, strict=True)]
    return {
        "plain_insert_per_s": median(plain),
        "pledges_per_s": median(few),
        "ratio": median(ratios),
        "pledges_per_s_with_a_million_gifts": median(many),
        "a_million_to_a_thousand": round(median(many) / median(few), 3),
        "goal": 0.35,
    }


def _fill(ground: Ground, first: int, last: int) -> None:
    """Make gifts as a superuser, past the triggers: only their number matters here."""
    with ground.server.connect() as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(FILL, {"museum": ground.museum, "campaign": ground.campaign, "first": first, "last": last})
        connection.execute("RESET session_replication_role")
    with ground.server.connect() as connection:
        connection.autocommit = True
        connection.execute("VACUUM ANALYZE gifts")


def _insert(ground: Ground) -> Callable[[], None]:
    connection = ground.server.connect()
    connection.autocommit = True

    def once() -> None:
        connection.execute("INSERT INTO plain (campaign, amount, at) VALUES (1, 5000, now())")

    return once


def _pledge(ground: Ground) -> Callable[[], None]:
    def once() -> None:
        with ground.app.app_context(), transaction(DonorScope(ground.museum)) as session:
            attempt = uuid4()
            service.make_pledge(session, PledgeRequest(
                attempt=attempt, campaign_id=ground.campaign, amount=Money(5000, "EUR"),
                donor=DonorDetails(first_name="Camille", last_name="Rey", email=f"{attempt.hex}@example.org", locale="fr")))  # fmt: skip

    return once


def _rate(make: Callable[[], Callable[[], None]]) -> float:
    """Count what `THREADS` threads get done in `SECONDS`."""
    counts = [0] * THREADS
    actions = [make() for _ in range(THREADS)]
    until = time.monotonic() + SECONDS

    def work(place: int) -> None:
        while time.monotonic() < until:
            actions[place]()
            counts[place] += 1

    threads = [threading.Thread(target=work, args=(place,)) for place in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / SECONDS
