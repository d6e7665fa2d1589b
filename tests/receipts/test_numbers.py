"""Numbers under pressure: real connections, real commits, several at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from crowdfund import clock
from crowdfund.database import Database
from crowdfund.outbox import OutboxRow
from crowdfund.receipts import numbering, service
from crowdfund.receipts.models import ReceiptCounter
from tests.receipts.conftest import Museum, found_museum

GIFTS = 50
THREADS = 8


@pytest.fixture
def shared(house: Flask) -> Iterator[Museum]:
    """Found a museum that all threads see; what it leaves in the outbox is laid to rest."""
    with house.app_context():
        museum = found_museum()
        yield museum
        with museum.open() as session:
            session.execute(update(OutboxRow).values(delivered_at=clock.now()))


def issue_all(house: Flask, museum: Museum, gifts: list[int], *, fail_each: int = 0) -> None:
    """Issue each gift twice, from many threads; every `fail_each`-th transaction is rolled back and tried again."""
    count, lock = iter(range(10_000)), threading.Lock()

    class Crash(Exception):
        pass

    def attempt(gift: int) -> None:
        with lock:
            number = next(count)
        with museum.open() as session:
            service.issue(session, gift)
            if fail_each and number % fail_each == 0:
                raise Crash

    def work(gift: int) -> None:
        with house.app_context():
            while True:
                try:
                    return attempt(gift)
                except Crash:
                    continue

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(work, [*gifts, *reversed(gifts)]))


def give(museum: Museum, count: int) -> list[int]:
    with museum.open() as session:
        return [museum.give(session).id for _ in range(count)]


def test_many_workers_leave_no_gap_and_no_double(house: Flask, shared: Museum) -> None:
    issue_all(house, shared, give(shared, GIFTS))
    assert sorted(receipt.number for receipt in shared.receipts()) == list(range(1, GIFTS + 1))


def test_failed_transactions_leave_no_gap(house: Flask, shared: Museum) -> None:
    issue_all(house, shared, give(shared, 24), fail_each=3)
    assert sorted(receipt.number for receipt in shared.receipts()) == list(range(1, 25))


def test_counting_what_is_there_would_double_numbers(
    house: Flask, shared: Museum, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: without the locked counter this test's own pressure finds doubles, so it would find ours."""
    meet = threading.Barrier(2, timeout=5)

    def count(session: Session, issuer_id: int, series: str, year: int, wanted: int) -> range:
        last = session.scalar(select(func.coalesce(func.max(ReceiptCounter.last), 0)).filter_by(issuer_id=issuer_id))
        meet.wait()  # both have read before either writes
        return range(int(last or 0) + 1, int(last or 0) + 1 + wanted)

    monkeypatch.setattr(numbering, "next_numbers", count)
    errors: list[str] = []

    def work(gift: int) -> None:
        with house.app_context():
            try:
                with shared.open() as session:
                    service.issue(session, gift)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is what is looked for
                errors.append(str(error))

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, give(shared, 2)))
    assert len(errors) == 1
    assert "uq_receipts" in errors[0]


def test_one_gift_issued_by_all_at_once_is_issued_once(house: Flask, shared: Museum) -> None:
    database: Database = house.extensions["database"]
    assert database.engine.pool is not None
    [gift] = give(shared, 1)
    issue_all(house, shared, [gift] * THREADS)
    assert [receipt.number for receipt in shared.receipts()] == [1]
