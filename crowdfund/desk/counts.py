"""Count cash, boxes and tickets by two people: one anonymous gift, without a receipt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from crowdfund import audit, clock
from crowdfund.campaigns import service as campaigns
from crowdfund.database import hold
from crowdfund.desk.lines import noon
from crowdfund.desk.models import Count
from crowdfund.desk.rules import COUNT_TRANSITIONS, DENOMINATIONS, CountKind, CountState, check_move, check_two
from crowdfund.errors import NotFound, Refusal
from crowdfund.gifts import service as gifts
from crowdfund.gifts.models import Gift
from crowdfund.gifts.reports import MoneyReceived
from crowdfund.gifts.rules import Method
from crowdfund.i18n import N_
from crowdfund.institutions.models import Issuer
from crowdfund.money import Money
from crowdfund.tenancy import museum_of, scope_of

NOTHING = N_("Type how many there are of at least one.")
OTHER_SUM = N_("Your count makes %(typed)s, your colleague’s something else. Count once more together.")
NOT_YET = N_("That day has not come yet.")
STRANGE = N_("There is no such note or coin in this currency.")
MOST_PIECES = 100_000
METHODS = {CountKind.BOX: Method.BOX, CountKind.CASH: Method.CASH, CountKind.TICKET: Method.TICKET}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A count as one person made it: minor units of one note, coin or ticket → how many."""

    attempt: UUID
    kind: CountKind
    campaign_id: int
    place: str
    day: date
    pieces: Mapping[int, int]

    @property
    def total_minor(self) -> int:
        """Add it up, in minor units."""
        return sum(worth * many for worth, many in self.pieces.items())


def count_of(session: Session, count_id: int, *, lock: bool = False) -> Count:
    """Find a count of the museum; `lock` holds it until the transaction ends. Raises NotFound."""
    found = select(Count).where(Count.id == count_id)
    if lock:
        found = found.with_for_update(key_share=True).execution_options(populate_existing=True)
    count = session.scalars(found).one_or_none()
    if count is None:
        raise NotFound
    return count


def record_count(session: Session, sheet: Sheet) -> Count:
    """Keep one person's count. The same attempt again is the first count. Holds the attempt. Raises NotFound, Refusal."""
    hold(session, [int.from_bytes(sheet.attempt.bytes[:8], "big", signed=True)])  # the same form sent twice at once
    known = session.scalars(select(Count).where(Count.attempt == sheet.attempt)).one_or_none()
    if known is not None:
        return known
    campaign = campaigns.campaign_of(session, sheet.campaign_id)
    if campaign.state == "draft":
        raise NotFound
    issuer = session.get_one(Issuer, (museum_of(session), campaign.issuer_id))
    _check(sheet, campaign.currency, clock.now().astimezone(ZoneInfo(issuer.time_zone)).date())
    pieces = {worth: many for worth, many in sheet.pieces.items() if many}
    count = Count(
        attempt=sheet.attempt, kind=sheet.kind, campaign_id=campaign.id, place=sheet.place, day=sheet.day,
        sheet={str(worth): many for worth, many in sorted(pieces.items(), reverse=True)}, total_minor=sheet.total_minor,
        currency=campaign.currency, units=sum(pieces.values()), state=CountState.RECORDED,
        recorded_by=scope_of(session).actor, created_at=clock.now(),
    )  # fmt: skip
    session.add(count)
    session.flush()  # for its id
    audit.record(session, "count.recorded", f"count:{count.id}", kind=sheet.kind, total_minor=sheet.total_minor)
    return count


def _check(sheet: Sheet, currency: str, today: date) -> None:
    if sheet.day > today:
        raise Refusal(NOT_YET, field="day")
    if sheet.total_minor <= 0 or any(not 0 <= many <= MOST_PIECES for many in sheet.pieces.values()):
        raise Refusal(NOTHING, field="pieces")
    if sheet.kind != CountKind.TICKET and not set(sheet.pieces) <= set(DENOMINATIONS.get(currency, ())):
        raise Refusal(STRANGE, field="pieces")


def confirm_count(session: Session, count_id: int, total: Money) -> Gift:
    """Compare a second person's total with the count and book it as one anonymous gift. Twice is once. Locks the count.

    Raises Conflict for who counted first, or a count that was dropped; Refusal when the totals differ.
    """
    count = count_of(session, count_id, lock=True)
    if count.state == CountState.CLOSED:
        return session.get_one(Gift, (museum_of(session), count.gift_id))
    check_move(count.state, CountState.CLOSED, COUNT_TRANSITIONS)
    actor = scope_of(session).actor
    check_two(count.recorded_by, actor)
    if total != count.total:
        raise Refusal(OTHER_SUM, field="total", params={"typed": total})
    campaign = campaigns.campaign_of(session, count.campaign_id)
    issuer = session.get_one(Issuer, (museum_of(session), campaign.issuer_id))
    gift = gifts.receive_gift(session, MoneyReceived(
        reference=f"count:{count.id}", campaign_id=count.campaign_id, amount=count.total, method=METHODS[CountKind(count.kind)],
        received_at=noon(count.day, issuer), units=count.units))  # fmt: skip
    count.state, count.approved_by, count.approved_at, count.gift_id = CountState.CLOSED, actor, clock.now(), gift.id
    audit.record(session, "count.confirmed", f"count:{count.id}", gift_id=gift.id)
    return gift


def drop_count(session: Session, count_id: int) -> None:
    """Give a count up that nobody has confirmed. Twice is once. Raises Conflict."""
    count = count_of(session, count_id, lock=True)
    if count.state == CountState.DROPPED:
        return
    check_move(count.state, CountState.DROPPED, COUNT_TRANSITIONS)
    count.state = CountState.DROPPED
    audit.record(session, "count.dropped", f"count:{count.id}")
