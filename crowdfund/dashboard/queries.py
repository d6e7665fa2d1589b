"""The table of a museum's gifts: found by filters, read page by page, counted and summed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Row, Select, and_, func, select, tuple_
from sqlalchemy.orm import Session

from crowdfund.campaigns.models import Campaign, Reward
from crowdfund.campaigns.texts import said
from crowdfund.dashboard.asked import Asked, conditions, place_of, receipt_code
from crowdfund.donors.models import Donor
from crowdfund.gifts.models import Gift
from crowdfund.gifts.view import GiftList, GiftRow
from crowdfund.institutions.current import Membership
from crowdfund.ledger.models import LedgerAccount, LedgerTotal
from crowdfund.ledger.rules import AccountKind
from crowdfund.money import Money
from crowdfund.payments.models import QuarantinedCharge
from crowdfund.payments.rules import AsideState
from crowdfund.pledges.models import Pledge
from crowdfund.receipts.models import ReceiptHold

PAGE = 50
LATEST = 6
COUNTED = 5_000  # more are "more than": a page does not wait for a million rows to be counted


def list_gifts(session: Session, museum: Membership, asked: Asked) -> GiftList:
    """Read one page of the museum's gifts, the latest first, with how many there are in all and their sums.

    The sums are what the museum keeps: gross less refunds and lost disputes, as the funds' balances. Where there are more
    than `COUNTED`, the count stops there, and only the sums of the whole table are told.
    """
    which = conditions(session, asked, ZoneInfo(museum.time_zone))
    total, sums = _counted(session, which)
    if total > COUNTED:
        sums = () if asked.filtered else _balances(session)
    order = (Gift.received_at.desc(), Gift.id.desc())
    # The page's gifts are chosen first: what stands beside them is read for these alone, not for all that match.
    chosen = select(Gift.id).where(*which).order_by(*order).limit(PAGE + 1)
    if asked.after is not None:
        chosen = chosen.where(tuple_(Gift.received_at, Gift.id) < tuple_(*asked.after))
    found = session.execute(_rows().where(Gift.id.in_(chosen)).order_by(*order)).all()
    here = f"/staff/{museum.slug}/gifts"
    return GiftList(
        rows=tuple(_row(row, museum) for row in found[:PAGE]),
        total=min(total, COUNTED),
        more=total > COUNTED,
        sums=sums,
        timezone=museum.time_zone,
        asked=asked.parameters(),
        query=asked.query,
        state=asked.state,
        method=asked.method,
        receipt=asked.receipt,
        since=asked.since.isoformat() if asked.since else "",
        filtered=asked.filtered,
        next_url=_next_url(here, asked, found[PAGE - 1].Gift) if len(found) > PAGE else "",
        first_url=_url(here, asked.parameters()) if asked.after else "",
        export_url=_url(f"{here}/export", asked.parameters()),
    )


def _counted(session: Session, which: Sequence[ColumnElement[bool]]) -> tuple[int, tuple[Money, ...]]:
    """Count and sum what matches, by currency, up to one more than `COUNTED`."""
    kept = Gift.amount_minor - Gift.refunded_minor - Gift.lost_minor
    some = select(Gift.currency, kept.label("kept")).where(*which).limit(COUNTED + 1).subquery()
    rows = session.execute(
        select(some.c.currency, func.count(), func.sum(some.c.kept)).group_by(some.c.currency).order_by(some.c.currency)
    ).all()
    total = sum(count for _currency, count, _sum in rows)
    return total, tuple(Money(int(kept), currency) for currency, _count, kept in rows)


def _balances(session: Session) -> tuple[Money, ...]:
    """Sum the balances of the museum's funds: what all its gifts come to."""
    rows = session.execute(
        select(LedgerAccount.currency, func.coalesce(-func.sum(LedgerTotal.balance_minor), 0))
        .outerjoin(
            LedgerTotal,
            and_(
                LedgerTotal.institution_id == LedgerAccount.institution_id, LedgerTotal.account_id == LedgerAccount.id
            ),
        )
        .where(LedgerAccount.kind == AccountKind.FUND)
        .group_by(LedgerAccount.currency)
        .order_by(LedgerAccount.currency)
    )
    return tuple(Money(int(kept), currency) for currency, kept in rows)


def campaign_choices(session: Session, museum: Membership) -> list[tuple[str, str]]:
    """List the campaigns to filter by: address and title, the latest first."""
    rows = session.execute(
        select(Campaign.slug, Campaign.title).where(Campaign.state != "draft").order_by(Campaign.closes_at.desc())
    )
    return [(slug, said(title, museum.default_locale)) for slug, title in rows]


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
        select(Gift, Donor, Pledge, Reward, Campaign.title.label("campaign"), receipt_code().label("receipt"))
        .join(Campaign, Campaign.id == Gift.campaign_id)
        .outerjoin(Donor, Donor.id == Gift.donor_id)
        .outerjoin(Pledge, Pledge.id == Gift.pledge_id)
        .outerjoin(Reward, Reward.id == Pledge.reward_id)
    )


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
    return _url(here, asked.parameters() | {"after": place_of(last.received_at, last.id)})


def _url(here: str, parameters: Mapping[str, str]) -> str:
    return f"{here}?{urlencode(parameters)}" if parameters else here
