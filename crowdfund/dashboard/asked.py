"""How a list of gifts is asked for: read from an address, and said as conditions that stay on the indexes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, ColumnElement, Select, and_, case, func, literal, or_, select, union
from sqlalchemy.orm import Session, aliased

from crowdfund.campaigns.models import Campaign
from crowdfund.donors.search import found_by_words, gathered, one_of
from crowdfund.gifts.models import Gift, Refund
from crowdfund.gifts.rules import GiftState, Method, RefundState
from crowdfund.money import Money, MoneyError
from crowdfund.receipts.models import Receipt, ReceiptGift, ReceiptHold

LONGEST_QUERY = 100
RECEIPTS = ("issued", "suspended", "coming", "held", "none", "not_wanted", "replaced", "cancelled")
REFUND_FAILED = "refund_failed"  # a state of the table, not of a gift: the money came back to us
GIVEN_BACK = (GiftState.REFUNDED, GiftState.LOST)
ANY_CURRENCY = "EUR"  # amounts are typed in major units; all our currencies have cents
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_RECEIPT_NUMBER = re.compile(r"(?P<series>[\w.]{1,20})-(?P<year>20\d\d)-(?P<number>\d{1,9})", re.ASCII)
_PLACE = re.compile(r"(\d{1,17})\.(\d{1,18})", re.ASCII)
_SLUG = re.compile(r"[a-z0-9-]{1,100}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Asked:
    """How the table was asked for. What cannot be read is left out, as if it had not been asked. `until` is a whole day."""

    query: str = ""
    state: str = ""
    method: str = ""
    receipt: str = ""
    campaign: str = ""
    least: Money | None = None
    most: Money | None = None
    since: date | None = None
    until: date | None = None
    after: tuple[datetime, int] | None = field(default=None)

    @property
    def filtered(self) -> bool:
        """Say whether anything narrows the table."""
        return bool(self.parameters())

    def parameters(self) -> dict[str, str]:
        """Give the filters as an address carries them."""
        given = {
            "q": self.query,
            "state": self.state,
            "method": self.method,
            "receipt": self.receipt,
            "campaign": self.campaign,
            "least": _typed(self.least),
            "most": _typed(self.most),
            "since": self.since.isoformat() if self.since else "",
            "until": self.until.isoformat() if self.until else "",
        }
        return {name: value for name, value in given.items() if value}


def read_asked(given: Mapping[str, str]) -> Asked:
    """Read the filters of an address."""
    typed = unicodedata.normalize("NFC", given.get("q", "")[:LONGEST_QUERY])
    return Asked(
        query="".join(c for c in typed if c.isprintable()).strip(),
        state=_one_of(given.get("state", ""), (*GiftState, REFUND_FAILED)),
        method=_one_of(given.get("method", ""), Method),
        receipt=_one_of(given.get("receipt", ""), RECEIPTS),
        campaign=slug if _SLUG.fullmatch(slug := given.get("campaign", "")) else "",
        least=_amount(given.get("least", "")),
        most=_amount(given.get("most", "")),
        since=read_day(given.get("since", "")),
        until=read_day(given.get("until", "")),
        after=_place(given.get("after", "")),
    )


def read_day(text: str) -> date | None:
    """Read a day of an address; None for what is none."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 1970 < day.year < 2200 else None


def place_of(received_at: datetime, gift_id: int) -> str:
    """Name the place of a gift in the table, for the next page to go on from."""
    return f"{(received_at - _EPOCH) // timedelta(microseconds=1)}.{gift_id}"


def conditions(session: Session, asked: Asked, zone: ZoneInfo) -> list[ColumnElement[bool]]:
    """Say the filters as conditions on gifts. Words are folded by the database first."""
    found: list[ColumnElement[bool]] = []
    if asked.query:
        found.append(_matches(session, asked.query))
    if asked.state == REFUND_FAILED:
        found.append(Gift.id.in_(select(Refund.gift_id).where(Refund.state == RefundState.FAILED)))
    elif asked.state:
        found.append(Gift.state == asked.state)
    if asked.method:
        found.append(Gift.method == asked.method)
    if asked.receipt:
        found.append(_with_receipt(session, asked.receipt))
    if asked.campaign:
        found.append(Gift.campaign_id == select(Campaign.id).where(Campaign.slug == asked.campaign).scalar_subquery())
    if asked.least:
        found.append(Gift.amount_minor >= asked.least.minor)
    if asked.most:
        found.append(Gift.amount_minor <= asked.most.minor)
    if asked.since:
        found.append(Gift.received_at >= _begin(asked.since, zone))
    if asked.until:
        found.append(Gift.received_at < _begin(asked.until + timedelta(days=1), zone))
    return found


