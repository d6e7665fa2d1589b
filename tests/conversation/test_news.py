"""News: approved before they leave, sent once to each reader in their language, never unsaid."""

from __future__ import annotations

import smtplib
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from crowdfund import clock, outbox
from crowdfund.conversation import news, tasks
from crowdfund.conversation.models import Dispatch, News
from crowdfund.errors import Conflict, Refusal
from crowdfund.institutions.rules import Role
from crowdfund.mail import Mail
from crowdfund.outbox import OutboxRow
from crowdfund.tenancy import PublicScope, transaction
from tests import factories
from tests.conversation.conftest import Town
from tests.desk import enter, form_token, make_colleague


def draft(town: Town, *locales: str, campaign: int = 0, status: str = "approved") -> int:
    with transaction(town.scope) as session:
        made = news.write_news(session, campaign or town.live, "found")
        for locale in locales:
            news.put_text(session, made.id, locale, title=f"In {locale}", text="First.\n\nSecond.", status=status)
        return made.id


def publish(town: Town, news_id: int, **given: Any) -> None:
    with transaction(town.scope) as session:
        news.publish_news(session, news_id, **given)


def test_nothing_goes_out_that_nobody_has_approved(client: FlaskClient, town: Town) -> None:
    number = draft(town, "fr", status="machine")
    with pytest.raises(Refusal, match="Approve the text"):
        publish(town, number)
    assert client.get(f"{town.page}news/{number}").status_code == 404
    assert "In fr" not in client.get(town.page).text


def test_a_machine_draft_stays_inside_and_the_fallback_is_said(client: FlaskClient, town: Town) -> None:
    number = draft(town, "fr")
    with transaction(town.scope) as session:
        news.put_text(session, number, "en", title="By a machine", text="Unread.", status="machine")
    publish(town, number)
    page = client.get(f"{town.page}?a=1").text
    assert "By a machine" not in page
    assert "Not available in English yet: this is the text in French." in page
    own = client.get(f"{town.page}news/{number}").text
    assert '<h1 lang="fr">In fr</h1>' in own
    assert "<p>Second.</p>" in own
    assert 'lang="fr"' not in client.get(f"/fr/{town.slug}/live/news/{number}").text.split("<main")[1]


def test_the_public_role_reads_published_words_only(town: Town) -> None:
    hidden, shown = draft(town, "fr"), draft(town, "fr")
    with transaction(town.scope) as session:
        news.put_text(session, shown, "it", title="machine", text="machine", status="machine")
    publish(town, shown)
    with transaction(PublicScope()) as session:
        rows = session.execute(
            text("SELECT news_id, locale FROM news_texts WHERE news_id = ANY(:ids)"), {"ids": [hidden, shown]}
        )
        assert [tuple(row) for row in rows] == [(shown, "fr")]
        for column, table in (("asker_email", "questions"), ("email", "followers"), ("address_hash", "dispatches")):
            asked = text("SELECT has_column_privilege('cimaise_public', :table, :column, 'SELECT')")
            assert session.scalar(asked, {"table": table, "column": column}) is False


def test_published_words_stay_and_are_corrected_below(client: FlaskClient, town: Town) -> None:
    number = draft(town, "en")
    with transaction(town.scope) as session, pytest.raises(Conflict):
        news.correct_news(session, number, "en", "Wrong.")
    publish(town, number)
    with transaction(town.scope) as session, pytest.raises(Conflict):
        news.put_text(session, number, "en", title="Other", text="Other.", status="approved")
    with transaction(town.scope) as session, pytest.raises(Conflict):
        news.drop_news(session, number)
    with transaction(town.scope) as session:
        news.correct_news(session, number, "en", "It was 1774.")
        news.put_text(
            session, number, "it", title="In ritardo", text="Tardi.", status="approved"
        )  # a language may follow
    assert "It was 1774." in client.get(f"{town.page}news/{number}").text
    assert "In ritardo" in client.get(f"/it/{town.slug}/live/news/{number}").text
    with pytest.raises(IntegrityError, match="published words never change"), transaction(town.scope) as session:
        session.execute(text("UPDATE news_texts SET text = 'unsaid' WHERE news_id = :id"), {"id": number})
    for statement in ("DELETE FROM news", "DELETE FROM news_texts", "UPDATE news_corrections SET text = 'x'"):
        with pytest.raises(Exception, match="permission denied") as refused, transaction(town.scope) as session:
            session.execute(text(statement))
        assert isinstance(refused.value.__cause__, psycopg.errors.InsufficientPrivilege)


