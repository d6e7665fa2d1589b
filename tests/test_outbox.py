"""Facts: stated once, leased, put off with patience, delivered at least once, and never to a forged name."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from crowdfund import clock, outbox, relay
from crowdfund.outbox import LEASE, LONGEST_RETRY, OutboxRow
from crowdfund.tenancy import PlatformScope, transaction
from tests.factories import make_institution, scope

TOPIC = "test.told"


@pytest.fixture
def heard(app: Flask) -> Iterator[list[dict[str, Any]]]:
    """Listen to a topic of the test, keeping what is heard; a fact with `fail` raises."""
    got: list[dict[str, Any]] = []

    def listen(_session: Session, **ids: Any) -> None:
        got.append(ids)
        if ids.get("fail"):
            raise ConnectionError

    outbox.subscribes(TOPIC)(listen)
    yield got
    del outbox.listeners[TOPIC]


def state(museum: int, key: str = "1", **given: Any) -> None:
    with transaction(scope(museum)) as session:
        outbox.publish(session, TOPIC, key=key, **given)


def rows(museum: int) -> list[OutboxRow]:
    with transaction(scope(museum)) as session:
        return list(session.scalars(select(OutboxRow).order_by(OutboxRow.id)))


def lease(batch: int = 40) -> list[tuple[int, int]]:
    with transaction(PlatformScope()) as session:
        return list(outbox.lease(session, batch))


def test_a_fact_is_stated_once_and_delivered_once(heard: list[dict[str, Any]]) -> None:
    museum = make_institution()
    state(museum, gift_id=7)
    state(museum, gift_id=7)
    assert relay.drain() == 1
    assert relay.drain() == 0
    assert heard == [{"gift_id": 7}]
    [row] = rows(museum)
    assert row.delivered_at is not None
    outbox.deliver(museum, row.id)  # the courier brings it again
    assert len(heard) == 1


def _state_and_fall(session: Session) -> None:
    outbox.publish(session, TOPIC, key="1")
    raise ZeroDivisionError


def test_a_fact_that_was_undone_was_never_stated(heard: list[dict[str, Any]]) -> None:
    museum = make_institution()
    with pytest.raises(ZeroDivisionError), transaction(scope(museum)) as session:
        _state_and_fall(session)
    assert rows(museum) == []


def _undo(session: Session, key: str, *, read: bool = False) -> None:
    savepoint = session.begin_nested()
    outbox.publish(session, TOPIC, key=key)
    if read:
        session.scalars(select(OutboxRow)).all()
    savepoint.rollback()


@pytest.mark.parametrize("read", [False, True])
def test_an_undone_savepoint_takes_its_own_facts_and_no_others(heard: list[dict[str, Any]], read: bool) -> None:
    museum = make_institution()
    with transaction(scope(museum)) as session:
        outbox.publish(session, TOPIC, key="before")
        _undo(session, "undone", read=read)
        outbox.publish(session, TOPIC, key="after")
    assert [row.key for row in rows(museum)] == [f"{TOPIC}:before", f"{TOPIC}:after"]


def test_a_released_savepoint_shares_the_fate_of_what_surrounds_it(heard: list[dict[str, Any]]) -> None:
    museum = make_institution()
    with transaction(scope(museum)) as session:
        outer = session.begin_nested()
        outbox.publish(session, TOPIC, key="outer")
        with session.begin_nested():
            outbox.publish(session, TOPIC, key="inner")
        _undo(session, "innermost")
        outer.rollback()
        with session.begin_nested():
            outbox.publish(session, TOPIC, key="kept")
            with session.begin_nested():
                outbox.publish(session, TOPIC, key="kept too")
    assert [row.key for row in rows(museum)] == [f"{TOPIC}:kept", f"{TOPIC}:kept too"]


def test_a_leased_fact_is_handed_out_again_only_when_the_lease_is_over(heard: list[dict[str, Any]]) -> None:
    museum = make_institution()
    state(museum)
    assert len(lease()) == 1
    assert lease() == []
    with clock.at(clock.now() + LEASE + timedelta(seconds=1)):
        assert len(lease()) == 1
    assert rows(museum)[0].attempts == 2


def test_a_forged_pair_finds_nothing(heard: list[dict[str, Any]]) -> None:
    museum, other = make_institution(), make_institution()
    state(museum)
    [row] = rows(museum)
    outbox.deliver(other, row.id)
    outbox.deliver(museum, row.id + 1_000_000)
    assert heard == []
    assert rows(museum)[0].delivered_at is None


def test_a_listener_that_fails_is_asked_again_later_and_later(heard: list[dict[str, Any]]) -> None:
    museum = make_institution()
    state(museum, fail=True)
    now = clock.now()
    waits = []
    for _ in range(14):
        with clock.at(now):
            [(_, outbox_id)] = lease()
            with pytest.raises(ConnectionError):
                outbox.deliver(museum, outbox_id)
            [row] = rows(museum)
            waits.append((row.not_before - now).total_seconds())
            now = row.not_before + timedelta(seconds=1)
    assert row.error_class == "ConnectionError"
    assert row.delivered_at is None
    assert waits[0] < 3
    assert all(late > 1.2 * early for early, late in pairwise(waits[:9]))
    assert LONGEST_RETRY.total_seconds() * 0.8 <= waits[-1] <= LONGEST_RETRY.total_seconds() * 1.2
    assert relay.status()["failing"] == 1


def test_one_that_fails_does_not_hold_up_the_next(heard: list[dict[str, Any]]) -> None:
    museum = make_institution()
    state(museum, key="1", fail=True)
    state(museum, key="2", n=2)
    relay.drain(2)
    assert {"n": 2} in heard
    assert [row.delivered_at is not None for row in rows(museum)] == [False, True]


def test_what_is_held_back_goes_one_at_a_time(heard: list[dict[str, Any]]) -> None:
    museum = make_institution()
    for n in range(3):
        state(museum, key=f"held {n}", delay=timedelta(seconds=1), n=n)
    with clock.at(clock.now() + timedelta(minutes=1)):
        state(museum, key="new 1", n=10)
        state(museum, key="new 2", n=11)
        held = {row.id for row in rows(museum) if row.background}
        assert len(held) == 3
        first = {outbox_id for _, outbox_id in lease()}
        assert len(first - held) == 2
        assert len(first & held) == 1
        assert lease() == []  # the others wait until it is done or its lease is over
    with clock.at(clock.now() + timedelta(minutes=1) + LEASE * 2):
        assert len({outbox_id for _, outbox_id in lease()} & held) == 1


def test_a_fact_nobody_hears_is_kept(app: Flask) -> None:
    museum = make_institution()
    with transaction(scope(museum)) as session:
        outbox.publish(session, "test.unheard", key="1")
    [row] = rows(museum)
    assert row.listener == ""
    assert row.delivered_at == row.created_at


def test_the_house_is_ready_while_held_back_work_waits_and_not_while_news_do(
    app: Flask, heard: list[dict[str, Any]]
) -> None:
    museum = make_institution()
    client = app.test_client()
    long_ago = clock.now() - timedelta(hours=1)
    with clock.at(long_ago):
        state(museum, key="a letter of the history", delay=timedelta(minutes=5))
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.get_json()["waiting"]) == (200, 1)
    with clock.at(long_ago):
        state(museum, key="news")
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.get_json()["reasons"]) == (503, ["outbox"])
    assert heard == []


@pytest.mark.usefixtures("app")
def test_no_more_is_in_flight_than_asked_for(heard: list[dict[str, Any]]) -> None:
    museum = make_institution()
    for number in range(7):
        state(museum, key=str(number))
    first = lease(batch=5)
    assert len(first) == 5
    assert lease(batch=5) == []  # the workers have enough; nothing is named twice meanwhile
    outbox.deliver(*first[0])
    outbox.deliver(*first[1])
    assert len(lease(batch=5)) == 2
    with clock.at(clock.now() + LEASE + timedelta(seconds=1)):
        assert len(lease(batch=5)) == 5  # what was lost is due again
    assert len(heard) == 2


def test_a_listener_is_spared_what_is_nothing_to_it(app: Flask) -> None:
    museum = make_institution()
    got: list[int] = []
    outbox.subscribes(TOPIC, when=lambda _session, gift_id: gift_id > 1)(lambda _session, gift_id: got.append(gift_id))
    try:
        state(museum, "1", gift_id=1)
        state(museum, "2", gift_id=2)
        assert relay.drain() == 1
    finally:
        del outbox.listeners[TOPIC]
    assert got == [2]
    assert [(row.key, bool(row.listener)) for row in rows(museum)] == [(f"{TOPIC}:1", False), (f"{TOPIC}:2", True)]
    assert all(row.delivered_at for row in rows(museum))  # the one nobody hears stays in the log
