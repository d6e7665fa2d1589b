"""Two at once: real connections, real commits."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from crowdfund import clock
from crowdfund.campaigns.models import Reward
from crowdfund.donors.models import Donor
from crowdfund.donors.rules import DonorDetails
from crowdfund.errors import Refusal
from crowdfund.money import Money
from crowdfund.outbox import OutboxRow
from crowdfund.pledges import service
from crowdfund.pledges.models import Pledge
from crowdfund.pledges.rules import PledgeRequest
from crowdfund.tenancy import transaction
from tests import factories

DONORS = 6


class Hall:
    """A museum that all threads see, with one reward of which one is left."""

    def __init__(self, house: Flask) -> None:
        self.house = house
        self.museum = factories.make_institution()
        with transaction(factories.scope(self.museum)) as session:
            campaign = factories.make_campaign(session)
            self.campaign = campaign.id
            self.reward = factories.make_reward(session, campaign, stock=1).id

    def pledge(self, attempt: UUID, name: str, reward: int | None = None) -> int | Refusal:
        """Pledge in a transaction of its own; give the pledge's id or the refusal."""
        donor = DonorDetails(first_name=name, last_name="Rey", email=f"{name}@example.org", locale="fr")
        request = PledgeRequest(
            attempt=attempt, campaign_id=self.campaign, amount=Money(5000, "EUR"), donor=donor, reward_id=reward
        )
        try:
            with self.house.app_context(), transaction(factories.scope(self.museum)) as session:
                return service.make_pledge(session, request).id
        except Refusal as refusal:
            return refusal

    def at_once(self, work: Callable[[int], Any]) -> list[Any]:
        """Run the work in as many threads as there are donors, all started at the same moment."""
        gate = threading.Barrier(DONORS)

        def started(number: int) -> Any:
            gate.wait(10)
            return work(number)

        with ThreadPoolExecutor(DONORS) as pool:
            return list(pool.map(started, range(DONORS)))

    def count(self, model: Any) -> int:
        with transaction(factories.scope(self.museum)) as session:
            return int(session.scalar(select(func.count()).select_from(model)) or 0)


@pytest.fixture
def hall(house: Flask) -> Iterator[Hall]:
    with house.app_context():
        made = Hall(house)
        yield made
        with transaction(factories.scope(made.museum)) as session:
            session.execute(update(OutboxRow).values(delivered_at=clock.now()))


def test_of_all_who_ask_for_the_last_reward_exactly_one_gets_it(hall: Hall) -> None:
    answers = hall.at_once(lambda n: hall.pledge(uuid4(), f"donor{n}", hall.reward))
    assert sum(isinstance(answer, int) for answer in answers) == 1
    refusals = [answer for answer in answers if isinstance(answer, Refusal)]
    assert {(refusal.status, refusal.field) for refusal in refusals} == {(409, "reward")}
    with transaction(factories.scope(hall.museum)) as session:
        assert session.scalars(select(Reward.claimed)).one() == 1
    assert hall.count(Pledge) == 1
    assert hall.count(Donor) == 1  # whoever was refused left nothing behind


def test_one_attempt_sent_by_many_makes_one_pledge(hall: Hall) -> None:
    attempt = uuid4()
    answers = hall.at_once(lambda n: hall.pledge(attempt, f"donor{n}", hall.reward))
    assert len(set(answers)) == 1
    assert isinstance(answers[0], int)
    assert hall.count(Pledge) == hall.count(Donor) == 1


def test_one_person_in_many_windows_is_one_donor(hall: Hall) -> None:
    answers = hall.at_once(lambda _n: hall.pledge(uuid4(), "camille"))
    assert len(set(answers)) == DONORS
    assert hall.count(Donor) == 1


def test_an_expiry_and_a_payment_at_once_end_paid_with_one_reward(hall: Hall) -> None:
    pledge = hall.pledge(uuid4(), "camille", hall.reward)
    assert isinstance(pledge, int)

    def end(number: int) -> None:
        with hall.house.app_context(), transaction(factories.scope(hall.museum)) as session:
            (service.fulfil if number % 2 else service.expire)(session, pledge)

    hall.at_once(end)
    with transaction(factories.scope(hall.museum)) as session:
        found = service.pledge_of(session, pledge)
        assert (found.state, found.reward_state) == ("paid", "claimed")
        assert session.scalars(select(Reward.claimed)).one() == 1
