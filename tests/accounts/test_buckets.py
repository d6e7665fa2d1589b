from __future__ import annotations

import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import delete, select
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import ServiceUnavailable, TooManyRequests

from config import Config
from crowdfund import clock
from crowdfund.accounts import buckets
from crowdfund.accounts.models import Bucket
from crowdfund.database import Database
from crowdfund.tenancy import PlatformScope, transaction


@pytest.fixture
def real_commits(house: Flask) -> Iterator[Flask]:
    """Write for real, on connections of their own, and clean up."""
    with house.app_context():
        yield house
        with transaction(PlatformScope()) as session:
            session.execute(delete(Bucket).where(Bucket.key.startswith("race:")))


def test_forty_hits_at_once_on_a_bucket_of_ten_let_in_ten(real_commits: Flask) -> None:
    def hit(_number: int) -> bool:
        with real_commits.app_context():
            return buckets.allow(None, "race:ten", 10, 100_000)

    with ThreadPoolExecutor(max_workers=10) as pool:
        assert sum(pool.map(hit, range(40))) == 10


def test_two_hosts_without_a_shared_cache_share_a_budget(real_commits: Flask, config: Config) -> None:
    own = real_commits.extensions["database"]
    other = Database(config.database_url)
    hosts = itertools.cycle([own, other])
    try:
        allowed = 0
        for _hit in range(16):
            real_commits.extensions["database"] = next(hosts)
            allowed += buckets.allow(None, "race:hosts", 10, 100_000)
    finally:
        real_commits.extensions["database"] = own
        other.engine.dispose()
    assert allowed == 10


def test_a_bucket_leaks_at_its_pace(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    now = clock.now()
    at = [0.0]
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(seconds=at[0]))

    def hits(count: int) -> int:
        return sum(buckets.allow(None, "pace", 10, 300) for _ in range(count))

    assert hits(15) == 10
    at[0] = 29
    assert hits(1) == 0
    at[0] = 60
    assert hits(5) == 2
    at[0] = 100_000
    assert hits(15) == 10
    at[0] = 0  # a clock that goes back fills nothing and empties nothing
    assert hits(1) == 0


def test_a_refused_hit_does_not_fill_the_bucket_further(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    now = clock.now()
    at = [0.0]
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(seconds=at[0]))
    for second in range(100):
        at[0] = second / 10
        buckets.allow(None, "refused", 1, 10)
    at[0] = 10.1
    assert buckets.allow(None, "refused", 1, 10)


def test_a_limit_that_is_reached_answers_429_with_when_to_come_back(app: Flask) -> None:
    for _ in range(5):
        buckets.limited("second_factor", "12")
    buckets.limited("second_factor", "13")
    with pytest.raises(TooManyRequests) as refused:
        buckets.limited("second_factor", "12")
    assert refused.value.retry_after == 60
    buckets.give_back(None, "second_factor", "12")
    buckets.limited("second_factor", "12")


def test_a_bucket_names_nobody(app: Flask) -> None:
    buckets.limited("sign_in_account", "colette@example.org")
    with transaction(PlatformScope()) as session:
        keys = session.scalars(select(Bucket.key)).all()
    assert not [key for key in keys if "colette" in key]


def test_without_a_database_sign_in_is_refused_and_reading_is_not(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_given: object) -> bool:
        raise OperationalError("", {}, Exception("away"))

    monkeypatch.setattr(buckets, "allow", away)
    with pytest.raises(ServiceUnavailable):
        buckets.limited("sign_in_ip", "192.0.2.1")
    buckets.limited("search_ip", "192.0.2.1")


def test_buckets_nobody_hits_are_forgotten(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    buckets.limited("search_ip", "192.0.2.1")
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(days=3))
    buckets.limited("search_ip", "192.0.2.2")
    with transaction(PlatformScope()) as session:
        buckets.forget_dry(session)
        assert session.scalars(select(Bucket.key).where(Bucket.key.startswith("search_ip:"))).all().__len__() == 1


def test_every_limit_can_be_listed_and_given_back_as_a_setting(app: Flask) -> None:
    found = buckets.limits()
    assert found["sign_in_ip"] == {"capacity": 10, "period": 300}
    assert all(limit["capacity"] > 0 and limit["period"] > 0 for limit in found.values())
