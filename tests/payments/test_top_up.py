"""Add to a gift by its link: the same donor, another payment, never two for one attempt."""

from __future__ import annotations

import re
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select, update

from crowdfund.campaigns import service as campaigns
from crowdfund.campaigns.models import Campaign, Reward
from crowdfund.donors.models import Donor
from crowdfund.fulfilment import service as fulfilment
from crowdfund.fulfilment.models import Counterpart
from crowdfund.fulfilment.rules import CounterpartState
from crowdfund.gifts.models import Gift
from crowdfund.headers import SHOWN_AGAIN
from crowdfund.links import digest, token_for
from crowdfund.payments.provider import ProviderUnavailable
from crowdfund.pledges.models import Pledge, WallEntry
from crowdfund.tenancy import transaction
from tests import factories
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


def test_what_was_added_inherits_the_wall_the_dedication_and_the_code_and_nobody_asks_whether_it_was_meant(
    scene: Scene, token: str
) -> None:
    with transaction(scene.scope) as session:
        first = session.scalars(select(Pledge)).one()
        first.dedication_kind, first.dedication_name = "memory", "Lucienne Morel"
    add(scene, token)
    second = pledges(scene)[1]
    scene.provider.pay(str(scene.checkout(second.id).session))
    scene.hear()
    assert scene.mailer.keys("two_gifts") == []
    key, mail = scene.mailer.sent[-1]
    assert key.startswith("thanks:")
    assert "Lucienne Morel" in mail.text
    client = scene.app.test_client()
    old = unescape(client.get(f"/en/gifts/{token}").text)
    own = token_for(scene.app.extensions["config"].secret_key, "gift", scene.museum, str(second.attempt))
    new = unescape(client.get(f"/en/gifts/{own}").text)
    code = re.compile(r"Your visit code: (\S+ \S+)\. ")
    assert code.findall(new) == code.findall(old)
    assert "€80 in all" in new
    assert "Lucienne Morel" in new
    assert "Your name appears on the wall at" in new
    assert "You are supporter number 1 " in new
    form = hidden(new) | {"wall": "other", "wall_name": "Les Rey"}
    assert client.post(f"/en/gifts/{own}/wall", data=form).status_code == 303
    with transaction(scene.scope) as session:
        assert session.scalars(select(WallEntry.display_name)).all() == ["Les Rey"]


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
    assert answer.headers["Cache-Control"] == SHOWN_AGAIN
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


def offer(scene: Scene, price: int, fair: int, **more: Any) -> int:
    with transaction(scene.scope) as session:
        campaign = session.get_one(Campaign, (scene.museum, scene.campaign_id))
        return factories.make_reward(session, campaign, price_minor=price, fair_value_minor=fair, **more).id


def earning(scene: Scene, reward_id: int) -> str:
    """Give the token of a paid gift of 50 that earned a reward worth 8."""
    attempt = uuid4()
    made = token_for(scene.app.extensions["config"].secret_key, "gift", scene.museum, str(attempt))
    with transaction(scene.scope) as session:
        campaigns.claim_reward(session, reward_id)
    scene.given(
        attempt=attempt, token_hash=digest(made), reward_id=reward_id, reward_state="claimed", counterpart_minor=800
    )
    return made


def rewards(scene: Scene) -> list[tuple[int | None, str, int]]:
    return [(one.reward_id, one.reward_state, one.counterpart_minor) for one in pledges(scene)]


def test_what_was_given_before_counts_towards_a_higher_reward(scene: Scene) -> None:
    print_, visit = offer(scene, 5000, 800, stock=9), offer(scene, 8000, 1800, stock=2)
    token = earning(scene, print_)
    client = scene.app.test_client()
    thanks = unescape(client.get(f"/en/gifts/{token}").text)
    assert "Add €30 to reach" in thanks
    page = client.get(f"/en/gifts/{token}/more?reward={visit}").text
    assert "From €80 in all: add €30." in page
    assert f'id="reward-{visit}" value="{visit}" checked' in page
    answer = add(scene, token, reward=str(visit), amount="")
    assert answer.status_code == 303
    first, second = pledges(scene)
    assert (second.amount_minor, second.tops_up_id) == (3000, first.id)
    assert rewards(scene) == [
        (print_, "claimed", 800),
        (visit, "claimed", 1000),
    ]  # nothing is exchanged before it is paid
    scene.provider.pay(str(scene.checkout(second.id).session))
    scene.hear()
    assert rewards(scene) == [(print_, "exchanged", 800), (visit, "claimed", 1000)]
    with transaction(scene.scope) as session:
        stocks = {one.id: one.claimed for one in session.scalars(select(Reward))}
        owed = {one.reward_id: one.state for one in session.scalars(select(Counterpart))}
    assert stocks == {print_: 0, visit: 1}
    assert owed == {print_: "cancelled", visit: "promised"}
    scene.check_books()


