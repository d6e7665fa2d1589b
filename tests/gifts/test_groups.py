"""Give together: many payers, one name on the wall, a receipt each."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import func, select

from crowdfund.campaigns.models import Campaign
from crowdfund.donors.models import Donor
from crowdfund.gifts.models import Gift
from crowdfund.headers import SHOWN_AGAIN
from crowdfund.institutions.models import Institution
from crowdfund.pledges import groups
from crowdfund.pledges.models import Group, Pledge, WallEntry
from crowdfund.tenancy import transaction
from tests import factories
from tests.payments.conftest import Scene
from tests.payments.test_give import PERSON, hidden


def address(scene: Scene) -> str:
    with transaction(scene.scope) as session:
        campaign = session.get_one(Campaign, (scene.museum, scene.campaign_id))
        return f"/fr/{session.get_one(Institution, scene.museum).slug}/{campaign.slug}"


def start(scene: Scene, **changes: str) -> Any:
    client = scene.app.test_client()
    url = f"{address(scene)}/together"
    told = {"name": "La 4e B", "email": "maitresse@example.org"} | changes
    return client.post(url, data=hidden(client.get(url).text) | told)


def group_of(scene: Scene) -> Group:
    with transaction(scene.scope) as session:
        return session.scalars(select(Group)).one()


def wall(scene: Scene) -> list[str]:
    with transaction(scene.scope) as session:
        return list(session.scalars(select(WallEntry.display_name)))


def test_a_group_has_a_page_and_its_organiser_the_link_once(scene: Scene) -> None:
    answer = start(scene)
    assert answer.status_code == 303
    assert re.search(r"/together/[a-z2-9]{8}$", answer.location)
    page = scene.app.test_client().get(answer.location)
    assert "La 4e B" in page.text
    assert "Personne n’a encore donné" in page.text
    assert page.headers["Cache-Control"].endswith("no-store")
    scene.work()
    [(key, mail)] = scene.mailer.sent
    assert (key.partition(":")[0], mail.to) == ("group", "maitresse@example.org")
    assert answer.location in mail.text
    assert group_of(scene).organiser_email is None


def test_two_of_a_group_stand_on_the_wall_by_one_name(scene: Scene) -> None:
    start(scene)
    group = group_of(scene)
    for _person in range(2):
        scene.given(group_id=group.id, wall="anonymous")
    assert wall(scene) == ["La 4e B"]
    with transaction(scene.scope) as session:
        assert groups.people_of(session, group.id) == 2
        assert session.scalar(select(func.count()).select_from(Donor)) == 2
    assert "2 personnes ont donné" in scene.app.test_client().get(f"{address(scene)}/together/{group.code}").text
    scene.replay()


def test_the_name_stays_until_nothing_of_the_group_is_kept(scene: Scene) -> None:
    start(scene)
    group = group_of(scene)
    given = [scene.given(group_id=group.id, wall="anonymous") for _person in range(2)]
    for (gift, charge), left in zip(given, (["La 4e B"], []), strict=True):
        scene.provider.refund_charge(charge, gift.amount_minor)
        scene.hear()
        assert wall(scene) == left
    with transaction(scene.scope) as session:
        assert {gift.state for gift in session.scalars(select(Gift))} == {"refunded"}


def test_the_form_carries_the_group_and_asks_for_no_name_on_the_wall(scene: Scene) -> None:
    start(scene)
    group = group_of(scene)
    client = scene.app.test_client()
    first = client.get(f"{address(scene)}/give?g={group.code}")
    assert "La 4e B" in first.text
    assert hidden(first.text)["g"] == group.code
    second = client.get(f"{address(scene)}/give?step=2&amount=50&g={group.code}")
    assert 'name="wall"' not in second.text
    answer = client.post(f"{address(scene)}/give", data=hidden(second.text) | PERSON)
    assert answer.status_code == 303
    with transaction(scene.scope) as session:
        made = session.scalars(select(Pledge)).one()
    assert (made.group_id, made.wall) == (group.id, "anonymous")


def test_a_code_that_is_no_groups_is_none(scene: Scene) -> None:
    client = scene.app.test_client()
    for code in ("x", "bbbbbbbb", "%00", "b" * 5000):
        assert client.get(f"{address(scene)}/together/{code}").status_code == 404
        page = client.get(f"{address(scene)}/give?step=2&amount=50&g={code}")
        assert page.status_code == 200
        assert 'name="wall"' in page.text


def test_another_museums_group_is_not_found(scene: Scene) -> None:
    start(scene)
    code = group_of(scene).code
    other = factories.make_institution()
    with transaction(factories.scope(other)) as session:
        campaign = factories.make_campaign(session, slug="autre")
        slug = session.get_one(Institution, other).slug
        assert groups.find_group(session, campaign.id, code) is None
    assert scene.app.test_client().get(f"/fr/{slug}/autre/together/{code}").status_code == 404


def test_a_bad_answer_is_refused_beside_its_field(scene: Scene) -> None:
    for changes in ({"name": ""}, {"name": "x" * 10_240}, {"name": "a\x00b"}, {"email": "x"}, {"csrf_token": "forged"}):
        answer = start(scene, **changes)
        assert answer.status_code == 422
        assert answer.headers["Cache-Control"] == SHOWN_AGAIN
        assert "<title>Erreur" in answer.text
    with transaction(scene.scope) as session:
        assert session.scalar(select(func.count()).select_from(Group)) == 0


def test_an_appeal_that_is_over_asks_for_no_group_and_no_reminder(scene: Scene) -> None:
    client = scene.app.test_client()
    assert client.get(f"{address(scene)}/together").status_code == 200
    with transaction(scene.scope) as session:
        session.get_one(Campaign, (scene.museum, scene.campaign_id)).state = "ended"
    late = client.get(f"{address(scene)}/together")
    assert late.status_code == 409
    assert 'name="email"' not in late.text
    for page in (late, client.get(f"{address(scene)}/remind")):
        assert "La collecte est close." in page.text
