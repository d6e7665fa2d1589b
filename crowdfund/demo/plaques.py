"""The demo's plaques: one signed a month after its campaign, one whose donors may still change their names."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from crowdfund import clock
from crowdfund.campaigns.models import Campaign
from crowdfund.demo.staff import PEOPLE
from crowdfund.institutions.current import Membership
from crowdfund.institutions.models import Institution
from crowdfund.plaques.looks import Look
from crowdfund.plaques.rules import Plan
from crowdfund.proofs import preparing, signing
from crowdfund.proofs.preparing import Wish
from crowdfund.proofs.reading import read_proof
from crowdfund.proofs.signing import Signature
from crowdfund.tenancy import OperatorScope, museum_of, transaction

SIGNED, OPEN = "JAQ-02", "AUB-01"
TOLD_AFTER, SIGNED_AFTER = timedelta(days=20), timedelta(days=30)
STILL_OPEN = timedelta(days=62)
DIRECTOR = {"fr": "directrice", "it": "direttrice", "en": "director"}
ONCE = {
    "fr": "la même personne, au téléphone : une fois suffit",
    "it": "la stessa persona, al telefono: basta una volta",
}


def engrave(scope: OperatorScope, campaign_id: int, code: str, account_id: int) -> None:
    """Tell what became of a campaign's plaque, if it has one."""
    if code not in {SIGNED, OPEN}:
        return
    with transaction(scope) as session:
        museum = session.get_one(Institution, museum_of(session))
        here = Membership(museum.id, museum.slug, museum.name, museum.time_zone, museum.default_locale, "owner")
        closes = session.get_one(Campaign, (museum.id, campaign_id)).closes_at
    plan = Plan(size="a3", columns=3, line_mm=6, locale=here.default_locale)
    if code == OPEN:
        with transaction(scope) as session:
            preparing.set_up(session, here, campaign_id, plan)
            preparing.set_lock(session, here, campaign_id, _day(clock.now() + STILL_OPEN, here))
        return
    name = PEOPLE[code.partition("-")[0]][0][0]
    with clock.at(closes + timedelta(days=1)), transaction(scope) as session:
        preparing.set_up(session, here, campaign_id, plan)
        preparing.set_lock(session, here, campaign_id, _day(closes + TOLD_AFTER, here))
    with clock.at(closes + SIGNED_AFTER):
        with transaction(scope) as session:
            _look_once_more(session, here, campaign_id, name)
            seen = read_proof(session, here, campaign_id).fingerprint
        signature = Signature(account_id, name, DIRECTOR[here.default_locale])
        signing.sign(scope, here, campaign_id, seen, signature)


def _look_once_more(session: Session, here: Membership, campaign_id: int, name: str) -> None:
    """Leave off who stands there twice, at their wish."""
    twice = [one for one in read_proof(session, here, campaign_id).names if Look.TWICE in one.looks]
    for first, second in pairwise(twice):
        if first.name == second.name:
            note = ONCE.get(here.default_locale, ONCE["fr"])
            preparing.correct(session, here, campaign_id, second.key, Wish(second.name, left_out=True, note=note), name)
            return


def _day(moment: datetime, here: Membership) -> date:
    return moment.astimezone(ZoneInfo(here.time_zone)).date()
