"""Guessing the address that a misspelt one means."""

from __future__ import annotations

import pytest

from crowdfund.pledges.misspelt import DOMAINS, address_meant


@pytest.mark.parametrize(
    "typed",
    ["marco@gmial.com", "marco@gmai.com", "marco@gmaill.com", "marco@gnail.com", "marco@gmail.co", "marco@gmail.comm"],
)
def test_one_slip_is_seen(typed: str) -> None:
    assert address_meant(typed) == "marco@gmail.com"


@pytest.mark.parametrize(
    "typed", ["", "marco", "marco@museo.it", "marco@gmal.con", "marco@gogle.com", "m@mail.com", "m@tim.it"]
)
def test_what_no_slip_explains_is_left_alone(typed: str) -> None:
    assert address_meant(typed) == ""


def test_nobody_who_writes_from_a_known_domain_is_asked() -> None:
    assert [domain for domain in DOMAINS if address_meant(f"m@{domain}")] == []
