"""What became of the gifts of a campaign that came to nothing, as the public may know it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from crowdfund import clock
from crowdfund.campaigns.models import Campaign
from crowdfund.closing import service, settling
from crowdfund.gifts import choices, outcomes, tasks
from crowdfund.gifts import service as gifts
from crowdfund.gifts.models import Asking, CampaignOutcome, Gift, GiftChoice, Refund
from crowdfund.gifts.reports import MoneyReceived
from crowdfund.gifts.rules import Method
from crowdfund.ledger import service as ledger
from crowdfund.money import Money
from crowdfund.pages import views
from crowdfund.tenancy import transaction
from tests import factories


@pytest.fixture(autouse=True)
def forget_pages(app: Flask) -> None:
    views._cache.__init__()  # type: ignore[misc] # empties it, as a new process begins
    app.wsgi_app.forget()  # type: ignore[attr-defined] # the gate that keeps public pages


@pytest.fixture
def withdrawn(app: Flask) -> tuple[int, int, int]:
    """Withdraw a campaign with twelve cheques; give the museum, the campaign and the one that others may move to."""
    museum = factories.make_institution(slug="arvieres")
    with transaction(factories.scope(museum)) as session:
        campaign = factories.make_campaign(session, slug="lustre")
        target = factories.make_campaign(session, issuer_id=campaign.issuer_id)
        for place in range(12):
            _give(session, campaign.id, place, 1000 + place)
        until = (clock.now() + timedelta(days=8)).date()
        service.withdraw(session, campaign.id, "internal", words=factories.texts("It left"), until=until)
        choices.ask_about_some(session, session.scalars(select(Asking.id)).one())
        return museum, campaign.id, target.id


def settle(museum: int, target: int, moved: int) -> date:
    """Let the first ones move, the others be given back, late in the evening by UTC; give the museum's day, the next one."""
    evening = datetime.combine((clock.now() + timedelta(days=1)).date(), time(23, 30), UTC)
    with clock.at(evening), transaction(factories.scope(museum)) as session:
        for choice_id in session.scalars(select(GiftChoice.id).order_by(GiftChoice.gift_id).limit(moved)).all():
            choices.answer(session, choice_id, "move", target)
        for choice_id in session.scalars(select(GiftChoice.id)).all():
            settling.settle(session, choice_id)
        for refund_id in session.scalars(select(Refund.id).where(Refund.kind == "refund")).all():
            gifts.clear_refund(session, refund_id)
    return evening.date() + timedelta(days=1)


def counted(museum: int) -> CampaignOutcome:
    tasks.count_outcomes(museum)
    with transaction(factories.scope(museum)) as session:
        return session.scalars(select(CampaignOutcome)).one()


def test_counts_and_sums_are_those_of_the_books(client: FlaskClient, withdrawn: tuple[int, int, int]) -> None:
    museum, campaign_id, target = withdrawn
    waiting = counted(museum)
    assert (waiting.gifts, waiting.waiting, waiting.waiting_minor, waiting.kept, waiting.open) == (
        12,
        12,
        12_066,
        0,
        True,
    )
    page = client.get("/en/arvieres/lustre/").text
    assert all(
        words in page
        for words in ("Its donors are choosing", "It left (en)", "€120.66", "12 gifts", "each donor chooses")
    )
    assert "internal" not in page
    settle(museum, target, 5)
    done = counted(museum)
    assert (done.moved, done.moved_minor, done.back, done.back_minor) == (5, 5010, 7, 7056)
    assert (done.waiting, done.kept, done.kept_minor, done.open) == (0, 0, 0, False)
    with transaction(factories.scope(museum)) as session:
        assert ledger.received(session, session.get_one(Campaign, (museum, target)).code) == Money(
            done.moved_minor, "EUR"
        )
        refunded = session.scalars(select(Gift.refunded_minor).where(Gift.campaign_id == campaign_id))
        assert sum(refunded) == done.moved_minor + done.back_minor
        assert outcomes.due_outcomes(session) in ([], [campaign_id])


@pytest.mark.parametrize(("moved", "told"), [(4, False), (5, True), (7, True), (8, False), (12, True)])
def test_kinds_of_fewer_than_five_are_not_told_apart(
    client: FlaskClient, withdrawn: tuple[int, int, int], moved: int, told: bool
) -> None:
    museum, _campaign, target = withdrawn
    gone = settle(museum, target, moved)
    found = counted(museum)
    assert (found.gifts, found.moved, found.back) == (12, moved if told else 0, 12 - moved if told else 0)
    assert bool(found.moved_minor) is told
    assert (found.gone_from, found.gone_until) == ((gone, gone) if told else (None, None))
    page = client.get("/en/arvieres/lustre/").text
    assert ("too few of each kind" in page) is not told
    assert "12 gifts had come in" in page or told


def test_below_the_goal_gifts_are_told_to_stay(client: FlaskClient, app: Flask) -> None:
    museum = factories.make_institution(slug="arvieres")
    other = factories.make_institution(slug="elsewhere")
    with transaction(factories.scope(other)) as session:
        factories.make_campaign(
            session, closes_at=clock.now() + timedelta(days=1), title=factories.texts("Of another museum")
        )
    with transaction(factories.scope(museum)) as session:
        campaign = factories.make_campaign(session, slug="lustre", state="live")
        factories.make_campaign(session, title=factories.texts("The next work"))
        for place in range(6):
            _give(session, campaign.id, place)
        service.end_now(session, campaign.id)
    assert (counted(museum).kept, counted(museum).kept_minor) == (6, 6000)
    page = client.get("/en/arvieres/lustre/").text
    assert "Stay with the museum, as was promised" in page
    assert 0 < page.index("The next work (en)") < page.index("Of another museum (en)")


def _give(session: Any, campaign_id: int, place: int, minor: int = 1000) -> None:
    gifts.receive_gift(session, MoneyReceived(
        reference=f"cheque:{place}", campaign_id=campaign_id, donor_id=factories.make_donor(session).id,
        amount=Money(minor, "EUR"), method=Method.CHEQUE, received_at=clock.now(), wants_receipt=False))  # fmt: skip
