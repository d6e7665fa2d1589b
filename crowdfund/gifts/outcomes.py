"""Count what became of the gifts of a campaign that came to nothing, for the public: in cells that hide everybody.

Counted from the gifts and their refunds, summed from the ledger, at most every ten minutes; a page reads one row. Where one
kind is of fewer than five gifts the kinds are not told apart, nor on which days they went: the smaller would follow from the
others. Days are those of the museum's calendar.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import and_, case, exists, func, or_, select
from sqlalchemy import cast as sql_cast
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session
from sqlalchemy.types import Text

from crowdfund import clock
from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.rules import CampaignState
from crowdfund.gifts.models import Asking, CampaignOutcome, Gift, GiftChoice, Refund
from crowdfund.gifts.rules import LEAST_IN_A_CELL, RefundState
from crowdfund.institutions.models import Institution
from crowdfund.ledger import service as ledger
from crowdfund.ledger.models import LedgerAccount, LedgerEntry, LedgerTransaction
from crowdfund.ledger.rules import fund_code
from crowdfund.tenancy import museum_of

KINDS = ("back", "moved", "waiting", "kept")
LEFT = Gift.amount_minor - Gift.refunded_minor - Gift.lost_minor


def due_outcomes(session: Session) -> list[int]:
    """List the campaigns to count anew: those that came to nothing and have changed, or whose donors were still choosing."""
    waiting = exists().where(
        Asking.campaign_id == Campaign.id, GiftChoice.asking_id == Asking.id, GiftChoice.done_at.is_(None)
    )
    return list(
        session.scalars(
            select(Campaign.id)
            .outerjoin(CampaignOutcome, CampaignOutcome.campaign_id == Campaign.id)
            .where(
                Campaign.state.in_([CampaignState.ENDED, CampaignState.WITHDRAWN]),
                or_(
                    CampaignOutcome.id.is_(None),
                    CampaignOutcome.counted != Campaign.version,
                    CampaignOutcome.open,
                    waiting,
                ),
            )
            .order_by(Campaign.id)
        )
    )


def count_outcome(session: Session, campaign_id: int) -> None:
    """Count what became of a campaign's gifts, and write what may be known of it."""
    campaign = session.get_one(Campaign, (museum_of(session), campaign_id))
    counts, sums, days = _gone(session, campaign)
    counts |= _here(session, campaign_id)
    waiting = _waiting(session, campaign_id)
    counts["waiting"], sums["waiting"] = waiting
    counts["kept"] -= waiting[0]
    sums["kept"] = ledger.received(session, campaign.code).minor - waiting[1]
    gifts = session.scalar(select(func.count()).where(Gift.campaign_id == campaign_id)) or 0
    told = all(counts[kind] == 0 or counts[kind] >= LEAST_IN_A_CELL for kind in KINDS)
    values: dict[str, Any] = {
        "counted": campaign.version,
        "open": waiting[0] > 0,
        "gifts": gifts if gifts >= LEAST_IN_A_CELL else 0,
        "currency": campaign.currency,
        "gone_from": days[0] if told else None,
        "gone_until": days[1] if told else None,
        "counted_at": clock.now(),
    }
    values |= {kind: counts[kind] if told else 0 for kind in KINDS}
    values |= {f"{kind}_minor": sums[kind] if told else 0 for kind in KINDS}
    row = insert(CampaignOutcome).values(institution_id=museum_of(session), campaign_id=campaign_id, **values)
    session.execute(row.on_conflict_do_update(index_elements=["institution_id", "campaign_id"], set_=values))


def _gone(
    session: Session, campaign: Campaign
) -> tuple[dict[str, int], dict[str, int], tuple[date | None, date | None]]:
    """Count the gifts that went back and those that were moved, and sum what was booked out of the fund for them."""
    prefix = case((Refund.kind == "move", "move:"), else_="refund:")
    rows = session.execute(
        select(
            Refund.kind,
            func.count(Refund.gift_id.distinct()),
            func.sum(LedgerEntry.amount_minor),
            func.min(Refund.closed_at),
            func.max(Refund.closed_at),
        )
        .join(Gift, Gift.id == Refund.gift_id)
        .join(LedgerTransaction, LedgerTransaction.reference == prefix.concat(sql_cast(Refund.id, Text)))
        .join(LedgerEntry, LedgerEntry.transaction_id == LedgerTransaction.id)
        .join(
            LedgerAccount,
            and_(LedgerAccount.id == LedgerEntry.account_id, LedgerAccount.code == fund_code(campaign.code)),
        )
        .where(
            Gift.campaign_id == campaign.id,
            Refund.kind.in_(["refund", "move"]),
            Refund.state.in_([RefundState.PENDING, RefundState.SUCCEEDED]),
        )
        .group_by(Refund.kind)
    ).all()
    found = {"moved" if row[0] == "move" else "back": row for row in rows}
    moments: list[datetime] = [moment for row in rows for moment in row[3:] if moment is not None]
    return (
        {kind: int(found[kind][1]) if kind in found else 0 for kind in ("back", "moved")},
        {kind: int(found[kind][2]) if kind in found else 0 for kind in ("back", "moved")},
        _days(session, moments) if moments else (None, None),
    )


def _days(session: Session, moments: list[datetime]) -> tuple[date, date]:
    """Give the first and the last day, by the museum's calendar."""
    zone = ZoneInfo(session.scalars(select(Institution.time_zone).where(Institution.id == museum_of(session))).one())
    return min(moments).astimezone(zone).date(), max(moments).astimezone(zone).date()


def _here(session: Session, campaign_id: int) -> dict[str, int]:
    """Count the gifts of which the campaign still holds something."""
    return {"kept": session.scalar(select(func.count()).where(Gift.campaign_id == campaign_id, LEFT > 0)) or 0}


def _waiting(session: Session, campaign_id: int) -> tuple[int, int]:
    """Count the gifts about which a donor is still asked, and sum what is left of them, in minor units."""
    found = session.execute(
        select(func.count(), func.coalesce(func.sum(LEFT), 0))
        .join(GiftChoice, GiftChoice.gift_id == Gift.id)
        .where(Gift.campaign_id == campaign_id, GiftChoice.done_at.is_(None), LEFT > 0)
    ).one()
    return int(found[0]), int(found[1])