def receipt_code() -> ColumnElement[str]:
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
    given_back = Gift.state.in_(GIVEN_BACK)
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


def _with_receipt(session: Session, code: str) -> ColumnElement[bool]:
    """Narrow to the gifts a word of `receipt_code` may be said of, by an index where there is one, then ask the word."""
    line = select(ReceiptGift.id).where(ReceiptGift.gift_id == Gift.id).correlate(Gift)
    if code == "issued":
        shown = Receipt.sha256.is_not(None) & (Receipt.state != "suspended")
        return line.join(Receipt, Receipt.id == ReceiptGift.receipt_id).where(ReceiptGift.live, shown).exists()
    if code == "not_wanted":
        closed = and_(Gift.state.in_(GIVEN_BACK), line.exists())
        return and_(Gift.wants_receipt.is_(False), ~line.where(ReceiptGift.live).exists(), ~closed)
    if code == "held":
        held = select(ReceiptHold.gift_id).where(ReceiptHold.released_at.is_(None), ReceiptHold.outcome == "hold")
        closed = and_(Gift.state.in_(GIVEN_BACK), line.exists())
        return and_(Gift.id.in_(held), Gift.wants_receipt, ~line.where(ReceiptGift.live).exists(), ~closed)
    if code in {"suspended", "replaced", "cancelled"}:
        of = (
            select(ReceiptGift.gift_id).join(Receipt, Receipt.id == ReceiptGift.receipt_id).where(Receipt.state == code)
        )
        return and_(Gift.id.in_(of), receipt_code() == code)
    asked_for = _without_receipt() if code == "none" else _coming()
    few = gathered(session, asked_for)
    candidates = Gift.id.in_(asked_for) if few is None else one_of(Gift.id, few)
    return and_(candidates, Gift.wants_receipt, receipt_code() == code)


def _without_receipt() -> Select[int]:
    """Select the gifts that may get none: the law gives none, or they were given back."""
    gift = aliased(Gift)
    law = select(ReceiptHold.gift_id).where(ReceiptHold.released_at.is_(None), ReceiptHold.outcome != "hold")
    back = select(gift.id).where(gift.state.in_(GIVEN_BACK))
    return select(union(law, back).subquery().c[0])


def _coming() -> Select[int]:
    """Select the gifts whose receipt may be on its way: not written yet, or not even numbered."""
    gift = aliased(Gift)
    unwritten = (
        select(ReceiptGift.gift_id)
        .join(Receipt, Receipt.id == ReceiptGift.receipt_id)
        .where(ReceiptGift.live, Receipt.sha256.is_(None))
    )
    unnumbered = select(gift.id).where(gift.wants_receipt, ~gift.receipt_answered)
    return select(union(unwritten, unnumbered).subquery().c[0])


def _matches(session: Session, query: str) -> ColumnElement[bool]:
    """Match a name or an address by the beginnings of its words, a gift's number, or a receipt's."""
    number = _RECEIPT_NUMBER.fullmatch(query)
    if number is not None:
        return Gift.id.in_(
            select(ReceiptGift.gift_id)
            .join(Receipt, Receipt.id == ReceiptGift.receipt_id)
            .where(
                func.lower(Receipt.series) == number["series"].lower(),
                Receipt.year == int(number["year"]),
                Receipt.number == int(number["number"]),
            )
        )
    named = found_by_words(session, query)
    if query.isascii() and query.isdigit() and len(query) < 19:
        gift = aliased(Gift)  # one set of numbers: an "or" would ask every gift both questions
        by_name = select(gift.id).where(gift.donor_id.in_(named))
        by_number = select(literal(int(query), BigInteger))
        return Gift.id.in_(select(union(by_name, by_number).subquery().c[0]))
    return Gift.donor_id.in_(named)


def _begin(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)


def _one_of(value: str, allowed: Any) -> str:
    return value if value in set(allowed) else ""


def _amount(text: str) -> Money | None:
    try:
        return Money.parse(text[:20], ANY_CURRENCY)
    except MoneyError:
        return None


def _typed(amount: Money | None) -> str:
    """Write an amount as its field takes it: "50", or "12.50"."""
    if amount is None:
        return ""
    return str(amount.minor // 100) if amount.minor % 100 == 0 else str(amount.decimal)


def _place(text: str) -> tuple[datetime, int] | None:
    match = _PLACE.fullmatch(text)
    if match is None:
        return None
    try:
        return _EPOCH + timedelta(microseconds=int(match[1])), int(match[2])
    except OverflowError:
        return None
