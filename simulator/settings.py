"""How one simulator is started."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

DEFAULT_SECRET = "whsec_simulator"  # noqa: S105 - signs a simulation, worth nothing elsewhere
# The client's key: anything else is refused, so that no real key is ever used here.
KEY_PREFIX = "sk_test_sim"
APPLICATION = "ca_simulator"


@dataclass(frozen=True, slots=True)
class Settings:
    """Where the simulator listens and what it signs with."""

    port: int
    host: str = "127.0.0.1"
    webhook_base: str = "http://127.0.0.1:8000"
    secrets_connected: tuple[str, ...] = (DEFAULT_SECRET,)
    secrets_platform: tuple[str, ...] = (DEFAULT_SECRET,)
    state: Path | None = None
    # Seconds between a successful charge and its balance transaction.
    settle_after: float = 2.0
    # Check every answer against the SDK's types, and answer 500 if it does not fit.
    check_answers: bool = False

    @property
    def base_url(self) -> str:
        """Give the address of the simulator's own pages."""
        return f"http://{self.host}:{self.port}"


def default_secret() -> str:
    """Give the secret that the platform expects: the first of STRIPE_WEBHOOK_SECRETS."""
    first = os.environ.get("STRIPE_WEBHOOK_SECRETS", "").split(",")[0].strip()
    return first or DEFAULT_SECRET
