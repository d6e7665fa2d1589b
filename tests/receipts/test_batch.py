"""Many receipts at once: what comes of it is what comes of issuing them one by one, each at its moment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from crowdfund import books, clock
from crowdfund.audit import AuditEntry
from crowdfund.outbox import OutboxRow
from crowdfund.receipts import eligibility, service
from crowdfund.receipts.models import Receipt, ReceiptCounter, ReceiptGift, ReceiptHold
from tests import factories
from tests.receipts.conftest import Museum

NEW_YEAR = datetime(2026, 1, 1, 12, tzinfo=UTC)
COMPANY = {"kind": "company", "company_name": "Soieries du Lac", "company_number": "552100554", "legal_form": "SARL",
           "first_name": None, "last_name": None}  # fmt: skip
# What a gift may be like: its donor, its own columns.
KINDS: tuple[tuple[dict[str, Any], dict[str, Any]], ...] = (
    ({}, {}),
    (COMPANY, {"amount_minor": 90_000}),
    ({"address_line": None}, {}),
    ({**COMPANY, "company_number": "1"}, {}),
    ({}, {"state": "refunded", "refunded_minor": 5000}),
    ({}, {"wants_receipt": False}),
    ({}, {"disputed_minor": 5000, "state": "disputed"}),
    ({}, {"imported": True}),
)


def give(museum: Museum, seed: int, count: int = 24) -> dict[int, datetime]:
    """Let gifts of all kinds come in, some of them from donors who give more than once; each with its moment."""
    random = Random(seed)
    due = {}
    with museum.open() as session:
        donors = [factories.make_donor(session, last_name="Again") for _ in range(2)]
        for _ in range(count):
            moment = NEW_YEAR + timedelta(hours=random.randint(-100, 100))
            if random.random() < 0.3:
                columns: dict[str, Any] = {"amount_minor": 30_000, "counterpart_minor": random.choice([2500, 4000])}
                donor = random.choice(donors)
            else:
                told, columns = random.choice(KINDS)
                donor = factories.make_donor(session, **{"last_name": "Once"} | told)
            gift = museum.give(session, donor, gift_date=date(2025, 6, 1), received_at=moment, **columns)
            due[gift.id] = moment
    order = list(due)
    random.shuffle(order)
    return {gift: due[gift] for gift in order}


def one_by_one(session: Session, due: dict[int, datetime]) -> None:
    for gift, moment in due.items():
        with clock.at(moment):
            service.issue(session, gift)


def outcome(museum: Museum, due: dict[int, datetime]) -> dict[str, Any]:
    """Tell all that came of it, in words that do not name this museum's rows."""
    place = {gift: place for place, gift in enumerate(due)}
    with museum.open() as session:
        lines = session.execute(select(ReceiptGift, Receipt).join(Receipt, Receipt.id == ReceiptGift.receipt_id)).all()
        of = {receipt.id: place[line.gift_id] for line, receipt in lines}
        facts = session.scalars(select(OutboxRow).where(OutboxRow.topic.like("receipt.%")))
        return {
            "receipts": {
                place[line.gift_id]: (
                    receipt.year, receipt.number, receipt.state, receipt.amount_minor, receipt.form, receipt.issued_at,
                    receipt.snapshot["number"].partition("-")[2], line.live, line.amount_minor,
                )
                for line, receipt in lines
            },
            "holds": {
                place[row.gift_id]: (row.outcome, row.reason, row.held_at, row.released_at)
                for row in session.scalars(select(ReceiptHold))
            },
            "counters": {row.year: row.last for row in session.scalars(select(ReceiptCounter))},
            "facts": Counter(
                (
                    fact.topic, fact.listener, fact.background, fact.created_at, fact.not_before,
                    of.get(fact.payload.get("receipt_id", 0)), place.get(fact.payload.get("gift_id", 0)),
                )
                for fact in facts
            ),
            "trail": Counter(
                (act.action, act.at, act.detail.get("amount_minor")) for act in session.scalars(select(AuditEntry))
            ),
        }  # fmt: skip


