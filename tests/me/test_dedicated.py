"""The words of a dedication, corrected by their donor as long as nothing was made that bears them."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from crowdfund import clock
from crowdfund.audit import AuditEntry
from crowdfund.campaigns.models import Campaign
from crowdfund.fulfilment.models import Counterpart
from crowdfund.fulfilment.rules import CounterpartState
from crowdfund.gifts import dedications, tasks
from crowdfund.gifts.models import Gift
from crowdfund.institutions.models import Institution
from crowdfund.mail import SentMail
from crowdfund.outbox import OutboxRow
from crowdfund.pledges.models import Pledge, WallEntry
from crowdfund.tenancy import TaskScope
from tests import factories
from tests.me.conftest import Town, csrf, enter
from tests.me.test_gifts import dedicate, pledge_of, slug
from tests.receipts.conftest import MailKeeper, Museum

RIGHT = {"dedication_kind": "honour", "dedication_name": "Lucienne Morel", "dedication_email": ""}


def address(museum: Museum, pledge_id: int) -> str:
    return f"/fr/me/dedication/{slug(museum)}/{pledge_id}"


def correct(client: FlaskClient, where: str, **sent: str) -> Any:
    return client.post(where, data={"csrf_token": csrf(client.get("/fr/me/")), **RIGHT, **sent})


@pytest.fixture
def where(town: Town, client: FlaskClient, mails: MailKeeper) -> str:
    """Visit as Camille, whose gift at the first museum was dedicated with a slip."""
    enter(client, town, mails)
    dedicate(town, "Lucine Morel")
    pledge = pledge_of(town.first, town.gifts[0])
    with town.first.open() as session:
        session.get_one(Pledge, (town.first.id, pledge.id)).wall = "short"
    return address(town.first, pledge.id)


def test_words_are_corrected_on_the_wall_in_the_trail_and_on_the_card(
    town: Town, client: FlaskClient, where: str
) -> None:
    gift_id, scope = town.gifts[0], TaskScope(town.first.id, 0)
    assert where in client.get("/fr/me/").text
    tasks.tell_dedication(scope, gift_id)
    pledge = pledge_of(town.first, gift_id)
    old = dedications.stored_card(pledge)
    assert correct(client, where).status_code == HTTPStatus.SEE_OTHER
    tasks.make_card_anew(scope, pledge.id)
    new = dedications.stored_card(pledge)
    assert old
    assert new
    assert old != new
    with town.first.open() as session:
        entry = session.scalars(select(WallEntry)).one()
        assert (entry.dedication, entry.dedication_kind) == ("Lucienne Morel", "honour")
        [act] = session.scalars(select(AuditEntry).where(AuditEntry.action == "dedication.corrected"))
        assert act.subject == f"pledge:{pledge.id}"
        assert "Morel" not in str(act.detail)
        heard = set(session.scalars(select(OutboxRow.listener).where(OutboxRow.topic == "dedication.corrected")))
        assert heard == {"gifts.tasks.make_card_anew"}
    assert correct(client, where).status_code == HTTPStatus.SEE_OTHER  # the same again is nothing new
    with town.first.open() as session:
        assert len(session.scalars(select(AuditEntry).where(AuditEntry.action == "dedication.corrected")).all()) == 1


def test_what_is_missing_is_said_beside_its_field_and_nothing_is_lost(client: FlaskClient, where: str) -> None:
    answer = correct(client, where, dedication_name="", dedication_kind="honour")
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert 'id="e-dedication_name"' in answer.text
    assert 'value="honour" checked' in answer.text.replace('checked=""', "checked")


def test_the_address_of_the_notice_is_corrected_until_it_leaves(town: Town, client: FlaskClient, where: str) -> None:
    pledge = pledge_of(town.first, town.gifts[0])
    with town.first.open() as session:
        session.get_one(Pledge, (town.first.id, pledge.id)).dedication_email = "jaen@example.org"
    assert 'value="jaen@example.org"' in client.get(where).text
    wrong = correct(client, where, dedication_email="jean@example")
    assert wrong.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert 'value="jean@example"' in wrong.text
    correct(client, where, dedication_email="jean@example.org")
    assert pledge_of(town.first, town.gifts[0]).dedication_email == "jean@example.org"
    tasks.tell_dedication(TaskScope(town.first.id, 0), town.gifts[0])
    page = client.get(where).text
    assert 'name="dedication_email"' not in page
    assert "est parti le" in page
    assert "mailto:" in page
    late = correct(client, where, dedication_name="Lucie", dedication_email="x@example.org")
    assert late.status_code == HTTPStatus.CONFLICT
    assert "Le message est parti entre-temps" in late.text
    assert 'value="Lucie"' in late.text
    assert correct(client, where, dedication_name="Lucie").status_code == HTTPStatus.SEE_OTHER
    after = pledge_of(town.first, town.gifts[0])
    assert (after.dedication_name, after.dedication_email) == ("Lucie", None)


def test_a_correction_between_the_card_and_the_mail_reaches_both(
    town: Town, client: FlaskClient, where: str, mails: MailKeeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    pledge = pledge_of(town.first, town.gifts[0])
    with town.first.open() as session:
        session.get_one(Pledge, (town.first.id, pledge.id)).dedication_email = "jean@example.org"
    drawn: list[str] = []
    keep = dedications.keep_card

    def keep_and_be_corrected(gift: Gift, whole: Any, card: dedications.Card, work: bytes | None = None) -> None:
        keep(gift, whole, card, work)
        drawn.append(card.name)

    made = tasks._make_card

    def made_and_corrected(scope: TaskScope, gift_id: int) -> Any:
        found = made(scope, gift_id)
        if len(drawn) == 1:  # after the card was looked at once more
            correct(client, where, dedication_email="jean@example.org")
        return found

    monkeypatch.setattr(dedications, "keep_card", keep_and_be_corrected)
    monkeypatch.setattr(tasks, "_make_card", made_and_corrected)
    tasks.tell_dedication(TaskScope(town.first.id, 0), town.gifts[0])
    assert drawn == ["Lucine Morel", "Lucienne Morel"]
    [mail] = [message for key, message in mails.kept if ":dedication:" in key]
    assert mail["To"] == "Lucienne Morel <jean@example.org>"


def test_an_address_that_refused_the_notice_is_told_of(town: Town, client: FlaskClient, where: str) -> None:
    pledge = pledge_of(town.first, town.gifts[0])
    with town.first.open() as session:
        session.add(
            SentMail(
                kind="dedication", key=dedications.notice_key(pledge.id), to_hash="0" * 64, content={},
                state="bounced", created_at=clock.now(),
            )
        )  # fmt: skip
    assert "n’a pas pu être remis" in client.get(where).text


@pytest.mark.parametrize(("state", "status"), [
    (CounterpartState.PROMISED, 303), (CounterpartState.READY, 409), (CounterpartState.HANDED_OVER, 409),
])  # fmt: skip
def test_what_was_engraved_is_no_longer_changed_here(
    town: Town, client: FlaskClient, where: str, state: str, status: int
) -> None:
    with town.first.open() as session:
        gift = session.get_one(Gift, (town.first.id, town.gifts[0]))
        campaign = session.get_one(Campaign, (town.first.id, gift.campaign_id))
        reward = factories.make_reward(session, campaign, fulfilment="wall")
        session.add(
            Counterpart(
                gift_id=gift.id, pledge_id=gift.pledge_id, campaign_id=gift.campaign_id, donor_id=gift.donor_id,
                reward_id=reward.id, state=state,
                value_minor=0, currency="EUR",
            )
        )  # fmt: skip
    answer = correct(client, where)
    assert answer.status_code == status
    assert ("Lucienne Morel" in answer.text) == (status == HTTPStatus.CONFLICT)  # what was typed is still to be read
    page = client.get(where).text
    with town.first.open() as session:
        contact = session.get_one(Institution, town.first.id).contact_email
    assert ("trop tard" in page and f"mailto:{contact}" in page and "<form method" not in page.split("<main")[1]) == (
        status == HTTPStatus.CONFLICT
    )


def test_a_gift_that_went_back_is_dedicated_to_nobody_any_more(town: Town, client: FlaskClient, where: str) -> None:
    with town.first.open() as session:
        session.get_one(Gift, (town.first.id, town.gifts[0])).state = "refunded"
    assert correct(client, where).status_code == HTTPStatus.CONFLICT
    assert pledge_of(town.first, town.gifts[0]).dedication_name == "Lucine Morel"


def test_nobody_corrects_anothers_dedication(town: Town, client: FlaskClient, where: str) -> None:
    others = pledge_of(town.second, town.others_gift)
    with town.second.open() as session:
        pledge = session.get_one(Pledge, (town.second.id, others.id))
        pledge.dedication_kind, pledge.dedication_name = "memory", "Dominique"
    for wrong in (
        address(town.second, others.id),
        address(town.first, others.id),
        address(town.second, pledge_of(town.second, town.gifts[1]).id),  # their own, dedicated to nobody
        f"/fr/me/dedication/%00/{others.id}",
    ):
        assert client.get(wrong).status_code == HTTPStatus.NOT_FOUND, wrong
        assert correct(client, wrong).status_code == HTTPStatus.NOT_FOUND, wrong
    assert pledge_of(town.second, town.others_gift).dedication_name == "Dominique"
    forged = client.post(where, data={"csrf_token": "~", **RIGHT})
    assert forged.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    client.delete_cookie("me")
    assert client.get(where).location.endswith("/fr/me/")