def test_everybody_who_asked_gets_it_once_in_their_language(town: Town) -> None:
    town.follow("follower@example.org", locale="fr")
    town.follow("both@example.org", locale="en")
    town.giver("both@example.org", locale="it")
    town.giver("donor@example.org", locale="it")
    town.giver("donor@example.org", locale="it")  # a second record of one address
    town.giver("no@example.org", agreed=False)
    town.giver("refunded@example.org", state="refunded", refunded_minor=5000)
    town.giver("elsewhere@example.org", campaign=town.later)
    number = draft(town, "fr", "it")
    publish(town, number)
    town.work()
    sent = {mail.to: mail for _key, mail in town.mailer.sent}
    assert sorted(mail.to for _key, mail in town.mailer.sent) == [
        "both@example.org",
        "donor@example.org",
        "follower@example.org",
    ]
    assert {to: mail.locale for to, mail in sent.items()} == {
        "both@example.org": "en", "donor@example.org": "it", "follower@example.org": "fr",
    }  # fmt: skip
    assert sent["follower@example.org"].subject == "In fr"
    assert "Not available in English yet" in sent["both@example.org"].text
    for mail in sent.values():
        assert f"/live/news/{number}" in mail.text
        assert f"/live/news/{number}" in mail.html
        assert "/unsubscribe/" in mail.html
        assert "@example.org" not in mail.html


def parts(town: Town) -> list[int]:
    with transaction(town.scope) as session:
        return list(
            session.scalars(
                select(OutboxRow.id)
                .where(OutboxRow.topic == "dispatch.part", OutboxRow.delivered_at.is_(None))
                .order_by(OutboxRow.id)
            )
        )


class Killed(BaseException):
    """The process is gone: nothing catches this."""


@pytest.mark.parametrize("after", [0, 1, 39, 40, 57])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_kill_in_the_middle_of_a_mailing_doubles_and_misses_nobody(
    app: Flask, town: Town, monkeypatch: pytest.MonkeyPatch, after: int, moment: str
) -> None:
    """Die while a mail is handed over; a copy may go out only of that very mail, under the same key."""
    everybody = [f"f{number}@example.org" for number in range(60)]
    for email in everybody:
        town.follow(email)
    publish(town, draft(town, "en"))
    handed: list[str] = []
    town_send = town.mailer.send

    def dying(mail: Mail, key: str) -> None:
        if len(handed) == after and moment == "before":
            raise Killed
        town_send(mail, key)
        handed.append(key)
        if len(handed) > after and moment == "after":
            raise Killed

    monkeypatch.setattr(town.mailer, "send", dying)
    with pytest.raises(Killed):
        town.work()
    monkeypatch.setattr(town.mailer, "send", town_send)
    town.work()
    keys = [key for key, _mail in town.mailer.sent]
    assert {mail.to for _key, mail in town.mailer.sent} == set(everybody)
    assert len(set(keys)) == 60
    assert len(keys) - len(set(keys)) == (moment == "after")
    assert parts(town) == []


def test_hearing_of_a_publication_twice_sends_it_once(town: Town) -> None:
    town.follow("one@example.org")
    number = draft(town, "en")
    publish(town, number)
    town.work()
    with transaction(town.scope) as session:
        tasks.address_news(session, number)
    town.work()
    assert len(town.mailer.sent) == 1
    with transaction(town.scope) as session:
        assert len(session.scalars(select(Dispatch)).all()) == 1


