"""The inbox: words are read before they are shown, answers have beginnings, what others say has a source."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from crowdfund import clock
from crowdfund.audit import AuditEntry
from crowdfund.conversation import mentions, questions, replies
from crowdfund.conversation.models import Mention, Question, ReplyTemplate
from crowdfund.conversation.rules import address_problem
from crowdfund.errors import NotFound
from crowdfund.gifts import service as gifts
from crowdfund.gifts.reports import MoneyReceived
from crowdfund.gifts.rules import Method
from crowdfund.institutions.rules import Role
from crowdfund.pages import views
from crowdfund.pledges import wall, words
from crowdfund.pledges.models import Pledge, WallEntry
from crowdfund.tenancy import OperatorScope, transaction
from tests.desk import enter, form_token, make_colleague
from tests.factories import make_campaign, make_donor, make_institution, make_pledge, scope


@dataclass
class Town:
    """A museum with a curator at the desk, a live campaign, and a donor's words for its wall."""

    id: int
    client: FlaskClient
    token: str
    campaign_id: int
    page: str
    entry_id: int
    pledge_id: int

    @property
    def scope(self) -> OperatorScope:
        return scope(self.id)

    def post(self, path: str, **form: str) -> int:
        return self.client.post(f"/staff/arvieres{path}", data={"csrf_token": self.token} | form).status_code

    def get(self, path: str) -> str:
        return self.client.get(f"/staff/arvieres{path}").text


@pytest.fixture
def town(app: Flask) -> Town:
    museum = make_institution(slug="arvieres", name="Musée d’Arvières")
    with transaction(scope(museum)) as session:
        campaign = make_campaign(session, state="live")
        pledge = make_pledge(session, campaign, make_donor(session), wall="short", message="Pour ma tante Berthe")
        money = MoneyReceived(
            reference=f"pledge:{pledge.id}", campaign_id=campaign.id, amount=pledge.amount, method=Method.CARD,
            received_at=clock.now(), pledge_id=pledge.id, charge="ch_1", payment="pi_1",
        )  # fmt: skip
        gifts.receive_gift(session, money)
        entry = session.scalars(select(WallEntry)).one()
        numbers = campaign.id, f"/fr/arvieres/{campaign.slug}/", entry.id, pledge.id
    client = enter(app, make_colleague(museum, Role.CURATOR, "curator@example.org"))
    return Town(museum, client, form_token(client, "/account/"), *numbers)


def forget_pages(client: FlaskClient) -> None:
    """Let no kept page answer."""
    views._cache.__init__()  # type: ignore[misc]
    client.application.wsgi_app.forget()  # type: ignore[attr-defined]


def on_the_wall(client: FlaskClient, town: Town) -> bool:
    forget_pages(client)
    with transaction(town.scope) as session:  # the page tells a new gift's name after a while
        session.scalars(select(WallEntry)).one().shown_from = session.scalars(select(Pledge.created_at)).one()
    return "Berthe" in client.get(town.page).text


def test_words_are_on_the_wall_once_somebody_has_read_them_and_not_before(client: FlaskClient, town: Town) -> None:
    assert not on_the_wall(client, town)
    assert "Berthe" in town.get("/words")
    assert town.post(f"/words/{town.entry_id}/show") == 303
    assert on_the_wall(client, town)
    assert town.post(f"/words/{town.entry_id}/look-again") == 303
    assert not on_the_wall(client, town)
    assert town.post(f"/words/{town.entry_id}/keep-back") == 303
    assert not on_the_wall(client, town)
    with transaction(town.scope) as session:
        assert words.waiting(session) == []
        assert [one.shown for one in words.decided(session)] == [False]
        acts = session.scalars(
            select(AuditEntry.action).where(AuditEntry.subject == f"pledge:{town.pledge_id}").order_by(AuditEntry.seq)
        ).all()
    assert acts == ["words.shown", "words.looked_at_again", "words.kept_back"]


def test_new_words_are_read_anew(town: Town) -> None:
    with transaction(town.scope) as session:
        words.show(session, town.entry_id)
        pledge = session.get_one(Pledge, (town.id, town.pledge_id))
        wall.write_entry(session, pledge)
        assert words.count_waiting(session) == 0  # nothing has changed
        pledge.message = "Et le parking ?"
        wall.write_entry(session, pledge)
        assert words.count_waiting(session) == 1
        assert session.scalars(select(WallEntry.message_approved)).one() is False


def test_words_that_are_gone_or_never_were_are_not_decided_on(town: Town) -> None:
    for way in ("show", "keep-back", "look-again"):
        assert town.post(f"/words/{town.entry_id + 999}/{way}") == 404
    with transaction(town.scope) as session:
        silent = make_pledge(session, make_campaign(session), make_donor(session), state="paid", wall="short")
        wall.write_entry(session, silent)
        entry = session.scalars(select(WallEntry).where(WallEntry.pledge_id == silent.id)).one()
        with pytest.raises(NotFound):
            words.show(session, entry.id)
        with pytest.raises(NotFound):
            words.show(session, town.entry_id, entry.id)


