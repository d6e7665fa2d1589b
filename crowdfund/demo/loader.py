"""Load the demo: museums, campaigns and their histories, relative to today, through the services."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, date, datetime, time, timedelta
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from crowdfund import clock
from crowdfund.campaigns import pieces, places
from crowdfund.campaigns import service as campaigns
from crowdfund.campaigns.models import Campaign
from crowdfund.demo import after, desk, documents, history, plaques, readiness, staff, talk
from crowdfund.errors import Conflict
from crowdfund.gifts import outcomes
from crowdfund.gifts import people as people_counted
from crowdfund.i18n import N_
from crowdfund.institutions import service as institutions
from crowdfund.institutions.models import Institution
from crowdfund.tenancy import OperatorScope, PlatformScope, transaction

CONTENT = Path(__file__).parent / "content"
MUSEUMS = ("VAL", "AUB", "LAM", "JAQ", "TAE", "SAV")
# Two halves of as many gifts each: one for a process of its own, one for the process that is here already.
HALVES = (("VAL", "SAV"), ("AUB", "LAM", "JAQ", "TAE"))
NOT_EMPTY = N_("There are museums already: the demo goes into an empty database.")
Made = dict[str, int]


def load() -> None:
    """Load everything into an empty database, in two processes. Raises Conflict when there are museums."""
    with transaction(PlatformScope()) as session:
        if session.scalar(select(func.count()).select_from(Institution)):
            raise Conflict(NOT_EMPTY)
        for code in MUSEUMS:  # in this order, so that ids and seeds are the same each time
            institutions.add_institution(session, institutions.MuseumDetails(**content(code)["museum"]))
    staff.add_people()
    beside, here = HALVES
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        started = pool.submit(_load_alone, beside)
        for code in here:
            load_museum(code)
        started.result()


def _load_alone(codes: Sequence[str]) -> None:
    with import_module("wsgi").app.app_context():  # a process of its own has a house of its own
        for code in codes:
            load_museum(code)


def content(code: str) -> dict[str, Any]:
    """Read what is written of a museum."""
    return read(CONTENT / f"{code.lower()}.toml")


def read(file: Path) -> dict[str, Any]:
    """Read a museum's description."""
    return tomllib.loads(file.read_text(encoding="utf-8"))


def load_museum(code: str) -> None:
    """Load one museum: its issuer, its staff, its campaigns and what happened to them."""
    written, said, papers = content(code), read(CONTENT / "talk.toml"), read(CONTENT / "documents.toml")
    with transaction(PlatformScope()) as session:
        museum = session.scalars(select(Institution).where(Institution.code == code)).one()
        scope = OperatorScope(museum.id, "demo")
        zone = ZoneInfo(museum.time_zone)
    today = clock.now().astimezone(zone).date()
    people_of_the_house = staff.accounts_of(code)
    long_ago = datetime.combine(today, time(9), zone) - timedelta(days=500)
    with clock.at(long_ago), transaction(scope) as session:
        issuer = institutions.add_issuer(session, institutions.IssuerDetails(**written["issuer"]))
        staff.join(session, people_of_the_house)
        desk.tell_bank_details(session, code, issuer)
    made: Made = {}
    people = history.Crowd(code)
    for plan in written["campaigns"]:
        opens, closes = _day(today, plan["opens"], zone), _day(today, plan["closes"], zone)
        with clock.at(opens - timedelta(days=14)), transaction(scope) as session:
            campaign = _campaign(session, plan, issuer.id, museum.currency, opens, closes)
            made[plan["code"]] = campaign.id
            if plan["state"] != "draft":
                readiness.settle(session, campaign, code, people_of_the_house)
        history.tell(scope, plan, campaign.id, people, made, history.Frame(museum.country, zone, opens, closes))
        documents.publish(scope, papers.get(plan["code"], ()), campaign.id, museum.name, (closes, zone))
        with transaction(scope) as session:
            people_counted.count_people(session, campaign.id)
            if plan["state"] in {"ended", "withdrawn"}:
                outcomes.count_outcome(session, campaign.id)
        talk.converse(scope, said.get(plan["code"], {}), campaign.id, opens, code)
        after.follow(scope, campaign.id, plan["state"], code)
        plaques.engrave(scope, campaign.id, plan["code"], people_of_the_house["owner"])
    after.thank(scope, code)
    talk.read_words(scope)
    talk.keep_beginnings(scope, said.get(code, {}).get("replies", ()))
    if code == "AUB":
        desk.lay_out(scope, people_of_the_house, issuer.id, made["AUB-01"])
    if readiness.MODEL in made:
        readiness.leave_a_draft(scope, made[readiness.MODEL], people_of_the_house)


def _day(today: date, offset: int, zone: ZoneInfo) -> datetime:
    """Give the first moment of a day counted from today, in the museum's time, as UTC."""
    return datetime.combine(today + timedelta(days=offset), time(0), zone).astimezone(UTC)


def _campaign(
    session: Any, plan: dict[str, Any], issuer_id: int, currency: str, opens: datetime, closes: datetime
) -> Campaign:
    artwork = campaigns.add_artwork(session, campaigns.ArtworkDetails(currency=currency, **plan["artwork"]))
    today = clock.now().date()
    campaign = campaigns.create_campaign(session, campaigns.CampaignDetails(
        artwork_id=artwork.id, issuer_id=issuer_id, currency=currency, opens_at=opens, closes_at=closes,
        timeline=list(_dated(plan.get("timeline", []), closes)), **plan["details"]))  # fmt: skip
    for place, source in enumerate(plan.get("sources", [])):
        campaigns.add_source(session, campaign.id, position=place, **source)
    for stage in plan.get("stages", []):
        campaigns.add_stage(session, campaign.id, **stage)
    for place, reward in enumerate(plan.get("rewards", [])):
        told = {name: value for name, value in reward.items() if name not in {"pieces", "shares", "side_by_side"}}
        made = campaigns.add_reward(
            session, campaign.id, campaigns.RewardDetails(position=place, valued_on=today, **told)
        )
        if count := reward.get("pieces"):
            strips = places.grid(count, 1) if reward.get("side_by_side") else ()  # across the whole picture
            pieces.add_pieces(session, made.id, [{}] * count, shares=reward.get("shares", 1), places=strips)
    return campaign


def _dated(steps: list[dict[str, Any]], closes: datetime) -> Iterator[dict[str, Any]]:
    """Turn "days after the end" into dates."""
    for step in steps:
        on = (closes + timedelta(days=step["after"])).date().isoformat()
        told = {name: step[name] for name in ("kind", "amount_minor") if name in step}
        yield {"on": on, "title": step["title"], "text": step["text"]} | told