def test_one_refused_address_does_not_hold_up_the_others(town: Town) -> None:
    for number in range(4):
        town.follow(f"r{number}@example.org")
    publish(town, draft(town, "en"))
    with transaction(town.scope) as session:
        first = session.scalars(select(OutboxRow.id).where(OutboxRow.topic == "news.published")).one()
    outbox.deliver(town.museum, first)
    town.mailer.refuse = [smtplib.SMTPDataError(450, b"later")]
    (part,) = parts(town)
    with pytest.raises(smtplib.SMTPDataError):
        outbox.deliver(town.museum, part)
    assert len(town.mailer.sent) == 3
    town.work()
    assert sorted(mail.to for _key, mail in town.mailer.sent) == [f"r{number}@example.org" for number in range(4)]


def test_who_stops_while_it_is_being_sent_gets_none(client: FlaskClient, town: Town) -> None:
    token = town.follow("quick@example.org")
    publish(town, draft(town, "en"))
    assert client.post(f"/en/follow/{token}/stop").status_code == 303
    town.work()
    assert town.mailer.sent == []


def test_a_planned_piece_goes_out_at_its_moment(client: FlaskClient, town: Town) -> None:
    number = draft(town, "en")
    town.follow("then@example.org")
    moment = clock.now() + timedelta(hours=2)
    publish(town, number, at=moment)
    tasks.publish_planned(town.museum)
    town.work()
    assert (town.mailer.sent, client.get(f"{town.page}news/{number}").status_code) == ([], 404)
    with clock.at(moment):
        tasks.publish_planned(town.museum)
        town.work()
        assert client.get(f"{town.page}news/{number}").status_code == 200
    assert len(town.mailer.sent) == 1
    with transaction(town.scope) as session:
        assert session.get_one(News, (town.museum, number)).published_at == moment


def test_a_piece_is_found_at_its_own_campaign_and_museum_only(client: FlaskClient, town: Town) -> None:
    number = draft(town, "en")
    publish(town, number)
    other = factories.make_institution(slug="other")
    with transaction(factories.scope(other)) as session:
        factories.make_campaign(session, slug="live")
    for path in (f"/en/{town.slug}/later/news/{number}", f"/en/other/live/news/{number}", f"{town.page}news/{9**40}"):
        assert client.get(path).status_code == 404
    answer = client.get(f"{town.page}news/{number}")
    assert "Set-Cookie" not in answer.headers
    assert "public" in answer.headers["Cache-Control"]


def test_a_picture_of_the_museum_stands_in_news_with_its_words_until_they_are_out(
    app: Flask, client: FlaskClient, town: Town
) -> None:
    number = draft(town, "fr", "en")
    with transaction(town.scope) as session:
        own = factories.make_picture(session)
    with transaction(factories.scope(factories.make_institution())) as session:
        foreign = factories.make_picture(session).id
    desk = enter(app, make_colleague(town.museum, Role.CURATOR, "curator@example.org"))
    here, token = f"/staff/{town.slug}/news/{number}", form_token(desk, "/account/")

    def choose(picture: object) -> int:
        return desk.post(f"{here}/picture", data={"csrf_token": token, "picture": picture}).status_code

    assert choose(foreign) == 404
    assert choose("x") == 422
    assert choose(own.id) == 303
    assert f"/pictures/{own.digest}/" in desk.get(here).text
    assert choose("") == 303
    with transaction(town.scope) as session:
        assert session.get_one(News, (town.museum, number)).image is None
    assert choose(own.id) == 303
    words = {"csrf_token": token, "alt_fr": "Une tasse", "alt_en": "A cup"}
    assert desk.post(f"/staff/{town.slug}/pictures/{own.id}", data=words).status_code == 303
    town.follow("reader@example.org")
    publish(town, number)
    town.work()
    page = client.get(f"{town.page}news/{number}").text
    assert f"/pictures/{own.digest}/480.avif" in page
    assert 'alt="A cup"' in page
    assert f"/pictures/{own.digest}/960.jpg" in town.sent_to("reader@example.org")[-1].html
    assert choose("") == 409
