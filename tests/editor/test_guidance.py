"""Somebody new to the editor is told what is open and for whom, that a form was kept, and where things are made."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from crowdfund import clock, outbox
from crowdfund.campaigns.models import Campaign
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
