"""Who gave and from where, as the public may know it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from crowdfund import clock
from crowdfund.campaigns.models import Campaign
from crowdfund.gifts import people, tasks
from crowdfund.gifts import service as gifts
from crowdfund.gifts.models import CampaignPeople, Gift
from crowdfund.gifts.reports import MoneyReceived
from crowdfund.gifts.rules import LEAST_IN_A_CELL, Method, merged
from crowdfund.money import Money
from crowdfund.pages import views
from crowdfund.tenancy import PublicScope, transaction
from tests import factories


@pytest.fixture(autouse=True)
def forget_pages(house: Flask) -> None:
    views._cache.__init__()  # type: ignore[misc] # empties it, as a new process begins
    house.wsgi_app.forget()  # type: ignore[attr-defined] # the gate that keeps public pages


def _museum() -> tuple[int, int, int]:
    museum = factories.make_institution(slug="aubigneux")
    with transaction(factories.scope(museum)) as session:
        earlier = factories.make_campaign(session, slug="earlier")
        return museum, earlier.id, factories.make_campaign(session, slug="pastel").id


def _give(session: Session, campaign_id: int, donor_id: int, minor: int, days: int = 0) -> Gift:
    return gifts.receive_gift(
        session,
        MoneyReceived(
            reference=f"cheque:{campaign_id}:{donor_id}:{days}",
            campaign_id=campaign_id,
            donor_id=donor_id,
            amount=Money(minor, "EUR"),
            method=Method.CHEQUE,
            received_at=clock.now() - timedelta(days=days),
            handed_at=clock.now() - timedelta(days=days),
            wants_receipt=False,
        ),
    )


def _donor(session: Session, city: str | None, **given_: object) -> int:
    return factories.make_donor(session, city=city, country="FR" if city else None, **given_).id


def _counted(museum: int, campaign_id: int) -> CampaignPeople | None:
    with transaction(factories.scope(museum)) as session:
        return session.scalars(select(CampaignPeople).where(CampaignPeople.campaign_id == campaign_id)).one_or_none()


def test_towns_of_few_are_merged_and_people_are_counted_once(app: Flask, client: FlaskClient) -> None:
    museum, earlier, campaign = _museum()
    with transaction(factories.scope(museum)) as session:
        here = [
            _donor(session, city) for city in ["Chambéry"] * 6 + ["chambery"] + ["Annecy"] * 4 + ["Aix-les-Bains"] * 3
        ]
        here += [_donor(session, None) for _ in range(2)]
        for place, donor in enumerate(here):
            _give(session, campaign, donor, 1000 * (place + 1))
        _give(session, campaign, here[0], 99_900, days=1)  # twice is one person
        for donor in here[:6]:
            _give(session, earlier, donor, 500, days=30)
    tasks.count_people(museum)
    found = _counted(museum, campaign)
    assert found is not None
    assert (found.supporters, found.first_timers) == (16, 10)
    assert found.towns == [{"town": "Chambéry", "country": "FR", "people": 7}]
    assert (found.town_count, found.elsewhere, found.median_minor) == (3, 7, 9000)
    page = client.get("/en/aubigneux/pastel/").text.split('id="people"')[1].split("</section>")[0]
    assert "They come from 3 towns." in page
    assert "Annecy" not in page
    assert "€90" in page
    with transaction(PublicScope()) as session:  # the public reads the projection and nothing behind it
        asked = select(CampaignPeople.supporters).where(CampaignPeople.institution_id == museum)
        assert session.scalars(asked.order_by(CampaignPeople.campaign_id)).all() == [6, 16]


def test_nothing_is_told_of_few(app: Flask, client: FlaskClient) -> None:
    museum, _earlier, campaign = _museum()
    with transaction(factories.scope(museum)) as session:
        for city in ("Chambéry", "Annecy", "Annecy", "Annecy"):
            _give(session, campaign, _donor(session, city), 5000)
    tasks.count_people(museum)
    found = _counted(museum, campaign)
    assert found is not None
    assert (found.first_timers, found.towns, found.town_count, found.elsewhere, found.median_minor) == (
        0,
        [],
        0,
        0,
        None,
    )
    assert 'id="people"' not in client.get("/en/aubigneux/pastel/").text


def test_those_who_gave_before_are_not_told_apart_while_they_are_few(app: Flask) -> None:
    museum, earlier, campaign = _museum()
    with transaction(factories.scope(museum)) as session:
        donors = [_donor(session, None) for _ in range(9)]
        for donor in donors:
            _give(session, campaign, donor, 5000)
        for donor in donors[:2]:
            _give(session, earlier, donor, 5000, days=9)
    tasks.count_people(museum)
    found = _counted(museum, campaign)
    assert found is not None
    assert found.first_timers == 0  # seven of nine would tell of the two


def test_one_gift_more_is_not_counted_alone_until_the_end(app: Flask) -> None:
    museum, _earlier, campaign = _museum()
    scope = factories.scope(museum)
    with transaction(scope) as session:
        for _ in range(6):
            _give(session, campaign, _donor(session, None), 5000)
    tasks.count_people(museum)
    for _ in range(2):
        with transaction(scope) as session:
            _give(session, campaign, _donor(session, None), 5000)
            assert people.due_counts(session) == []
    with transaction(scope) as session:
        session.get_one(Campaign, (museum, campaign)).state = "succeeded"
    tasks.count_people(museum)
    found = _counted(museum, campaign)
    assert found is not None
    assert found.supporters == 8


@given(st.lists(st.integers(1, 40), max_size=40))
def test_no_cell_is_small_and_nobody_is_lost(counts: list[int]) -> None:
    towns = {(f"Town {place}", "FR"): count for place, count in enumerate(counts)}
    listed, elsewhere = merged(towns)
    assert all(people >= LEAST_IN_A_CELL for people in listed.values())
    assert elsewhere == 0 or elsewhere >= LEAST_IN_A_CELL
    everybody = sum(towns.values())
    assert sum(listed.values()) + elsewhere in ({everybody} if everybody >= LEAST_IN_A_CELL else {0})


def test_a_joint_appeal_adds_up_what_each_museum_may_tell(app: Flask, client: FlaskClient) -> None:
    counts = {"first": ("Aosta", 6), "second": ("Aosta", 7), "third": ("Chambéry", 3)}
    for slug, (town, givers) in counts.items():
        museum = factories.make_institution(slug=slug)
        with transaction(factories.scope(museum)) as session:
            campaign = factories.make_campaign(session, slug="valley", joint_code="JNT")
            for _place in range(givers):
                _give(session, campaign.id, _donor(session, town), 2000)
            people.count_people(session, campaign.id)
    page = client.get("/en/first/valley/").text
    shown = page[page.index('id="people"') :]
    assert "<dd>16</dd>" in shown  # supporters at all three
    assert "<b>13</b>" in shown
    assert "Chambéry" not in shown  # three people there could be recognised
    assert "Giving to this museum for the first time" not in shown  # one museum may not tell
    assert "no museum sees the donors of another" in shown
    assert '"donors": 16' in client.get("/totals/first/valley.json").text
