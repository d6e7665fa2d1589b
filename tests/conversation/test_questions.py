"""Questions: read by a person first, shown with a signed answer, the asker told and forgotten."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from crowdfund import clock
from crowdfund.conversation import questions
from crowdfund.conversation.models import Question
from crowdfund.conversation.queries import answer_time
from crowdfund.errors import Conflict, NotFound
from crowdfund.headers import SHOWN_AGAIN
from crowdfund.mail import SentMail
from crowdfund.tenancy import PublicScope, transaction
from tests import factories
from tests.conversation.conftest import Town
from tests.desk import form_token


def ask(client: FlaskClient, town: Town, text: str, **more: str) -> int:
    token = form_token(client, f"{town.page}ask")
    return client.post(f"{town.page}ask", data={"csrf_token": token, "question": text, **more}).status_code


def kept(town: Town) -> list[Question]:
    with transaction(town.scope) as session:
        return list(session.scalars(select(Question).order_by(Question.id)))


def answer(town: Town, number: int, text: str = "Yes, on Thursdays.", locale: str = "en") -> None:
    with transaction(town.scope) as session:
        questions.answer(session, number, text, locale=locale, name="Solène Favre", role="curator")


def test_a_question_is_shown_with_its_answer_and_not_before(client: FlaskClient, town: Town) -> None:
    assert ask(client, town, "May I see it?", asker="Michel", email="Michel@Example.org") == 303
    assert "May I see it?" not in client.get(f"{town.page}?a=1").text
    (one,) = kept(town)
    assert (one.state, one.asker_email, one.locale) == ("new", "michel@example.org", "en")
    answer(town, one.id)
    page = client.get(f"{town.page}?a=1").text
    for words in ("May I see it?", "Yes, on Thursdays.", "<b>Solène Favre</b>, curator", "Asked by Michel"):
        assert words in page
    assert "example.org" not in page.split("<main")[1].split("mailto")[0]


def test_the_asker_is_told_once_and_forgotten_everywhere(client: FlaskClient, town: Town) -> None:
    ask(client, town, "Why?", email="curious@example.org")
    (one,) = kept(town)
    answer(town, one.id, "Perché sì.", locale="it")
    town.work()
    (mail,) = town.sent_to("curious@example.org")
    assert "Why?" in mail.text
    assert "Perché sì." in mail.text
    assert f"#question-{one.id}" in mail.text
    assert 'lang="it"' in mail.html
    assert kept(town)[0].asker_email is None
    with transaction(town.scope) as session:
        sent = session.scalars(select(SentMail)).one()
    assert (sent.to_address, sent.to_hash, sent.state) == (None, "", "sent")


def test_a_mail_server_that_is_away_keeps_the_address_until_it_is_told(client: FlaskClient, town: Town) -> None:
    ask(client, town, "Why?", email="curious@example.org")
    answer(town, kept(town)[0].id)
    town.mailer.refuse = [ConnectionRefusedError()]
    with pytest.raises(ConnectionRefusedError):
        town.work()
    assert kept(town)[0].asker_email == "curious@example.org"
    town.work()
    assert len(town.sent_to("curious@example.org")) == 1


def test_the_same_words_twice_are_one_question(client: FlaskClient, town: Town) -> None:
    assert [ask(client, town, text) for text in ("Why  so blue?", "why so BLUE?")] == [303, 303]
    assert len(kept(town)) == 1


@pytest.mark.parametrize(
    "text", ["Look at https://spam.example", "www.spam.example is cheap", "buy at spam.shop now", "HTTP://x"]
)
def test_a_link_is_held_and_never_one(client: FlaskClient, town: Town, text: str) -> None:
    ask(client, town, text)
    (one,) = kept(town)
    assert one.holds_link
    answer(town, one.id)
    assert 'href="https://spam' not in client.get(f"{town.page}?a=1").text


@pytest.mark.parametrize("text", ["", " ", "a" * 1001, "a" * 10_000, "nul \x00", "<script>alert(1)</script>"])
def test_odd_words_are_refused_or_harmless(client: FlaskClient, town: Town, text: str) -> None:
    status = ask(client, town, text)
    if "script" not in text:
        assert (status, kept(town)) == (422, [])
        return
    answer(town, kept(town)[0].id)
    assert "<script>alert" not in client.get(f"{town.page}?a=1").text


def test_wrong_answers_come_back_filled(client: FlaskClient, town: Town) -> None:
    token = form_token(client, f"{town.page}ask")
    data = {"csrf_token": token, "question": "Why?", "email": "nobody", "asker": "Ann"}
    page = client.post(f"{town.page}ask", data=data)
    assert page.status_code == 422
    assert page.headers["Cache-Control"] == SHOWN_AGAIN
    assert 'value="nobody"' in page.text
    assert "Why?</textarea>" in page.text
    assert "<title>Error" in page.text


def test_a_browser_asks_so_often_and_no_more(client: FlaskClient, town: Town) -> None:
    assert [ask(client, town, f"Number {number}?") for number in range(7)] == [303] * 6 + [429]


def test_nobody_asks_about_a_draft_or_in_anothers_name(client: FlaskClient, town: Town) -> None:
    with transaction(town.scope) as session:
        draft = factories.make_campaign(session, slug="draft", state="draft").id
        with pytest.raises(NotFound):
            questions.ask(session, draft, "Why?", locale="en")
    assert client.get(f"/en/{town.slug}/draft/ask").status_code == 404
    other = factories.make_institution()
    with transaction(factories.scope(other)) as session, pytest.raises(NotFound):
        questions.ask(session, town.live, "Why?", locale="en")
    ask(client, town, "Why?")
    with transaction(factories.scope(other)) as session, pytest.raises(NotFound):
        questions.question_of(session, kept(town)[0].id)


def test_an_answer_stands_and_what_is_set_aside_may_come_back(client: FlaskClient, town: Town) -> None:
    ask(client, town, "Why?")
    number = kept(town)[0].id
    with transaction(town.scope) as session:
        questions.set_aside(session, number, "advertising")
        assert questions.count_new(session) == 0
        questions.take_back(session, number)
        assert questions.count_new(session) == 1
    answer(town, number)
    with pytest.raises(Conflict):
        answer(town, number, "No.")
    with pytest.raises(Conflict), transaction(town.scope) as session:
        questions.set_aside(session, number, "late")


def test_the_median_counts_from_three_answers_on(client: FlaskClient, town: Town) -> None:
    now = clock.now()
    for place, hours in enumerate((1, 30, 5)):
        with clock.at(now - timedelta(days=9)), transaction(town.scope) as session:
            questions.ask(session, town.live, f"Number {place}?", locale="en")
        with transaction(PublicScope()) as session:
            assert answer_time(session, town.museum) is None
        with clock.at(now - timedelta(days=9) + timedelta(hours=hours)):
            answer(town, kept(town)[-1].id)
    with transaction(PublicScope()) as session:
        assert answer_time(session, town.museum) == (timedelta(hours=5), 3)
    assert "usually answers within 5 hours" in client.get(f"{town.page}?a=1").text


def test_who_is_erased_is_taken_off_their_questions_too(town: Town) -> None:
    """Also off one that was answered long ago, whose address was forgotten when its asker was told."""
    with transaction(town.scope) as session:
        questions.ask(session, town.live, "Is it signed?", locale="en", name="Zoé", email="Zoe@example.org")
        questions.ask(session, town.live, "Who made it?", locale="en", name="Marc", email="marc@example.org")
    with transaction(town.scope) as session:
        told, other = session.scalars(select(Question).order_by(Question.id)).all()
        questions.answer(session, told.id, "Yes.", locale="en", name="A. Mollard", role="curator")
        questions.forget_asker(session, told.id)
        assert (told.asker_name, told.asker_email) == ("Zoé", None)
    with transaction(town.scope) as session:
        questions.forget_asker_everywhere(session, "zoe@example.org")
    with transaction(town.scope) as session:
        told, other = session.scalars(select(Question).order_by(Question.id)).all()
        assert (told.asker_name, told.asker_hash, told.answer) == (None, None, "Yes.")
        assert other.asker_name == "Marc"
        other.asker_name = "Somebody else"
        with pytest.raises(DBAPIError, match="may be forgotten"):
            session.flush()
        session.rollback()
