"""The wall: what the public sees of a donor, written by the donor's choice and from nothing else."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from crowdfund import clock
from crowdfund.donors.models import Donor
from crowdfund.donors.rules import DonorKind, short_name
from crowdfund.donors.service import donors_of
from crowdfund.pledges.models import Group, Pledge, WallEntry
from crowdfund.pledges.rules import RewardState, Wall, wall_shows_from
from crowdfund.tenancy import museum_of


def display_name(pledge: Pledge, donor: Donor) -> str | None:
    """Give the name the donor chose to be shown by, None for one who stays anonymous."""
    if pledge.wall == Wall.OTHER:
        return pledge.wall_name or None
    return name_if_short(donor) if pledge.wall == Wall.SHORT else None


def name_if_short(donor: Donor) -> str | None:
    """Give the name of a donor who types no other for the wall: first name and initial, or the company's name."""
    if donor.kind == DonorKind.COMPANY:
        return donor.company_name
    return short_name(donor.first_name or "", donor.last_name or "") or None


def write_entry(session: Session, pledge: Pledge, campaign_id: int | None = None) -> None:
    """Bring the wall in line with a paid pledge: one entry in a random place, or none. Never an amount or a time.

    A gift that was moved is shown on the wall of its `campaign_id`, without the piece it had adopted elsewhere.
    """
    write_entries(session, {pledge: clock.now()})
    here = campaign_id or pledge.campaign_id
    entry = session.scalars(select(WallEntry).where(WallEntry.pledge_id == pledge.id)).one_or_none()
    if entry is not None and entry.campaign_id != here:
        entry.campaign_id, entry.piece_id = here, None
        entry.order_key, entry.shown_from = secrets.randbits(62), wall_shows_from(clock.now())
        session.flush()


def write_entries(session: Session, paid: Mapping[Pledge, datetime]) -> None:
    """Bring the wall in line with paid pledges, each at its moment (UTC)."""
    if not paid:
        return
    known = session.scalars(select(WallEntry).where(WallEntry.pledge_id.in_([pledge.id for pledge in paid])))
    entries = {entry.pledge_id: entry for entry in known}
    by_id = donors_of(session, {pledge.donor_id for pledge in paid})
    for pledge, moment in paid.items():
        if pledge.group_id is not None:
            write_group(session, pledge.group_id, moment, pledge.piece_id)
            continue
        _write(session, pledge, display_name(pledge, by_id[pledge.donor_id]), entries.get(pledge.id), moment)
    session.flush()


def _write(session: Session, pledge: Pledge, name: str | None, entry: WallEntry | None, moment: datetime) -> None:
    if name is None:
        if entry is not None:
            session.delete(entry)
        return
    if entry is None:
        entry = WallEntry(
            pledge_id=pledge.id,
            campaign_id=pledge.campaign_id,
            locale=pledge.locale,
            order_key=secrets.randbits(62),
            shown_from=wall_shows_from(moment),
            message_approved=False,
        )
        session.add(entry)
    elif entry.message != pledge.message:
        entry.message_approved, entry.message_read_at = False, None  # new words are read by a person first
    entry.display_name = name
    entry.message = pledge.message
    entry.dedication = pledge.dedication_name if pledge.wall_dedication else None
    entry.dedication_kind = pledge.dedication_kind if entry.dedication else None
    entry.town = pledge.wall_town
    if pledge.reward_state in {RewardState.CLAIMED, RewardState.WAIVED} and entry.campaign_id == pledge.campaign_id:
        entry.piece_id = pledge.piece_id


def name_piece(session: Session, pledge_id: int, piece_id: int | None) -> None:
    """Show a donor beside another piece: what they added earned it."""
    session.execute(update(WallEntry).where(WallEntry.pledge_id == pledge_id).values(piece_id=piece_id))


def remove_entry(session: Session, pledge_id: int) -> None:
    """Take a donor off the wall: the choice was changed, or the gift was given back."""
    session.execute(delete(WallEntry).where(WallEntry.pledge_id == pledge_id))


def write_group(session: Session, group_id: int, moment: datetime, piece_id: int | None = None) -> None:
    """Put a group on the wall, once, however many of it have given, beside the piece that one of them adopted."""
    museum = museum_of(session)
    group = session.get_one(Group, (museum, group_id))
    entry = insert(WallEntry).values(
        institution_id=museum,
        group_id=group.id,
        campaign_id=group.campaign_id,
        display_name=group.name,
        locale=group.locale,
        order_key=secrets.randbits(62),
        shown_from=wall_shows_from(moment),
        message_approved=False,
    )
    session.execute(entry.on_conflict_do_nothing(index_elements=["institution_id", "group_id"]))
    if piece_id is not None:
        session.execute(
            update(WallEntry)
            .where(WallEntry.group_id == group_id, WallEntry.piece_id.is_(None))
            .values(piece_id=piece_id)
        )


def remove_group(session: Session, group_id: int) -> None:
    """Take a group off the wall: nothing of what it gave is kept."""
    session.execute(delete(WallEntry).where(WallEntry.group_id == group_id))
