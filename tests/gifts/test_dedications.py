"""A dedicated gift: the card, one mail to the person named, and an address that is forgotten."""

from __future__ import annotations

import io
from typing import Any
from uuid import uuid4

import pikepdf
import pytest
from sqlalchemy import select

from crowdfund import outbox
from crowdfund.gifts import dedications
from crowdfund.links import digest, token_for
from crowdfund.mail import SentMail
from crowdfund.outbox import OutboxRow
from crowdfund.pledges.models import Pledge
from crowdfund.tenancy import transaction
from tests.payments.conftest import Scene

TO_JEAN: dict[str, Any] = {
    "dedication_kind": "honour",
    "dedication_name": "Jean Morel",
    "dedication_email": "jean@example.org",
}


def pledge_of(scene: Scene, pledge_id: int) -> Pledge:
    with transaction(scene.scope) as session:
        return session.get_one(Pledge, (scene.museum, pledge_id))


@pytest.mark.parametrize(("locale", "words"), [
    ("fr", "en votre honneur"), ("it", "in tuo onore"), ("en", "in your honour"),
])  # fmt: skip
def test_the_person_named_is_told_once_without_the_amount(scene: Scene, locale: str, words: str) -> None:
    gift, _charge = scene.given(4321, locale=locale, **TO_JEAN)
    key = f"dedication:{gift.pledge_id}"
    [mail] = [mail for sent, mail in scene.mailer.sent if sent == key]
    assert mail.to == "jean@example.org"
    assert words in mail.subject
    assert "43,21" not in mail.text + mail.html
    assert "43.21" not in mail.text + mail.html
    assert "/gifts/" not in mail.text + mail.html  # the donor's own page is nobody else's
    assert [one.filename for one in mail.attachments] == ["dedication.pdf"]


def test_the_address_is_forgotten_with_the_mail(scene: Scene) -> None:
    gift, _charge = scene.given(**TO_JEAN)
    assert gift.pledge_id is not None
    assert pledge_of(scene, gift.pledge_id).dedication_email is None
    with transaction(scene.scope) as session:
        row = session.scalars(select(SentMail).where(SentMail.key == f"dedication:{gift.pledge_id}")).one()
        assert row.state == "sent"
        assert row.to_address is None


def test_a_mail_server_that_is_away_keeps_the_address_until_it_is_back(scene: Scene) -> None:
    scene.paid(**TO_JEAN)
    for _try in range(6):
        scene.mailer.refuse = [ConnectionRefusedError()]
        try:
            scene.hear()
        except ConnectionRefusedError:
            continue
        break
    scene.mailer.refuse = []
    scene.work()
    assert len(scene.mailer.keys("dedication")) == 1


def test_a_fact_told_twice_writes_once(scene: Scene) -> None:
    gift, _charge = scene.given(**TO_JEAN)
    with transaction(scene.scope) as session:
        rows = list(session.scalars(select(OutboxRow).where(OutboxRow.listener.like("gifts.tasks.tell_dedication"))))
        for row in rows:
            row.delivered_at = None
    for row in rows:
        outbox.deliver(scene.museum, row.id)
    assert scene.mailer.keys("dedication") == [f"dedication:{gift.pledge_id}"]


def test_a_gift_with_neither_reward_nor_dedication_states_no_fact_for_them(scene: Scene) -> None:
    scene.given()
    with transaction(scene.scope) as session:
        told = set(session.scalars(select(OutboxRow.listener).where(OutboxRow.topic == "gift.received")))
    assert {"gifts.tasks.thank", "receipts.tasks.issue_receipt"} <= told
    assert told.isdisjoint({"gifts.tasks.tell_dedication", "fulfilment.tasks.owe"})


def test_the_card_says_who_and_for_whom_and_not_how_much(scene: Scene) -> None:
    name = "Élise d’Ornélie-Duval سارة " + "x" * 60
    gift, _charge = scene.given(dedication_kind="memory", dedication_name=name, locale="fr")
    assert gift.pledge_id is not None
    content = dedications.stored_card(pledge_of(scene, gift.pledge_id))
    assert content is not None
    with pikepdf.open(io.BytesIO(content)) as pdf:
        assert len(pdf.pages) == 1
        assert str(pdf.docinfo["/Title"]).startswith("Un don pour Élise")
        assert pdf.Root.MarkInfo.Marked
    assert scene.mailer.keys("dedication") == []  # nobody was named to be told


def test_the_card_opens_by_the_gifts_token_and_by_no_other(scene: Scene) -> None:
    attempt = uuid4()
    token = token_for(scene.app.extensions["config"].secret_key, "gift", scene.museum, str(attempt))
    scene.given(attempt=attempt, token_hash=digest(token), **TO_JEAN)
    client = scene.app.test_client()
    answer = client.get(f"/fr/gifts/{token}/card.pdf")
    assert answer.status_code == 200
    assert answer.mimetype == "application/pdf"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.data.startswith(b"%PDF")
    museum, _, secret = token.partition("-")
    for wrong in (f"{museum}-{secret[::-1]}", f"{int(museum, 16) + 1:x}-{secret}", "nonsense"):
        assert client.get(f"/fr/gifts/{wrong}/card.pdf").status_code == 404


def test_a_gift_dedicated_to_nobody_has_no_card(scene: Scene) -> None:
    attempt = uuid4()
    token = token_for(scene.app.extensions["config"].secret_key, "gift", scene.museum, str(attempt))
    scene.given(attempt=attempt, token_hash=digest(token))
    assert scene.app.test_client().get(f"/fr/gifts/{token}/card.pdf").status_code == 404
