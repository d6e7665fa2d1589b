"""The first page of the desk: what it finds, what it asks to be done, and how few questions it puts to the database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, event, select
from sqlalchemy.orm import Session

from crowdfund import clock
from crowdfund.campaigns.models import Campaign
from crowdfund.dashboard.charts import Plot, draw
from crowdfund.dashboard.overview import read_today
from crowdfund.dashboard.pace import usual_shape
from crowdfund.dashboard.view import Today
from crowdfund.gifts import days
from crowdfund.gifts import service as gifts
from crowdfund.gifts.models import CampaignDay, Gift, Refund
from crowdfund.gifts.reports import MoneyReceived
from crowdfund.gifts.rules import Method
from crowdfund.i18n import use_locale
from crowdfund.institutions.current import Membership
from crowdfund.institutions.rules import PERMISSIONS, Permission, Role
from crowdfund.mail import SentMail
from crowdfund.money import Money
from crowdfund.payments.models import QuarantinedCharge
from crowdfund.receipts.models import ReceiptHold
from crowdfund.tenancy import transaction
from tests.desk import enter, make_colleague
from tests.factories import (
    make_campaign,
    make_donor,
    make_gift,
    make_institution,
    make_news,
    make_pledge,
    make_talk,
    scope,
)

NOW = datetime(2026, 6, 30, 12, 0, tzinfo=UTC)
PARIS = ZoneInfo("Europe/Paris")
MOST_QUERIES = 28


@pytest.fixture
def museum(app: Flask) -> Iterator[Membership]:
    museum_id = make_institution(slug="arvieres", name="Musée d’Arvières")
    with clock.at(NOW):
        yield Membership(museum_id, "arvieres", "Musée d’Arvières", "Europe/Paris", "fr", Role.OWNER)


@contextmanager
def opened(museum: Membership) -> Iterator[Session]:
    with transaction(scope(museum.institution_id)) as session:
        yield session


def today(museum: Membership, role: Role = Role.OWNER, asked: str = "") -> Today:
    with opened(museum) as session, use_locale("en"):
        return read_today(session, museum, lambda permission: permission in PERMISSIONS[role], asked)


def running(session: Session, *, day: int, length: int = 60, **given: Any) -> Campaign:
    """Let a campaign run since `day` days."""
    opens = NOW - timedelta(days=day)
    return make_campaign(session, opens_at=opens, closes_at=opens + timedelta(days=length), **given)


def come(session: Session, campaign: Campaign, minor: int, at: datetime, **given: Any) -> Gift:
    return gifts.receive_gift(
        session,
        MoneyReceived(
            reference=f"box:{campaign.id}:{at.isoformat()}",
            campaign_id=campaign.id,
            amount=Money(minor, campaign.currency),
            method=Method.BOX,
            received_at=at,
            imported=True,
            **given,
        ),
    )


def spread_out(session: Session, campaign: Campaign, total: int, days_: int) -> None:
    """Let a sum come in equal parts, one a day."""
    for n in range(days_):
        come(session, campaign, total // days_, NOW - timedelta(days=days_ - n) + timedelta(hours=1))


@pytest.mark.parametrize(
    ("share", "finding"),
    [
        (usual_shape(60).come_by(33 / 60), "We are 3 days ahead."),
        (usual_shape(60).come_by(31 / 60), "We are a day ahead."),
        (0.51, "We are on pace."),
        (usual_shape(60).come_by(29 / 60), "We are a day behind."),
        (usual_shape(60).come_by(20 / 60), "We are 10 days behind."),
        (1.0, "The goal is reached."),
        (1.3, "The goal is reached."),
    ],
)
def test_the_heading_says_how_the_campaign_runs(museum: Membership, share: float, finding: str) -> None:
    with opened(museum) as session:
        come(session, running(session, day=30, goal_minor=1_000_000), round(share * 1_000_000), NOW - timedelta(days=2))
    assert today(museum).finding == finding


@pytest.mark.parametrize(
    ("given", "finding"),
    [
        ({"state": "scheduled", "opens_at": NOW + timedelta(days=9), "closes_at": NOW + timedelta(days=60)}, "We open on 9 July."),
        ({"opens_at": NOW - timedelta(hours=1), "closes_at": NOW + timedelta(days=60)}, "The campaign has just opened."),
        ({"opens_at": NOW - timedelta(days=9), "closes_at": NOW + timedelta(days=9), "goal_minor": None}, "€0 so far."),
        ({"state": "succeeded", "opens_at": NOW - timedelta(days=60), "closes_at": NOW - timedelta(days=3)}, "We did it."),
        (
            {"state": "ended", "opens_at": NOW - timedelta(days=60), "closes_at": NOW - timedelta(days=3)},
            "The campaign ended below its goal.",
        ),
        ({"state": "draft"}, "No campaign is running."),
        ({"state": "ended", "opens_at": NOW - timedelta(days=99), "closes_at": NOW - timedelta(days=39)}, "No campaign is running."),
    ],
)  # fmt: skip
def test_a_campaign_that_does_not_run_has_a_sentence_too(
    museum: Membership, given: dict[str, Any], finding: str
) -> None:
    with opened(museum) as session:
        make_campaign(session, **given)
    assert today(museum).finding == finding


def test_the_campaign_that_ends_first_is_at_the_head_and_another_can_be_asked_for(museum: Membership) -> None:
    with opened(museum) as session:
        late, soon = running(session, day=5, length=90), running(session, day=5, length=30)
        names = late.slug, soon.slug
    found = today(museum)
    assert [line.slug for line in found.lines] == [names[1], names[0]]
    assert found.chosen is not None
    assert found.chosen.slug == names[1]
    asked = today(museum, asked=names[0]).chosen
    assert asked is not None
    assert asked.slug == names[0]
    assert today(museum, asked="no-such-campaign").chosen == found.chosen


def test_the_total_is_the_funds_balance_and_the_curve_ends_there(museum: Membership) -> None:
    with opened(museum) as session:
        campaign = running(session, day=20, goal_minor=1_000_000)
        spread_out(session, campaign, 380_000, 19)
        come(session, campaign, 12_345, NOW - timedelta(hours=1))
    found = today(museum)
    assert found.chosen is not None
    assert found.chosen.progress.raised == Money(392_345, "EUR")
    assert found.pace is not None
    assert found.pace.rows[-1].raised == Money(392_345, "EUR")
    assert found.pace.rows[-1].day == NOW.date()
    assert found.figures is not None
    assert (found.figures.today, found.figures.today_gifts) == (Money(12_345, "EUR"), 1)
    assert found.figures.yesterday_gifts == 1
    assert found.figures.needed_a_day == Money(15_200, "EUR")  # 6,076.55 in 40 days, up to the whole euro


def test_a_promise_counts_where_the_money_is_taken_at_the_end(museum: Membership) -> None:
    with opened(museum) as session:
        campaign = running(session, day=20, goal_minor=1_000_000, funding_model="all_or_nothing")
        for n in range(12):
            make_pledge(session, campaign, state="promised", amount_minor=10_000, created_at=NOW - timedelta(days=n))
    found = today(museum)
    assert found.chosen is not None
    assert found.chosen.progress.raised == found.chosen.promised == Money(120_000, "EUR")
    assert found.pace is not None
    assert found.pace.forecast is not None
    assert found.figures is not None
    assert found.figures.median == Money(10_000, "EUR")


def test_days_summed_up_beforehand_say_the_same(museum: Membership) -> None:
    with opened(museum) as session:
        campaign = running(session, day=20, goal_minor=1_000_000)
        spread_out(session, campaign, 380_000, 19)
        campaign_id = campaign.id
        counted = days.days_of(session, [campaign_id], PARIS)[campaign_id]
        days.sum_up(session, PARIS)
        days.sum_up(session, PARIS)  # again is once
        assert len(session.scalars(select(CampaignDay)).all()) == 19
        come(session, campaign, 777, NOW - timedelta(minutes=5))
        assert days.days_of(session, [campaign_id], PARIS)[campaign_id] == [*counted, days.DaySum(NOW.date(), 1, 777)]


def test_a_refund_changes_its_day_at_the_next_summing_up(museum: Membership) -> None:
    with opened(museum) as session:
        campaign = running(session, day=20)
        gift = make_gift(session, campaign, received_at=NOW - timedelta(days=3))
        days.sum_up(session, PARIS)
        gift.refunded_minor, gift.state = 5000, "refunded"
        session.flush()
        days.sum_up(session, PARIS)
        assert days.days_of(session, [campaign.id], PARIS)[campaign.id] == [
            days.DaySum((NOW - timedelta(days=3)).date(), 0, 0)
        ]


def test_a_day_is_the_museums_not_greenwichs(museum: Membership) -> None:
    with opened(museum) as session:
        campaign = running(session, day=20)
        make_gift(session, campaign, received_at=datetime(2026, 6, 20, 22, 30, tzinfo=UTC))  # half past midnight there
        assert days.days_of(session, [campaign.id], PARIS)[campaign.id][0].day.day == 21


def _troubles(session: Session) -> None:
    campaign = running(session, day=30, goal_minor=1_000_000)
    gift = make_gift(session, campaign, received_at=NOW - timedelta(days=25))
    session.add(
        QuarantinedCharge(
            charge="ch_x",
            account="a",
            amount_minor=1,
            currency="EUR",
            reason="paid_twice",
            created_at=NOW - timedelta(days=3),
        )
    )
    session.add(ReceiptHold(gift_id=gift.id, outcome="hold", reason="address_missing", held_at=NOW))
    session.add(
        Refund(
            request="6b6f4d1e-4f0b-4e0f-9a51-3c51a2a3a9d1", gift_id=gift.id, kind="refund", state="failed",
            amount_minor=100, currency="EUR", reason="r", requested_by="x", closed_at=NOW - timedelta(days=1),
        )
    )  # fmt: skip
    session.add(
        SentMail(
            kind="thanks", key=f"thanks:{gift.id}", to_hash="h", to_address="camille@exemple.fr", state="bounced",
            content={"subject": "Thank you"}, created_at=NOW - timedelta(days=1), error="no such mailbox",
        )
    )  # fmt: skip
    make_talk(session, 41)


def test_what_waits_is_a_card_each_the_late_ones_first(museum: Membership) -> None:
    with opened(museum) as session:
        _troubles(session)
    found = today(museum).todo
    assert [(card.title, card.late) for card in found] == [
        ("1 payment set aside", True),
        ("1 refund failed", True),
        ("1 receipt held", False),
        ("Your agreement is asked: Title (en)", False),
        ("1 mail did not arrive", False),
        ("1 question waits", False),
        ("Tell how “Title (en)” goes", False),
        ("The quiet middle has begun", False),
    ]
    assert [card.url.removeprefix("/staff/arvieres") for card in found if "/campaigns/" not in card.url] == [
        "/charges", "/gifts?state=refund_failed", "/gifts?receipt=held", "/mails", "/questions", "/news", "/news",
    ]  # fmt: skip


def test_the_card_of_a_failed_refund_leads_to_its_gift(museum: Membership, desk: Callable[[Role], FlaskClient]) -> None:
    with opened(museum) as session:
        _troubles(session)
        make_gift(session, running(session, day=3))
    assert "1 gift," in desk(Role.FINANCE).get("/staff/arvieres/gifts?state=refund_failed").text


def test_a_card_is_shown_to_those_who_can_do_something(museum: Membership) -> None:
    with opened(museum) as session:
        _troubles(session)
    titles = [card.title for card in today(museum, Role.DESK).todo]
    assert "1 question waits" not in titles
    assert "The quiet middle has begun" not in titles
    assert today(museum, Role.DESK).todo[0].text == "They contradict what was asked. The finance officer decides."


@pytest.mark.parametrize(("left", "missing", "late"), [(3, 10, True), (3, 0, False), (0, 10, True)])
def test_the_end_is_told_beforehand(museum: Membership, left: int, missing: int, late: bool) -> None:
    with opened(museum) as session:
        campaign = make_campaign(
            session,
            goal_minor=1_000_000,
            opens_at=NOW - timedelta(days=50),
            closes_at=NOW + timedelta(days=left, hours=1),
        )
        make_news(session, campaign)
        come(session, campaign, 1_000_000 - missing * 1000, NOW - timedelta(days=2))
    [card] = today(museum).todo
    assert (card.title, card.late) == (f"{left} days are left" if left else "The last day", late)
    assert ("missing" in card.text) == bool(missing)


def test_nothing_to_do_is_no_card(museum: Membership) -> None:
    with opened(museum) as session:
        campaign = running(session, day=30, goal_minor=1_000_000)
        make_news(session, campaign)
        spread_out(session, campaign, 520_000, 30)
    assert today(museum).todo == ()


def test_the_chart_is_told_in_words_and_figures_and_stays_in_its_frame(museum: Membership) -> None:
    with opened(museum) as session:
        campaign = running(session, day=30, goal_minor=1_000_000)
        spread_out(session, campaign, 520_000, 30)
    pace = today(museum).pace
    assert pace is not None
    assert pace.said == "€99 above the pace aimed at."
    assert pace.described.startswith("€99 above the pace aimed at. Foreseen: between €")
    assert len(pace.rows) <= 15
    for drawing in pace.drawings:
        points = f"{drawing.actual} {drawing.area} {drawing.aim} {drawing.cone} {drawing.likely}".split()
        for x, y in (point.split(",") for point in points):
            assert drawing.frame.left <= float(x) <= drawing.frame.width - drawing.frame.right + 0.1
            assert drawing.frame.top - 0.1 <= float(y) <= drawing.base + 0.1


@pytest.mark.parametrize(
    ("most", "first", "last"), [(100, "0", "€1"), (75_000, "0", "€800"), (10_000_000, "0", "100 k€")]
)
def test_the_axis_has_round_sums(most: int, first: str, last: str) -> None:
    with use_locale("en"):
        plot = Plot([(0.0, 0), (0.5, most)], None, "EUR", None, (), NOW.date(), NOW.date() + timedelta(days=9))
        sums = draw(plot)[0].sums
    assert (sums[0].text, sums[-1].text) in {(first, last), (first, last.replace("€", "") + " €")}
    assert len(sums) <= 7


@contextmanager
def counted(connection: Connection) -> Iterator[list[str]]:
    """Note the statements that read or write rows."""
    seen: list[str] = []

    def note(*given: Any) -> None:
        statement = str(given[2])
        if not statement.startswith(("SAVEPOINT", "RELEASE", "SET", "SELECT set_config", "RESET")):
            seen.append(statement)

    event.listen(connection, "before_cursor_execute", note)
    yield seen
    event.remove(connection, "before_cursor_execute", note)


@pytest.fixture
def desk(app: Flask, museum: Membership) -> Callable[[Role], FlaskClient]:
    def at(role: Role) -> FlaskClient:
        return enter(app, make_colleague(museum.institution_id, role, f"{role}@arvieres.example"))

    return at


def test_the_page_puts_as_many_questions_with_many_gifts_as_with_few(
    museum: Membership, desk: Callable[[Role], FlaskClient], connection: Connection
) -> None:
    client, found = desk(Role.OWNER), []
    client.get("/staff/arvieres/")  # the first look writes down when the person was seen
    with opened(museum) as session:
        campaign = running(session, day=30, goal_minor=1_000_000)
        _troubles(session)
        campaign_id = campaign.id
    for _round in range(2):
        with counted(connection) as seen:
            page = client.get("/staff/arvieres/")
        assert page.status_code == 200
        found.append(len(seen))
        with opened(museum) as session:
            same = session.scalars(select(Campaign).where(Campaign.id == campaign_id)).one()
            donor = make_donor(session)
            for n in range(60):
                make_gift(session, same, donor, received_at=NOW - timedelta(hours=n))
    assert found[0] == found[1] <= MOST_QUERIES


def test_roles_that_read_see_today_and_the_others_their_own_page(
    museum: Membership, desk: Callable[[Role], FlaskClient]
) -> None:
    with opened(museum) as session:
        running(session, day=30)
    for role in Role:
        answer = desk(role).get("/staff/arvieres/")
        if Permission.READ_GIFTS in PERMISSIONS[role]:
            assert (answer.status_code, "pace-title" in answer.text) == (200, True)
        else:
            assert (answer.status_code, answer.location) == (303, "/staff/arvieres/questions")


def test_an_empty_museum_is_told_what_will_come(museum: Membership, desk: Callable[[Role], FlaskClient]) -> None:
    page = desk(Role.OWNER).get("/staff/arvieres/").text
    for words in ("No campaign is running.", "Nothing waits.", "The first one will appear here"):
        assert words in page


def test_mails_that_did_not_arrive_are_listed_with_their_gift(
    museum: Membership, desk: Callable[[Role], FlaskClient]
) -> None:
    client = desk(Role.DESK)
    assert "Every mail has arrived." in client.get("/staff/arvieres/mails").text
    with opened(museum) as session:
        _troubles(session)
        gift_id = session.scalars(select(Gift.id)).one()
    page = client.get("/staff/arvieres/mails").text
    for words in (
        "1 mail did not arrive.",
        "camille@exemple.fr",
        "no such mailbox",
        f"/staff/arvieres/gifts/{gift_id}",
    ):
        assert words in page
    assert desk(Role.CURATOR).get("/staff/arvieres/mails").status_code == 403
