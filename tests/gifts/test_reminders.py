"""Remind me on a day: one mail, then the address is forgotten; the same answer for everybody."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from crowdfund import clock, outbox
from crowdfund.campaigns.models import Campaign
from crowdfund.headers import SHOWN_AGAIN
from crowdfund.institutions.models import Institution
from crowdfund.mail import SentMail
from crowdfund.outbox import OutboxRow
from crowdfund.pledges.models import Reminder
from crowdfund.tenancy import transaction
from tests.payments.conftest import Scene
from tests.payments.test_give import hidden


def address(scene: Scene) -> str:
    with transaction(scene.scope) as session:
        campaign = session.get_one(Campaign, (scene.museum, scene.campaign_id))
        return f"/fr/{session.get_one(Institution, scene.museum).slug}/{campaign.slug}/remind"


def day(scene: Scene, ahead: int) -> date:
    with transaction(scene.scope) as session:
        zone = ZoneInfo(session.get_one(Institution, scene.museum).time_zone)
    return clock.now().astimezone(zone).date() + timedelta(days=ahead)


def ask(scene: Scene, **changes: str) -> Any:
    client: FlaskClient = scene.app.test_client()
    url = address(scene)
    form = hidden(client.get(url).text) | {"email": "Ines@Example.org", "on": day(scene, 3).isoformat()} | changes
    return client.post(url, data=form)


def reminders(scene: Scene) -> list[Reminder]:
    with transaction(scene.scope) as session:
        return list(session.scalars(select(Reminder)))


def ring(scene: Scene) -> None:
    """Deliver what is due now."""
    with transaction(scene.scope) as session:
        rows = list(
            session.scalars(
                select(OutboxRow.id).where(
                    OutboxRow.topic == "reminder.due",
                    OutboxRow.delivered_at.is_(None),
                    OutboxRow.not_before <= clock.now(),
                )
            )
        )
    for row in rows:
        outbox.deliver(scene.museum, row)


def test_one_mail_on_the_day_and_then_nothing_is_kept(scene: Scene, later: Any) -> None:
    answer = ask(scene)
    assert answer.status_code == 303
    assert "Set-Cookie" not in answer.headers
    assert "C’est noté" in scene.app.test_client().get(answer.location).text
    ring(scene)
    assert scene.mailer.sent == []  # not today
    later(days=3, hours=12)
    ring(scene)
    ring(scene)
    [(key, mail)] = scene.mailer.sent
    assert key.startswith("reminder:")
    assert mail.to == "ines@example.org"
    assert "rappel" in mail.subject
    assert reminders(scene) == []
    with transaction(scene.scope) as session:
        assert session.scalars(select(SentMail.to_address)).all() == [None]


def test_the_newest_day_counts(scene: Scene, later: Any) -> None:
    ask(scene)
    ask(scene, on=day(scene, 5).isoformat())
    assert len(reminders(scene)) == 1
    later(days=3, hours=12)
    ring(scene)
    assert scene.mailer.sent == []
    later(days=2)
    ring(scene)
    assert len(scene.mailer.sent) == 1


def test_a_campaign_that_is_over_reminds_of_nothing(scene: Scene, later: Any) -> None:
    ask(scene)
    with transaction(scene.scope) as session:
        session.get_one(Campaign, (scene.museum, scene.campaign_id)).state = "withdrawn"
    later(days=3, hours=12)
    ring(scene)
    assert scene.mailer.sent == []
    assert reminders(scene) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("on", ""),
        ("on", "31 décembre"),
        ("on", "2020-01-01"),
        ("on", "9999-12-31"),
        ("on", "2026-02-30"),
        ("on", "a\x00b"),
        ("email", ""),
        ("email", "ines"),
        ("email", "x" * 10_240 + "@example.org"),
        ("email", "a@b.org\nBcc: c@d.org"),
        ("csrf_token", "forged"),
    ],
)
def test_a_bad_answer_is_refused_beside_its_field_and_nothing_is_written(scene: Scene, field: str, value: str) -> None:
    answer = ask(scene, **{field: value})
    assert answer.status_code == 422
    assert answer.headers["Cache-Control"] == SHOWN_AGAIN
    assert "<title>Erreur" in answer.text
    assert reminders(scene) == []


def test_one_mailbox_is_not_flooded(scene: Scene) -> None:
    assert [ask(scene).status_code for _ in range(4)] == [303, 303, 303, 429]
    with transaction(scene.scope) as session:
        assert session.scalar(select(func.count()).select_from(Reminder)) == 1


def test_an_unknown_campaign_is_a_404(scene: Scene) -> None:
    client = scene.app.test_client()
    assert client.get("/fr/nowhere/nothing/remind").status_code == 404
    assert client.get(address(scene).replace("/remind", "%00/remind")).status_code == 404
