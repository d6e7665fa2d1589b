"""What follows the demo's gifts: rewards owed and some given, an evening with guests, two ambassadors, rules of thanks."""

from __future__ import annotations

from datetime import timedelta
from uuid import NAMESPACE_URL, uuid5

from sqlalchemy import select
from sqlalchemy.orm import Session

from crowdfund import clock, outbox
from crowdfund.ambassadors import service as ambassadors
from crowdfund.ambassadors.rules import way_of
from crowdfund.ambassadors.service import Wish
from crowdfund.campaigns.models import Campaign, Reward
from crowdfund.demo.people import SPEAKS
from crowdfund.demo.staff import PEOPLE
from crowdfund.donors.models import Donor
from crowdfund.donors.rules import short_name
from crowdfund.fulfilment import service as fulfilment
from crowdfund.fulfilment.models import Counterpart
from crowdfund.fulfilment.rules import CounterpartState
from crowdfund.gifts import thanking
from crowdfund.gifts.models import Gift
from crowdfund.gifts.thanking import RuleDetails
from crowdfund.institutions.models import Institution
from crowdfund.invitations import service as invitations
from crowdfund.invitations.service import GatheringDetails
from crowdfund.money import Money
from crowdfund.pledges.models import Pledge
from crowdfund.tenancy import OperatorScope, museum_of, transaction

AT_ONCE = 200
GIVEN_WHEN_DONE, GIVEN_WHILE_LIVE = 90, 25  # per cent
GUESTS, ROOM = 24, 40
BROUGHT = (7, 3)
EVENING = {"fr": "Une soirée devant l’œuvre", "it": "Una sera davanti all’opera", "en": "An evening with the work"}
LARGE = {"fr": "Dons importants", "it": "Doni importanti", "en": "Large gifts"}
WORDS = {
    "fr": "Vous avez donné bien au-delà de ce que nous osions espérer. Nous serions heureux de vous montrer l’œuvre nous-mêmes.",
    "it": "Hai donato ben oltre quello che osavamo sperare. Saremmo felici di mostrarti l’opera noi stessi.",
    "en": "You gave far more than we dared to hope. We would be glad to show you the work ourselves.",
}


def follow(scope: OperatorScope, campaign_id: int, state: str, museum: str) -> None:
    """Tell what follows the gifts of one campaign; nobody is written to."""
    if state in {"draft", "scheduled"}:
        return
    with transaction(scope) as session:
        gifts = list(session.scalars(select(Gift.id).where(Gift.campaign_id == campaign_id).order_by(Gift.id)))
    for start in range(0, len(gifts), AT_ONCE):
        with transaction(scope) as session:
            some = session.scalars(select(Gift).where(Gift.id.in_(gifts[start : start + AT_ONCE]))).all()
            fulfilment.owe_all(session, [gift for gift in some if gift.pledge_id and gift.moved_from_id is None])
    with transaction(scope) as session:
        _hand_over(session, campaign_id, GIVEN_WHEN_DONE if state == "succeeded" else GIVEN_WHILE_LIVE)
        if state == "live":
            _invite(session, campaign_id)
            _bring(session, campaign_id, SPEAKS[museum])
        outbox.mark_told(session)


def thank(scope: OperatorScope, museum: str) -> None:
    """Write the museum's two rules of thanks."""
    locale = SPEAKS[museum]
    with transaction(scope) as session:
        currency = session.get_one(Institution, museum_of(session)).currency
        signed_by = PEOPLE[museum][0][0]
        thanking.add_rule(session, RuleDetails(
            name=LARGE[locale], least=Money(30_000, currency), words=WORDS, signed_by=signed_by, calls=True))  # fmt: skip
        thanking.add_rule(session, RuleDetails(
            name={"fr": "Tous les autres", "it": "Tutti gli altri", "en": "All others"}[locale], least=Money(0, currency),
            signed_by=signed_by))  # fmt: skip
        outbox.mark_told(session)


def _hand_over(session: Session, campaign_id: int, percent: int) -> None:
    """Give the first ones of each reward; the next few are ready."""
    for reward_id in session.scalars(select(Reward.id).where(Reward.campaign_id == campaign_id).order_by(Reward.id)):
        owed = list(
            session.scalars(
                select(Counterpart.id)
                .where(Counterpart.reward_id == reward_id, Counterpart.state == CounterpartState.PROMISED)
                .order_by(Counterpart.id)
            )
        )
        given = len(owed) * percent // 100
        for state, ids in (
            (CounterpartState.HANDED_OVER, owed[:given]),
            (CounterpartState.READY, owed[given : given + 3]),
        ):
            for start in range(0, len(ids), AT_ONCE):
                act = uuid5(NAMESPACE_URL, f"demo {campaign_id} {reward_id} {state} {start}")
                fulfilment.mark(session, reward_id, ids[start : start + AT_ONCE], state, act)


def _invite(session: Session, campaign_id: int) -> None:
    """Plan an evening in twelve days, with guests."""
    starts = (clock.now() + timedelta(days=12)).replace(hour=17, minute=0, second=0, microsecond=0)
    evening = invitations.plan_gathering(session, campaign_id, GatheringDetails(
        kind="evening", title=EVENING, place=session.get_one(Institution, museum_of(session)).name, starts_at=starts,
        ends_at=starts + timedelta(hours=2), capacity=ROOM, most_each=3))  # fmt: skip
    invitations.open_gathering(session, evening.id)
    kept = select(Gift.pledge_id).where(Gift.campaign_id == campaign_id, Gift.state == "received")
    guests = session.scalars(select(Pledge).where(Pledge.id.in_(kept)).order_by(Pledge.id).limit(GUESTS)).all()
    for number, pledge in enumerate(guests):
        invitations.book(session, evening.id, pledge, 1 + number % 2)


def _bring(session: Session, campaign_id: int, locale: str) -> None:
    """Let two donors bring some of those who gave after them."""
    campaign = session.get_one(Campaign, (museum_of(session), campaign_id))
    if campaign.closes_at <= clock.now():
        return
    found = session.execute(
        select(Pledge, Donor)
        .join(Donor, Donor.id == Pledge.donor_id)
        .where(Pledge.campaign_id == campaign_id, Pledge.state == "paid", Donor.kind == "individual")
        .order_by(Pledge.id)
        .limit(40)
    ).all()
    others = iter(found[2:])
    for (_pledge, donor), count in zip(found[:2], BROUGHT, strict=False):
        name = short_name(donor.first_name or "", donor.last_name or "")
        one = ambassadors.become(session, campaign_id, donor.id, Wish(name, 10, wants_mail=False, locale=locale))
        for _place in range(count):
            brought = next(others, None)
            if brought is not None and brought[1].id != donor.id:
                brought[0].channel = way_of(one.code)
