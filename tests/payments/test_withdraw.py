"""Give differently: the page that was opened is closed, its reward is free at once, and nothing is paid twice."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from crowdfund.campaigns.models import Campaign, Reward
from crowdfund.links import digest, token_for
from crowdfund.payments.provider import ProviderUnavailable
from crowdfund.tenancy import transaction
from tests import factories
from tests.payments.conftest import Scene
from tests.payments.test_give import hidden


def link(scene: Scene, attempt: UUID) -> str:
    return token_for(scene.app.extensions["config"].secret_key, "gift", scene.museum, str(attempt))


def begun(scene: Scene, **given: Any) -> tuple[int, str]:
    """Let a donor open the payment page and come back; give the pledge and its token."""
    attempt = uuid4()
    token = link(scene, attempt)
    pledge_id = scene.pledge(attempt=attempt, token_hash=digest(token), **given)
    scene.open(pledge_id)
    return pledge_id, token


def let_go(scene: Scene, token: str) -> Any:
    client = scene.app.test_client()
    page = client.get(f"/fr/gifts/{token}").text
    assert f"/fr/gifts/{token}/differently" in page
    return client.post(f"/fr/gifts/{token}/differently", data=hidden(page))


def last_one(scene: Scene) -> int:
    with transaction(scene.scope) as session:
        campaign = session.get_one(Campaign, (scene.museum, scene.campaign_id))
        return factories.make_reward(session, campaign, stock=1, claimed=1).id


def claimed(scene: Scene, reward_id: int) -> int:
    with transaction(scene.scope) as session:
        return session.get_one(Reward, (scene.museum, reward_id)).claimed


def test_ones_own_last_reward_is_free_at_once(scene: Scene) -> None:
    reward_id = last_one(scene)
    pledge_id, token = begun(scene, reward_id=reward_id, reward_state="claimed")
    answer = let_go(scene, token)
    assert answer.status_code == 303
    assert answer.location.endswith(f"/fr/gifts/{token}/differently")
    assert claimed(scene, reward_id) == 0
    assert scene.pledge_state(pledge_id) in {"cancelled", "expired"}
    assert scene.checkout(pledge_id).state == "expired"


def test_a_page_paid_in_its_last_second_is_a_gift(scene: Scene) -> None:
    pledge_id, token = begun(scene)
    client = scene.app.test_client()
    form = hidden(client.get(f"/fr/gifts/{token}").text)
    scene.provider.pay(str(scene.checkout(pledge_id).session))
    answer = client.post(f"/fr/gifts/{token}/differently", data=form)
    assert answer.location.endswith(f"/fr/gifts/{token}")
    assert scene.pledge_state(pledge_id) == "paid"
    assert scene.raised == 5000


def test_twice_is_once_and_a_forged_form_does_nothing(scene: Scene) -> None:
    pledge_id, token = begun(scene)
    client = scene.app.test_client()
    form = hidden(client.get(f"/fr/gifts/{token}").text)
    url = f"/fr/gifts/{token}/differently"
    assert client.post(url, data={"csrf_token": "forged"}).status_code == 422
    assert scene.pledge_state(pledge_id) == "made"
    assert [client.post(url, data=form).status_code for _click in range(2)] == [303, 303]


def test_a_provider_that_is_away_cancels_nothing(scene: Scene) -> None:
    pledge_id, token = begun(scene)
    scene.provider.fail("page", ProviderUnavailable("down"))
    assert let_go(scene, token).status_code == 503
    assert scene.pledge_state(pledge_id) == "made"


def test_what_was_told_before_is_not_asked_again_and_stands_in_no_address(scene: Scene) -> None:
    with transaction(scene.scope) as session:
        donor = factories.make_donor(session, first_name="Marco", last_name="Bellini", email="marco@example.org")
        made_at = donor.created_at
    _pledge, token = begun(
        scene, donor=donor, wall="other", wall_name="I nonni", message="Per sempre", created_at=made_at,
        dedication_kind="memory", dedication_name="Lucia",
    )  # fmt: skip
    location = let_go(scene, token).location
    assert "Marco" not in location
    client = scene.app.test_client()
    page = client.get(location).text
    step = client.post(re.search(r'<form method="post" action="([^"]+)"', page)[1], data=hidden(page))  # type: ignore[index] # no form fails the test
    for told in ("Marco", "Bellini", "marco@example.org", "I nonni", "Per sempre", "Lucia"):
        assert f'"{told}"' in step.text or f">{told}<" in step.text, told


def test_a_record_that_was_there_before_is_not_read_by_who_knows_the_address(scene: Scene) -> None:
    with transaction(scene.scope) as session:
        donor = factories.make_donor(session, first_name="Odette", last_name="Chevrier", address_line="8 rue Secrète")
        donor.created_at -= timedelta(days=3)
    _pledge, token = begun(scene, donor=donor, wants_receipt=True)
    page = scene.app.test_client().get(let_go(scene, token).location).text
    assert "Secrète" not in page
    assert "Chevrier" not in page


def test_step_one_is_not_shown_again_while_the_gift_is_expected(scene: Scene) -> None:
    _pledge, token = begun(scene)
    answer = scene.app.test_client().get(f"/fr/gifts/{token}/differently")
    assert (answer.status_code, answer.location) == (303, f"/fr/gifts/{token}")
