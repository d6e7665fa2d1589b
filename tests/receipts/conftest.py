"""A museum with an issuer, a campaign and gifts, and a mailer that keeps what it is given."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask, current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from config import Config
from crowdfund import links
from crowdfund.campaigns.models import Campaign
from crowdfund.donors.models import Donor
from crowdfund.gifts.models import Gift
from crowdfund.institutions.models import Issuer
from crowdfund.mail import Mail, Mailer
from crowdfund.outbox import OutboxRow
from crowdfund.receipts import tasks
from crowdfund.receipts.models import Receipt, ReceiptHold
from crowdfund.storage import FileStorage
from crowdfund.tenancy import OperatorScope, transaction
from tests import factories

ITALIAN_ISSUER: dict[str, Any] = {
    "legal_name": "Fondazione Palazzo Valmora", "kind": "public_museum_it", "jurisdiction": "IT",
    "registrations": {"codice_fiscale": "97500000011"}, "address_line": "Via Po 1", "postcode": "10123",
    "city": "Torino", "country": "IT", "legal_bases": ["art_bonus"], "stamp_duty_policy": "exempt_public",
    "time_zone": "Europe/Rome",
    "signatory_name": "G. Ferrero", "signatory_quality": "La direttrice",
}  # fmt: skip
FISCAL_CODE = "RSSMRA85T10A562S"


class MailKeeper(Mailer):
    """Builds each message as the real one does, and keeps it."""

    def __init__(self, config: Config, storage: FileStorage) -> None:
        super().__init__(config, storage)
        self.kept: list[tuple[str, EmailMessage]] = []
        self.down: OSError | None = None

    def send(self, mail: Mail, key: str) -> None:
        message = self.message(mail, key)
        if self.down is not None:
            raise self.down
        self.kept.append((key, message))

    def kinds(self) -> list[str]:
        return [key.split(":")[1] for key, _message in self.kept]  # museum:kind:subject


@dataclass
class Museum:
    """One museum of the test, with shortcuts for what is done again and again."""

    id: int
    issuer_id: int
    campaign_id: int

    @property
    def scope(self) -> OperatorScope:
        return factories.scope(self.id)

    def open(self) -> Any:
        return transaction(self.scope)

    def campaign(self, session: Session) -> Campaign:
        return session.get_one(Campaign, (self.id, self.campaign_id))

    def give(self, session: Session, donor: Donor | None = None, *, pledged: bool = False, **given: Any) -> Gift:
        campaign = self.campaign(session)
        donor = donor or factories.make_donor(session)
        if pledged:
            attempt = uuid4()
            token = links.token_for(current_app.extensions["config"].secret_key, "gift", self.id, str(attempt))
            pledge = factories.make_pledge(
                session, campaign, donor, state="paid", attempt=attempt, token_hash=links.digest(token),
                wants_receipt=given.get("wants_receipt", True),
            )  # fmt: skip
            given["pledge_id"] = pledge.id
        return factories.make_gift(session, campaign, donor, **given)

    def gift(self, **given: Any) -> int:
        donor = given.pop("donor", {})
        with self.open() as session:
            return self.give(session, factories.make_donor(session, **donor), **given).id

    def issuer(self, **changes: Any) -> None:
        with self.open() as session:
            issuer = session.get_one(Issuer, (self.id, self.issuer_id))
            for name, value in changes.items():
                setattr(issuer, name, value)

    def receipts(self) -> list[Receipt]:
        with self.open() as session:
            return list(session.scalars(select(Receipt).order_by(Receipt.id)))

    def hold(self, gift_id: int) -> tuple[str, str] | None:
        with self.open() as session:
            row = session.scalars(select(ReceiptHold).filter_by(gift_id=gift_id, released_at=None)).one_or_none()
            return (row.outcome, row.reason) if row else None

    def facts(self, topic: str) -> list[OutboxRow]:
        with self.open() as session:
            return list(session.scalars(select(OutboxRow).filter_by(topic=topic).order_by(OutboxRow.id)))

    def waiting(self) -> list[OutboxRow]:
        with self.open() as session:
            return list(session.scalars(select(OutboxRow).filter_by(delivered_at=None).order_by(OutboxRow.id)))

    def bring(self, receipt: Receipt) -> None:
        tasks.render_and_send(self.scope, receipt_id=receipt.id)


def found_museum(**issuer: Any) -> Museum:
    """Found a museum whose issuer may issue; its own transactions, so that threads see it."""
    museum = factories.make_institution()
    with transaction(factories.scope(museum)) as session:
        regime = {"tax_regime": "fr_200"}
        if issuer.get("jurisdiction") == "IT":
            regime = {"tax_regime": "it_art_bonus", "art_bonus_id": "AB-2026-17"}
        made = factories.make_issuer(session, **issuer)
        return Museum(museum, made.id, factories.make_campaign(session, issuer_id=made.id, **regime).id)


@pytest.fixture
def found(app: Flask) -> Callable[..., Museum]:
    return found_museum


@pytest.fixture
def museum(app: Flask) -> Museum:
    return found_museum()


@pytest.fixture
def italian(app: Flask) -> Museum:
    return found_museum(**ITALIAN_ISSUER)


@pytest.fixture
def mails(app: Flask) -> Iterator[MailKeeper]:
    before = app.extensions["mailer"]
    app.extensions["mailer"] = keeper = MailKeeper(app.extensions["config"], app.extensions["storage"])
    yield keeper
    app.extensions["mailer"] = before
