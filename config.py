"""The settings, read once from the environment into one typed object.

Names and defaults: README.md, "Settings". A wrong value stops the start with one sentence that names it.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

SIMULATOR_KEY = "sk_test_simulator"
SIMULATOR_WEBHOOK_SECRET = "whsec_simulator"  # noqa: S105 - the demo's own simulator, worth nothing elsewhere
TEST_ONLY = ("CRASH_AT", "CRASH_COUNT", "CLOCK_OFFSET")
# A socket's address has 104 bytes where it has fewest, and PostgreSQL adds "/.s.PGSQL.5432.lock".
LONGEST_SOCKET_FOLDER = 84
WEAK_SECRETS = {"", "secret", "changeme", "dev", "test"}


class ConfigError(ValueError):
    """A setting is missing or wrong; the message names it."""


@dataclass(frozen=True, slots=True)
class Operator:
    """Who publishes the site and who hosts it, as the law asks to be told."""

    name: str
    address: str
    email: str
    host: str


DEMO_OPERATOR = Operator(
    "Association Cimaise (exemple)", "1 place du Palais, 73000 Chambéry", "bonjour@cimaise.example", "localhost"
)


@dataclass(frozen=True, slots=True)
class Config:
    """Everything the platform is told from outside."""

    app_env: str
    data_dir: Path
    database_url: str
    database_owner_url: str
    broker_url: str
    secret_key: str
    public_url: str
    stripe_secret_key: str
    stripe_webhook_secrets: tuple[str, ...]
    stripe_api_base: str
    smtp_url: str
    storage_url: str
    signing_keys: tuple[str, ...]
    platform_name: str
    checkout_origin: str
    mail_from: str
    operator: Operator
    simulator_url: str | None = None
    mailbox_url: str | None = None
    limits: Mapping[str, Any] = field(default_factory=dict)
    redis_url: str | None = None
    crash_at: int | None = None
    crash_count: bool = False
    clock_offset: Path | None = None

    @property
    def secure(self) -> bool:
        """Say whether people reach the platform over HTTPS."""
        return self.public_url.startswith("https://")

    @property
    def livemode(self) -> bool:
        """Say whether real money moves."""
        return self.stripe_secret_key.startswith(("sk_live_", "rk_live_"))

    @property
    def simulated(self) -> bool:
        """Say whether the payment simulator stands in for the provider."""
        return self.simulator_url is not None

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Config:
        """Read the settings. Raises ConfigError naming the first one that is wrong."""
        told = _Told(environ)
        simulator_url = None if told.production else environ.get("SIMULATOR_URL", "http://127.0.0.1:8001")
        stripe_secret_key = told.need("STRIPE_SECRET_KEY", SIMULATOR_KEY)
        stripe_api_base = environ.get("STRIPE_API_BASE") or simulator_url or "https://api.stripe.com"
        _check_stripe(production=told.production, key=stripe_secret_key, base=stripe_api_base)
        simulated = simulator_url is not None and stripe_api_base.startswith(simulator_url)
        return cls(
            app_env=told.app_env,
            data_dir=told.data_dir,
            database_url=_postgres("DATABASE_URL", told.need("DATABASE_URL", told.embedded("cimaise_app"))),
            database_owner_url=_postgres(
                "DATABASE_OWNER_URL", environ.get("DATABASE_OWNER_URL") or told.embedded("cimaise_owner")
            ),
            broker_url=told.need("BROKER_URL", "filesystem://"),
            secret_key=told.secret_key(),
            public_url=told.public_url(),
            stripe_secret_key=stripe_secret_key,
            stripe_webhook_secrets=_listed(told.need("STRIPE_WEBHOOK_SECRETS", SIMULATOR_WEBHOOK_SECRET)),
            stripe_api_base=stripe_api_base,
            smtp_url=told.need("SMTP_URL", "smtp://127.0.0.1:8025"),
            storage_url=_storage(environ.get("STORAGE_URL") or f"file://{told.data_dir / 'files'}"),
            signing_keys=told.signing_keys(),
            platform_name=environ.get("PLATFORM_NAME", "Cimaise"),
            checkout_origin=_origin(stripe_api_base) if simulated else "https://checkout.stripe.com",
            mail_from=environ.get("MAIL_FROM", "merci@cimaise.example"),
            operator=_operator(told.need("OPERATOR", json.dumps(asdict(DEMO_OPERATOR)))),
            simulator_url=simulator_url if simulated else None,
            mailbox_url=None if told.production else environ.get("MAILBOX_URL"),
            limits=_limits(environ.get("LIMITS", "")),
            redis_url=_redis(environ.get("REDIS_URL", "")),
            **_for_tests(told.app_env, environ),
        )


class _Told:
    """What the environment says. Outside production, what it leaves out is made up; in production nothing is."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.app_env = environ.get("APP_ENV", "demo")
        if self.app_env not in {"demo", "production", "test"}:
            raise ConfigError("APP_ENV must be demo, production or test")
        self.data_dir = Path(environ.get("DATA_DIR", "instance")).resolve()
        self.production = self.app_env == "production"
        if self.production and any(environ.get(name) for name in TEST_ONLY):
            raise ConfigError(f"{', '.join(TEST_ONLY)} are for tests and must not be set in production")

    def need(self, name: str, default: str) -> str:
        value = self.environ.get(name) or ("" if self.production else default)
        if not value:
            raise ConfigError(f"{name} must be set in production")
        return value

    def embedded(self, role: str) -> str:
        return f"postgresql+psycopg://{role}@/cimaise?host={quote(str(database_socket(self.data_dir)), safe='')}"

    def secret_key(self) -> str:
        key = self.environ.get("SECRET_KEY") or ("" if self.production else _kept_secret(self.data_dir, "secret_key"))
        if self.production and (key.lower() in WEAK_SECRETS or len(key) < 32):
            raise ConfigError("SECRET_KEY must be at least 32 random characters in production")
        return key

    def signing_keys(self) -> tuple[str, ...]:
        keys = _listed(self.environ.get("SIGNING_KEYS", ""))
        if not keys and self.production:
            raise ConfigError("SIGNING_KEYS must be set in production")
        return keys or (_kept_secret(self.data_dir, "signing_key"),)

    def public_url(self) -> str:
        url = self.need("PUBLIC_URL", f"http://127.0.0.1:{self.environ.get('PORT', '8000')}").rstrip("/")
        if urlsplit(url).scheme not in {"http", "https"}:
            raise ConfigError("PUBLIC_URL must start with http:// or https://")
        if self.production and not url.startswith("https://"):
            raise ConfigError("PUBLIC_URL must start with https:// in production")
        return url


