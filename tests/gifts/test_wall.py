"""Who is given the money back leaves the wall, and returns with it."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

from flask import Flask
from sqlalchemy import func, select

from crowdfund import clock
from crowdfund.donors.models import Donor
from crowdfund.gifts import tasks, wall
from crowdfund.links import digest, token_for
from crowdfund.pages.wall import wall as read_wall
from crowdfund.pledges import service as pledges
from crowdfund.pledges.models import WallEntry
from crowdfund.tenancy import transaction
from tests import factories
from tests.payments.conftest import Scene


def test_the_wall_follows_refunds_and_disputes(app: Flask) -> None:
    with transaction(factories.scope(factories.make_institution())) as session:
        campaign = factories.make_campaign(session)
        pledge = factories.make_pledge(session, campaign, state="paid", wall="short")
        gift = factories.make_gift(session, campaign, pledge_id=pledge.id)
        seen = []
        for state in ("partly_refunded", "refunded", "received", "disputed", "lost"):
            sums = {"refunded": (5000, 0), "lost": (0, 5000)}.get(state, (0, 0))
            gift.state, (gift.refunded_minor, gift.lost_minor) = state, sums
            session.flush()
            tasks.follow_on_wall(session, gift_id=gift.id, refund_id=1)
            seen.append(session.scalar(select(func.count()).select_from(WallEntry)))
    assert seen == [1, 0, 1, 1, 0]


def test_a_donor_who_was_given_the_money_back_stays_off_the_wall(app: Flask) -> None:
    with transaction(factories.scope(factories.make_institution())) as session:
        campaign = factories.make_campaign(session)
        pledge = factories.make_pledge(session, campaign, state="paid", wall="short")
        gift = factories.make_gift(session, campaign, pledge_id=pledge.id)
        seen = []
        for state in ("received", "partly_refunded", "refunded", "received", "disputed", "lost"):
            sums = {"refunded": (5000, 0), "lost": (0, 5000)}.get(state, (0, 0))
            gift.state, (gift.refunded_minor, gift.lost_minor) = state, sums
            session.flush()
            wall.change_wall(session, pledge.id, shown="other", name=f"Les Rey {state}")
            seen += [session.scalars(select(WallEntry.display_name)).one_or_none()]
        assert pledge.wall_name == "Les Rey lost"  # noted: it shows when the money comes back
    assert seen == ["Les Rey received", "Les Rey partly_refunded", None, "Les Rey received", "Les Rey disputed", None]


def test_new_words_are_read_again_before_they_are_shown(app: Flask) -> None:
    with transaction(factories.scope(factories.make_institution())) as session:
        campaign = factories.make_campaign(session)
        pledge = factories.make_pledge(session, campaign, state="paid", wall="short", message="Bravo")
        factories.make_gift(session, campaign, pledge_id=pledge.id)
        wall.show(session, pledge)
        entry = session.scalars(select(WallEntry)).one()
        entry.message_approved = True
        session.flush()
        wall.change_wall(session, pledge.id, shown="other", name="Les Rey", message="Bravo")
        assert (entry.display_name, entry.message_approved) == ("Les Rey", True)
        wall.change_wall(session, pledge.id, shown="other", name="Les Rey", message="Autre chose")
        assert not entry.message_approved
        wall.change_wall(session, pledge.id, shown="anonymous")
        assert session.scalars(select(WallEntry)).all() == []


def test_a_choice_made_before_payment_is_noted(app: Flask) -> None:
    with transaction(factories.scope(factories.make_institution())) as session:
        pledge = factories.make_pledge(session, factories.make_campaign(session), wall="short")
        wall.change_wall(session, pledge.id, shown="anonymous")
        pledges.fulfil(session, pledge.id)
        assert session.scalars(select(WallEntry)).all() == []


def test_a_box_has_no_name_to_take_down(app: Flask) -> None:
    with transaction(factories.scope(factories.make_institution())) as session:
        gift = factories.make_gift(session, factories.make_campaign(session), pledge_id=None)
        tasks.follow_on_wall(session, gift_id=gift.id)
        assert session.scalar(select(func.count()).select_from(WallEntry)) == 0


def test_who_waits_for_the_next_ten_minutes_is_not_counted_among_those_who_refused(app: Flask) -> None:
    with transaction(factories.scope(factories.make_institution())) as session:
        campaign = factories.make_campaign(session)
        pledge = factories.make_pledge(session, campaign, state="paid", wall="short")
        factories.make_gift(session, campaign, pledge_id=pledge.id)
        wall.show(session, pledge)
        row: Any = SimpleNamespace(institution_id=campaign.institution_id, id=campaign.id, supporters=3)
        waiting = read_wall(session, row, {})
        with clock.at(clock.now() + timedelta(minutes=11)):
            shown = read_wall(session, row, {})
    assert waiting is not None
    assert (waiting.anonymous, waiting.shown, waiting.to_come) == (2, 0, True)
    assert shown is not None
    assert (shown.anonymous, shown.shown, shown.to_come) == (2, 1, False)


def test_the_wall_says_whether_a_gift_is_in_memory_of_somebody(app: Flask) -> None:
    with transaction(factories.scope(factories.make_institution())) as session:
        campaign = factories.make_campaign(session)
        row: Any = SimpleNamespace(institution_id=campaign.institution_id, id=campaign.id, supporters=1)
        told: Any = {"dedication_kind": "memory", "dedication_name": "Henri Mollaret", "wall_dedication": True}
        pledge = factories.make_pledge(session, campaign, state="paid", wall="short", **told)
        factories.make_gift(session, campaign, pledge_id=pledge.id)
        wall.show(session, pledge)
        with clock.at(clock.now() + timedelta(minutes=11)):
            page = read_wall(session, row, {})
    assert page is not None
    assert [(one.dedication, one.memory) for one in page.names] == [("Henri Mollaret", True)]


def test_the_page_of_a_companys_gift_offers_and_tells_the_companys_name(scene: Scene) -> None:
    attempt = uuid4()
    token = token_for(scene.app.extensions["config"].secret_key, "gift", scene.museum, str(attempt))
    gift, _charge = scene.given(attempt=attempt, token_hash=digest(token), wall="short")
    with transaction(scene.scope) as session:
        donor = session.get_one(Donor, (scene.museum, gift.donor_id))
        donor.kind, donor.company_name, donor.first_name, donor.last_name = "company", "Verrerie", "Jean", "Perrin"
    page = scene.app.test_client().get(f"/fr/gifts/{token}").text
    assert "«\u202fVerrerie\u202f»" in page
    assert "Le nom de l’entreprise" in page
    assert "Jean P." not in page
    assert "Mon prénom et une initiale" not in page
