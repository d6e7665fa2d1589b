from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from crowdfund import clock
from crowdfund.campaigns import service, tasks
from crowdfund.campaigns.models import Campaign, FundingSource, Reward, Stage
from crowdfund.errors import Conflict, NotFound
from crowdfund.ledger import service as ledger
from crowdfund.money import Money
from crowdfund.outbox import OutboxRow
from crowdfund.tenancy import transaction
from tests import factories


@pytest.fixture
def museum(app: Flask) -> int:
    return factories.make_institution()


@pytest.fixture
def session(museum: int) -> Iterator[Session]:
    with transaction(factories.scope(museum)) as opened:
        yield opened


def details(session: Session) -> service.CampaignDetails:
    words = factories.texts("word")
    artwork = service.add_artwork(
        session,
        service.ArtworkDetails(
            title=words, maker=words, dated=words, technique=words, seller=words, provenance=words, currency="EUR"
        ),
    )
    return service.CampaignDetails(
        code="HIR",
        slug="hirondelles",
        artwork_id=artwork.id,
        issuer_id=factories.make_issuer(session).id,
        kind="acquisition",
        currency="EUR",
        goal_minor=100_00,
        minimum_minor=500,
        suggested_minor=(2000, 5000),
        opens_at=clock.now(),
        closes_at=clock.now() + timedelta(days=30),
        title=words,
        summary=words,
        story={},
        fallback=words,
        surplus=words,
    )


def topics(session: Session) -> list[str]:
    return list(
        session.scalars(select(OutboxRow.topic).where(OutboxRow.topic.like("campaign.%")).order_by(OutboxRow.id))
    )


def test_a_new_campaign_is_a_draft_with_its_fund_open(session: Session) -> None:
    campaign = service.create_campaign(session, details(session))
    assert campaign.state == "draft"
    assert ledger.received(session, "HIR") == Money(0, "EUR")
    reward = service.add_reward(
        session,
        campaign.id,
        service.RewardDetails(
            position=1,
            title={},
            description={},
            price_minor=5000,
            fair_value_minor=0,
            valued_on=date(2026, 1, 1),
            symbolic=True,
            fulfilment="wall",
        ),
    )
    service.add_source(session, campaign.id, kind="city", label={}, amount_minor=1000, certainty="firm", position=1)
    service.add_stage(session, campaign.id, amount_minor=1000, title={}, text={})
    assert reward.currency == "EUR"
    assert (
        len(
            [*session.scalars(select(FundingSource)), *session.scalars(select(Stage)), *session.scalars(select(Reward))]
        )
        == 3
    )


def test_a_campaign_is_announced_opened_and_closed(session: Session) -> None:
    campaign = factories.make_ready(session, service.create_campaign(session, details(session)))
    version = campaign.version
    service.schedule_campaign(session, campaign.id)
    service.open_campaign(session, campaign.id)
    service.close_campaign(session, campaign.id)
    assert campaign.state == "ended"  # nothing came
    assert campaign.version == version + 3
    assert topics(session) == ["campaign.scheduled", "campaign.opened", "campaign.closed"]
    for change in (service.open_campaign, service.close_campaign, service.withdraw_campaign, service.schedule_campaign):
        with pytest.raises(Conflict):
            change(session, campaign.id)
    assert len(topics(session)) == 3


def test_a_campaign_without_goal_succeeds_and_may_still_be_withdrawn(session: Session) -> None:
    bare = replace(details(session), goal_minor=None, kind="add_on")
    campaign = factories.make_ready(session, service.create_campaign(session, bare))
    service.open_campaign(session, campaign.id)
    assert service.close_campaign(session, campaign.id).state == "succeeded"
    assert service.withdraw_campaign(session, campaign.id).state == "withdrawn"


def test_campaigns_keep_their_dates(museum: int) -> None:
    day = timedelta(days=1)
    with transaction(factories.scope(museum)) as session:
        now = clock.now()
        states = [
            factories.make_ready(
                session,
                factories.make_campaign(session, state="draft", opens_at=now + opens, closes_at=now + closes),
                state=state,
            ).id
            for state, opens, closes in (
                ("scheduled", -day, day),
                ("scheduled", day, 2 * day),
                ("live", -2 * day, -day),
                ("live", -day, day),
                ("draft", -day, day),
            )
        ]
    for _ in range(2):
        tasks.keep_dates(museum)
    with transaction(factories.scope(museum)) as session:
        assert [session.get_one(Campaign, (museum, one)).state for one in states] == [
            "live",
            "scheduled",
            "ended",
            "live",
            "draft",
        ]


def test_a_reward_is_claimed_to_its_stock_and_no_further(session: Session) -> None:
    campaign = factories.make_campaign(session)
    reward = factories.make_reward(session, campaign, stock=2)
    version = campaign.version
    assert [service.claim_reward(session, reward.id) for _ in range(3)] == [True, True, False]
    assert reward.claimed == 2
    service.release_reward(session, reward.id)
    assert reward.claimed == 1
    assert service.claim_reward(session, reward.id)
    session.refresh(campaign)
    assert campaign.version > version


def test_a_reward_without_stock_is_always_there(session: Session) -> None:
    reward = factories.make_reward(session, factories.make_campaign(session))
    assert all(service.claim_reward(session, reward.id) for _ in range(3))
    service.release_reward(session, reward.id)
    assert reward.claimed == 0


def test_the_rewards_and_campaigns_of_another_museum_are_out_of_reach(museum: int) -> None:
    with transaction(factories.scope(museum)) as session:
        reward = factories.make_reward(session, factories.make_campaign(session), stock=1)
    with transaction(factories.scope(factories.make_institution())) as other:
        assert not service.claim_reward(other, reward.id)
        service.release_reward(other, reward.id)
        with pytest.raises(NotFound):
            service.open_campaign(other, reward.campaign_id)
    with transaction(factories.scope(museum)) as session:
        assert session.get_one(Reward, (museum, reward.id)).claimed == 0
