"""The relay: lease due facts, name them to Celery, and start the sweeps. One loop, no memory of its own."""

from __future__ import annotations

import signal
import time
from types import FrameType

from celery import Celery
from flask import Flask
from kombu.exceptions import KombuError
from sqlalchemy import select, text
from sqlalchemy.exc import SQLAlchemyError

from crowdfund import clock, installation, log, outbox
from crowdfund.institutions.models import Institution
from crowdfund.tenancy import PlatformScope, transaction
from crowdfund.worker import sweeps

IN_FLIGHT = 80  # facts with the workers at once: more would only be named twice while they wait
PAUSE = 0.15
APART = 2.0
AWAY = 1.0


class Relay:
    """Hand facts to the courier until told to stop."""

    def __init__(self, app: Flask, celery: Celery) -> None:
        self.app = app
        self.celery = celery
        self.stopping = False
        # One after the other at the start: a new fact does not wait behind all of them.
        self._next_sweep = {name: time.monotonic() + place * APART for place, name in enumerate(sweeps)}

    def run(self) -> None:
        """Turn until SIGTERM or SIGINT. A database or broker that is away is waited for."""
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        while not self.stopping:
            try:
                self.turn()
            except (SQLAlchemyError, OSError, KombuError) as error:
                log.get().warning("relay_waits", error_class=type(error).__name__)
                time.sleep(AWAY)
            else:
                time.sleep(PAUSE)

    def turn(self) -> int:
        """Lease what may be in flight and send it; tell how many facts."""
        with self.app.app_context():
            with transaction(PlatformScope()) as session:
                leased = list(outbox.lease(session, IN_FLIGHT))
            for institution_id, outbox_id in leased:
                self.send_fact(institution_id, outbox_id)
            self._sweep()
        return len(leased)

    def _sweep(self) -> None:
        now = time.monotonic()
        due = [name for name, at in self._next_sweep.items() if at <= now]
        if not due:
            return
        with transaction(PlatformScope()) as session:
            museums = [] if installation.is_quiet(session) else session.scalars(select(Institution.id)).all()
        for name in due:
            self._next_sweep[name] = now + sweeps[name].every.total_seconds()
            for institution_id in museums:
                self.send_sweep(name, institution_id)

    def send_fact(self, institution_id: int, outbox_id: int) -> None:
        """Name the fact to the courier."""
        self.celery.send_task("crowdfund.deliver", args=(institution_id, outbox_id))

    def send_sweep(self, name: str, institution_id: int) -> None:
        """Name the sweep to the courier."""
        self.celery.send_task("crowdfund.sweep", args=(name, institution_id))

    def _stop(self, _signal: int, _frame: FrameType | None) -> None:
        self.stopping = True


def drain(limit: int = 100_000) -> int:
    """Deliver what is due in this process, without a courier, and tell how many facts. For tests and operators."""
    delivered = 0
    while delivered < limit:
        with transaction(PlatformScope()) as session:
            leased = list(outbox.lease(session, IN_FLIGHT))
        if not leased:
            return delivered
        for institution_id, outbox_id in leased:
            try:
                outbox.deliver(institution_id, outbox_id)
            except Exception as error:  # noqa: BLE001 - put off in its row, with its class; the next fact goes on
                log.get().warning("fact_put_off", outbox_id=outbox_id, exc_info=error)
            delivered += 1
    return delivered


def status() -> dict[str, object]:
    """Tell how many facts wait, are due and fail."""
    with transaction(PlatformScope()) as session:
        row = session.execute(text("SELECT * FROM outbox_health(:now)"), {"now": clock.now()}).one()
    return {
        "waiting": row.waiting,
        "due": row.due,
        "failing": row.failing,
        "oldest_due": row.oldest_due.isoformat() if row.oldest_due else None,
    }


class HandWork(Relay):
    """A relay that does the work itself: worker, scheduler and relay in one process."""

    def send_fact(self, institution_id: int, outbox_id: int) -> None:
        """Deliver the fact here."""
        try:
            outbox.deliver(institution_id, outbox_id)
        except Exception as error:  # noqa: BLE001 - put off in its row; the next fact goes on
            log.get().warning("fact_put_off", outbox_id=outbox_id, exc_info=error)

    def send_sweep(self, name: str, institution_id: int) -> None:
        """Sweep here."""
        try:
            sweeps[name].function(institution_id)
        except Exception as error:  # noqa: BLE001 - it comes round again
            log.get().warning("sweep_failed", name=name, institution_id=institution_id, exc_info=error)


def work(app: Flask) -> None:
    """Do all the work in this process until stopped."""
    HandWork(app, app.extensions["celery"]).run()