def test_a_beginning_fills_the_answer_of_the_question_it_was_chosen_for(town: Town) -> None:
    assert town.post("/replies", locale="fr", title="", text="Oui.") == 422
    assert town.post("/replies", locale="fr", title="Photos", text="Oui, sans flash.") == 303
    assert town.post("/replies", locale="fr", title="Photos", text="Non, jamais.") == 303  # written anew
    with transaction(town.scope) as session:
        kept = session.scalars(select(ReplyTemplate)).one()
        assert (kept.title, kept.text) == ("Photos", "Non, jamais.")
        for text in ("Puis-je photographier ?", "Et demain ?"):
            questions.ask(session, town.campaign_id, text, locale="fr")
        first, second = session.scalars(select(Question.id).order_by(Question.id)).all()
    page = town.get(f"/questions?question={second}&with={kept.id}")
    assert page.count("Non, jamais.</textarea>") == 1
    assert page.index("Et demain") < page.index("Non, jamais.</textarea>")
    assert first != second
    for nonsense in ("question=x&with=1", f"question={second}&with=", f"question={'9' * 30}&with=1"):
        assert "Non, jamais.</textarea>" not in town.get(f"/questions?{nonsense}")
    assert town.client.get(f"/staff/arvieres/questions?question={second}&with=999").status_code == 404
    assert town.post(f"/replies/{kept.id}/drop") == 303
    assert town.post(f"/replies/{kept.id}/drop") == 404


SAID = {
    "source": "Le Dauphiné",
    "title": "La tasse revient",
    "url": "https://example.org/a",
    "on": "2026-11-05",
    "locale": "fr",
}


def test_what_others_say_stands_on_the_page_with_its_source(client: FlaskClient, town: Town) -> None:
    assert town.post("/mentions", campaign=str(town.campaign_id), **SAID) == 303
    page = client.get(town.page).text
    assert 'href="https://example.org/a" rel="noopener noreferrer nofollow"' in page
    assert "Le Dauphiné" in page
    with transaction(town.scope) as session:
        number = session.scalars(select(Mention.id)).one()
    assert town.post(f"/mentions/{number}/remove") == 303
    assert town.post(f"/mentions/{number}/remove") == 404
    forget_pages(client)
    assert "Le Dauphiné" not in client.get(town.page).text


@pytest.mark.parametrize(
    ("field", "value"),
    [("source", ""), ("title", ""), ("url", ""), ("url", "javascript:alert(1)"), ("on", "hier"), ("locale", "xx")],
)
def test_a_mention_without_its_parts_is_refused_and_kept_on_the_form(town: Town, field: str, value: str) -> None:
    form = {"csrf_token": town.token, "campaign": str(town.campaign_id)} | SAID | {field: value}
    answer = town.client.post("/staff/arvieres/mentions", data=form)
    assert answer.status_code == 422
    assert ('value="Le Dauphiné"' in answer.text) == (field != "source")
    with transaction(town.scope) as session:
        assert session.scalars(select(Mention)).all() == []


def test_a_mention_needs_a_campaign_of_the_museum(town: Town) -> None:
    other = make_institution(slug="mirevaux", name="Mirevaux")
    with transaction(scope(other)) as session:
        foreign = make_campaign(session).id
    assert town.post("/mentions", campaign=str(foreign), **SAID) == 404
    assert town.post("/mentions", campaign="soon", **SAID) == 404


@pytest.mark.parametrize(
    ("url", "right"),
    [
        ("https://example.org/a?b=c#d", True),
        ("http://example.org", True),
        ("ftp://example.org", False),
        ("javascript:alert(1)", False),
        ("//example.org", False),
        ("https://localhost/a", False),
        ("https://a:b@example.org", False),
        ("https://example.org:port/", False),
        ("https://exa mple.org/", False),
        ("https://[example.org", False),
        ("", False),
    ],
)
def test_only_whole_web_addresses_are_linked(url: str, right: bool) -> None:
    assert (address_problem(url) is None) == right


def test_a_draft_says_nothing_of_itself_in_public(client: FlaskClient, town: Town) -> None:
    with transaction(town.scope) as session:
        draft = make_campaign(session, state="draft")
        mentions.add_mention(
            session, draft.id, source="A", title="B", url=SAID["url"], on=draft.opens_at.date(), locale="fr"
        )
        slug = draft.slug
        assert replies.templates(session) == []
    assert client.get(f"/fr/arvieres/{slug}/").status_code == 404
