"""Each wrong setting stops the start with one sentence that names it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from config import Config, ConfigError

LIVE = {
    "APP_ENV": "production",
    "SECRET_KEY": "0123456789abcdef0123456789abcdef",
    "SIGNING_KEYS": "one, two",
    "PUBLIC_URL": "https://dons.example.org/",
    "STRIPE_SECRET_KEY": "sk_live_x",
    "STRIPE_WEBHOOK_SECRETS": "whsec_new, whsec_old",
    "DATABASE_URL": "postgresql://app@db/cimaise",
    "DATABASE_OWNER_URL": "postgresql://owner@db/cimaise",
    "BROKER_URL": "amqp://broker",
    "SMTP_URL": "smtp://mail:587?tls=1",
    "OPERATOR": '{"name": "N", "address": "A", "email": "e@example.org", "host": "H"}',
}
WRONG = {
    "APP_ENV": "staging",
    "SECRET_KEY": "changeme",
    "PUBLIC_URL": "http://dons.example.org",
    "STRIPE_SECRET_KEY": "sk_test_x",
    "STRIPE_API_BASE": "http://127.0.0.1:8001",
    "DATABASE_URL": "mysql://db/x",
    "DATABASE_OWNER_URL": "sqlite://",
    "LIMITS": "[1]",
    "OPERATOR": '{"name": "N", "address": "", "email": "e@example.org", "host": "H"}',
    "CRASH_AT": "3",
    "CRASH_COUNT": "1",
    "CLOCK_OFFSET": "/x",
}


def _read(data_dir: Path, **given: str) -> Config:
    return Config.from_environ({"DATA_DIR": str(data_dir), **given})


def test_production_reads_what_it_is_told(tmp_path: Path) -> None:
    config = _read(tmp_path, **LIVE)
    assert config.public_url == "https://dons.example.org"
    assert config.secure
    assert config.livemode
    assert not config.simulated
    assert config.stripe_webhook_secrets == ("whsec_new", "whsec_old")
    assert config.stripe_api_base == "https://api.stripe.com"
    assert config.checkout_origin == "https://checkout.stripe.com"
    assert config.database_url.startswith("postgresql+psycopg://")
    assert (config.simulator_url, config.mailbox_url, config.crash_at, config.clock_offset) == (None, None, None, None)
    assert list(tmp_path.iterdir()) == []  # production draws no secrets of its own


@pytest.mark.parametrize("name", WRONG)
def test_production_refuses_a_wrong_value_by_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        _read(tmp_path, **{**LIVE, name: WRONG[name]})
    said = str(refusal.value)
    assert name in said
    assert len(said.splitlines()) == 1
    assert WRONG[name] not in said or name == "APP_ENV"  # a secret is not repeated


@pytest.mark.parametrize("name", [name for name in LIVE if name not in {"APP_ENV", "DATABASE_OWNER_URL"}])
def test_production_needs_every_setting(tmp_path: Path, name: str) -> None:
    given = {key: value for key, value in LIVE.items() if key != name}
    with pytest.raises(ConfigError, match=name):
        _read(tmp_path, **given)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LIMITS", "{"),
        ("REDIS_URL", "http://cache"),
        ("STORAGE_URL", "gopher://x"),
        ("STORAGE_URL", "s3://"),
        ("STORAGE_URL", "s3://kept/folder"),
        ("STORAGE_URL", "s3://key:secret@kept"),
        ("STORAGE_URL", "s3://kept?endpont=https://s3.example.org"),
        ("STORAGE_URL", "s3://kept?endpoint=s3.example.org"),
        ("PUBLIC_URL", "ftp://x"),
        ("DATABASE_URL", "x"),
        ("CRASH_AT", "soon"),
        ("STRIPE_SECRET_KEY", "sk_live_x"),
    ],
)
def test_a_test_setting_is_checked_too(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(ConfigError):
        _read(tmp_path, APP_ENV="test", **{name: value})


def test_the_demo_needs_nothing_and_keeps_its_secrets(tmp_path: Path) -> None:
    first, second = _read(tmp_path), _read(tmp_path)
    assert first.secret_key == second.secret_key
    assert first.signing_keys == second.signing_keys
    assert len(first.secret_key) >= 32
    assert first.simulated
    assert not first.livemode
    kept = list((tmp_path / "secrets").iterdir())
    assert {path.name for path in kept} == {"secret_key", "signing_key"}
    assert all(path.stat().st_mode & 0o077 == 0 for path in kept)
    assert _read(tmp_path / "other").secret_key != first.secret_key


def test_faults_to_order_are_for_tests_alone(tmp_path: Path) -> None:
    assert _read(tmp_path, APP_ENV="test", CRASH_AT="7").crash_at == 7
    assert _read(tmp_path, APP_ENV="demo", CRASH_AT="7").crash_at is None


def test_nothing_is_read_from_the_environment_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLATFORM_NAME", "Elsewhere")
    assert os.environ["PLATFORM_NAME"] == "Elsewhere"
    assert _read(tmp_path).platform_name == "Cimaise"


def test_a_shared_cache_may_be_named_and_is_not_needed(tmp_path: Path) -> None:
    assert _read(tmp_path).redis_url is None
    bucket = "s3://kept?endpoint=https://s3.example.org&region=fr"
    assert _read(tmp_path, STORAGE_URL=bucket).storage_url == bucket
    assert _read(tmp_path, REDIS_URL="redis://cache:6379/0").redis_url == "redis://cache:6379/0"
