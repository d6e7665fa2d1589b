"""Read what donors write for the wall before anybody else does: shown, kept back, or looked at again."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crowdfund import audit, clock
from crowdfund.campaigns import service as campaigns
from crowdfund.campaigns.models import Campaign
from crowdfund.errors import NotFound
from crowdfund.pledges.models import WallEntry

LISTED = 100
LAST = 10  # of those decided on, so that a slip can be undone


@dataclass(frozen=True, slots=True)
class Words:
    """What a donor wrote, under the name chosen for the wall. `shown` is None while nobody has read it."""

    entry_id: int
    text: str
    name: str
    locale: str
    campaign: dict[str, str]
    shown: bool | None


def waiting(session: Session) -> list[Words]:
    """List what nobody has read yet, the oldest first."""
    return _listed(session, WallEntry.message_read_at.is_(None), WallEntry.id, LISTED)


def decided(session: Session) -> list[Words]:
    """List what was read last."""
    return _listed(session, WallEntry.message_read_at.is_not(None), WallEntry.message_read_at.desc(), LAST)


def _listed(session: Session, which: object, order: object, most: int) -> list[Words]:
    rows = session.execute(
        select(WallEntry, Campaign.title)
        .join(Campaign, Campaign.id == WallEntry.campaign_id)
        .where(WallEntry.message.is_not(None), which)  # type: ignore[arg-type]
        .order_by(order, WallEntry.id)  # type: ignore[arg-type]
        .limit(most)
    )
    return [
        Words(
            one.id,
            one.message or "",
            one.display_name,
            one.locale,
            title,
            None if one.message_read_at is None else one.message_approved,
        )
        for one, title in rows
    ]


def count_waiting(session: Session) -> int:
    """Count what nobody has read yet."""
    return (
        session.scalar(
            select(func.count())
            .select_from(WallEntry)
            .where(WallEntry.message.is_not(None), WallEntry.message_read_at.is_(None))
        )
        or 0
    )


def show(session: Session, *entry_ids: int) -> None:
    """Show words on the wall. Raises NotFound where one has none any more."""
    _decide(session, entry_ids, "words.shown", shown=True)


def keep_back(session: Session, *entry_ids: int) -> None:
    """Keep words off the wall; the name stays. Raises NotFound."""
    _decide(session, entry_ids, "words.kept_back", shown=False)


def look_again(session: Session, *entry_ids: int) -> None:
    """Put words among those that nobody has read. Raises NotFound."""
    _decide(session, entry_ids, "words.looked_at_again", shown=None)


def _decide(session: Session, entry_ids: tuple[int, ...], action: str, *, shown: bool | None) -> None:
    found = session.scalars(
        select(WallEntry)
        .where(WallEntry.id.in_(entry_ids), WallEntry.message.is_not(None))
        .order_by(WallEntry.id)
        .with_for_update(key_share=True)
    ).all()
    if len(found) != len(set(entry_ids)):
        raise NotFound
    for entry in found:
        entry.message_approved, entry.message_read_at = bool(shown), None if shown is None else clock.now()
    for campaign_id in sorted({entry.campaign_id for entry in found}):
        campaigns.touch(session, campaign_id)
    audit.record_all(session, [audit.Act(action, f"pledge:{entry.pledge_id}", {}, clock.now()) for entry in found])
