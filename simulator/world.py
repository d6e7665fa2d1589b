"""The simulated world that every part works on: its store, its clock, its ids, and the work it has planned."""

from __future__ import annotations

import logging
import secrets
import string
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from simulator.errors import ApiError, missing
from simulator.settings import Settings
from simulator.store import INTERNAL, PLATFORM, Document, Store

logger = logging.getLogger(__name__)
ALPHABET = string.ascii_letters + string.digits
KEPT_REQUESTS = 20_000


@dataclass(frozen=True, slots=True)
class Cause:
    """The request that an event comes from."""

    request_id: str | None = None
    idempotency_key: str | None = None


NOBODY = Cause()
_cause: ContextVar[Cause] = ContextVar("cause", default=NOBODY)


class World:
    """Everything that one simulator knows."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.store = Store(settings.state)
        self.requests: deque[Document] = deque(maxlen=KEPT_REQUESTS)
        self.awake = threading.Event()
        self.chores: dict[str, Callable[[Document], None]] = {}

    # clock

    def now(self) -> int:
        """Tell the time on the simulator's own clock, in whole seconds."""
        return int(self.time())

    def time(self) -> float:
        """Tell the time on the simulator's own clock."""
        return time.time() + float(self.setting("clock_offset", 0))

    def setting(self, name: str, default: Any) -> Any:
        """Read what a control call has set."""
        found = self.store.find(INTERNAL, "_setting", name)
        return found["value"] if found else default

    def set(self, name: str, value: Any) -> None:
        """Keep what a control call sets."""
        self.store.save(INTERNAL, {"object": "_setting", "id": name, "value": value})

    # ids and objects

    def ident(self, prefix: str, length: int = 24) -> str:
        """Make an id as the provider does: a prefix and letters."""
        return f"{prefix}_{''.join(secrets.choice(ALPHABET) for _ in range(length))}"

    def get(self, account: str, kind: str, ident: object, param: str = "id") -> Document:
        """Find an object of the account, or say that it is missing."""
        found = self.store.find(account, kind, str(ident))
        if found is None:
            raise missing(kind, ident, param, 404 if param == "id" else 400)
        return found

    def account_document(self, account: str) -> Document | None:
        """Find a connected account."""
        return self.store.find(PLATFORM, "v2.core.account", account)

    # planned work

    def plan(self, chore: str, delay: float, *, name: str | None = None, **details: Any) -> None:
        """Plan a piece of work on the simulator's clock; with a name it can be called off."""
        ident = name or self.ident("plan")
        self.store.save(
            INTERNAL, {"object": "_plan", "id": ident, "chore": chore, "due": self.time() + delay, **details}
        )
        self.awake.set()

    def call_off(self, name: str) -> None:
        """Forget a planned piece of work."""
        plan = self.store.find(INTERNAL, "_plan", name)
        if plan is not None:
            self.store.remove(INTERNAL, plan)

    def run_due(self) -> float:
        """Do the planned work that is due; tell how many seconds until the next."""
        with self.store.change():
            now = self.time()
            due = sorted(
                (plan for plan in self.store.every(INTERNAL, "_plan") if plan["due"] <= now),
                key=lambda plan: float(plan["due"]),
            )
            for plan in due:
                self.store.remove(INTERNAL, plan)
                self._do(plan)
            rest = [float(plan["due"]) for plan in self.store.every(INTERNAL, "_plan")]
            return max(0.01, min(rest, default=now + 3600) - self.time())

    def _do(self, plan: Document) -> None:
        try:
            self.chores[plan["chore"]](plan)
        except ApiError:  # the world has moved on: what was planned is no longer possible
            logger.info("not done: %s", plan["chore"])
        except Exception:
            logger.exception("failed: %s", plan["chore"])


@contextmanager
def caused_by(cause: Cause) -> Iterator[None]:
    """Mark events made inside the block with the request that made them."""
    token = _cause.set(cause)
    try:
        yield
    finally:
        _cause.reset(token)


def cause() -> Cause:
    """Tell which request is at work."""
    return _cause.get()
