"""Opening to the minute in the museum's time, and letting friends in before."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from crowdfund import clock
from crowdfund.campaigns import early, service, tasks
from crowdfund.campaigns.editing import Author, edit_campaign
from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.rules import moment_in
from crowdfund.errors import Conflict, Refusal
from crowdfund.pledges.models import Pledge
from crowdfund.tenancy import transaction
from tests import factories
from tests.conversation.conftest import Town
from tests.doubles import FakeProvider


def link(town: Town) -> tuple[str, int]:
    with transaction(town.scope) as session:
        made = early.invite_friends(session, town.later, "the Friends")
        return f"/en/early/{early.early_token(town.museum, made.key)}/", made.id


def fields(page: str) -> dict[str, str]:
    hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page)
    return {name: unescape(value) for name, value in hidden} | {
        "first_name": "Camille", "last_name": "Rey", "email": "camille@example.org", "donor_kind": "individual", "wall": "anonymous",
    }  # fmt: skip


@pytest.fixture
def provider(app: Flask, monkeypatch: pytest.MonkeyPatch) -> FakeProvider:
    double = FakeProvider()
    monkeypatch.setitem(app.extensions, "provider", double)
    monkeypatch.setattr("crowdfund.payments.budgets.too_quick", lambda _age: False)
    return double


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-12-01T09:00", datetime(2026, 12, 1, 8, 0, tzinfo=UTC)),
        ("2026-07-01T09:00", datetime(2026, 7, 1, 7, 0, tzinfo=UTC)),
        ("2026-10-25T02:30", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),  # comes twice: the first one
    ],
)
def test_a_moment_is_typed_in_the_museums_time(text: str, moment: datetime) -> None:
    assert moment_in(text, "Europe/Paris") == moment


@pytest.mark.parametrize(
    "text", ["", "soon", "2026-12-01", "2026-12-01T09:00Z", "2026-03-29T02:30", "9999-99-99T09:00", "\x00"]
)
def test_a_moment_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(Refusal):
        moment_in(text, "Europe/Paris")


def test_a_campaign_opens_in_its_minute_and_not_before(town: Town) -> None:
    opens = clock.now().replace(second=0, microsecond=0) + timedelta(days=2)
    with transaction(town.scope) as session:
        service.reschedule_campaign(session, town.later, opens)
    for at, state in ((opens - timedelta(seconds=1), "scheduled"), (opens, "live")):
        with clock.at(at):
            tasks.keep_dates(town.museum)
        with transaction(town.scope) as session:
            assert session.get_one(Campaign, (town.museum, town.later)).state == state


def test_an_opening_is_ahead_and_before_the_end(town: Town) -> None:
    with transaction(town.scope) as session:
        end = session.get_one(Campaign, (town.museum, town.later)).closes_at
        for wrong in (clock.now() - timedelta(minutes=1), end):
            with pytest.raises(Refusal):
                service.reschedule_campaign(session, town.later, wrong)
        with pytest.raises(Conflict):
            service.reschedule_campaign(session, town.live, clock.now() + timedelta(days=1))
        with pytest.raises(Conflict):
            early.invite_friends(session, town.live, "late")


def test_a_friend_sees_the_page_and_the_public_sees_it_closed(client: FlaskClient, town: Town) -> None:
    path, _number = link(town)
    answer = client.get(path)
    assert answer.status_code == 200
    assert "not public yet" in answer.text
    assert f'action="{path}give"' in answer.text
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert "noindex" in answer.headers["X-Robots-Tag"]
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert path not in client.get(f"/en/{town.slug}/later/").text
    assert client.get(f"/en/{town.slug}/later/give").status_code == 409


def test_a_friend_gives_before_the_opening_and_it_counts(
    client: FlaskClient, town: Town, provider: FakeProvider
) -> None:
    path, number = link(town)
    step1 = client.get(f"{path}give")
    assert step1.status_code == 200
    assert "remind" not in step1.text  # what waits for the opening has no place here
    step2 = client.post(f"{path}give", data={"step": "1", "amount": "50"})
    assert step2.status_code == 200
    answer = client.post(f"{path}give", data=fields(step2.text))
    assert answer.status_code == 303
    assert "https://pay.example/" in answer.location
    with transaction(town.scope) as session:
        pledge = session.scalars(select(Pledge)).one()
    assert (pledge.campaign_id, pledge.early_link_id, pledge.state) == (town.later, number, "made")
    # the same answers at the public door, and at another museum's number, are refused
    again = fields(client.post(f"{path}give", data={"step": "1", "amount": "50"}).text)
    assert client.post(f"/en/{town.slug}/later/give", data=again).status_code == 409
    museum, drawn = path.split("/")[3].split("-")
    assert client.post(f"/en/early/{int(museum, 16) + 1:x}-{drawn}/give", data=again).status_code == 404


def test_a_closed_link_opens_nothing_more(client: FlaskClient, town: Town, provider: FakeProvider) -> None:
    path, number = link(town)
    step2 = client.post(f"{path}give", data={"step": "1", "amount": "50"})
    with transaction(town.scope) as session:
        early.revoke_link(session, number)
        early.revoke_link(session, number)
        assert early.links_of(session, town.later) == []
    assert client.get(path).status_code == 404
    assert client.post(f"{path}give", data=fields(step2.text)).status_code == 404


def test_a_link_leads_to_the_public_page_once_it_is_open(client: FlaskClient, town: Town) -> None:
    path, _number = link(town)
    with transaction(town.scope) as session:
        service.open_campaign(session, town.later)
    assert client.get(path).location == f"/en/{town.slug}/later/"


def test_another_museum_cannot_make_or_close_a_link(town: Town) -> None:
    _path, number = link(town)
    other = factories.make_institution()
    for act in (lambda s: early.invite_friends(s, town.later, "x"), lambda s: early.revoke_link(s, number)):
        with transaction(factories.scope(other)) as session, pytest.raises(Refusal) as refused:
            act(session)
        assert refused.value.status == 404


def test_what_friends_read_binds_before_the_opening(town: Town) -> None:
    """While a link is open, and once one of them has given, goal and end stand, and other words change with a reason."""
    lea = Author(None, "Léa Perrier")
    goal, words = {"campaign.goal_minor": 1_000_00}, {"campaign.summary.fr": "Neuf cloches"}
    with transaction(town.scope) as session:
        edit_campaign(session, town.later, {"campaign.goal_minor": 2_000_00}, seen=0, author=lea)  # nobody has read it
        number = early.invite_friends(session, town.later, "the Friends").id
        with pytest.raises(Conflict, match="Friends give on this promise"):
            edit_campaign(session, town.later, goal, seen=1, author=lea)
        with pytest.raises(Refusal, match="Say in a few words why"):
            edit_campaign(session, town.later, words, seen=1, author=lea)
        edit_campaign(session, town.later, words, seen=1, author=lea, note="Nine of them")
        early.revoke_link(session, number)
        edit_campaign(session, town.later, goal, seen=2, author=lea)  # none had given: the museum may think again
        factories.make_pledge(
            session, session.get_one(Campaign, (town.museum, town.later)), method="cheque", reference="T2KH5KWH44"
        )
    with transaction(town.scope) as session:
        with pytest.raises(Conflict, match="Friends give on this promise"):
            edit_campaign(session, town.later, {"campaign.goal_minor": 5_000_00}, seen=3, author=lea)
        with pytest.raises(Conflict, match="no draft any more"):
            service.take_back_campaign(session, town.later)
