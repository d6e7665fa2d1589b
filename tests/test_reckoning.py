"""Figures over every gift: of the moment where there are few, of the worker's last round where there are very many."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from crowdfund import clock, reckoning
from crowdfund.closing import service
from crowdfund.closing.figures import figures
from crowdfund.closing.tasks import reckon_endings
from crowdfund.closing.written import read, subject, written
from crowdfund.dashboard.tasks import check_long_books
from crowdfund.institutions.rules import Role
from crowdfund.money import Money
from crowdfund.reach.tasks import reckon_ways
from crowdfund.reckoning import Reckoning
from crowdfund.tenancy import OperatorScope, transaction
from tests.closing.test_closing import receive
from tests.desk import enter, make_colleague
from tests.factories import (
    campaign_in,
    make_campaign,
    make_gift,
    make_institution,
    scope,
)

SWEEPS: tuple[Callable[[int], None], ...] = (reckon_endings, reckon_ways, check_long_books)


class Town:
    """A museum with one campaign that has ended, and its owner at the desk."""

    def __init__(self, app: Flask) -> None:
        self.id = make_institution(slug="arvieres", name="Musée d’Arvières")
        with transaction(self.scope) as session:
            campaign = make_campaign(session, state="live", slug="work", goal_minor=10_000)
            self.campaign_id = campaign.id
        self.give(5000)
        self.give(7000)
        with transaction(self.scope) as session:
            service.end_now(session, self.campaign_id)
        self.client: FlaskClient = enter(app, make_colleague(self.id, Role.OWNER, "owner@example.org"))

    @property
    def scope(self) -> OperatorScope:
        return scope(self.id)

    def give(self, amount: int, campaign_id: int | None = None) -> None:
        with transaction(self.scope) as session:
            campaign = campaign_in(session, campaign_id or self.campaign_id)
            receive(session, campaign, amount)

    def sweep(self) -> None:
        for one in SWEEPS:
            one(self.id)

    def page(self, path: str) -> str:
        answer = self.client.get(f"/staff/arvieres/{path}")
        assert answer.status_code == 200
        return answer.text.replace("\xa0", " ").replace("\u202f", " ")

    @property
    def ending(self) -> str:
        return f"ending/{self.campaign_id}"


@pytest.fixture
def town(app: Flask) -> Town:
    return Town(app)


def test_where_there_are_few_gifts_every_page_is_of_the_moment(town: Town) -> None:
    town.sweep()
    town.give(3000)
    assert "€150.00 from 3 supporters." in town.page(town.ending)
    assert "€150" in town.page("campaigns/work/ways")
    for path in (town.ending, "campaigns/work/ways", "books"):
        assert "every hour" not in town.page(path)
    with transaction(town.scope) as session:
        assert session.scalars(select(Reckoning)).all() == []


def test_where_there_are_very_many_pages_show_what_the_worker_reckoned(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reckoning, "MANY", 1)
    assert "€120.00 from 2 supporters." in town.page(town.ending)  # before the first round
    town.sweep()
    town.give(3000)
    with transaction(town.scope) as session:
        make_gift(session, make_campaign(session, code="LOST"))  # nobody booked it
    assert "€120.00 from 2 supporters." in (page := town.page(town.ending))
    assert "anew every hour; who signs gets the sums of that moment" in page
    assert "€120" in (page := town.page("campaigns/work/ways"))
    assert "€150" not in page
    assert "Counted on" in page
    assert "The books balance to the cent" in (page := town.page("books"))
    assert "It is done anew every hour." in page
    assert "€150.00" in page  # the balances themselves are always of the moment
    town.sweep()
    assert "€150.00 from 3 supporters." in town.page(town.ending)
    assert "€150" in town.page("campaigns/work/ways")
    assert "LOST" in town.page("books")


def test_what_the_worker_has_not_looked_at_for_hours_is_not_shown(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reckoning, "MANY", 1)
    town.sweep()
    town.give(3000)
    with transaction(town.scope) as session:
        session.execute(update(Reckoning).values(reckoned_at=clock.now() - reckoning.TOO_OLD))
    assert "€150.00 from 3 supporters." in (page := town.page(town.ending))
    assert "every hour" not in page


def test_the_campaign_that_has_waited_longest_is_reckoned_first(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reckoning, "MANY", 0)
    with transaction(town.scope) as session:
        later = make_campaign(session, slug="later", code="LATER").id
    town.give(1000, later)
    with transaction(town.scope) as session:
        reckoning.keep(session, subject(town.campaign_id), {})
        assert reckoning.large_campaigns(session, subject) == [later, town.campaign_id]
        reckoning.keep(session, subject(later), {})
        session.execute(
            update(Reckoning)
            .values(reckoned_at=clock.now() - reckoning.EVERY)
            .where(Reckoning.subject == subject(town.campaign_id))
        )
        assert reckoning.large_campaigns(session, subject) == [town.campaign_id, later]


def test_who_signs_gets_the_sums_of_the_moment(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reckoning, "MANY", 1)
    town.sweep()
    town.give(3000)
    with transaction(town.scope) as session:
        signed = service.sign_statement(
            session, town.campaign_id, museum="Arvières", account_id=1, name="Rose Cartier", quality="agent comptable"
        )
        assert signed.body["total"]["kept_minor"] == 15_000


def test_what_is_written_down_is_read_as_it_was(town: Town) -> None:
    with transaction(town.scope) as session:
        told = figures(session, campaign_in(session, town.campaign_id))
    assert len(told.counterparts) == 2
    assert told.median == Money(5000, "EUR")
    assert read(written(told), "EUR") == told


def test_another_museums_figures_are_not_shown(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reckoning, "MANY", 1)
    town.sweep()
    with transaction(scope(make_institution(slug="orvanne"))) as session:
        assert session.scalars(select(Reckoning)).all() == []
        assert reckoning.reckoned(session, f"ending:{town.campaign_id}", 10, lambda: "own").figures == "own"
