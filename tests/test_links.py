"""Links that open one thing: derived, unguessable, bound to a museum and a purpose."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdfund.links import BadLink, digest, institution_of, sign, token_for, unsign

SECRET = "a secret of the tests, forty characters x"


@given(st.integers(1, 0xFFFFFF), st.text(max_size=40))
def test_a_token_names_its_museum_and_nothing_else(museum: int, subject: str) -> None:
    token = token_for(SECRET, "gift", museum, subject)
    assert institution_of(token) == museum
    assert token == token_for(SECRET, "gift", museum, subject)
    others = [
        token_for(SECRET, "receipt", museum, subject),
        token_for(SECRET, "gift", museum, f"{subject}x"),
        token_for(f"{SECRET}!", "gift", museum, subject),
    ]
    drawn = token.partition("-")[2]
    assert drawn not in {other.partition("-")[2] for other in others}
    assert drawn != token_for(SECRET, "gift", museum + 1, subject).partition("-")[2]


def test_a_token_holds_128_bits_and_is_stored_as_a_hash() -> None:
    token = token_for(SECRET, "gift", 3, "x")
    assert len(token.partition("-")[2]) * 5 >= 128
    assert len(digest(token)) == 64
    assert token not in digest(token)


@pytest.mark.parametrize(
    "token",
    [
        "",
        "-",
        "1",
        "1-",
        "1-abc",
        "-" + "a" * 26,
        "zz-" + "a" * 26,
        "1-" + "é" * 26,
        "1234567-" + "a" * 26,
        "1-" + "a" * 25 + "/",
    ],
)
def test_another_shape_is_no_token(token: str) -> None:
    with pytest.raises(BadLink):
        institution_of(token)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(token: str) -> None:
    with suppress(BadLink):
        assert institution_of(token) >= 0


def test_a_signed_value_is_for_one_purpose_one_key_and_a_while() -> None:
    signed = sign(SECRET, "next", {"path": "/staff/"})
    assert unsign(SECRET, "next", signed, 60) == {"path": "/staff/"}
    for secret, purpose, value, age in (
        (SECRET, "other", signed, 60),
        (f"{SECRET}!", "next", signed, 60),
        (SECRET, "next", signed[:-9] + ("a" if signed[-9] != "a" else "b") + signed[-8:], 60),  # the last has idle bits
        (SECRET, "next", signed, -1),
    ):
        with pytest.raises(BadLink):
            unsign(secret, purpose, value, age)
