"""Tell what happened to a campaign, at the moments when it happened: pledges, money, receipts, refunds, its end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from crowdfund import clock, outbox
from crowdfund.campaigns import service as campaigns
from crowdfund.campaigns.models import Reward
from crowdfund.demo import cast, withdrawn
from crowdfund.demo.amounts import amounts
from crowdfund.demo.curve import moments
from crowdfund.demo.people import MESSAGES, Person, person
from crowdfund.demo.ways import hang_posters, way_for
from crowdfund.gifts import service as gifts
from crowdfund.gifts.reports import FeeReported, MoneyReceived
from crowdfund.gifts.rules import Method
from crowdfund.money import Money
from crowdfund.pledges import service as pledges
from crowdfund.pledges.rules import PledgeRequest, card_fee
from crowdfund.receipts import service as receipts
from crowdfund.tenancy import OperatorScope, transaction

RECEIPTS = 0.46  # the share of donors who ask for one
NAMED, OTHER_NAME = 0.70, 0.13  # first name and initial, another name; the rest is not named
REWARDED = 0.45
WITH_WORDS = 0.12
AGAIN, SHARED = 0.09, 0.04
IN_ONE_TRANSACTION = 150
METHODS = {
    "IT": ((Method.CARD, 67), (Method.BANK_TRANSFER, 29), (Method.CASH, 4)),
    "FR": ((Method.CARD, 60), (Method.BANK_TRANSFER, 24), (Method.CHEQUE, 11), (Method.CASH, 5)),
    "CH": ((Method.CARD, 70), (Method.BANK_TRANSFER, 30)),
    "BE": ((Method.CARD, 72), (Method.BANK_TRANSFER, 28)),
}
LAG = {Method.BANK_TRANSFER: (2, 6), Method.CHEQUE: (3, 9)}  # days between the promise and the money


class Crowd:
    """The people around a museum; some give to several campaigns, a few to several museums."""

    def __init__(self, museum: str) -> None:
        self.museum = museum
        self.random = Random(f"people of {museum}")  # noqa: S311 - a demo, the same each time
        self.known: list[Person] = []
        self.gave: dict[str, list[Person]] = {}  # by campaign
        self._base = 10_000 * (sorted(METHODS).index("IT") + sum(map(ord, museum)) % 89)

    def gather(self, campaign: str, count: int, first: Sequence[Person] = ()) -> list[Person]:
        """Call `count` different people together for one campaign, those named first at the head."""
        called: dict[int, Person] = {one.number: one for one in first}
        while len(called) < count:
            draw = self.random.random()
            if draw < AGAIN and self.known:
                one = self.random.choice(self.known)
            elif draw < AGAIN + SHARED:
                number = self.random.randrange(1, 400)
                one = person(Random(number), number, ("VAL", "AUB", "LAM")[number % 3])  # noqa: S311 - likewise
            else:
                one = person(self.random, self._base + len(self.known) + 1, self.museum)
                self.known.append(one)
            called.setdefault(one.number, one)
        self.gave[campaign] = list(called.values())
        return list(called.values())


@dataclass(frozen=True, slots=True)
class Giving:
    """One person gives an amount (minor units) at a moment (UTC)."""

    person: Person
    minor: int
    at: datetime
    received_at: datetime
    method: Method


@dataclass(frozen=True, slots=True)
class Frame:
    """Where and when a campaign takes place: the museum's country and time zone, its opening and its end (UTC)."""

    country: str
    zone: ZoneInfo
    opens: datetime
    closes: datetime


