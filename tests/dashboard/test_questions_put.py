"""How many questions each page of the desk puts to the database: a fixed number, with many gifts as with few."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flask import Flask
from sqlalchemy import Connection

from crowdfund.institutions.rules import Role
from crowdfund.pledges import wall
from crowdfund.tenancy import transaction
from tests.dashboard.test_today import counted
from tests.desk import enter, make_colleague
from tests.factories import campaign_in, make_campaign, make_donor, make_gift, make_institution, make_pledge, scope

NOW = datetime(2026, 6, 30, 12, 0, tzinfo=UTC)
# The most that each page may put. Raise one only with a reason: every question is a journey to the database.
LISTS = {
    "gifts": 19, "gifts?q=camille&method=card": 19, "gifts?q=123": 19, "gifts?receipt=coming": 19, "gifts?receipt=none": 19,
    "gifts?receipt=held&least=10&campaign=work": 19, "donors": 24, "donors?q=camille+durand": 30, "donors?gave=never": 25,
    "donors?above=10&since=2026-01-01": 25, "donors?campaign=work&consent=news_museum&tag=x": 29, "donors/doubles": 20,
    "donors/doubles?by=email": 20, "donors/files": 17, "gifts/export": 19, "donors/export": 18,
}  # fmt: skip
OTHERS = {
    "": 34, "books": 46, "questions": 22, "news": 20, "launch": 17, "mails": 17, "charges": 18, "rewards": 18,
    "rewards/liability": 17, "gatherings": 18, "thanks": 22, "thanks/rules": 17, "campaigns/work/ways": 17,
    "campaigns/work/ambassadors": 19, "posters": 12, "ending": 19, "plaques": 17, "desk/promises": 18, "desk/cheques": 22,
    "desk/statements": 20, "desk/lines": 21, "desk/counts": 19, "team": 19, "audit": 20, "pictures": 18, "campaigns": 17,
    "desk/bank": 12, "words": 12, "replies": 11, "mentions": 12, "campaigns/work/posters": 18,
}  # fmt: skip


def test_pages_put_as_many_questions_with_many_gifts_as_with_few(app: Flask, connection: Connection) -> None:
    museum = make_institution(slug="arvieres")
    client = enter(app, make_colleague(museum, Role.OWNER, "owner@arvieres.example"))
    with transaction(scope(museum)) as session:
        work = make_campaign(session, slug="work").id
        ended = make_campaign(session, slug="bought", state="succeeded").id
    gift = _give(museum, work, ended, 2)
    own = {
        f"gifts/{gift[0]}": 37,
        f"donors/{gift[1]}": 36,
        f"ending/{ended}": 30,
        f"plaques/{work}": 20,
    }
    most = {**LISTS, **OTHERS, **own}
    pages = [*most, "/network/"]  # which asks each museum in turn, however many there are
    client.get("/staff/arvieres/")  # the first look writes down when the person was seen
    found = []
    for _round in range(2):
        counts = {}
        for page in pages:
            with counted(connection) as seen:
                address = page if page.startswith("/") else f"/staff/arvieres/{page}"
                assert client.get(address).status_code == 200, page
            counts[page] = len(seen)
        found.append(counts)
        _give(museum, work, ended, 55)
    assert {page: few for page, few in found[0].items() if found[1][page] > few} == {}
    assert {page: count for page, count in found[1].items() if count > most.get(page, count)} == {}


def _give(museum: int, work: int, ended: int, gifts: int) -> tuple[int, int]:
    """Let new donors give to both campaigns, and say something for the wall; name the last gift to the work and its donor."""
    with transaction(scope(museum)) as session:
        campaign, over = campaign_in(session, work), campaign_in(session, ended)
        for place in range(gifts):
            at = NOW - timedelta(minutes=place)
            donor = make_donor(session)
            pledge = make_pledge(session, campaign, donor, state="paid", wall="short", message=f"Bravo {place}")
            make_gift(session, over, donor, received_at=at)
            gift = make_gift(session, campaign, donor, pledge_id=pledge.id, received_at=at)
            wall.write_entry(session, pledge)
        return gift.id, donor.id
