"""Somebody new to the editor is told what is open and for whom, that a form was kept, and where things are made."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
from flask import Flask
from sqlalchemy import select

from crowdfund import clock, outbox
from crowdfund.campaigns.models import Artwork, Campaign
from crowdfund.conversation.models import Question
from crowdfund.institutions.rules import Role
from crowdfund.outbox import OutboxRow
from crowdfund.tenancy import transaction
from tests.desk import make_colleague
from tests.editor.test_campaigns import Desk
from tests.factories import make_campaign, make_institution, make_ready, scope
from tests.receipts.conftest import MailKeeper, mails

__all__ = ["mails"]


@pytest.fixture
def lead(app: Flask) -> Desk:
    museum = make_institution(slug="atelier", name="Atelier", code="ATE")
    with transaction(scope(museum)) as session:
        campaign = make_campaign(session, state="draft", slug="pastel", opens_at=clock.now() + timedelta(days=9))
        return Desk(app, museum, campaign.id, Role.CAMPAIGN_LEAD)


def plain(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_the_button_says_what_is_open_and_for_whom_before_it_is_pressed(app: Flask, lead: Desk) -> None:
    page = lead.get()
    assert 'aria-describedby="not-yet"' in page
    assert "2 of them wait for others." in plain(page)  # the words and the three yeses
    assert "of them wait" not in plain(Desk(app, lead.museum, lead.campaign, Role.OWNER).get())
    with transaction(scope(lead.museum)) as session:
        make_ready(session, session.get_one(Campaign, (lead.museum, lead.campaign)))
    assert 'id="not-yet"' not in lead.get()


def test_a_form_that_was_kept_says_when(lead: Desk) -> None:
    for page, form in (
        ("story", {"campaign.summary": "Other words"}),
        ("money", {"campaign.goal_minor": "900"}),
        ("source/0", {"label": "Town", "kind": "city", "amount_minor": "50", "certainty": "firm"}),
    ):
        answer = lead.send(page, form, revision=str(lead.row().revision))
        assert answer.status_code == 303, page
        assert re.search(r'role="status">Kept at \d', lead.client.get(answer.location).text), page
    assert "Kept at" not in lead.get("story")
    assert "Kept at" not in lead.get("story?kept=soon")


def test_links_for_friends_are_told_of_where_one_looks_for_them(lead: Desk) -> None:
    assert "links for friends are made under" in lead.get("preview")
    launch = "/staff/atelier/launch"
    assert "as soon as a campaign is announced" in lead.client.get(launch).text
    with transaction(scope(lead.museum)) as session:
        session.get_one(Campaign, (lead.museum, lead.campaign)).state = "scheduled"
    for part in ("", "preview"):
        assert f'href="{launch}#friends-{lead.campaign}"' in lead.get(part)
    assert f'id="friends-{lead.campaign}"' in lead.client.get(launch).text


def test_whoever_leads_a_campaign_sees_who_agrees_and_asks_them_once_a_day(
    app: Flask, lead: Desk, mails: MailKeeper
) -> None:
    make_colleague(lead.museum, Role.CURATOR, "solene@example.org")
    make_colleague(lead.museum, Role.OWNER, "helene@example.org")
    page = lead.get("approvals")
    assert page.count("mailto:solene@example.org") == 1
    assert page.count("mailto:helene@example.org") == 2  # nobody has the other two roles
    assert 'name="agreed_on"' not in page
    yes = {"part": "curator", "name": "S. Favre", "agreed_on": clock.now().date().isoformat(), "document": "Mail"}
    assert lead.send("approvals", yes).status_code == 403
    assert lead.send("approvals/ask").status_code == 303
    assert "They were written to on" in lead.get("approvals")
    again = lead.send("approvals/ask")
    assert again.status_code == 409
    assert "Ask again tomorrow." in again.text
    with transaction(scope(lead.museum)) as session:
        rows = session.scalars(select(OutboxRow.id).where(OutboxRow.listener == "editor.tasks.write_to_givers")).all()
    for row in rows:
        outbox.deliver(lead.museum, row)
    assert sorted(str(message["To"]).rpartition("<")[2].rstrip(">") for _key, message in mails.kept) == [
        "helene@example.org",
        "solene@example.org",
    ]
    auditor = Desk(app, lead.museum, lead.campaign, Role.AUDITOR)
    assert auditor.get("approvals")
    assert auditor.send("approvals/ask").status_code == 403


def test_nobody_is_asked_once_everybody_agrees(lead: Desk) -> None:
    with transaction(scope(lead.museum)) as session:
        make_ready(session, session.get_one(Campaign, (lead.museum, lead.campaign)))
    assert "Ask for their agreement" not in lead.get("approvals")
    assert lead.send("approvals/ask").status_code == 409


def test_a_language_names_the_texts_it_lacks_and_who_approves(lead: Desk) -> None:
    lead.send("story?lang=it", {"campaign.summary": "", "lang": "it"}, revision="0")
    page = lead.get("languages")
    assert f'href="{lead.url("story")}?lang=it#campaign.summary"' in page
    assert "Mark as machine translation" in page
    assert "The curator, the director or an owner approves the words" in page


def test_versions_count_from_one_and_speak_as_the_forms_do(lead: Desk) -> None:
    lead.send("money", {"campaign.funding_model": "all_or_nothing", "campaign.goal_minor": "1234"}, revision="0")
    page = plain(lead.get("versions"))
    assert "Version 1 " in page
    assert "All or nothing" in page
    assert "€1,234" in page
    lead.send("versions/0/restore")
    assert "Back to the beginning" in lead.get("versions")


def test_a_sum_says_its_currency_and_a_campaign_ends_on_its_last_day(lead: Desk) -> None:
    assert "Goal (€)" in plain(lead.get("money"))
    with transaction(scope(lead.museum)) as session:
        campaign = session.get_one(Campaign, (lead.museum, lead.campaign))
        campaign.state, campaign.closes_at = "live", datetime(2099, 1, 20, 23, 0, tzinfo=UTC)  # midnight in Paris
    assert re.search(
        r"until (January 20, 2099|20 January 2099)", plain(lead.client.get("/staff/atelier/campaigns").text)
    )


def test_who_came_for_a_picture_goes_back_to_the_campaign(lead: Desk) -> None:
    back = lead.url("picture")
    assert f"/pictures?back={quote(back)}#add" in lead.get("picture")
    asked = lead.client.get(f"/staff/atelier/pictures?back={quote(back)}").text
    assert f'name="back" value="{back}"' in asked
    for foreign in (
        "//example.org/",
        "/staff/atelier/team",
        f"{back}/../../x",
        "/staff/other/campaigns/1/edit/picture",
    ):
        assert 'name="back"' not in lead.client.get(f"/staff/atelier/pictures?back={quote(foreign)}").text


def test_the_inbox_counts_by_tab_and_remembers_how_one_signs(lead: Desk) -> None:
    with transaction(scope(lead.museum)) as session:
        for number in (1, 2):
            session.add(
                Question(
                    campaign_id=lead.campaign,
                    text=f"Why {number}?",
                    locale="en",
                    holds_link=False,
                    fingerprint=f"f{number}",
                )
            )
        session.flush()
        first = session.scalars(select(Question.id).order_by(Question.id)).first()
    page = lead.client.get("/staff/atelier/questions").text
    assert re.search(r'tab-n">2<', page)
    form = {"csrf_token": lead.token, "answer": "Because.", "name": "Person campaign_lead", "locale": "en"}
    refused = lead.client.post(f"/staff/atelier/questions/{first}/answer", data=form | {"role": ""})
    assert "Say what you do at the museum." in refused.text
    answered = lead.client.post(f"/staff/atelier/questions/{first}/answer", data=form | {"role": "Leads the campaign"})
    assert answered.status_code == 303
    page = lead.client.get("/staff/atelier/questions").text
    assert 'value="Leads the campaign"' in page
    assert re.search(r'tab-n">1<', page)


def test_without_a_picture_no_piece_is_asked_where_it_lies(lead: Desk) -> None:
    with transaction(scope(lead.museum)) as session:
        campaign = session.get_one(Campaign, (lead.museum, lead.campaign))
        session.get_one(Artwork, (lead.museum, campaign.artwork_id)).image = None
    page = lead.get("pieces")
    assert "Place to the hundredth" not in page
    assert '<input type="hidden" name="x-new"' in page
