"""List what a person has promised or announced at one museum, and what all lines of a gift share."""

from __future__ import annotations

from flask import url_for
from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from crowdfund.campaigns.models import Campaign, Reward
from crowdfund.campaigns.texts import said
from crowdfund.campaigns.view import WorkCard
from crowdfund.desk.ways import way_to_pay
from crowdfund.donors.models import Donor
from crowdfund.i18n import local_date
from crowdfund.institutions.models import Institution
from crowdfund.me.view import DedicationLine, GiftLine, ReceiptLine, WallLine
from crowdfund.money import Money
from crowdfund.pages.cards import card_of, card_statement
from crowdfund.pledges import service as pledges
from crowdfund.pledges.models import Group, Pledge
from crowdfund.pledges.rules import PledgeState, RewardState
from crowdfund.pledges.wall import display_name
from crowdfund.tenancy import museum_of

PROMISED = (PledgeState.PROMISED, PledgeState.DUE)


def promises(session: Session, museum: Institution, donors: dict[int, Donor]) -> list[GiftLine]:
    """Read the promises that wait for their campaign, of which nothing was taken yet, and the money announced and awaited."""
    announced = and_(Pledge.state == PledgeState.MADE, Pledge.reference.is_not(None))
    found = session.scalars(
        select(Pledge)
        .where(Pledge.donor_id.in_(donors), or_(Pledge.state.in_(PROMISED), announced))
        .order_by(Pledge.created_at.desc())
    )
    return [
        GiftLine(
            work=work_of(session, pledge.campaign_id),
            given_on=local_date(pledge.created_at, museum.time_zone),
            standing="announced" if pledge.reference else "promised",
            amount=pledge.amount,
            kept=Money(0, pledge.currency),
            receipt=ReceiptLine(),
            wall=wall_line(session, museum.slug, pledge, donors[pledge.donor_id]),
            reward=reward_of(session, pledge, museum.default_locale),
            url=url_for("pages.gift", token=pledges.gift_token(pledge)),
            way=way_to_pay(session, pledge),
            slip_url=url_for("slips.slip", token=pledges.gift_token(pledge)) if pledge.reference else "",
            dedication=dedication_line(museum.slug, pledge),
        )
        for pledge in found
    ]


def work_of(session: Session, campaign_id: int) -> WorkCard:
    """Read the card of the work a gift is for."""
    row = session.execute(
        card_statement().where(Campaign.institution_id == museum_of(session), Campaign.id == campaign_id)
    ).one()
    return card_of(row)


def wall_line(session: Session, museum: str, pledge: Pledge, donor: Donor) -> WallLine:
    """Tell how a gift is shown on the wall, and where that is changed."""
    pledge = pledges.first_in_chain(session, pledge)  # what adds to a gift stands there with it
    if pledge.group_id is not None:  # the group stands there for all
        return WallLine(name=session.get_one(Group, (pledge.institution_id, pledge.group_id)).name)
    return WallLine(
        name=display_name(pledge, donor) or "",
        dedication=(pledge.dedication_name or "") if pledge.wall_dedication else "",
        url=url_for("me.wall", museum=museum, pledge_id=pledge.id),
        memory=pledge.dedication_kind == "memory",
    )


def dedication_line(museum: str, pledge: Pledge) -> DedicationLine | None:
    """Tell to whom a gift is dedicated, and where that is corrected; None where it is to nobody."""
    if not pledge.dedication_name:
        return None
    url = url_for("dedicated.show", museum=museum, pledge_id=pledge.id)
    return DedicationLine(pledge.dedication_name, pledge.dedication_kind == "memory", url)


def reward_of(session: Session, pledge: Pledge | None, fallback: str) -> str:
    """Tell the reward a pledge holds; nothing without one."""
    if pledge is None or pledge.reward_id is None or pledge.reward_state != RewardState.CLAIMED:
        return ""
    return str(said(session.get_one(Reward, (pledge.institution_id, pledge.reward_id)).title, fallback))
