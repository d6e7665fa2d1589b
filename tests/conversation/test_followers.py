"""Following by mail: asked for, confirmed by a click, counted, stopped by one click, forgotten."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from crowdfund import clock
from crowdfund.campaigns import service as campaigns
from crowdfund.campaigns.models import Campaign
from crowdfund.conversation import followers, news, tasks
from crowdfund.conversation.models import Follower
from crowdfund.donors.models import Consent
from crowdfund.errors import NotFound
from crowdfund.mail import SentMail
from crowdfund.tenancy import transaction
from tests import factories
from tests.conversation.conftest import Town, link_in
from tests.desk import form_token


def count(town: Town, campaign: int) -> int:
    with transaction(town.scope) as session:
        return session.scalars(select(Campaign.followers).where(Campaign.id == campaign)).one()


def state(town: Town, email: str) -> list[str]:
    with transaction(town.scope) as session:
        return list(session.scalars(select(Follower.state).where(Follower.email == email)))


def post(client: FlaskClient, page: str, email: str) -> int:
    token = form_token(client, f"{page}follow")
    return client.post(f"{page}follow", data={"csrf_token": token, "email": email}).status_code


def test_a_look_at_the_link_confirms_nothing_and_a_click_does(client: FlaskClient, town: Town) -> None:
    assert post(client, town.page, "Anna@Example.org") == 303
    town.work()
    (mail,) = town.sent_to("anna@example.org")
    link = link_in(mail, "/follow/")
    assert "anna" not in link
    assert client.get(link).status_code == 200
    assert state(town, "anna@example.org") == ["waiting"]
    assert count(town, town.live) == 0
    assert client.post(link).status_code == 303
    assert client.post(link).status_code == 303
    assert state(town, "anna@example.org") == ["confirmed"]
    assert count(town, town.live) == 1
    with transaction(town.scope) as session:
        kept = session.scalars(select(Follower)).one()
    assert "nothing else" in kept.wording
    assert (kept.locale, kept.source) == ("en", "/aubigneux/live/")
    assert kept.confirmed_at is not None


def test_the_answer_is_the_same_for_an_address_that_is_known(client: FlaskClient, town: Town) -> None:
    town.follow("known@example.org")
    token = form_token(client, f"{town.page}follow")
    answers = [
        client.post(f"{town.page}follow", data={"csrf_token": token, "email": email})
        for email in ("known@example.org", "new@example.org", "new@example.org")
    ]
    assert {(one.status_code, one.location, one.text) for one in answers} == {
        (303, f"{town.page}follow?sent=1", answers[0].text)
    }
    assert not any("Set-Cookie" in one.headers for one in answers)
    town.work()
    assert town.sent_to("known@example.org") == []
    assert len(town.sent_to("new@example.org")) == 2


def test_nobodys_mailbox_is_filled_and_the_page_does_not_tell(client: FlaskClient, town: Town) -> None:
    assert [post(client, town.page, "poor@example.org") for _time in range(6)] == [303] * 6
    town.work()
    assert len(town.sent_to("poor@example.org")) == 3


def test_one_browser_asks_for_so_many_addresses_and_no_more(client: FlaskClient, town: Town) -> None:
    found = [post(client, town.page, f"one{number}@example.org") for number in range(14)]
    assert found == [303] * 12 + [429] * 2


@pytest.mark.parametrize("email", ["", "nobody", "a@b", "x" * 10_000 + "@example.org", "a\x00@example.org"])
def test_what_is_no_address_is_shown_again_with_a_reason(client: FlaskClient, town: Town, email: str) -> None:
    assert post(client, town.page, email) == 422


def test_a_form_without_its_token_or_with_anothers_is_refused(client: FlaskClient, town: Town) -> None:
    other = form_token(client, f"/en/{town.slug}/later/follow")
    for token in ("", "forged", other):
        data = {"csrf_token": token, "email": "a@example.org"}
        assert client.post(f"{town.page}follow", data=data).status_code == 422
    assert state(town, "a@example.org") == []


def test_a_link_ends_after_seven_days_and_the_address_with_it(client: FlaskClient, town: Town) -> None:
    post(client, town.page, "late@example.org")
    town.work()
    link = link_in(town.sent_to("late@example.org")[0], "/follow/")
    with clock.at(clock.now() + timedelta(days=7, minutes=1)):
        assert client.get(link).status_code == 404
        assert client.post(link).status_code == 404
        tasks.forget_unconfirmed(town.museum)
    assert state(town, "late@example.org") == []


def test_a_follower_who_stops_is_forgotten_and_the_proof_stays(client: FlaskClient, town: Town) -> None:
    token = town.follow("gone@example.org")
    assert client.post(f"/en/follow/{token}/stop").status_code == 303
    assert client.post(f"/en/follow/{token}/stop").status_code == 303
    assert "no longer on the list" in client.get(f"/en/follow/{token}").text
    assert count(town, town.live) == 0
    with transaction(town.scope) as session:
        kept = session.scalars(select(Follower)).one()
    assert (kept.email, kept.state, kept.wording) == (None, "ended", "words")
    town.follow("gone@example.org")  # may come back
    assert count(town, town.live) == 1


@pytest.mark.parametrize("token", ["x", "zz-aaaa", "1-" + "a" * 26, "ffffff-" + "b" * 26, "1-" + "a" * 10_000, "%00"])
@pytest.mark.parametrize("path", ["follow/{}", "follow/{}/stop", "unsubscribe/{}", "early/{}/give"])
def test_a_token_that_is_not_ours_opens_nothing(client: FlaskClient, town: Town, path: str, token: str) -> None:
    address = f"/en/{path.format(token)}"
    assert client.post(address).status_code in {404, 405}
    assert client.get(address).status_code in {404, 405}


def test_another_museums_token_opens_nothing_here(client: FlaskClient, town: Town) -> None:
    token = town.follow("here@example.org")
    other = factories.make_institution()
    forged = f"{other:x}-{token.partition('-')[2]}"
    assert client.post(f"/en/follow/{forged}/stop").status_code == 404
    with transaction(factories.scope(other)) as session, pytest.raises(NotFound):
        followers.follow(session, town.live, "a@example.org", locale="en", wording="w", source="s")
    assert state(town, "here@example.org") == ["confirmed"]


def publish(town: Town, campaign: int = 0) -> int:
    with transaction(town.scope) as session:
        made = news.write_news(session, campaign or town.live, "found")
        news.put_text(session, made.id, "en", title="Found it", text="Here.", status="approved")
        news.publish_news(session, made.id)
    town.work()
    return made.id


def test_one_click_in_a_mail_program_stops_by_the_token_alone(client: FlaskClient, town: Town) -> None:
    """RFC 8058: a POST without a cookie, a form token or an origin."""
    town.follow("both@example.org")
    donor = town.giver("both@example.org")
    town.follow("both@example.org", town.later)
    publish(town)
    (mail,) = town.sent_to("both@example.org")
    headers = dict(mail.headers)
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = "/" + headers["List-Unsubscribe"].strip("<>").split("/", 3)[3]
    assert link == link_in(mail, "/unsubscribe/")
    assert client.get(link).status_code == 200
    assert count(town, town.live) == 1  # a look changes nothing
    answer = client.post(link, data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert client.post(link, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    assert (count(town, town.live), count(town, town.later)) == (0, 1)
    with transaction(town.scope) as session:
        assert session.scalars(select(Consent.withdrawn_at).where(Consent.donor_id == donor)).one() is not None
    publish(town)
    assert len(town.sent_to("both@example.org")) == 1


def test_a_person_may_stop_all_news_of_the_museum(client: FlaskClient, town: Town) -> None:
    town.follow("all@example.org")
    town.follow("all@example.org", town.later)
    publish(town)
    link = link_in(town.sent_to("all@example.org")[0], "/unsubscribe/")
    assert client.post(link, data={"everything": "1"}).location.endswith("?done=1")
    assert (count(town, town.live), count(town, town.later)) == (0, 0)


def test_the_opening_is_told_to_those_who_wait_once(town: Town) -> None:
    town.follow("waits@example.org", town.later, locale="fr")
    with transaction(town.scope) as session:
        ended = factories.make_campaign(session, state="ended").id
    town.follow("next@example.org", ended)
    with transaction(town.scope) as session:
        campaigns.open_campaign(session, town.later)
    town.work()
    assert [mail.locale for mail in town.sent_to("waits@example.org")] == ["fr"]
    assert "Title (en)" in town.sent_to("next@example.org")[0].subject
    with transaction(town.scope) as session:  # told the next time, as asked: forgotten
        told = session.scalars(select(Follower).where(Follower.campaign_id == ended)).one()
        assert (told.state, told.email) == ("ended", None)
        again = factories.make_ready(session, factories.make_campaign(session, state="scheduled"))
        campaigns.open_campaign(session, again.id)
    town.work()
    assert len(town.mailer.sent) == 2


def test_the_count_in_public_names_nobody(client: FlaskClient, town: Town) -> None:
    for number in range(4):
        town.follow(f"w{number}@example.org", town.later)
    page = f"/en/{town.slug}/later/"
    assert "wait for it to open" not in client.get(f"{page}?a=1").text
    town.follow("fifth@example.org", town.later)
    assert "5 people wait for it to open" in client.get(f"{page}?a=1").text


def test_a_person_sees_and_forgets_what_they_follow(town: Town) -> None:
    town.follow("me@example.org")
    town.follow("me@example.org", town.later)
    with transaction(town.scope) as session:
        assert [one.campaign_id for one in followers.of_person(session, "ME@example.org")] == [town.live, town.later]
        followers.forget_person(session, "Me@example.org")
        assert followers.of_person(session, "me@example.org") == []
    with transaction(town.scope) as session:
        assert session.scalars(select(SentMail)).all() == []
