"""Keep a plaque's names: as their donors wish until the day that was told, fixed from then on, gone with who is erased."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Select, delete, exists, func, select, update
from sqlalchemy.orm import Session

from crowdfund import audit, clock
from crowdfund.campaigns.models import Campaign, Reward
from crowdfund.institutions.models import Institution
from crowdfund.plaques.models import Plaque, PlaqueCorrection, PlaqueLine, PlaqueName, PlaqueVersion, name_key
from crowdfund.plaques.rules import are_fixed
from crowdfund.plaques.view import PlaqueNotice
from crowdfund.pledges.models import Pledge, WallEntry
from crowdfund.tenancy import museum_of


def plaque_of(session: Session, campaign_id: int, *, lock: bool = False) -> Plaque | None:
    """Find the plaque of a campaign; None while nobody has begun one."""
    found = select(Plaque).where(Plaque.campaign_id == campaign_id)
    if lock:
        found = found.with_for_update(key_share=True)
    return session.scalars(found).one_or_none()


def notice(session: Session, pledge: Pledge) -> PlaqueNotice | None:
    """Say what a donor is told of the plaque that would name them; None where no day was told, and for who gives with a group."""
    moved = session.scalar(select(WallEntry.campaign_id).where(WallEntry.pledge_id == pledge.id))
    plaque = plaque_of(session, moved or pledge.campaign_id)
    if plaque is None or plaque.locks_on is None or pledge.group_id is not None:
        return None
    return PlaqueNotice(plaque.locks_on, _is_over(session, plaque))


def _is_over(session: Session, plaque: Plaque) -> bool:
    museum = session.get_one(Institution, museum_of(session))
    return are_fixed(plaque.locks_on, clock.now(), museum.time_zone)


def waits_for_signature(campaign_id: int) -> Select[int]:
    """Count 1 where a campaign promised engraving, or told donors a day, and nobody has signed its plaque."""
    promised = exists().where(
        Reward.campaign_id == Campaign.id,
        Reward.fulfilment == "wall",
        Reward.symbolic.is_(False),
        Reward.state == "offered",
    )
    told = exists().where(Plaque.campaign_id == Campaign.id, Plaque.locks_on.is_not(None))
    signed = exists().where(Plaque.campaign_id == Campaign.id, PlaqueVersion.plaque_id == Plaque.id)
    return select(func.count()).select_from(Campaign).where(Campaign.id == campaign_id, promised | told, ~signed)


def fix_names(session: Session, campaign_id: int) -> bool:
    """Fix the names of a plaque whose day is over, as they are now, once; say whether they are fixed.

    Called before anything a donor changes, so that no change of after the day is among them. Who gives later is taken
    in with the name they gave under.
    """
    plaque = plaque_of(session, campaign_id, lock=True)
    if plaque is None or not _is_over(session, plaque):
        return False
    known = {
        name_key(one.pledge_id, one.group_id): one
        for one in session.scalars(select(PlaqueName).where(PlaqueName.plaque_id == plaque.id))
    }
    standing = session.execute(
        select(WallEntry, Pledge.campaign_id, Pledge.closed_at)
        .outerjoin(Pledge, Pledge.id == WallEntry.pledge_id)
        .where(WallEntry.campaign_id == campaign_id)
    )
    fixed_at = plaque.frozen_at
    for entry, given_to, paid_at in standing:
        row = known.get(name_key(entry.pledge_id, entry.group_id))
        late = fixed_at is None or given_to != campaign_id or (paid_at is not None and paid_at >= fixed_at)
        if not late or (row is not None and row.frozen is not None):
            continue
        if row is None:
            row = PlaqueName(plaque_id=plaque.id, pledge_id=entry.pledge_id, group_id=entry.group_id)
            session.add(row)
        row.frozen = entry.display_name
    if fixed_at is None:
        plaque.frozen_at = clock.now()
        session.flush()
        audit.record(session, "plaque.names_fixed", f"campaign:{campaign_id}", on=str(plaque.locks_on))
    return True


def due_campaigns(session: Session) -> list[int]:
    """List the campaigns whose names are to be fixed: the day is over, and nobody has come by since."""
    waiting = session.scalars(select(Plaque).where(Plaque.locks_on.is_not(None), Plaque.frozen_at.is_(None)))
    return [plaque.campaign_id for plaque in waiting if _is_over(session, plaque)]


def before_change(session: Session, pledge: Pledge) -> None:
    """Make ready for a donor who changes how they are shown: fix what is to be fixed, or let their own word count anew."""
    moved = session.scalar(select(WallEntry.campaign_id).where(WallEntry.pledge_id == pledge.id))
    fixed = [fix_names(session, one) for one in {pledge.campaign_id, moved or pledge.campaign_id}]
    if not any(fixed):
        session.execute(update(PlaqueName).where(PlaqueName.pledge_id == pledge.id).values(corrected=None))


def forget(session: Session, pledge_ids: Collection[int]) -> None:
    """Forget the names of an erased donor. What was engraved stays, and nothing says any more whose it was."""
    names = select(PlaqueName.id).where(PlaqueName.pledge_id.in_(pledge_ids))
    session.execute(delete(PlaqueCorrection).where(PlaqueCorrection.name_id.in_(names)))
    session.execute(delete(PlaqueName).where(PlaqueName.pledge_id.in_(pledge_ids)))
    session.execute(update(PlaqueLine).where(PlaqueLine.pledge_id.in_(pledge_ids)).values(pledge_id=None))