def test_less_than_is_lacking_is_refused_beside_the_reward(scene: Scene) -> None:
    visit = offer(scene, 8000, 1800)
    token = earning(scene, offer(scene, 5000, 800))
    answer = add(scene, token, reward=str(visit), amount="20")
    assert answer.status_code == 422
    assert 'id="e-reward"' in answer.text
    assert len(pledges(scene)) == 1


def test_a_reward_that_was_handed_over_is_kept_beside_the_higher_one(scene: Scene) -> None:
    print_, visit = offer(scene, 5000, 800, stock=9), offer(scene, 8000, 1800, stock=2)
    token = earning(scene, print_)
    with transaction(scene.scope) as session:
        row = session.scalars(select(Counterpart)).one()
        fulfilment.mark(session, print_, [row.id], CounterpartState.HANDED_OVER, uuid4())
    add(scene, token, reward=str(visit), amount="")
    scene.provider.pay(str(scene.checkout(pledges(scene)[1].id).session))
    scene.hear()
    assert [state for _reward, state, _value in rewards(scene)] == ["claimed", "claimed"]
    scene.check_books()


def test_two_top_ups_at_once_earn_the_reward_once(scene: Scene) -> None:
    visit = offer(scene, 8000, 1800, stock=2)
    token = earning(scene, offer(scene, 5000, 800, stock=9))
    for _ in range(2):
        assert add(scene, token, reward=str(visit), amount="").status_code == 303
    for one in pledges(scene)[1:]:
        scene.provider.pay(str(scene.checkout(one.id).session))
    scene.hear()
    assert [state for _reward, state, _value in rewards(scene)] == ["exchanged", "exchanged", "claimed"]
    scene.check_books()


def test_what_was_given_back_counts_no_more(scene: Scene) -> None:
    visit = offer(scene, 8000, 1800)
    token = earning(scene, offer(scene, 5000, 800))
    with transaction(scene.scope) as session:
        session.execute(update(Gift).values(refunded_minor=2000, state="partly_refunded"))
    page = scene.app.test_client().get(f"/en/gifts/{token}/more?reward={visit}").text
    assert "From €80 in all: add €50." in page


def test_a_reward_to_be_reached_says_what_it_takes_and_fills_it_in(scene: Scene, token: str) -> None:
    with transaction(scene.scope) as session:
        campaign = session.get_one(Campaign, (scene.museum, scene.campaign_id))
        campaign.suggested_minor = [2000, 5000, 10000]
        near = factories.make_reward(session, campaign, price_minor=10_000, title=factories.texts("Visit")).id
        far = factories.make_reward(session, campaign, price_minor=12_300, title=factories.texts("Dinner")).id
        had = factories.make_reward(session, campaign, price_minor=5000, title=factories.texts("Print")).id
    client = scene.app.test_client()
    page = client.get(f"/en/gifts/{token}/more?reward={near}").text
    assert re.search(r'name="amount" id="m2" value="50" checked', page)  # 50 of 100 are there
    assert "From €100 in all: add €50." in page
    assert "Your €50 reach it" in page  # the print
    assert "Gifts are kept" in page
    assert 'id="other_amount" name="other_amount" type="text" inputmode="decimal" autocomplete="off" value="73"' in (
        client.get(f"/en/gifts/{token}/more?reward={far}").text
    )
    answer = client.post(f"/fr/gifts/{token}/more", data=hidden(page) | {"amount": "50", "reward": str(near)})
    assert answer.status_code == 303
    assert pledges(scene)[-1].amount_minor == 5000
    assert had
