"""Brings events to the platform: signed, again and again until they are accepted."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import threading
import time
from typing import Any
from urllib.parse import urlsplit

from simulator.errors import invalid
from simulator.events import body_of
from simulator.store import INTERNAL, Document
from simulator.world import World

# Seconds until the next try. Fast at first, so that a platform that was restarted hears at once what it missed.
BACKOFF = (0.1, 0.5, 1.0, 2.0, 5.0)
BACKOFF_LATER = 5.0
BACKOFF_LATE = 30.0
PATIENT_ATTEMPTS = 24
LAST_ATTEMPT = 500
TIMEOUT = 15
NO_ANSWER = 0
WORKERS = 4


def sign(body: str, secrets: tuple[str, ...], at: int) -> str:
    """Make the signature header; with two secrets (one being rolled) it carries two signatures."""
    marks = [hmac.new(secret.encode(), f"{at}.{body}".encode(), hashlib.sha256).hexdigest() for secret in secrets]
    return ",".join([f"t={at}", *(f"v1={mark}" for mark in marks)])


def secrets_of(world: World, destination: str) -> tuple[str, ...]:
    """Tell what signs the events of a destination now."""
    started = world.settings.secrets_platform if destination == "platform" else world.settings.secrets_connected
    return tuple(world.setting(f"secrets_{destination}", started))


class Courier:
    """Threads that deliver what is queued, and one that does the planned work."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._busy: set[str] = set()
        self._stop = threading.Event()
        self._work = threading.Semaphore(0)
        self._threads = [threading.Thread(target=self._deliver_all, daemon=True) for _ in range(WORKERS)]
        self._threads.append(threading.Thread(target=self._plan_all, daemon=True))

    def start(self) -> None:
        """Start to work in the background."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Stop, letting deliveries under way end."""
        self._stop.set()
        self.world.awake.set()
        self._work.release(WORKERS)
        for thread in self._threads:
            thread.join(timeout=5)

    def _plan_all(self) -> None:
        while not self._stop.is_set():
            wait = min(self.world.run_due(), self._next_delivery(), 5.0)
            self.world.awake.wait(timeout=wait)
            self.world.awake.clear()

    def _next_delivery(self) -> float:
        """Wake the workers for what is due; tell how many seconds until the next delivery."""
        with self.world.store.change():
            now = time.time()
            open_ones = [one for one in self._waiting() if one["id"] not in self._busy]
            due = sum(1 for one in open_ones if one["next_at"] <= now)
            for _ in range(min(due, WORKERS)):
                self._work.release()
            later = [one["next_at"] for one in open_ones if one["next_at"] > now]
            return max(0.02, min(later, default=now + 3600) - now)

    def _waiting(self) -> list[Document]:
        return [one for one in self.world.store.every(INTERNAL, "_delivery") if one["state"] == "pending"]

    def _take(self) -> Document | None:
        with self.world.store.change():
            now = time.time()
            due = [one for one in self._waiting() if one["next_at"] <= now and one["id"] not in self._busy]
            if not due:
                return None
            first = min(due, key=lambda one: float(one["next_at"]))
            self._busy.add(first["id"])
            return first

    def _deliver_all(self) -> None:
        while not self._stop.is_set():
            self._work.acquire()
            while not self._stop.is_set():
                delivery = self._take()
                if delivery is None:
                    break
                try:
                    self.deliver(delivery)
                finally:
                    self._busy.discard(delivery["id"])

    def deliver(self, delivery: Document) -> int:
        """Deliver once, and write down how it went. Answers the platform's HTTP status, 0 without an answer."""
        with self.world.store.change():
            if self.world.store.find(delivery["account"], delivery["event_object"], delivery["event"]) is None:
                self.world.store.remove(INTERNAL, delivery)  # forgotten by a reset
                return NO_ANSWER
            body, header = compose(self.world, delivery)
        path = f"/webhooks/stripe/{delivery['destination']}"
        status = post(self.world.settings.webhook_base + path, body, header)
        with self.world.store.change():
            self._note(delivery, status, header)
        return status

    def _note(self, delivery: Document, status: int, header: str | None) -> None:
        now = time.time()
        delivery["attempts"] += 1
        delivery["signature"] = header
        delivery["answers"] = [*delivery["answers"][-9:], {"status": status, "at": round(now, 3)}]
        accepted = 200 <= status < 300
        if accepted or delivery.get("once") or delivery["attempts"] >= LAST_ATTEMPT:
            self.world.store.remove(INTERNAL, delivery)
            delivery["object"] = "_delivered"
            delivery["state"] = "delivered" if accepted else "failed"
            if accepted:
                self._hurry_others(delivery, now)
        else:
            tries = delivery["attempts"]
            pause = (
                BACKOFF[tries - 1]
                if tries <= len(BACKOFF)
                else BACKOFF_LATER
                if tries < PATIENT_ATTEMPTS
                else BACKOFF_LATE
            )
            delivery["next_at"] = now + pause
        self.world.store.save(INTERNAL, delivery)
        self.world.awake.set()

    def _hurry_others(self, delivered: Document, now: float) -> None:
        """Bring what waits for a platform that was away: it is back."""
        for one in self._waiting():
            away = one["answers"] and one["answers"][-1]["status"] == NO_ANSWER
            if away and one["destination"] == delivered["destination"]:
                one["next_at"] = min(one["next_at"], now)


def compose(world: World, delivery: Document) -> tuple[str, str | None]:
    """Make the body and the signature of a delivery, forged as a control call may wish."""
    event = world.store.find(delivery["account"], delivery["event_object"], delivery["event"])
    if event is None:
        raise invalid(f"No such event: '{delivery['event']}'")
    forge: dict[str, Any] = delivery.get("forge", {})
    body = json.dumps({**body_of(event), **forge.get("body", {})})
    at = int(time.time()) + int(forge.get("age", 0))
    secrets = tuple(forge.get("secrets") or secrets_of(world, delivery["destination"]))
    header = None if forge.get("unsigned") else sign(body, secrets, at)
    return forge.get("tampered", body) if forge.get("tampered") else body, header


def post(url: str, body: str, signature: str | None) -> int:
    """Send one webhook; answer the HTTP status, 0 when there was none."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "127.0.0.1", parts.port or 80, timeout=TIMEOUT)
    headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "Stripe/1.0 (simulator)"}
    if signature is not None:
        headers["Stripe-Signature"] = signature
    try:
        connection.request("POST", parts.path, body.encode(), headers)
        answer = connection.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException):
        return NO_ANSWER
    else:
        return answer.status
    finally:
        connection.close()
