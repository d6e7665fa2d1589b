"""Who is given the money back leaves the wall, and returns with it."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import func, select

from crowdfund.gifts import tasks
from crowdfund.pledges.models import WallEntry
from crowdfund.tenancy import transaction
from tests import factories


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


def test_a_box_has_no_name_to_take_down(app: Flask) -> None:
    with transaction(factories.scope(factories.make_institution())) as session:
        gift = factories.make_gift(session, factories.make_campaign(session), pledge_id=None)
        tasks.follow_on_wall(session, gift_id=gift.id)
        assert session.scalar(select(func.count()).select_from(WallEntry)) == 0
