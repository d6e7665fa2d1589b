"""A museum after the gifts have come: rewards owed, people to thank; and hands to give, to give back, to let facts be heard."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from crowdfund import clock, outbox
from crowdfund.ambassadors.models import Ambassador
from crowdfund.donors.models import Donor
from crowdfund.fulfilment.models import Counterpart, CounterpartStep
from crowdfund.gifts import service as gifts
from crowdfund.gifts.models import Gift, ThankRule
from crowdfund.gifts.reports import MoneyReceived
from crowdfund.gifts.rules import Method
from crowdfund.invitations.models import Booking, Gathering
from crowdfund.links import digest, token_for
from crowdfund.mail import Mail
from crowdfund.money import Money
from crowdfund.outbox import OutboxRow
from crowdfund.pledges import making
from crowdfund.pledges import service as pledges
from crowdfund.pledges.models import Pledge
from crowdfund.tenancy import OperatorScope, transaction
from crowdfund.thanks.models import LetterBatch, ThankCall, ThankLetter
from tests import factories
from tests.desk import enter, form_token, make_colleague
from tests.doubles import MemoryMailer
from tests.factories import LATER


@dataclass
class Museum:
    """One museum, its campaign and its mailbox."""

    app: Flask
    mailer: MemoryMailer
    id: int
    slug: str
    campaign_id: int
    campaign: str
    heard: tuple[str, ...]

    @property
    def scope(self) -> OperatorScope:
        return OperatorScope(self.id, "test")

    def open(self) -> Any:
        return transaction(self.scope)

    def reward(self, **given: Any) -> int:
        with self.open() as session:
            return factories.make_reward(session, factories.campaign_in(session, self.campaign_id), **given).id

    def give(self, reward_id: int | None = None, minor: int = 5000, **given: Any) -> int:
        """Let somebody give; the donor's own words stand in `donor`. Gives the gift's id."""
        who, donor_id = given.pop("donor", {}), given.pop("donor_id", None)
        method, imported = given.pop("method", Method.CHEQUE), given.pop("imported", False)
        with self.open() as session:
            donor = row(session, Donor, self, donor_id) if donor_id else factories.make_donor(session, **who)
            campaign = factories.campaign_in(session, self.campaign_id)
            attempt = uuid4()
            token = token_for(making.secret(), "gift", self.id, str(attempt))
            pledge = factories.make_pledge(
                session, campaign, donor, attempt=attempt, token_hash=digest(token), amount_minor=minor, method=method,
                locale=donor.locale, reward_id=reward_id, reward_state="claimed" if reward_id else "none",
                counterpart_minor=800 if reward_id else 0, **given,
            )  # fmt: skip
            return gifts.receive_gift(session, MoneyReceived(
                reference=f"pledge:{pledge.id}", campaign_id=campaign.id, amount=Money(minor, campaign.currency),
                method=method, received_at=clock.now(), pledge_id=pledge.id, imported=imported)).id  # fmt: skip

    def give_back(self, gift_id: int) -> None:
        """Give the whole gift back by hand."""
        with self.open() as session:
            gift = session.get_one(Gift, (self.id, gift_id))
            refund = gifts.request_refund(session, gift_id, gift.amount, "asked", uuid4())
            gifts.clear_refund(session, refund.id)

    def token(self, gift_id: int) -> str:
        """Give the token of a gift's page."""
        with self.open() as session:
            gift = session.get_one(Gift, (self.id, gift_id))
            return pledges.gift_token(session.get_one(Pledge, (self.id, gift.pledge_id)))

    def hear(self) -> None:
        """Deliver the facts of the feature under test until none is left."""
        for _round in range(20):
            with self.open() as session:
                rows = session.execute(
                    select(OutboxRow.id, OutboxRow.listener)
                    .where(OutboxRow.delivered_at.is_(None))
                    .order_by(OutboxRow.id)
                ).all()
            ours = [row.id for row in rows if row.listener.startswith(self.heard)]
            if not ours:
                return
            for outbox_id in ours:
                outbox.deliver(self.id, outbox_id)
        raise AssertionError("the work does not end")

    def desk(self, role: str = "campaign_lead") -> Desk:
        """Sign a colleague in."""
        account = make_colleague(self.id, role, f"{role}.{uuid4().hex[:6]}@example.org")
        client = enter(self.app, account)
        return Desk(client, form_token(client, "/account/"), f"/staff/{self.slug}")

    def sent_to(self, email: str) -> list[Mail]:
        return [mail for _key, mail in self.mailer.sent if mail.to == email]

    def all(self, table: type[Any]) -> list[Any]:
        with self.open() as session:
            return list(session.scalars(select(table).order_by(table.id)))


