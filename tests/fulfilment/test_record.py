"""Rewards kept, as a museum's page tells it: of campaigns that are over, and not of a handful."""

from __future__ import annotations

from uuid import uuid4

from sqlalchemy import select

from crowdfund.campaigns.models import Campaign
from crowdfund.fulfilment import service
from crowdfund.fulfilment.models import Counterpart
from crowdfund.fulfilment.record import count_rewards
from crowdfund.fulfilment.rules import CounterpartState
from crowdfund.pages.lists import _rewards_kept
from crowdfund.tenancy import PublicScope, transaction
from tests.after import Museum


def _owed(museum: Museum, count: int, handed: int) -> None:
    reward = museum.reward()
    for _ in range(count):
        museum.give(reward)
    museum.hear()
    with museum.open() as session:
        ids = [one.id for one in session.scalars(select(Counterpart))][:handed]
        service.mark(session, reward, ids, CounterpartState.HANDED_OVER, uuid4())


def _told(museum: Museum, state: str) -> int | None:
    with museum.open() as session:
        for campaign in session.scalars(select(Campaign)):
            campaign.state = state
        session.flush()
        count_rewards(session)
        count_rewards(session)  # twice is once
    with transaction(PublicScope()) as session:
        return _rewards_kept(session, museum.id)


def test_what_was_handed_over_is_a_share_of_what_was_owed(museum: Museum) -> None:
    _owed(museum, 7, 5)
    assert _told(museum, "live") is None  # nobody is late yet
    assert _told(museum, "succeeded") == 71


def test_of_a_handful_nothing_is_told(museum: Museum) -> None:
    _owed(museum, 4, 4)
    assert _told(museum, "succeeded") is None
