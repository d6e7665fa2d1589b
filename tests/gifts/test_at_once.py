"""What touches one donor at once waits for each other in one order: real connections, real commits, no deadlock."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import event, text, update
from sqlalchemy.orm import Session

from crowdfund import books, clock
from crowdfund.campaigns.models import Campaign
from crowdfund.crm import merging
from crowdfund.donors import service as donors
from crowdfund.donors.rules import DonorDetails
from crowdfund.gifts import identity, service
from crowdfund.gifts.models import Gift
from crowdfund.gifts.reports import RefundReported
from crowdfund.gifts.rules import Method, RefundState
from crowdfund.money import Money
from crowdfund.outbox import OutboxRow
from crowdfund.tenancy import transaction
from tests import factories

PATIENCE = 20.0  # seconds: a lock may take three
Work = Callable[[Session], Any]


class Town:
    """A museum that every thread sees, with one campaign."""

    def __init__(self, house: Flask) -> None:
        self.house = house
        self.museum = factories.make_institution()
        with transaction(factories.scope(self.museum)) as session:
            issuer = factories.make_issuer(session)
            self.campaign = factories.make_campaign(session, issuer_id=issuer.id).id

    def give(self, session: Session, donor_id: int) -> Gift:
        """Receive 50.00 from a donor who wants no receipt."""
        campaign = session.get_one(Campaign, (self.museum, self.campaign))
        donor = donors.donor_of(session, donor_id)
        pledge = factories.make_pledge(session, campaign, donor, wants_receipt=False)
        return service.receive_gift(
            session,
            service.MoneyReceived(
                reference=f"gift:{uuid4()}", amount=Money(5000, "EUR"), campaign_id=campaign.id, method=Method.CARD,
                received_at=clock.now(), pledge_id=pledge.id, donor_id=donor_id, charge=f"ch_{uuid4().hex}",
                payment=f"pi_{uuid4().hex}",
            ),
        )  # fmt: skip

    def donor(self, *, gave: bool = False) -> int:
        """Add a donor."""
        with transaction(factories.scope(self.museum)) as session:
            donor_id = factories.make_donor(session).id
            if gave:
                self.give(session, donor_id)
            return donor_id

    def refund(self, session: Session, donor_id: int) -> None:
        """Hear that the only gift of a donor was given back."""
        gift = session.query(Gift).filter_by(donor_id=donor_id).one()
        service.record_refund(
            session,
            RefundReported(
                charge=gift.charge or "", provider_refund=f"re_{uuid4().hex}", amount=gift.amount,
                state=RefundState.SUCCEEDED, at=clock.now(),
            ),
        )  # fmt: skip

    def meet(self, first: Work, sign: str, other: Work) -> None:
        """Do `first`; once it has sent a statement with this sign, do `other` beside it, until it ends or waits for a lock."""
        with ThreadPoolExecutor(1) as pool, transaction(factories.scope(self.museum)) as session:
            started: list[Future[Any]] = []

            def sent(connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
                if sign in statement and not started:
                    started.append(pool.submit(self._beside, other))
                    self._see_it_wait(session, started[0])

            bound = session.connection()
            event.listen(bound, "after_cursor_execute", sent)
            first(session)
            session.flush()
            event.remove(bound, "after_cursor_execute", sent)
            session.commit()
            assert started, "the first never came to where the other begins"
            started[0].result(PATIENCE)

    def _beside(self, other: Work) -> None:
        with self.house.app_context(), transaction(factories.scope(self.museum)) as session:
            other(session)

    def _see_it_wait(self, session: Session, other: Future[Any]) -> None:
        mine = session.connection().connection.dbapi_connection.info.backend_pid  # type: ignore[union-attr]
        waits = text("SELECT 1 FROM pg_stat_activity WHERE :mine = ANY (pg_blocking_pids(pid))")
        until = time.monotonic() + PATIENCE
        with self.house.extensions["database"].engine.connect() as watching:
            while not other.done() and not watching.scalar(waits, {"mine": mine}):
                watching.rollback()
                assert time.monotonic() < until, "the other neither waits nor ends"
                wait([other], timeout=0.02)


@pytest.fixture
def town(house: Flask) -> Iterator[Town]:
    with house.app_context():
        made = Town(house)
        yield made
        with transaction(factories.scope(made.museum)) as session:
            session.execute(update(OutboxRow).values(delivered_at=clock.now()))
            assert not books.broken(session)


def _learn(session: Session, donor_id: int) -> None:
    donor = donors.donor_of(session, donor_id)
    donors.update_details(
        session, donor, DonorDetails(first_name=donor.first_name or "", last_name="Huart", locale="it")
    )


def test_the_only_gift_of_a_person_is_given_back_while_their_records_are_merged(town: Town) -> None:
    kept, giver = town.donor(), town.donor(gave=True)
    town.meet(
        lambda session: merging.merge(session, kept, giver), "FOR UPDATE", lambda session: town.refund(session, giver)
    )


def test_a_first_gift_comes_while_another_brings_news_of_its_donor(town: Town) -> None:
    donor = town.donor()

    def tell_and_give(session: Session) -> None:
        _learn(session, donor)
        town.give(session, donor)

    town.meet(tell_and_give, "UPDATE donors", lambda session: town.give(session, donor))


def test_a_merged_record_gives_while_who_stands_for_it_is_merged_again(town: Town) -> None:
    record, kept, last = town.donor(), town.donor(), town.donor()
    with transaction(factories.scope(town.museum)) as session:
        merging.merge(session, kept, record)
    town.meet(
        lambda session: merging.merge(session, last, kept), "FOR UPDATE", lambda session: town.give(session, record)
    )


def test_a_gift_is_given_back_while_its_donor_asks_for_a_receipt(town: Town) -> None:
    donor = town.donor(gave=True)
    with transaction(factories.scope(town.museum)) as session:
        pledge = session.query(Gift).filter_by(donor_id=donor).one().pledge_id or 0
    told = DonorDetails(
        first_name="C", last_name="R", address_line="9 rue des Tanneurs", postcode="73000", city="Chambéry", country="FR",
        locale="fr",
    )  # fmt: skip

    def ask(session: Session) -> None:
        identity.complete_identity(session, pledge, told)

    town.meet(lambda session: town.refund(session, donor), "FOR NO KEY UPDATE", ask)