@dataclass(frozen=True)
class Desk:
    """A colleague's browser."""

    client: FlaskClient
    token: str
    base: str

    def get(self, path: str) -> Any:
        return self.client.get(f"{self.base}/{path}")

    def post(self, path: str, **data: Any) -> Any:
        return self.client.post(f"{self.base}/{path}", data={"csrf_token": self.token, **data})


@contextmanager
def found(app: Flask, *heard: str, **campaign: Any) -> Iterator[Museum]:
    """Found a museum with a live campaign; `heard` names the features whose facts are delivered."""
    before = app.extensions["mailer"]
    mailer = app.extensions["mailer"] = MemoryMailer(app.extensions["config"], app.extensions["storage"])
    slug = f"aubigneux-{uuid4().hex[:6]}"
    museum = factories.make_institution(slug=slug, name="Hôtel d’Aubigneux")
    with transaction(factories.scope(museum)) as session:
        made = factories.make_campaign(session, slug="pastel", **campaign)
        campaign_id = made.id
    yield Museum(app, mailer, museum, slug, campaign_id, "pastel", heard)
    app.extensions["mailer"] = before


def row(session: Session, table: type[Any], museum: Museum, row_id: int) -> Any:
    """Read one row of a museum."""
    return session.get_one(table, (museum.id, row_id))


def plant(session: Session, gift: Gift, pledge: Pledge, words: str) -> None:
    """Plant under a gift's number what follows it, with the donor's own words wherever words can stand."""
    campaign = factories.campaign_in(session, gift.campaign_id)
    factories.make_reward(session, campaign, id=gift.id)
    pledge.wall, pledge.wall_name, pledge.dedication_name = "anonymous", words, words
    session.add(Counterpart(
        id=gift.id, gift_id=gift.id, pledge_id=pledge.id, reward_id=gift.id, campaign_id=campaign.id, donor_id=pledge.donor_id,
        state="promised", value_minor=800, currency=campaign.currency, note=words))  # fmt: skip
    session.flush()
    session.add(CounterpartStep(counterpart_id=gift.id, after="promised", act=uuid4(), by="test"))
    rule = ThankRule(
        id=gift.id, position=1, name=words, from_minor=0, currency=campaign.currency, turn="any", words={}, signed_by=words,
        signed_as="", calls=True, letter=True)  # fmt: skip
    batch = LetterBatch(id=gift.id + LATER, number=1, state="printed", window="right", letters=1, made_by=words)
    starts = clock.now() + timedelta(days=3)
    gathering = Gathering(
        id=gift.id, campaign_id=campaign.id, kind="visit", state="open", title={"fr": "Visite"}, place="Hall", starts_at=starts,
        ends_at=starts + timedelta(hours=1), capacity=9, most_each=2)  # fmt: skip
    session.add_all([rule, batch, gathering])
    session.flush()
    given = {"id": gift.id, "gift_id": gift.id, "donor_id": pledge.donor_id, "rule_id": gift.id}
    session.add(ThankCall(**given, state="due", due_at=starts, note=words))
    session.add(ThankLetter(**given, state="printed", batch_id=gift.id + LATER, words=words))
    session.add(
        Booking(
            id=gift.id, gathering_id=gift.id, pledge_id=pledge.id, donor_id=pledge.donor_id, state="booked", people=1
        )
    )
    session.add(Ambassador(
        id=gift.id, campaign_id=campaign.id, donor_id=pledge.donor_id, name=words, goal=3, code="3467", wants_mail=False,
        locale="fr"))  # fmt: skip
    session.flush()
