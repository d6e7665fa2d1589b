"""Add to a gift by its link: the same donor, another payment, never two for one attempt."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from crowdfund.campaigns.models import Campaign
from crowdfund.donors.models import Donor
from crowdfund.links import digest, token_for
from crowdfund.payments.provider import ProviderUnavailable
from crowdfund.pledges.models import Pledge, WallEntry
from crowdfund.tenancy import transaction
from tests.payments.conftest import Scene
from tests.payments.test_give import hidden


@pytest.fixture
def token(scene: Scene) -> str:
    """Give the token of a paid gift of somebody on the wall."""
    attempt = uuid4()
    made = token_for(scene.app.extensions["config"].secret_key, "gift", scene.museum, str(attempt))
    scene.given(attempt=attempt, token_hash=digest(made), wall="short")
    return made


def add(scene: Scene, token: str, **changes: str) -> Any:
    client = scene.app.test_client()
    url = f"/fr/gifts/{token}/more"
    return client.post(url, data=hidden(client.get(url).text) | {"amount": "30"} | changes)


def pledges(scene: Scene) -> list[Pledge]:
    with transaction(scene.scope) as session:
        return list(session.scalars(select(Pledge).order_by(Pledge.id)))


def test_more_is_given_by_the_same_donor_and_named_once_on_the_wall(scene: Scene, token: str) -> None:
    page = scene.app.test_client().get(f"/fr/gifts/{token}")
    assert f"/fr/gifts/{token}/more" in page.text
    answer = add(scene, token)
    assert answer.status_code == 303
    first, second = pledges(scene)
    assert second.donor_id == first.donor_id
    assert (second.amount_minor, second.wants_receipt, second.channel) == (3000, first.wants_receipt, "top-up")
    scene.provider.pay(str(scene.checkout(second.id).session))
    scene.hear()
    assert scene.raised == 8000
    with transaction(scene.scope) as session:
        assert len(session.scalars(select(WallEntry)).all()) == 1
        assert len(session.scalars(select(Donor)).all()) == 1
    scene.check_books()


def test_a_double_click_makes_one_pledge(scene: Scene, token: str) -> None:
    client = scene.app.test_client()
    url = f"/fr/gifts/{token}/more"
    form = hidden(client.get(url).text) | {"amount": "30"}
    assert [client.post(url, data=form).status_code for _click in range(2)] == [303, 303]
    assert len(pledges(scene)) == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": "-5"},
        {"amount": "0"},
        {"amount": ""},
        {"amount": "NaN"},
        {"other_amount": "5.124"},
        {"attempt": "x"},
        {"csrf_token": "forged"},
        {"attempt": str(uuid4())},
    ],
)
def test_a_bad_answer_writes_nothing(scene: Scene, token: str, changes: dict[str, str]) -> None:
    answer = add(scene, token, **changes)
    assert answer.status_code == 422
    assert "<title>Erreur" in answer.text
    assert len(pledges(scene)) == 1


def test_the_token_of_one_gift_does_not_serve_another(scene: Scene, token: str) -> None:
    other = uuid4()
    own = token_for(scene.app.extensions["config"].secret_key, "gift", scene.museum, str(other))
    scene.given(attempt=other, token_hash=digest(own))
    client = scene.app.test_client()
    stolen = hidden(client.get(f"/fr/gifts/{own}/more").text) | {"amount": "30"}
    assert client.post(f"/fr/gifts/{token}/more", data=stolen).status_code == 422
    assert len(pledges(scene)) == 2


def test_what_was_not_paid_or_is_over_cannot_be_added_to(scene: Scene, token: str) -> None:
    attempt = uuid4()
    unpaid = token_for(scene.app.extensions["config"].secret_key, "gift", scene.museum, str(attempt))
    scene.pledge(attempt=attempt, token_hash=digest(unpaid))
    client = scene.app.test_client()
    assert client.get(f"/fr/gifts/{unpaid}/more").status_code == 409
    assert client.get(f"/fr/gifts/{token[:-1]}!/more").status_code == 404
    with transaction(scene.scope) as session:
        session.get_one(Campaign, (scene.museum, scene.campaign_id)).state = "ended"
    assert client.get(f"/fr/gifts/{token}/more").status_code == 409


def test_a_provider_that_is_away_leaves_a_page_that_tries_again(scene: Scene, token: str) -> None:
    scene.provider.fail("open_page", ProviderUnavailable("down"))
    answer = add(scene, token)
    assert answer.status_code == 503
    assert "Retry-After" in answer.headers
    assert len(pledges(scene)) == 2