def tell(
    scope: OperatorScope, plan: dict[str, Any], campaign_id: int, people: Crowd, made: dict[str, int], frame: Frame
) -> None:
    """Tell the whole history of one campaign. `made` gives the ids of the museum's earlier campaigns, by code."""
    state, opens, closes = plan["state"], frame.opens, frame.closes
    if state == "draft":
        return
    with clock.at(opens - timedelta(days=7)), transaction(scope) as session:
        campaigns.schedule_campaign(session, campaign_id)
    if state == "scheduled":
        return
    with clock.at(opens), transaction(scope) as session:
        campaigns.open_campaign(session, campaign_id)
        outbox.mark_told(session)
    until = opens + timedelta(days=plan["withdrawn_after"]) if state == "withdrawn" else min(closes, clock.now())
    hang_posters(scope, campaign_id, frame.country, opens, until)
    random = Random(plan["code"])  # noqa: S311 - likewise
    story = _Story(scope, campaign_id, plan, random, frame.country)
    for some in _portions(list(_givings(plan, random, people, frame, until)), IN_ONE_TRANSACTION):
        story.give(some)
    stage = cast.Stage(scope, campaign_id, frame.country, plan["currency"], opens, until)
    cast.play(stage, plan["code"])
    _count_boxes(scope, campaign_id, plan, random, frame, until)
    if state in {"succeeded", "ended"}:
        with clock.at(closes), transaction(scope) as session:
            campaigns.close_campaign(session, campaign_id)
            outbox.mark_told(session)
    if state == "withdrawn":
        withdrawn.tell(scope, plan, campaign_id, made[plan["moved_to"]], until, frame.zone)


def _portions(givings: list[Giving], size: int) -> Iterator[list[Giving]]:
    for start in range(0, len(givings), size):
        yield givings[start : start + size]


def _givings(plan: dict[str, Any], random: Random, people: Crowd, frame: Frame, until: datetime) -> Iterator[Giving]:
    sums = plan["donors"]
    minors: list[int] = []
    played = cast.counted(plan["code"])  # they give on their own, out of the last part
    for part in sums:
        own = played if part is sums[-1] else ()
        left = part["total_minor"] - sum(role.received for role in own)
        minors += amounts(random, plan["amounts"], part["count"] - len(own), left)
    if plan.get("moved"):  # those who move their gift have given to the other campaign already
        others = random.sample(people.gave[plan["moved_to"]], plan["moved"])
        crowd = people.gather(plan["code"], len(minors), others)
    else:
        crowd = people.gather(plan["code"], len(minors))
        random.shuffle(crowd)
        random.shuffle(minors)
    drawn = moments(random, len(minors), frame.opens, frame.closes, until)
    for one, minor, at in zip(crowd, minors, drawn, strict=True):
        methods, weights = zip(*METHODS[frame.country], strict=True)
        method = random.choices(methods, weights)[0]
        low, high = LAG.get(method, (0, 0))
        given, received = at, at + timedelta(days=random.uniform(low, high))
        if method != Method.CARD and _around_new_year(at, frame.zone):
            # Given on the last day of the year, credited in the next: the law dates it by the means of payment.
            given = datetime(at.astimezone(frame.zone).year, 12, 31, 18, tzinfo=frame.zone).astimezone(UTC)
            received = given + timedelta(days=2, hours=16)
        if received >= until:  # a transfer would not be there yet
            method, given, received = Method.CARD, at, at
        yield Giving(one, minor, given, received, method)


def _around_new_year(at: datetime, zone: ZoneInfo) -> bool:
    day = at.astimezone(zone)
    return (day.month, day.day) in {(12, 30), (12, 31)}


