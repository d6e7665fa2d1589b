"""A museum that takes transfers and cheques, its people, and a browser for each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from crowdfund import outbox
from crowdfund.books import broken
from crowdfund.donors.rules import DonorDetails
from crowdfund.institutions import bank
from crowdfund.institutions.rules import Role
from crowdfund.money import Money
from crowdfund.outbox import OutboxRow
from crowdfund.pledges import service as pledges
from crowdfund.pledges.models import Pledge
from crowdfund.pledges.rules import PledgeRequest
from crowdfund.tenancy import OperatorScope, transaction
from tests import factories
from tests.desk import enter, form_token, make_colleague
from tests.doubles import MemoryMailer

IBAN = "FR7630006000011234567890189"
DETAILS = bank.Details(
    beneficiary="Ville d’Essai", iban=IBAN, bic="AGRIFRPP", cheque_order="Ville d’Essai",
    cheque_address="Musée\n1 place du Palais\n73000 Chambéry", takes_transfers=True, takes_cheques=True,
)  # fmt: skip
ADDRESS = {"address_line": "14 rue Basse", "postcode": "73000", "city": "Chambéry", "country": "FR"}


@dataclass
class Person:
    """Somebody of a museum, in a browser of their own."""

    client: FlaskClient
    slug: str
    token: str

    def url(self, path: str = "") -> str:
        return f"/staff/{self.slug}/desk{path}"

    def get(self, path: str = "") -> Any:
        return self.client.get(self.url(path))

    def post(self, path: str, data: dict[str, Any] | None = None, **fields: Any) -> Any:
        form = {"csrf_token": self.token} | (data or {}) | fields
        return self.client.post(self.url(path), data=form, content_type="multipart/form-data")


class House:
    """A museum with one open campaign. `mailer` keeps what is sent."""

    def __init__(self, app: Flask, *, currency: str = "EUR", **issuer: Any) -> None:
        self.app = app
        self.slug = f"house-{uuid4().hex[:8]}"
        self.id = factories.make_institution(slug=self.slug, name="Musée d’Essai", currency=currency)
        self.people: dict[str, Person] = {}
        with self.open() as session:
            made = factories.make_issuer(session, currency=currency, **issuer)
            self.issuer_id = made.id
            regime = {} if currency == "EUR" else {"tax_regime": None}
            campaign = factories.make_campaign(session, issuer_id=made.id, currency=currency, **regime)
            self.campaign_id, self.campaign, self.code = campaign.id, campaign.slug, campaign.code

    @contextmanager
    def open(self) -> Iterator[Session]:
        with transaction(OperatorScope(self.id, "test")) as session:
            yield session

    def take(self, details: bank.Details = DETAILS) -> None:
        """Tell where transfers and cheques go."""
        with self.open() as session:
            bank.set_bank_details(session, self.issuer_id, details)

    def person(self, role: Role, name: str = "") -> Person:
        key = f"{role}{name}"
        if key not in self.people:
            account = make_colleague(self.id, role, f"{key}.{self.slug}@example.org")
            client = enter(self.app, account)
            self.people[key] = Person(client, self.slug, form_token(client, "/account/"))
        return self.people[key]

    @property
    def desk(self) -> Person:
        return self.person(Role.DESK)

    @property
    def finance(self) -> Person:
        return self.person(Role.FINANCE)

    def promise(
        self, minor: int = 5000, method: str = "bank_transfer", *, address: bool = False, **donor: Any
    ) -> Pledge:
        """Let somebody announce an amount."""
        told = {"first_name": "Odette", "last_name": "Chevrier", "locale": "fr"} | donor | (ADDRESS if address else {})
        with self.open() as session:
            currency = factories.campaign_in(session, self.campaign_id).currency
            return pledges.make_pledge(session, PledgeRequest(
                attempt=uuid4(), campaign_id=self.campaign_id, amount=Money(minor, currency), donor=DonorDetails(**told),
                method=method, wants_receipt=address, wall="short"))  # fmt: skip

    def state_of(self, pledge: Pledge) -> str:
        with self.open() as session:
            return pledges.pledge_of(session, pledge.id).state

    def work(self) -> None:
        """Deliver every fact, until none is left."""
        for _round in range(30):
            with self.open() as session:
                found = select(OutboxRow.id).where(OutboxRow.delivered_at.is_(None)).order_by(OutboxRow.id)
                waiting = list(session.scalars(found))
            if not waiting:
                return
            for row_id in waiting:
                outbox.deliver(self.id, row_id)
        raise AssertionError("the work does not end")

    def check_books(self) -> None:
        with self.open() as session:
            assert broken(session) == {}


def hidden(page: str) -> dict[str, str]:
    """Read the hidden fields of a page."""
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))


@pytest.fixture
def mailer(app: Flask) -> Iterator[MemoryMailer]:
    before = app.extensions["mailer"]
    app.extensions["mailer"] = kept = MemoryMailer(app.extensions["config"], app.extensions["storage"])
    yield kept
    app.extensions["mailer"] = before


@pytest.fixture
def museum(app: Flask, mailer: MemoryMailer) -> House:
    """Found a museum that takes transfers and cheques."""
    made = House(app)
    made.take()
    return made