@pytest.mark.parametrize("seed", range(6))
def test_a_batch_comes_to_what_one_by_one_comes_to(found: Callable[..., Museum], seed: int) -> None:
    told = []
    for issue in (one_by_one, service.issue_all):
        museum = found()
        due = give(museum, seed)
        with museum.open() as session:
            issue(session, due)
        told.append(outcome(museum, due))
        with museum.open() as session:
            assert books.audit_breaks(session) == []
    assert told[0] == told[1]
    assert told[0]["receipts"], "nothing was issued: the gifts show nothing"
    assert told[0]["holds"], "nothing was held: the gifts show nothing"


def test_numbers_of_a_batch_have_no_gap_in_either_year(museum: Museum) -> None:
    due = {museum.gift(): NEW_YEAR + timedelta(days=number % 2 * 300 - 200) for number in range(9)}
    with museum.open() as session:
        issued = service.issue_all(session, due)
    numbers: dict[int, list[int]] = {}
    for receipt in issued.values():
        assert receipt is not None
        numbers.setdefault(receipt.year, []).append(receipt.number)
    assert numbers == {2025: [1, 2, 3, 4, 5], 2026: [1, 2, 3, 4]}
    with museum.open() as session:
        following = service.issue(session, museum.give(session).id)
    assert following is not None
    assert following.number == 5


def test_issuing_a_batch_twice_is_once(museum: Museum) -> None:
    due = {museum.gift(): NEW_YEAR, museum.gift(donor={"address_line": None}): NEW_YEAR}
    told = []
    for _again in range(2):
        with museum.open() as session:
            service.issue_all(session, due)
        told.append(outcome(museum, due))
    assert told[0] == told[1]
    assert len(museum.receipts()) == 1


@pytest.mark.parametrize("later_first", [True, False])
def test_two_gifts_of_a_batch_pass_the_ceiling_together(museum: Museum, *, later_first: bool) -> None:
    given: dict[str, Any] = {"counterpart_minor": 4000, "amount_minor": 20_000}
    with museum.open() as session:
        donor = factories.make_donor(session)
        first, second = (
            museum.give(session, donor, **given, gift_date=day, received_at=datetime.combine(day, datetime.min.time(), UTC)).id
            for day in (date(2025, 3, 1), date(2025, 11, 10))
        )  # fmt: skip
    order = (second, first) if later_first else (first, second)
    with museum.open() as session:
        service.issue_all(session, dict.fromkeys(order, NEW_YEAR))
    assert museum.hold(first) is None
    assert museum.hold(second) == ("hold", "counterparts_of_year")
    assert len(museum.facts("receipt.to_review")) == (0 if later_first else 1)


def test_a_receipt_of_the_batch_counts_before_it_is_written(museum: Museum) -> None:
    with museum.open() as session:
        donor = factories.make_donor(session)
        early, late = (
            museum.give(session, donor, counterpart_minor=4000, gift_date=date(2025, 6, 1), received_at=moment).id
            for moment in (NEW_YEAR - timedelta(days=30), NEW_YEAR)
        )
    with museum.open() as session:
        case = eligibility.read_case(session, early)
        counted = [eligibility.counterparts_before(session, case, just_now).minor for just_now in ((), (late,))]
    assert counted == [0, 4000]


def test_a_gift_that_is_not_there_stops_the_whole_batch(museum: Museum) -> None:
    gift = museum.gift()
    with pytest.raises(LookupError, match="no gift 987654"), museum.open() as session:
        service.issue_all(session, {gift: NEW_YEAR, 987_654: NEW_YEAR})
    assert museum.receipts() == []


def test_a_batch_takes_as_few_rounds_for_many_as_for_few(museum: Museum) -> None:
    rounds = []
    for count in (5, 40):
        due = {museum.gift(): NEW_YEAR for _ in range(count)}
        with museum.open() as session:
            session.scalar(select(func.count()).select_from(Receipt))
            told: list[str] = []
            connection = session.connection()

            def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any, told: list[str] = told) -> None:
                told.append(statement)

            event.listen(connection, "before_cursor_execute", note)
            service.issue_all(session, due)
            event.remove(connection, "before_cursor_execute", note)
        rounds.append(len(told))
    assert rounds[0] == rounds[1] < 16
