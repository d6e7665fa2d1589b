from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from crowdfund.campaigns.rules import TRANSITIONS, CampaignState, closing_state, is_offered, is_open

NOW = datetime(2026, 6, 10, tzinfo=UTC)
DAY = timedelta(days=1)

ALLOWED = {
    ("draft", "scheduled"), ("draft", "live"), ("scheduled", "draft"), ("scheduled", "live"), ("scheduled", "withdrawn"),
    ("live", "succeeded"), ("live", "ended"), ("live", "withdrawn"), ("succeeded", "withdrawn"),
}  # fmt: skip


@pytest.mark.parametrize("before", CampaignState)
@pytest.mark.parametrize("after", CampaignState)
def test_each_pair_of_states(before: CampaignState, after: CampaignState) -> None:
    assert (after in TRANSITIONS[before]) == ((before, after) in ALLOWED)


@pytest.mark.parametrize(
    ("received", "goal", "state"), [(99, 100, "ended"), (100, 100, "succeeded"), (0, None, "succeeded")]
)
def test_a_campaign_succeeds_at_its_goal(received: int, goal: int | None, state: str) -> None:
    assert closing_state(received, goal) == state


def test_gifts_are_welcome_from_opening_to_closing() -> None:
    assert is_open("live", NOW, NOW + DAY, NOW)
    assert not is_open("live", NOW, NOW + DAY, NOW + DAY)
    assert not is_open("live", NOW + DAY, NOW + 2 * DAY, NOW)
    assert not is_open("scheduled", NOW, NOW + DAY, NOW)


def test_a_reward_is_offered_in_its_window() -> None:
    assert is_offered("offered", None, None, NOW)
    assert is_offered("offered", NOW, NOW + DAY, NOW)
    assert not is_offered("offered", None, NOW, NOW)
    assert not is_offered("offered", NOW + DAY, None, NOW)
    assert not is_offered("withdrawn", None, None, NOW)