class _Story:
    """Takes the pledges of one campaign and books their money."""

    def __init__(
        self, scope: OperatorScope, campaign_id: int, plan: dict[str, Any], random: Random, country: str
    ) -> None:
        self.scope, self.campaign_id, self.plan, self.random, self.country = scope, campaign_id, plan, random, country
        self.promised = plan["details"].get("funding_model") == "all_or_nothing"

    def give(self, givings: Sequence[Giving]) -> None:
        """Tell some gifts, in one transaction."""
        with transaction(self.scope) as session:
            rewards = session.scalars(
                select(Reward)
                .where(Reward.campaign_id == self.campaign_id, Reward.state == "offered")
                .order_by(Reward.price_minor)
            ).all()
            currency = campaigns.campaign_of(session, self.campaign_id).currency
            left = {reward.id: None if reward.stock is None else reward.stock - reward.claimed for reward in rewards}
            asked = [(self._request(giving, rewards, left, currency), giving.at) for giving in givings]
            made = pledges.make_pledges(session, asked)
            if self.promised:
                pledges.promise_all(session, {one: one.created_at for one in made})
            else:
                self._receive(session, [(one.id, giving) for one, giving in zip(made, givings, strict=True)], currency)
            outbox.mark_told(session)

    def _request(
        self, giving: Giving, rewards: Sequence[Reward], left: dict[int, int | None], currency: str
    ) -> PledgeRequest:
        """Make up a giving form. `left` counts what there is of each reward; what is chosen here is taken out of it."""
        draw = self.random
        fitting = [reward for reward in rewards if reward.price_minor <= giving.minor and left[reward.id] != 0]
        reward = fitting[-1] if fitting and draw.random() < REWARDED else None
        stock = left[reward.id] if reward else None
        if reward and stock is not None:
            left[reward.id] = stock - 1
        shown = draw.random()
        wall = "short" if shown < NAMED else "other" if shown < NAMED + OTHER_NAME else "anonymous"
        receipt = draw.random() < RECEIPTS
        who = giving.person
        return PledgeRequest(
            attempt=UUID(int=draw.getrandbits(128), version=4), campaign_id=self.campaign_id, amount=Money(giving.minor, currency),
            donor=who.details(self.country, address=receipt), method=giving.method, reward_id=reward.id if reward else None,
            wants_receipt=receipt, wall=wall, wall_name=f"{who.first} et les siens" if who.locale == "fr" else f"{who.first} & co.",
            message=draw.choice(MESSAGES[who.locale]) if draw.random() < WITH_WORDS else "", source="demo",
            consents={"news_museum": "demo"} if draw.random() < 0.37 else {},
            channel=way_for(self.country, who.number, giving.method),
        )  # fmt: skip

    def _receive(self, session: Session, pledged: Sequence[tuple[int, Giving]], currency: str) -> None:
        """Book the money of some pledges together, then issue their receipts, each at its moment."""
        came = gifts.receive_gifts(session, [self._money(*one, currency) for one in pledged])
        receipts.issue_all(session, {gift.id: gift.received_at for gift in came if gift.wants_receipt})

    def _money(self, pledge_id: int, giving: Giving, currency: str) -> MoneyReceived:
        amount = Money(giving.minor, currency)
        at_provider = f"demo_{self.scope.institution_id}_{pledge_id}" if giving.method == Method.CARD else ""
        return MoneyReceived(
            reference=f"pledge:{pledge_id}", campaign_id=self.campaign_id, pledge_id=pledge_id, amount=amount,
            method=giving.method, received_at=giving.received_at, handed_at=giving.at, imported=True,
            charge=f"ch_{at_provider}" if at_provider else None,
            fee=FeeReported(f"txn_{at_provider}", card_fee(amount)) if at_provider else None,
        )  # fmt: skip


def _count_boxes(
    scope: OperatorScope, campaign_id: int, plan: dict[str, Any], random: Random, frame: Frame, until: datetime
) -> None:
    """Count glass boxes or ticket sheets: `boxes` = {method, days between, units, total_minor}."""
    boxes = plan.get("boxes")
    if not boxes:
        return
    days = list(_count_days(frame.opens, until, boxes["every_days"], frame.zone))
    currency = plan["currency"]
    units = [part.minor for part in Money(boxes["units"], currency).split([random.randint(60, 140) for _ in days])]
    sums = [part.minor for part in Money(boxes["total_minor"], currency).split(units)]
    counted = []
    for day, count, minor in zip(days, units, sums, strict=True):
        at = min(datetime.combine(day, time(18, 30), frame.zone), until)
        counted.append(MoneyReceived(
            reference=f"{boxes['method']}:{campaign_id}:{day.isoformat()}", campaign_id=campaign_id, units=count,
            amount=Money(minor, currency), method=Method(boxes["method"]), received_at=at, imported=True))  # fmt: skip
    with transaction(scope) as session:
        gifts.receive_gifts(session, counted)
        outbox.mark_told(session)


def _count_days(opens: datetime, until: datetime, every: int, zone: ZoneInfo) -> Iterator[date]:
    day, last = opens.astimezone(zone).date(), (until - timedelta(seconds=1)).astimezone(zone).date()
    day += timedelta(days=every - 1)
    while day <= last:
        yield day
        day += timedelta(days=every)
