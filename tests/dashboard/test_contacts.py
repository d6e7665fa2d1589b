"""What donors wait for and what was said to them: cards of the day, and calls, letters and visits in a donor's story."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from crowdfund import clock
from crowdfund.campaigns.models import Campaign
from crowdfund.crm import doubles
from crowdfund.dashboard.owed import owed_to_donors
from crowdfund.fulfilment.models import Counterpart
from crowdfund.i18n import use_locale
from crowdfund.institutions.rules import PERMISSIONS, Role
from crowdfund.invitations.models import Booking, MuseumVisit
from crowdfund.tenancy import transaction
from crowdfund.thanks.models import LetterBatch, ThankCall
from tests.after import plant
from tests.desk import enter, make_colleague
from tests.factories import make_campaign, make_donor, make_gift, make_institution, make_pledge, scope

NOW = datetime(2026, 6, 30, 12, 0, tzinfo=UTC)
GIFT = 4100  # the number under which all of it is planted


@pytest.fixture
def museum(app: Flask) -> Iterator[int]:
    with clock.at(NOW):
        yield make_institution(slug="arvieres", name="Musée d’Arvières")


@contextmanager
def opened(museum: int) -> Iterator[Session]:
    with transaction(scope(museum)) as session:
        yield session


@pytest.fixture
def donor_id(museum: int) -> int:
    """A donor with a reward owed, a call and a letter to come, and a place at a gathering."""
    with opened(museum) as session:
        donor = make_donor(session, email=None)
        campaign = make_campaign(session)
        pledge = make_pledge(session, campaign, donor, state="paid")
        plant(session, make_gift(session, campaign, donor, id=GIFT, pledge_id=pledge.id), pledge, "Léa Combaz")
        return donor.id


def cards(museum: int, role: Role = Role.OWNER) -> list[tuple[str, str, bool]]:
    with opened(museum) as session, use_locale("en"):
        found = owed_to_donors(session, "", lambda permission: permission in PERMISSIONS[role])
        return [(one.title, one.url, one.late) for one in found]


def test_calls_letters_and_visits_stand_in_the_story_with_who_and_when(app: Flask, museum: int, donor_id: int) -> None:
    client = enter(app, make_colleague(museum, Role.OWNER, "owner@arvieres.example"))
    quiet = client.get(f"/staff/arvieres/donors/{donor_id}").text
    assert "Call of thanks" not in quiet
    with opened(museum) as session:
        call = session.scalars(select(ThankCall)).one()
        call.state, call.called_at, call.called_by, call.note = "made", NOW, "Hélène Maurienne", "Will come on Thursday"
        batch = session.scalars(select(LetterBatch)).one()
        batch.state, batch.sent_at = "sent", NOW + timedelta(hours=1)
        booking = session.scalars(select(Booking)).one()
        booking.came, booking.came_at = 2, NOW + timedelta(hours=2)
        for day, way in ((0, "door"), (1, "case"), (2, "door")):
            session.add(
                MuseumVisit(
                    campaign_id=session.scalars(select(Campaign.id)).one(), pledge_id=booking.pledge_id, donor_id=donor_id,
                    day=NOW.date() + timedelta(days=day), people=1, way=way, at=NOW + timedelta(days=day, hours=2),
                )
            )  # fmt: skip
    page = client.get(f"/staff/arvieres/donors/{donor_id}").text
    said = ("Call of thanks", "Will come on Thursday", "Hélène Maurienne", "Letter of thanks posted", "Batch 1", "Léa Combaz",
            "Came to a gathering", "2 people", "Came to see the work")  # fmt: skip
    for words in said:
        assert words in page, words
    assert page.count("Came to the museum") == 1  # who was let in with a place is told once
    assert page.index("Came to see the work") < page.index("Came to a gathering") < page.index("Call of thanks")


def test_a_call_is_a_card_within_two_days_and_late_behind_its_time(museum: int, donor_id: int) -> None:
    assert cards(museum) == []  # due in three days
    for days, late in ((2, False), (4, True)):
        with clock.at(NOW + timedelta(days=days)):
            assert cards(museum) == [("1 call to make", "/thanks#calls", late)]
            assert cards(museum, Role.FINANCE) == []
    with opened(museum) as session:
        session.scalars(select(ThankCall)).one().state = "made"
    assert cards(museum) == []


def test_a_reward_is_a_card_when_its_time_has_come(museum: int, donor_id: int) -> None:
    with opened(museum) as session:
        session.scalars(select(Counterpart)).one().state = "ready"
    assert cards(museum) == [("1 reward to hand over", f"/rewards/{GIFT}", False)]
    assert cards(museum, Role.FINANCE) == []
    with opened(museum) as session:
        session.scalars(select(Counterpart)).one().state = "promised"
        campaign = session.scalars(select(Campaign)).one()
        campaign.opens_at, campaign.closes_at = NOW - timedelta(days=90), NOW - timedelta(days=1)
    assert cards(museum) == [("1 reward to hand over", f"/rewards/{GIFT}", False)]
    with clock.at(NOW + timedelta(days=95)):
        assert ("1 reward to hand over", f"/rewards/{GIFT}", True) in cards(museum)
    with opened(museum) as session:
        session.scalars(select(Counterpart)).one().state = "handed_over"
    assert cards(museum) == []


def test_doubles_are_a_card_once_they_were_counted(museum: int) -> None:
    with opened(museum) as session:
        for _twice in range(2):
            make_donor(session, first_name="Ada", last_name="Same", email="ada@exemple.fr", postcode="73000")
    assert cards(museum) == []
    with opened(museum) as session:
        doubles.count_again(session)
    assert cards(museum) == [("2 pairs of records look like one person", "/donors/doubles", False)]
    assert cards(museum, Role.DESK) == []
