"""The giving door, over HTTP with a real database: what is welcome, what is refused, and that refusals write nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from crowdfund.campaigns.models import Reward
from crowdfund.donors.models import Consent, Donor
from crowdfund.outbox import OutboxRow
from crowdfund.payments.models import Checkout
from crowdfund.pledges.models import Pledge
from crowdfund.tenancy import transaction
from tests import factories
from tests.doubles import FakeProvider

PERSON = {
    "first_name": "Camille", "last_name": "Rey", "email": "Camille.Rey@Example.org", "donor_kind": "individual",
    "wall": "short", "method": "card",
}
ADDRESS = {"wants_receipt": "1", "address_line": "8 rue des Tanneurs", "postcode": "73000", "city": "Chambéry", "country": "FR"}


@dataclass
class Place:
    """One museum with one open campaign and its rewards."""

    client: FlaskClient
    museum: int
    campaign: int
    url: str
    print_id: int
    last_id: int

    def second_step(self, **choice: str) -> TestResponse:
        return self.client.post(self.url, data={"step": "1", "amount": "50"} | choice)

    def form(self, **choice: str) -> dict[str, str]:
        """Give the hidden fields of step 2, as the page made them."""
        return hidden(self.second_step(**choice).text)

    def give(self, **changes: Any) -> TestResponse:
        """Send step 2 with a fresh attempt."""
        return self.client.post(self.url, data=self.form() | PERSON | changes)

    def count(self, model: Any) -> int:
        with transaction(factories.scope(self.museum)) as session:
            return int(session.scalar(select(func.count()).select_from(model)) or 0)

    def written(self) -> list[int]:
        return [self.count(model) for model in (Pledge, Donor, Consent, Checkout, OutboxRow)]

    def only(self, model: Any) -> Any:
        with transaction(factories.scope(self.museum)) as session:
            return session.scalars(select(model)).one()


def hidden(page: str) -> dict[str, str]:
    return {unescape(name): unescape(value) for name, value in
            re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', page)}


@pytest.fixture
def provider(house: Flask) -> Iterator[FakeProvider]:
    before, fake = house.extensions["provider"], FakeProvider()
    house.extensions["provider"] = fake
    yield fake
    house.extensions["provider"] = before


@pytest.fixture
def place(app: Flask, client: FlaskClient, provider: FakeProvider) -> Place:
    museum = factories.make_institution(slug=f"arvieres-{uuid4().hex[:6]}")
    with transaction(factories.scope(museum)) as session:
        campaign = factories.make_campaign(session, slug="hirondelles", minimum_minor=500)
        many = factories.make_reward(session, campaign)
        last = factories.make_reward(session, campaign, stock=1, price_minor=2000, title=factories.texts("Dinner"))
        ids = campaign.id, many.id, last.id
        slug = session.get_one(factories.Institution, museum).slug
    return Place(client, museum, ids[0], f"/fr/{slug}/hirondelles/give", ids[1], ids[2])


def test_step_1_asks_and_step_2_carries_the_answers(place: Place) -> None:
    first = place.client.get(f"{place.url}?amount=100&reward={place.print_id}&c=hall")
    assert first.status_code == 200
    assert 'value="100" checked' in first.text
    assert hidden(first.text)["c"] == "hall"
    assert "Set-Cookie" not in first.headers
    assert first.headers["Cache-Control"].endswith("no-store")
    second = place.client.get(f"{place.url}?step=2&amount=100&reward={place.print_id}&c=hall")
    fields = hidden(second.text)
    assert fields["amount"] == "100.00"
    assert fields["reward"] == str(place.print_id)
    assert fields["c"] == "hall"
    assert fields["attempt"]
    assert fields["csrf_token"]
    assert place.second_step(amount="100").status_code == 200


def test_a_good_form_leads_to_the_payment_page(place: Place, provider: FakeProvider) -> None:
    answer = place.give(news_museum="1", c="hall", message="Pour ma fille")
    assert answer.status_code == 303, answer.text
    assert "Set-Cookie" not in answer.headers
    pledge, donor = place.only(Pledge), place.only(Donor)
    assert (pledge.amount_minor, pledge.state, pledge.channel, pledge.message) == (5000, "made", "hall", "Pour ma fille")
    assert (donor.email, donor.locale, donor.address_line) == ("camille.rey@example.org", "fr", None)
    assert place.only(Consent).wording
    assert answer.location == place.only(Checkout).url
