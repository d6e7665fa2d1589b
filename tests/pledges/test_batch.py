"""Many pledges at once: what comes of it is what comes of making them one by one, each at its moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from crowdfund import clock
from crowdfund.campaigns.models import Campaign, Reward
from crowdfund.donors.models import Consent, Donor
from crowdfund.donors.rules import DonorDetails
from crowdfund.errors import Refusal
from crowdfund.money import Money
from crowdfund.outbox import OutboxRow
from crowdfund.pledges import service
from crowdfund.pledges.making import Asked
from crowdfund.pledges.models import Pledge, WallEntry
from crowdfund.pledges.rules import PledgeRequest
from crowdfund.tenancy import OperatorScope, transaction
from tests import factories

PEOPLE = [
    DonorDetails(first_name="Camille", last_name="Rey", email="camille@example.org", locale="fr"),
    DonorDetails(first_name="camille", last_name="REY", email="camille@example.org", locale="it", city="Lyon"),
    DonorDetails(first_name="Léa", last_name="Rey", email="camille@example.org", locale="fr"),
    DonorDetails(kind="company", company_name="Soieries", email="camille@example.org", locale="fr"),
    DonorDetails(first_name="Camille", last_name="Rey", locale="fr"),  # no address: somebody else each time
]
NOT_COMPARED = {"institution_id", "token_hash"}


def found_museum() -> tuple[OperatorScope, int, list[int]]:
    """Found a museum whose campaign offers a reward of which there are few, a symbolic one and one without end."""
    scope = factories.scope(factories.make_institution())
    with transaction(scope) as session:
        campaign = factories.make_campaign(session)
        campaign.opens_at = clock.now() - timedelta(days=30)
        rewards = [
            factories.make_reward(session, campaign, stock=4),
            factories.make_reward(session, campaign, symbolic=True),
            factories.make_reward(session, campaign),
        ]
        return scope, campaign.id, [reward.id for reward in rewards]


def requests(random: Random, campaign: int, rewards: Sequence[int], now: datetime) -> list[Asked]:
    asked: list[Asked] = []
    few = 4
    for minutes in range(30):
        reward = random.choice([None, *rewards])
        waived = random.random() < 0.2
        if rewards and reward == rewards[0] and not waived:
            few, reward = few - 1, reward if few > 0 else None
        asked.append((
            PledgeRequest(
                attempt=UUID(int=random.getrandbits(128), version=4), campaign_id=campaign, donor=random.choice(PEOPLE),
                amount=Money(random.randint(50, 90) * 100, "EUR"), reward_id=reward, waive_reward=waived, wall="short",
                consents={"news_museum": "Oui"} if random.random() < 0.5 else {}, message=random.choice(["", "Bravo"]),
            ),
            now + timedelta(minutes=minutes),
        ))  # fmt: skip
    return [*asked, (replace(asked[0][0], amount=Money(9900, "EUR")), now), asked[3]]


def one_by_one(session: Session, asked: Sequence[Asked]) -> list[Pledge]:
    made = []
    for request, moment in asked:
        with clock.at(moment):
            made.append(service.make_pledge(session, request))
    return made


def rows(session: Session, table: Any, names: dict[str, dict[int, int]]) -> list[dict[str, Any]]:
    """Read a table; ids are told as places, so that two museums compare."""
    columns = [column.key for column in table.__mapper__.column_attrs if column.key not in NOT_COMPARED]
    return [
        {name: names[name].get(getattr(row, name)) if name in names else getattr(row, name) for name in columns}
        for row in session.scalars(select(table).order_by(table.id))
    ]


def outcome(scope: OperatorScope, made: list[int]) -> dict[str, Any]:
    with transaction(scope) as session:
        tables: dict[str, Any] = {
            "pledge_id": Pledge, "donor_id": Donor, "campaign_id": Campaign, "reward_id": Reward, "consent_id": Consent
        }  # fmt: skip
        places = {
            name: {one: place for place, one in enumerate(session.scalars(select(table.id).order_by(table.id)))}
            for name, table in tables.items()
        }
        facts = session.execute(select(OutboxRow.topic, OutboxRow.listener, OutboxRow.created_at, OutboxRow.payload))
        return {
            "made": [places["pledge_id"][one] for one in made],
            "pledges": rows(session, Pledge, places | {"id": places["pledge_id"]}),
            "donors": rows(session, Donor, {"id": places["donor_id"]}),
            "consents": rows(session, Consent, places | {"id": places["consent_id"]}),
            "claimed": list(session.scalars(select(Reward.claimed).order_by(Reward.id))),
            "facts": sorted((topic, listener, at, places["pledge_id"][told["pledge_id"]]) for topic, listener, at, told in facts),
        }  # fmt: skip


@pytest.mark.parametrize("seed", range(5))
def test_a_batch_comes_to_what_one_by_one_comes_to(app: Flask, seed: int) -> None:
    now = clock.now() - timedelta(days=20)
    told = []
    for make in (one_by_one, service.make_pledges):
        scope, campaign, rewards = found_museum()
        with transaction(scope) as session:
            made = [pledge.id for pledge in make(session, requests(Random(seed), campaign, rewards, now))]
        told.append(outcome(scope, made))
    assert told[0] == told[1]
    assert len(told[0]["pledges"]) == 30
    assert told[0]["made"][30:] == [0, 3]  # the same attempts again


def test_a_batch_made_before_is_found_again(app: Flask) -> None:
    scope, campaign, rewards = found_museum()
    asked = requests(Random(7), campaign, rewards, clock.now())
    told = []
    for _again in range(2):
        with transaction(scope) as session:
            told.append([pledge.id for pledge in service.make_pledges(session, asked)])
    assert told[0] == told[1]
    with transaction(scope) as session:
        assert session.scalar(select(func.count()).select_from(Pledge)) == 30


def test_one_that_is_refused_refuses_all(app: Flask) -> None:
    scope, campaign, rewards = found_museum()
    with transaction(scope) as session:
        session.get_one(Reward, (scope.institution_id, rewards[0])).claimed = 3
    wanted = [
        (request, moment) for request, moment in requests(Random(1), campaign, [], clock.now())[:2]
    ]  # two want the last one
    with pytest.raises(Refusal) as refused, transaction(scope) as session:
        service.make_pledges(session, [(replace(request, reward_id=rewards[0]), moment) for request, moment in wanted])
    assert refused.value.status == 409
    with transaction(scope) as session:
        assert session.scalar(select(func.count()).select_from(Pledge)) == 0
        assert session.get_one(Reward, (scope.institution_id, rewards[0])).claimed == 3


def test_a_batch_before_the_opening_is_refused(app: Flask) -> None:
    scope, campaign, _rewards = found_museum()
    early = requests(Random(1), campaign, [], clock.now() - timedelta(days=40))
    with pytest.raises(Refusal) as refused, transaction(scope) as session:
        service.make_pledges(session, early)
    assert refused.value.status == 409


def test_promises_kept_together_are_kept_one_by_one(app: Flask) -> None:
    told = []
    for together in (False, True):
        scope, campaign, _rewards = found_museum()
        with transaction(scope) as session:
            made = service.make_pledges(session, requests(Random(3), campaign, [], clock.now())[:8])
            if together:
                service.promise_all(session, {pledge: pledge.created_at for pledge in made})
            else:
                for pledge in made:
                    with clock.at(pledge.created_at):
                        service.promise(session, pledge.id)
        with transaction(scope) as session:
            entries = select(WallEntry.display_name, WallEntry.message, WallEntry.shown_from).order_by(WallEntry.id)
            totals = session.execute(text("SELECT sum(promised_count), sum(promised_minor) FROM campaign_totals")).one()
            states = set(session.scalars(select(Pledge.state)))
            told.append((session.execute(entries).all(), tuple(totals), states))
    assert told[0] == told[1]
    assert told[0][2] == {"promised"}
    assert told[0][0]
