"""Pieces of a work: one person for each, or several together; free again when the money does not come or goes back."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select, update

from crowdfund.campaigns import pieces
from crowdfund.campaigns import service as campaigns
from crowdfund.campaigns.models import Campaign, Piece, Reward
from crowdfund.donors.rules import DonorDetails
from crowdfund.errors import Refusal
from crowdfund.fulfilment import service as fulfilment
from crowdfund.gifts import wall
from crowdfund.gifts.models import Gift
from crowdfund.institutions.models import Institution
from crowdfund.money import Money
from crowdfund.pages import views
from crowdfund.pledges import service as pledges
from crowdfund.pledges.models import Pledge, WallEntry
from crowdfund.pledges.rules import PledgeRequest
from crowdfund.tenancy import transaction
from tests import factories
from tests.payments.conftest import Scene
from tests.payments.test_give import hidden

PRICE = 5000


@pytest.fixture
def ribs(scene: Scene) -> list[int]:
    """Offer three pieces under one reward; give their numbers."""
    views._cache.__init__()  # type: ignore[misc]
    scene.app.wsgi_app.forget()  # type: ignore[attr-defined]
    return _offer(scene, 3)


def _offer(scene: Scene, count: int, shares: int = 1) -> list[int]:
    with transaction(scene.scope) as session:
        campaign = session.get_one(Campaign, (scene.museum, scene.campaign_id))
        reward = factories.make_reward(
            session,
            campaign,
            stock=count * shares,
            price_minor=PRICE,
            fair_value_minor=600,
            title=factories.texts("Rib"),
        )
        pieces.add_pieces(session, reward.id, [{}] * count, shares=shares)
        return list(session.scalars(select(Piece.id).where(Piece.reward_id == reward.id).order_by(Piece.number)))


def _reward(session: Any, piece_id: int) -> int:
    return session.scalars(select(Piece.reward_id).where(Piece.id == piece_id)).one()  # type: ignore[no-any-return]


def _wish(scene: Scene, piece_id: int | None, reward_id: int, **more: Any) -> PledgeRequest:
    n = uuid4()
    return PledgeRequest(
        attempt=n, campaign_id=scene.campaign_id, amount=Money(PRICE, "EUR"), reward_id=reward_id, piece_id=piece_id,
        donor=DonorDetails(first_name="Camille", last_name="Rey", email=f"{n.hex[:8]}@example.org", locale="fr"), wall="short",
        **more,
    )  # fmt: skip


def _adopt(scene: Scene, piece_id: int | None, reward_id: int, **more: Any) -> int:
    with transaction(scene.scope) as session:
        return pledges.make_pledge(session, _wish(scene, piece_id, reward_id, **more)).id


def _give_url(scene: Scene) -> str:
    with transaction(scene.scope) as session:
        slugs = session.get_one(Institution, scene.museum).slug, campaigns.campaign_of(session, scene.campaign_id).slug
    return "/fr/{}/{}/give".format(*slugs)


def _claimed(scene: Scene) -> list[int]:
    with transaction(scene.scope) as session:
        return list(session.scalars(select(Piece.claimed).order_by(Piece.id)))


def test_the_piece_wished_for_is_taken_once(scene: Scene, ribs: list[int]) -> None:
    with transaction(scene.scope) as session:
        reward = _reward(session, ribs[0])
    _adopt(scene, ribs[1], reward)
    assert _claimed(scene) == [0, 1, 0]
    with pytest.raises(Refusal) as refused:
        _adopt(scene, ribs[1], reward)
    assert (refused.value.field, refused.value.status) == ("reward", 409)
    _adopt(scene, None, reward)  # who wishes for none in particular gets the first that is free
    assert _claimed(scene) == [1, 1, 0]
    scene.check_books()


def test_a_piece_of_another_reward_is_no_wish(scene: Scene, ribs: list[int]) -> None:
    other = _offer(scene, 1)
    with transaction(scene.scope) as session:
        reward = _reward(session, ribs[0])
    _adopt(scene, other[0], reward)
    assert _claimed(scene) == [1, 0, 0, 0]


def test_several_share_a_piece_until_it_is_full(scene: Scene) -> None:
    strips = _offer(scene, 2, shares=2)
    with transaction(scene.scope) as session:
        reward = _reward(session, strips[0])
    for _ in range(3):
        _adopt(scene, None, reward)
    assert _claimed(scene) == [2, 1]


def test_a_piece_is_free_again_when_nobody_pays_and_another_one_serves_who_pays_late(
    scene: Scene,
    ribs: list[int],
) -> None:
    with transaction(scene.scope) as session:
        reward = _reward(session, ribs[0])
    late = _adopt(scene, ribs[0], reward)
    with transaction(scene.scope) as session:
        pledges.expire(session, late)
    assert _claimed(scene) == [0, 0, 0]
    _adopt(scene, ribs[0], reward)
    with transaction(scene.scope) as session:
        pledges.reopen(session, late)
    assert _claimed(scene) == [1, 1, 0]
    scene.check_books()


def test_what_is_given_back_frees_reward_and_piece_and_a_failed_refund_takes_them_again(
    scene: Scene,
    ribs: list[int],
) -> None:
    with transaction(scene.scope) as session:
        reward = _reward(session, ribs[0])
    made = _adopt(scene, ribs[2], reward)
    scene.provider.pay(scene.open(made))
    scene.hear()

    def follow(state: str) -> tuple[int, list[int], int | None]:
        with transaction(scene.scope) as session:
            session.execute(update(Gift).values(state=state))
            session.expire_all()
            fulfilment.follow_gift(session, session.scalars(select(Gift.id)).one())
            wall.show(session, pledges.pledge_of(session, made, lock=True))
        with transaction(scene.scope) as session:
            claimed = session.get_one(Reward, (scene.museum, reward)).claimed
            shown = session.scalars(select(WallEntry.piece_id)).one_or_none()
            return claimed, [*session.scalars(select(Piece.claimed).order_by(Piece.id))], shown

    assert follow("received") == (1, [0, 0, 1], ribs[2])
    assert follow("refunded") == (0, [0, 0, 0], None)
    assert follow("refunded") == (0, [0, 0, 0], None)
    assert follow("received") == (1, [0, 0, 1], ribs[2])


def test_the_page_lists_what_is_free_and_who_adopted_what(scene: Scene, ribs: list[int]) -> None:
    with transaction(scene.scope) as session:
        reward = _reward(session, ribs[0])
        campaign = campaigns.campaign_of(session, scene.campaign_id)
    made = _adopt(scene, ribs[0], reward, dedication_kind="memory", dedication_name="Jean")
    scene.provider.pay(scene.open(made))
    scene.hear()
    with transaction(scene.scope) as session:
        session.execute(update(WallEntry).values(shown_from=campaign.opens_at))
    client = scene.app.test_client()
    address = _give_url(scene).removesuffix("give").replace("/fr/", "/en/")
    page = client.get(address).text
    assert "1 of 3 pieces are adopted." in page
    listed = page.split('class="adopt-list"')[1].split("</ul>")[0]
    assert "Camille R." in listed
    assert "for Jean" in listed
    assert listed.count("Adopt<") == 2
    link = listed.split('href="')[1].split('"')[0].replace("&amp;", "&")
    step = client.get(link).text
    assert "You adopt: Rib (en), no. 2." in step
    second = client.get(f"{link}&step=2").text
    assert hidden(second)["piece"] == str(ribs[1])
    assert "Rib (en), no. 2" in second.split("recap-lines")[1]


def test_the_form_adopts_and_says_when_somebody_was_faster(scene: Scene, ribs: list[int]) -> None:
    with transaction(scene.scope) as session:
        reward = _reward(session, ribs[0])
    client = scene.app.test_client()
    form = hidden(client.get(f"{_give_url(scene)}?step=2&amount=50&reward={reward}&piece={ribs[1]}").text)
    assert form["piece"] == str(ribs[1])
    _adopt(scene, ribs[1], reward)
    filled = form | {"first_name": "Zoé", "last_name": "Rey", "email": "zoe@example.org", "wall": "anonymous"}
    answer = client.post(_give_url(scene), data=filled)
    assert answer.status_code == 409
    assert "Cette pièce vient d’être adoptée" in answer.text
    again = hidden(answer.text)
    assert "piece" not in again
    answer = client.post(_give_url(scene), data=filled | again | {"amount": "50", "reward": str(reward), "piece": ""})
    assert answer.status_code == 303
    with transaction(scene.scope) as session:
        assert session.scalars(select(Pledge.piece_id).order_by(Pledge.id.desc()).limit(1)).one() == ribs[0]
