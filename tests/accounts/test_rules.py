from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyotp
import pytest

from crowdfund.accounts import sealing, second_factor
from crowdfund.accounts.rules import LIMITS, Level, Limit, check_password, limit_of, session_ends
from crowdfund.accounts.sessions import device_of, ip_prefix
from crowdfund.errors import Refusal

NOON = datetime(2026, 6, 10, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "password",
    [
        "short",
        "elevenchars",
        "aaaaaaaaaaaaaaaa",
        "abababababab",
        "motdepasse2026",
        "M0tDeP@sse2026!",
        "musee-musee-2026",
        "Cimaise2026!!!",
        "qwertyuiop1234",
        "azertyuiop12",
        "passwordpassword",
        "vautrin-colette-12",
        "x" * 257,
        "123456789012",
    ],
)
def test_a_password_that_is_short_or_made_of_common_words_is_refused(password: str) -> None:
    with pytest.raises(Refusal):
        check_password(password, ("colette.vautrin@example.org", "Colette Vautrin"))


@pytest.mark.parametrize(
    "password",
    [
        "herons over the viaduct",
        "correct horse battery staple",
        "Zk8#vq2Lp0xW",
        "é" * 3 + " wobbly gravel pontoon",
        "mm" * 5 + "kiwi sloth",
    ],
)
def test_a_password_of_its_own_is_taken(password: str) -> None:
    check_password(password, ("colette.vautrin@example.org", "Colette Vautrin"))


@pytest.mark.parametrize(
    ("level", "pause", "age", "ended"),
    [
        (Level.FULL, timedelta(minutes=119), timedelta(hours=3), False),
        (Level.FULL, timedelta(minutes=121), timedelta(hours=3), True),
        (Level.FULL, timedelta(0), timedelta(hours=12, seconds=1), True),
        (Level.STRICT, timedelta(minutes=29), timedelta(hours=3), False),
        (Level.STRICT, timedelta(minutes=31), timedelta(hours=3), True),
        (Level.PASSWORD, timedelta(0), timedelta(minutes=9), False),
        (Level.PASSWORD, timedelta(0), timedelta(minutes=11), True),
    ],
)
def test_a_session_ends_by_age_and_by_pause(level: Level, pause: timedelta, age: timedelta, ended: bool) -> None:
    assert (session_ends(level, NOON - age, NOON - pause) <= NOON) is ended


def test_a_limit_is_overridden_by_name() -> None:
    assert limit_of("sign_in_ip", {"sign_in_ip": {"capacity": 3}}) == Limit(3, LIMITS["sign_in_ip"].period)
    assert limit_of("sign_in_ip", {"sign_in_ip": [7, 60]}) == Limit(7, 60)
    assert limit_of("sign_in_ip", {"another": [1, 1]}) == LIMITS["sign_in_ip"]


@pytest.mark.parametrize("wrong", [0, [0, 60], [1], {"capacity": -1}, {"period": "60"}, [1.5, 60], [True, 60]])
def test_an_override_that_is_no_limit_is_refused(wrong: object) -> None:
    with pytest.raises(ValueError, match="sign_in_ip"):
        limit_of("sign_in_ip", {"sign_in_ip": wrong})


def test_a_sealed_value_opens_only_in_its_place_and_under_its_key() -> None:
    sealed = sealing.seal("key", "accounts|totp_secret|1", "SECRET")
    assert "SECRET" not in sealed
    assert sealing.unseal("key", "accounts|totp_secret|1", sealed) == "SECRET"
    for key, place, value in (
        ("key", "accounts|totp_secret|2", sealed),
        ("other", "accounts|totp_secret|1", sealed),
        ("key", "accounts|totp_secret|1", "SECRET"),
        ("key", "accounts|totp_secret|1", "1.!"),
    ):
        with pytest.raises(sealing.SealBroken):
            sealing.unseal(key, place, value)


def test_a_code_is_known_by_its_step_and_by_no_other() -> None:
    secret = second_factor.new_secret()
    now = int(NOON.timestamp())
    step = now // 30
    shown = pyotp.TOTP(secret).at(now)
    assert second_factor.matching_step(secret, shown, NOON, 0) == step
    assert second_factor.matching_step(secret, shown, NOON, step) is None
    assert second_factor.matching_step(secret, shown, NOON + timedelta(seconds=30), 0) == step
    assert second_factor.matching_step(secret, shown, NOON + timedelta(seconds=90), 0) is None
    for wrong in ("", "12345", "１２３４５６", "abcdef", f" {shown}"):
        assert second_factor.matching_step(secret, wrong, NOON, 0) is None


def test_recovery_codes_are_eight_and_read_however_typed() -> None:
    codes = second_factor.new_recovery_codes()
    assert len(set(codes)) == 8
    assert second_factor.recovery_hash(codes[0].upper().replace("-", " ")) == second_factor.recovery_hash(codes[0])


@pytest.mark.parametrize(
    ("ip", "prefix"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2::9", "2001:db8:1::/48"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        (None, ""),
        ("x", ""),
    ],
)
def test_an_address_is_shortened_to_its_network(ip: str | None, prefix: str) -> None:
    assert ip_prefix(ip) == prefix


@pytest.mark.parametrize(
    ("agent", "device"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox · Windows"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0", "Edge · Windows"),
        ("Mozilla/5.0 (Linux; Android 16; Pixel 9) Chrome/140.0.0.0 Mobile Safari/537.36", "Chrome · Android"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) Version/18.6 Safari/604.1", "Safari · iPhone"),
        ("curl/8.5.0", "curl/8.5.0"),
        ("", ""),
    ],
)
def test_a_session_is_named_by_its_browser_and_system(agent: str, device: str) -> None:
    """A person knows their browser, not what it says of itself."""
    assert device_of(agent) == device
