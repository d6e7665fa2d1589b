"""The table of a museum's gifts: found by filters, read page by page, counted and summed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Row, Select, and_, case, exists, func, or_, select, tuple_
from sqlalchemy.orm import Session

from crowdfund.campaigns.models import Campaign, Reward
from crowdfund.campaigns.texts import said
from crowdfund.donors.models import Donor
from crowdfund.gifts.models import Gift, Refund
from crowdfund.gifts.rules import GiftState, Method, RefundState
from crowdfund.gifts.view import GiftList, GiftRow
from crowdfund.institutions.current import Membership
from crowdfund.money import Money
from crowdfund.payments.models import QuarantinedCharge
from crowdfund.payments.rules import AsideState
from crowdfund.pledges.models import Pledge
from crowdfund.receipts.models import Receipt, ReceiptGift, ReceiptHold

PAGE = 50
LATEST = 6
REFUND_FAILED = "refund_failed"  # a state of the table, not of a gift: the money came back to us
LONGEST_QUERY = 100
RECEIPTS = ("issued", "suspended", "coming", "held", "none", "not_wanted", "replaced", "cancelled")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_RECEIPT_NUMBER = re.compile(r"(?P<series>[\w.]{1,20})-(?P<year>20\d\d)-(?P<number>\d{1,9})", re.ASCII)
_PLACE = re.compile(r"(\d{1,17})\.(\d{1,18})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Asked:
    """How the table was asked for. What cannot be read is left out, as if it had not been asked."""

    query: str = ""
    state: str = ""
    method: str = ""
    receipt: str = ""
    since: date | None = None
    after: tuple[datetime, int] | None = field(default=None)

    @property
    def filtered(self) -> bool:
        """Say whether anything narrows the table."""
        return bool(self.query or self.state or self.method or self.receipt or self.since)

    def parameters(self) -> dict[str, str]:
        """Give the filters as an address carries them."""
        given = {
            "q": self.query,
            "state": self.state,
            "method": self.method,
            "receipt": self.receipt,
            "since": self.since.isoformat() if self.since else "",
        }
        return {name: value for name, value in given.items() if value}


def read_asked(given: Mapping[str, str]) -> Asked:
    """Read the filters of an address."""
    typed = unicodedata.normalize("NFC", given.get("q", "")[:LONGEST_QUERY])
    query = "".join(c for c in typed if c.isprintable()).strip()
    return Asked(
        query=query,
        state=_one_of(given.get("state", ""), (*GiftState, REFUND_FAILED)),
        method=_one_of(given.get("method", ""), Method),
        receipt=_one_of(given.get("receipt", ""), RECEIPTS),
        since=_day(given.get("since", "")),
        after=_place(given.get("after", "")),
    )


def _one_of(value: str, allowed: Any) -> str:
    return value if value in set(allowed) else ""


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 1970 < day.year < 2200 else None


def _place(text: str) -> tuple[datetime, int] | None:
    match = _PLACE.fullmatch(text)
    if match is None:
        return None
    try:
        return _EPOCH + timedelta(microseconds=int(match[1])), int(match[2])
    except OverflowError:
        return None


def list_gifts(session: Session, museum: Membership, asked: Asked) -> GiftList:
    """Read one page of the museum's gifts, the latest first, with how many there are in all and their sums.

    The sums are what the museum keeps: gross less refunds and lost disputes, as the funds' balances.
    """
    conditions = _conditions(asked, ZoneInfo(museum.time_zone))
    sums = session.execute(
        select(Gift.currency, func.count(), func.sum(Gift.amount_minor - Gift.refunded_minor - Gift.lost_minor))
        .where(*conditions)
        .group_by(Gift.currency)
        .order_by(Gift.currency)
    ).all()
    statement = _rows().where(*conditions)
    if asked.after is not None:
        statement = statement.where(tuple_(Gift.received_at, Gift.id) < tuple_(*asked.after))
    found = session.execute(statement.order_by(Gift.received_at.desc(), Gift.id.desc()).limit(PAGE + 1)).all()
    here = f"/staff/{museum.slug}/gifts"
    return GiftList(
        rows=tuple(_row(row, museum) for row in found[:PAGE]),
        total=sum(count for _currency, count, _sum in sums),
        sums=tuple(Money(int(total), currency) for currency, _count, total in sums),
        timezone=museum.time_zone,
        query=asked.query,
        state=asked.state,
        method=asked.method,
        receipt=asked.receipt,
        since=asked.since.isoformat() if asked.since else "",
        filtered=asked.filtered,
        next_url=_next_url(here, asked, found[PAGE - 1].Gift) if len(found) > PAGE else "",
        first_url=_url(here, asked.parameters()) if asked.after else "",
    )


def find_row(session: Session, museum: Membership, gift_id: int) -> GiftRow | None:
    """Read one gift as the table shows it; None when the museum has no such gift."""
    found = session.execute(_rows().where(Gift.id == gift_id)).one_or_none()
    return None if found is None else _row(found, museum)


def latest_gifts(session: Session, museum: Membership) -> tuple[GiftRow, ...]:
    """Read the last few gifts as the table shows them."""
    found = session.execute(_rows().order_by(Gift.received_at.desc(), Gift.id.desc()).limit(LATEST)).all()
    return tuple(_row(row, museum) for row in found)


def count_waiting(session: Session) -> dict[str, int]:
    """Count what waits for somebody, by the page where it is dealt with: receipts held, payments set aside."""
    held = session.scalar(
        select(func.count())
        .select_from(ReceiptHold)
        .where(ReceiptHold.released_at.is_(None), ReceiptHold.outcome == "hold")
    )
    aside = session.scalar(
        select(func.count()).select_from(QuarantinedCharge).where(QuarantinedCharge.state == AsideState.OPEN)
    )
    return {"gifts": held or 0, "charges": aside or 0}


def _rows() -> Select[*tuple[Any, ...]]:
    return (
        select(Gift, Donor, Pledge, Reward, Campaign.title.label("campaign"), _receipt_code().label("receipt"))
        .join(Campaign, Campaign.id == Gift.campaign_id)
        .outerjoin(Donor, Donor.id == Gift.donor_id)
        .outerjoin(Pledge, Pledge.id == Gift.pledge_id)
        .outerjoin(Reward, Reward.id == Pledge.reward_id)
    )


def _receipt_code() -> ColumnElement[str]:
    """Say in one word how a gift stands with its receipt."""
    of_gift = (
        select(Receipt.state)
        .join(ReceiptGift, ReceiptGift.receipt_id == Receipt.id)
        .where(ReceiptGift.gift_id == Gift.id)
        .correlate(Gift)
    )
    live = of_gift.where(ReceiptGift.live)
    rendered = live.where(Receipt.sha256.is_not(None)).exists()
    last = of_gift.order_by(Receipt.id.desc()).limit(1).scalar_subquery()
    hold = (
        select(ReceiptHold.outcome)
        .where(ReceiptHold.gift_id == Gift.id, ReceiptHold.released_at.is_(None))
        .correlate(Gift)
        .scalar_subquery()
    )
    given_back = Gift.state.in_([GiftState.REFUNDED, GiftState.LOST])
    return case(
        (live.where(Receipt.state == "suspended").exists(), "suspended"),
        (rendered, "issued"),
        (live.exists(), "coming"),
        (and_(last.is_not(None), given_back), last),
        (Gift.wants_receipt.is_(False), "not_wanted"),
        (hold == "hold", "held"),
        (or_(hold.is_not(None), given_back), "none"),
        (last.is_not(None), last),
        else_="coming",
    )


def _conditions(asked: Asked, zone: ZoneInfo) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if asked.query:
        found.append(_matches(asked.query))
    if asked.state == REFUND_FAILED:
        found.append(Gift.id.in_(select(Refund.gift_id).where(Refund.state == RefundState.FAILED)))
    elif asked.state:
        found.append(Gift.state == asked.state)
    if asked.method:
        found.append(Gift.method == asked.method)
    if asked.receipt:
        found.append(_receipt_code() == asked.receipt)
    if asked.since:
        begin = datetime.combine(asked.since, datetime.min.time(), tzinfo=zone)
        found.append(Gift.received_at >= begin.astimezone(UTC))
    return found


def _matches(query: str) -> ColumnElement[bool]:
    """Match a name, an address, a gift's number or a receipt's."""
    name = func.concat_ws(" ", Donor.first_name, Donor.last_name, Donor.company_name)
    people = select(Donor.id).where(
        or_(name.icontains(query, autoescape=True), Donor.email.icontains(query, autoescape=True))
    )
    ways: list[ColumnElement[bool]] = [Gift.donor_id.in_(people)]
    if query.isascii() and query.isdigit() and len(query) < 19:
        ways.append(Gift.id == int(query))
    number = _RECEIPT_NUMBER.fullmatch(query)
    if number is not None:
        ways.append(
            exists(
                select(ReceiptGift.id)
                .join(Receipt, Receipt.id == ReceiptGift.receipt_id)
                .where(
                    ReceiptGift.gift_id == Gift.id,
                    func.lower(Receipt.series) == number["series"].lower(),
                    Receipt.year == int(number["year"]),
                    Receipt.number == int(number["number"]),
                )
                .correlate(Gift)
            )
        )
    return or_(*ways)


def _row(row: Row[Any], museum: Membership) -> GiftRow:
    gift: Gift = row.Gift
    return GiftRow(
        number=str(gift.id),
        at=gift.received_at,
        donor=donor_name(row.Donor),
        email=(row.Donor and row.Donor.email) or "",
        campaign=said(row.campaign, museum.default_locale),
        method=gift.method,
        reward=_reward(row.Pledge, row.Reward, museum),
        receipt=row.receipt,
        state=gift.state,
        amount=gift.amount,
        url=f"/staff/{museum.slug}/gifts/{gift.id}",
        refunded=Money(gift.refunded_minor, gift.currency) if gift.refunded_minor else None,
    )


def donor_name(donor: Donor | None) -> str:
    """Name a donor as the museum knows them; nothing for the coins of a glass box."""
    if donor is None:
        return ""
    if donor.company_name:
        return donor.company_name
    return " ".join(part for part in (donor.first_name, donor.last_name) if part)


def _reward(pledge: Pledge | None, reward: Reward | None, museum: Membership) -> str:
    if pledge is None or reward is None or pledge.reward_state == "waived":
        return ""
    return str(said(reward.title, museum.default_locale))


def _next_url(here: str, asked: Asked, last: Gift) -> str:
    micros = (last.received_at - _EPOCH) // timedelta(microseconds=1)
    return _url(here, asked.parameters() | {"after": f"{micros}.{last.id}"})


def _url(here: str, parameters: Mapping[str, str]) -> str:
    return f"{here}?{urlencode(parameters)}" if parameters else here
