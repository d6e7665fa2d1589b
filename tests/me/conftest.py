"""A person who has given to two museums, a stranger, and ways in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from crowdfund import clock
from crowdfund.donors.models import Donor
from crowdfund.me import tasks
from crowdfund.me.models import DonorLink
from crowdfund.receipts import service as receipts
from crowdfund.tenancy import PlatformScope, TaskScope, transaction
from tests import factories
from tests.receipts.conftest import MailKeeper, Museum, found_museum, mails

__all__ = ["mails"]
EMAIL = "camille@example.org"
OTHER = "dominique@example.org"
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass
class Town:
    """Two museums at which Camille gave once each, and one gift of somebody else's."""

    first: Museum
    second: Museum
    gifts: tuple[int, int]
    others_gift: int

    def donors(self, email: str) -> list[Donor]:
        found: list[Donor] = []
        for museum in (self.first, self.second):
            with museum.open() as session:
                found += session.scalars(select(Donor).where(Donor.email == email))
        return found


def _give(museum: Museum, email: str, **given: Any) -> int:
    with museum.open() as session:
        known = session.scalars(select(Donor).where(Donor.email == email)).first()
        donor = known or factories.make_donor(session, email=email, first_name="Camille", last_name="Rey")
        gift = museum.give(session, donor, pledged=True, **given)
        receipts.issue(session, gift.id)
        return gift.id


@pytest.fixture
def town(app: Flask, mails: MailKeeper) -> Town:
    first, second = found_museum(), found_museum()
    made = Town(first, second, (_give(first, EMAIL), _give(second, EMAIL)), _give(second, OTHER))
    for museum in (first, second):
        for receipt in museum.receipts():
            museum.bring(receipt)
    mails.kept.clear()
    return made


@pytest.fixture
def later() -> Iterator[Callable[..., None]]:
    """Move the clock on."""
    opened: list[Any] = []

    def move(**by: float) -> None:
        from datetime import timedelta  # noqa: PLC0415 - of this helper alone

        around = clock.at(clock.now() + timedelta(**by))
        around.__enter__()
        opened.append(around)

    yield move
    while opened:
        opened.pop().__exit__(None, None, None)


def csrf(page: Any) -> str:
    found = TOKEN.search(page.text)
    assert found, page.text
    return found[1]


def ask(client: FlaskClient, email: str, lang: str = "fr") -> Any:
    page = client.get(f"/{lang}/me/")
    return client.post(f"/{lang}/me/", data={"email": email, "csrf_token": csrf(page)})


def post(museum: int) -> None:
    """Let the worker send every link that was asked for."""
    with transaction(PlatformScope()) as session:
        waiting = list(session.scalars(select(DonorLink.id).order_by(DonorLink.id)))
    for link_id in waiting:
        tasks.send_link(TaskScope(museum, 0), link_id=link_id)


def link_in(mails: MailKeeper) -> str:
    body = mails.kept[-1][1].get_body(("plain",))
    assert body is not None
    found = re.search(r"http\S+(/../me/link/\S+)", body.get_content())
    assert found
    return found[1]


def enter(client: FlaskClient, town: Town, mails: MailKeeper, email: str = EMAIL) -> None:
    ask(client, email)
    post(town.first.id)
    link = link_in(mails)
    page = client.get(link)
    assert client.post(link, data={"csrf_token": csrf(page)}).status_code == 303