def database_socket(data_dir: Path) -> Path:
    """Say in which folder the embedded database has its socket: its name must fit in a socket's address."""
    folder = data_dir / "db"
    if len(bytes(folder)) <= LONGEST_SOCKET_FOLDER:
        return folder
    return Path("/tmp") / f"cimaise-{hashlib.sha256(bytes(folder)).hexdigest()[:16]}"  # noqa: S108 - its owner is checked


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _postgres(name: str, url: str) -> str:
    if not url.startswith("postgresql"):
        raise ConfigError(f"{name} must be a postgresql+psycopg:// address")
    return url.replace("postgresql://", "postgresql+psycopg://", 1)


def _check_stripe(*, production: bool, key: str, base: str) -> None:
    live = key.startswith(("sk_live_", "rk_live_"))
    real = urlsplit(base).hostname == "api.stripe.com"
    if live and not real:
        raise ConfigError("STRIPE_API_BASE must be Stripe's own address with a live STRIPE_SECRET_KEY")
    if production and not live:
        raise ConfigError("STRIPE_SECRET_KEY must be a live key in production")


def _redis(url: str) -> str | None:
    """Read where a shared cache is. Nothing needs one: limits live in PostgreSQL, and pages are kept for under a second."""
    if url and urlsplit(url).scheme not in {"redis", "rediss", "unix"}:
        raise ConfigError("REDIS_URL must start with redis://, rediss:// or unix://")
    return url or None


def _storage(url: str) -> str:
    """Check where files are kept: in a folder, or in a bucket whose address and region may stand beside its name."""
    parts = urlsplit(url)
    told = dict(parse_qsl(parts.query, keep_blank_values=True))
    if parts.scheme not in {"file", "s3"}:
        raise ConfigError("STORAGE_URL must start with file:/// or s3://")
    if parts.scheme == "s3" and (not parts.hostname or parts.path.strip("/") or "@" in parts.netloc):
        raise ConfigError("STORAGE_URL names a bucket as s3://bucket, without folder, name or password")
    if unknown := sorted(told.keys() - {"endpoint", "region"}):
        raise ConfigError(f"STORAGE_URL: s3:// knows endpoint and region, not {', '.join(unknown)}")
    if not re.fullmatch(r"https?://[^/?]+/?", told.get("endpoint", "https://s3")):
        raise ConfigError("STORAGE_URL: the endpoint is an address, such as https://s3.example.org")
    return url


def _operator(text: str) -> Operator:
    try:
        told = Operator(**json.loads(text))
    except (ValueError, TypeError) as error:
        raise ConfigError("OPERATOR must be one JSON object with name, address, email and host") from error
    if not all(isinstance(value, str) and value.strip() for value in asdict(told).values()):
        raise ConfigError("OPERATOR must tell name, address, email and host in words")
    return told


def _limits(text: str) -> Mapping[str, Any]:
    try:
        limits = json.loads(text or "{}")
    except ValueError as error:
        raise ConfigError("LIMITS must be one JSON object") from error
    if not isinstance(limits, dict):
        raise ConfigError("LIMITS must be one JSON object")
    return limits


def _for_tests(app_env: str, environ: Mapping[str, str]) -> dict[str, Any]:
    """Read what only tests may say; elsewhere it is not heard."""
    if app_env != "test":
        return {}
    at, clock = environ.get("CRASH_AT", ""), environ.get("CLOCK_OFFSET")
    if at and not at.isdigit():
        raise ConfigError("CRASH_AT must be a number")
    return {
        "crash_at": int(at) if at else None,
        "crash_count": bool(environ.get("CRASH_COUNT")),
        "clock_offset": Path(clock) if clock else None,
    }


def _kept_secret(data_dir: Path, name: str) -> str:
    """Read the secret kept beside the data, made at the first start."""
    path = data_dir / "secrets" / name
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        made = path.with_suffix(f".{secrets.token_hex(4)}")
        made.touch(mode=0o600)
        made.write_text(secrets.token_urlsafe(48), encoding="utf-8")
        with suppress(FileExistsError):
            path.hardlink_to(made)  # the first of two starts wins, both read the same
        made.unlink()
    return path.read_text(encoding="utf-8")
