"""A museum with an open campaign, and pages forgotten between tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from crowdfund import clock
from crowdfund.gifts import service as gifts
from crowdfund.gifts.models import Gift
from crowdfund.gifts.reports import MoneyReceived
from crowdfund.gifts.rules import Method
from crowdfund.money import Money
from crowdfund.pages import views
from crowdfund.reach import share
from crowdfund.tenancy import OperatorScope, transaction
from tests import factories

TITLES = {"fr": "Le pastel & la <dame>", "it": "Il pastello", "en": "The pastel"}


@dataclass(frozen=True)
class Museum:
    """A museum and its campaign."""

    id: int
    slug: str
    campaign_id: int
    campaign: str

    @property
    def scope(self) -> OperatorScope:
        return factories.scope(self.id)

    @property
    def path(self) -> str:
        return f"{self.slug}/{self.campaign}"


@pytest.fixture(autouse=True)
def forget_pages(house: Flask) -> None:
    views._cache.__init__()  # type: ignore[misc]
    house.wsgi_app.forget()  # type: ignore[attr-defined]
    house.extensions["pictures"] = share.Kept()


def found(slug: str = "aubigneux", campaign: str = "pastel", **given: Any) -> Museum:
    museum = factories.make_institution(slug=slug, name="Hôtel d’Aubigneux")
    with transaction(factories.scope(museum)) as session:
        made = factories.make_campaign(session, **{"slug": campaign, "title": TITLES} | given)
        return Museum(museum, slug, made.id, made.slug)


def receive(session: Session, campaign_id: int, minor: int, **more: Any) -> Gift:
    values: dict[str, Any] = {
        "reference": f"box:{uuid4()}",
        "campaign_id": campaign_id,
        "amount": Money(minor, "EUR"),
        "method": Method.BOX,
        "received_at": clock.now(),
        "wants_receipt": False,
    }
    return gifts.receive_gift(session, MoneyReceived(**values | more))


@pytest.fixture
def museum(app: Flask) -> Museum:
    return found()
