"""A partner museum reads a draft: by its own people alone, the page and nothing else; what it says comes back."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.preparation import Remark, Review
from crowdfund.institutions.rules import Role
from crowdfund.tenancy import transaction
from tests.desk import enter, form_token, make_colleague
from tests.factories import make_campaign, make_institution, scope


@dataclass
class Two:
    """A museum with a draft, and a partner's people."""

    app: Flask
    host: int
    campaign: int
    curator: FlaskClient
    guest: FlaskClient
    stranger: FlaskClient

    def post(self, client: FlaskClient, path: str, **form: str) -> Any:
        return client.post(path, data={"csrf_token": form_token(client, "/account/"), **form})

    def ask(self, partner: str = "guest") -> Any:
        return self.post(self.curator, f"/staff/host/campaigns/{self.campaign}/edit/review", partner=partner)

    def link(self) -> str:
        assert self.ask().status_code == 303
        page = self.curator.get(f"/staff/host/campaigns/{self.campaign}/edit/review").text
        found = re.search(r"/staff/guest/reviews/[0-9a-f]+-[a-z0-9]{26}", page)
        assert found is not None
        return found[0]


@pytest.fixture
def two(app: Flask) -> Two:
    host, guest, third = (make_institution(slug=slug, name=slug.title()) for slug in ("host", "guest", "third"))
    with transaction(scope(host)) as session:
        campaign = make_campaign(session, state="draft", title={"fr": "Le pastel"})
    people = [enter(app, make_colleague(one, Role.CURATOR, f"c{one}@example.org")) for one in (host, guest, third)]
    return Two(app, host, campaign.id, *people)


def test_the_partner_reads_the_page_and_its_remark_comes_back(two: Two) -> None:
    link = two.link()
    page = two.guest.get(link)
    assert page.status_code == 200
    assert "Le pastel" in page.text
    assert "frame-src 'self'" in page.headers["Content-Security-Policy"]
    draft = two.guest.get(f"{link}/page")
    assert draft.status_code == 200
    assert "frame-ancestors 'self'" in draft.headers["Content-Security-Policy"]
    assert two.post(two.guest, link, text="The price is <b>missing</b>.").status_code == 303
    assert "The price is &lt;b&gt;missing" in two.guest.get(link).text
    back = two.curator.get(f"/staff/host/campaigns/{two.campaign}/edit/review").text
    assert "The price is &lt;b&gt;missing" in back
    assert "Person curator, Guest" in back


@pytest.mark.parametrize("text", ["", "x" * 2001])
def test_a_remark_that_cannot_be_kept_stays_in_its_form(two: Two, text: str) -> None:
    link = two.link()
    answer = two.post(two.guest, link, text=text)
    assert answer.status_code == 422
    assert 'id="e-text"' in answer.text
    with transaction(scope(two.host)) as session:
        assert session.scalars(select(Remark)).all() == []


def test_nobody_else_opens_the_link(two: Two, client: FlaskClient) -> None:
    link = two.link()
    own = link.replace("/staff/guest/", "/staff/third/")
    for path in (link, own):
        for ending in ("", "/page"):
            assert two.stranger.get(path + ending).status_code == 404
        assert two.post(two.stranger, path, text="Hello").status_code == 404
    assert two.guest.get(link[:-1] + ("a" if link[-1] != "a" else "b")).status_code == 404
    assert two.guest.get("/staff/guest/reviews/nonsense").status_code == 404
    assert client.get(link).status_code == 303  # to the sign-in page
    for path in (f"/staff/host/campaigns/{two.campaign}/edit", f"/staff/guest/campaigns/{two.campaign}/edit"):
        assert two.guest.get(path).status_code == 404  # the page and nothing else


def test_a_link_ends_when_it_is_closed_and_when_the_campaign_opens(two: Two) -> None:
    link = two.link()
    with transaction(scope(two.host)) as session:
        review = session.scalars(select(Review)).one().id
    for _time in range(2):
        end = f"/staff/host/campaigns/{two.campaign}/edit/review/{review}/end"
        assert two.post(two.curator, end).status_code == 303
    assert two.guest.get(link).status_code == 404
    again = two.link()
    assert again != link
    assert two.guest.get(again).status_code == 200
    with transaction(scope(two.host)) as session:
        session.get_one(Campaign, (two.host, two.campaign)).state = "live"
    assert two.guest.get(again).status_code == 404
    assert two.ask().status_code == 409


def test_asked_twice_a_museum_keeps_its_link_and_one_that_is_none_is_refused(two: Two) -> None:
    assert two.link() == two.link()
    for wrong in ("host", "nobody", ""):
        answer = two.ask(wrong)
        assert answer.status_code == 422
        assert "Choose one of the other museums." in answer.text
    missing = f"/staff/host/campaigns/{two.campaign}/edit/review/999999/end"
    assert two.post(two.curator, missing).status_code == 404
