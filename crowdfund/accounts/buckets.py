"""Budgets: leaky buckets in the database, so that every process counts together and a restart forgets nothing."""

from __future__ import annotations

import hashlib
import math
from datetime import timedelta

from flask import current_app
from sqlalchemy import ColumnElement, Float, cast, delete, func, literal, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from werkzeug.exceptions import ServiceUnavailable, TooManyRequests

from crowdfund import clock
from crowdfund.accounts.models import Bucket
from crowdfund.accounts.rules import LIMITS, Limit, limit_of
from crowdfund.tenancy import PlatformScope, transaction

DRY_AFTER = timedelta(days=2)


def allow(session: Session | None, key: str, capacity: int, period: int) -> bool:
    """Let one drop into the bucket `key`, if it still fits. A full bucket (`capacity`) runs dry in `period` seconds.

    One statement, so that forty hits at once on a bucket of ten let in exactly ten. Without a session it counts in a
    transaction of its own; with one, the hit is undone when that is rolled back.
    """
    if session is None:
        with transaction(PlatformScope()) as own:
            return allow(own, key, capacity, period)
    level = _level_after_leaking(capacity, period)
    statement = insert(Bucket).values(key=key, level=1.0, at=clock.now())
    taken = session.execute(
        statement.on_conflict_do_update(
            index_elements=[Bucket.key],
            set_={"level": level + 1, "at": func.greatest(Bucket.at, statement.excluded.at)},
            where=level + 1 <= capacity,
        ).returning(Bucket.key)
    )
    return taken.one_or_none() is not None


def _level_after_leaking(capacity: int, period: int) -> ColumnElement[float]:
    elapsed = func.extract("epoch", func.greatest(literal(clock.now()) - Bucket.at, timedelta(0)))
    leaked = cast(elapsed, Float) * (capacity / period)
    return func.greatest(cast(0.0, Float), Bucket.level - leaked, type_=Float)


def give_back(session: Session | None, name: str, key: str) -> None:
    """Take one's own drop out again: a try that succeeded does not count against the next one."""
    if session is None:
        with transaction(PlatformScope()) as own:
            give_back(own, name, key)
        return
    session.execute(
        update(Bucket)
        .where(Bucket.key == _bucket_key(name, key))
        .values(level=func.greatest(0.0, Bucket.level - 1.0))
        .execution_options(synchronize_session=False)
    )


def limited(name: str, key: str) -> None:
    """Count a request against the limit `name` for one key (an address, an account, a campaign).

    Raises TooManyRequests (429) with Retry-After. When the database cannot be asked, limits that guard money or sign-in
    refuse (503) and the others let pass.
    """
    limit = limit_of(name, current_app.extensions["config"].limits)
    try:
        fits = allow(None, _bucket_key(name, key), limit.capacity, limit.period)
    except OperationalError as error:
        if limit.closed:
            raise ServiceUnavailable(retry_after=5) from error
        return
    if not fits:
        raise TooManyRequests(retry_after=retry_after(limit))


def retry_after(limit: Limit) -> int:
    """Tell in how many seconds a full bucket takes the next drop."""
    return math.ceil(limit.period / limit.capacity)


def limits() -> dict[str, dict[str, int]]:
    """List every limit with what the settings made of it, as LIMITS takes it."""
    overrides = current_app.extensions["config"].limits
    given = {name: limit_of(name, overrides) for name in LIMITS}
    return {name: {"capacity": limit.capacity, "period": limit.period} for name, limit in given.items()}


def forget_dry(session: Session) -> None:
    """Delete the buckets nobody has hit for long: they are dry."""
    session.execute(
        delete(Bucket).where(Bucket.at < clock.now() - DRY_AFTER).execution_options(synchronize_session=False)
    )


def _bucket_key(name: str, key: str) -> str:
    """Name a bucket. Addresses and e-mails are hashed: the table tells nobody who was here."""
    return f"{name}:{hashlib.sha256(key.strip().lower().encode()).hexdigest()[:32]}"
