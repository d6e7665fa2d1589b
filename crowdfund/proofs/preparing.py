"""Prepare a plaque: how it is made, until when names may change, what a donor asked to have corrected."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from crowdfund import audit, clock
from crowdfund.campaigns.service import campaign_of
from crowdfund.errors import Conflict, NotFound, Refusal
from crowdfund.institutions.current import Membership
from crowdfund.plaques.keeping import fix_names, plaque_of
from crowdfund.plaques.models import Plaque, PlaqueCorrection, PlaqueName, PlaqueVersion
from crowdfund.plaques.rules import FIXED, NO_NAME, PAST, Plan
from crowdfund.proofs.reading import default_plan, read_names
from crowdfund.proofs.view import CorrectionRow, Named


@dataclass(frozen=True, slots=True)
class Wish:
    """How a name shall stand: as `name`, filed by `sort_word` ("": by our guess), or not at all. `note` says who asked."""

    name: str
    sort_word: str = ""
    left_out: bool = False
    note: str = ""


def set_up(session: Session, museum: Membership, campaign_id: int, plan: Plan, *, everywhere: bool = False) -> Plaque:
    """Say how a plaque is made; `everywhere` gives its language to the museum's other plaques that nobody has signed."""
    plaque = _begun(session, museum, campaign_id)
    _write(plaque, plan)
    if everywhere:
        signed = select(PlaqueVersion.plaque_id)
        session.execute(update(Plaque).where(Plaque.id.not_in(signed)).values(locale=plan.locale))
    audit.record(session, "plaque.set_up", f"campaign:{campaign_id}", size=plan.size, columns=plan.columns)
    return plaque


def _begun(session: Session, museum: Membership, campaign_id: int) -> Plaque:
    """Find the plaque of a campaign and hold it, or begin it. Raises NotFound without the campaign."""
    campaign_of(session, campaign_id, lock=True)  # so that two people begin one
    plaque = plaque_of(session, campaign_id, lock=True)
    if plaque is None:
        plaque = Plaque(campaign_id=campaign_id)
        _write(plaque, default_plan(session, museum))
        session.add(plaque)
        session.flush()  # for its id
    return plaque


def _write(plaque: Plaque, plan: Plan) -> None:
    plaque.size, plaque.columns, plaque.line_mm = plan.size, plan.columns, plan.line_mm
    plaque.order_by, plaque.locale = plan.order_by, plan.locale
    plaque.heading, plaque.caption = dict(plan.heading or {}), dict(plan.caption or {})
    plaque.least_minor, plaque.counts_others = plan.least_minor, plan.counts_others
    highest = sorted(plan.sections, key=lambda one: -one.from_minor)
    plaque.sections = [{"from_minor": one.from_minor, "heading": dict(one.heading)} for one in highest]
    plaque.changed_at = clock.now()


def set_lock(session: Session, museum: Membership, campaign_id: int, day: date) -> Plaque:
    """Say until which day, where the museum is, donors may change their names. Raises Conflict once they are fixed."""
    plaque = _begun(session, museum, campaign_id)
    if fix_names(session, campaign_id):
        raise Conflict(FIXED)
    if day < clock.now().astimezone(ZoneInfo(museum.time_zone)).date():
        raise Refusal(PAST, field="locks_on")
    if day != plaque.locks_on:
        plaque.locks_on, plaque.reminded_at = day, None  # another day is told anew
    audit.record(session, "plaque.lock_set", f"campaign:{campaign_id}", on=str(day))
    return plaque


def name_of(session: Session, campaign_id: int, key: str) -> Named:
    """Find a name of a plaque by its key. Raises NotFound."""
    names = read_names(session, campaign_id, plaque_of(session, campaign_id))
    found = next((one for one in names if one.key == key), None)
    if found is None:
        raise NotFound
    return found


def correct(session: Session, museum: Membership, campaign_id: int, key: str, wish: Wish, by_name: str) -> int:
    """Change how a name stands, at its donor's wish; each change is kept with who made it. Gives how many there were.

    Raises NotFound without the campaign, Conflict for a name that does not stand there any more.
    """
    plaque = _begun(session, museum, campaign_id)
    fix_names(session, campaign_id)
    one = next((one for one in read_names(session, campaign_id, plaque) if one.key == key), None)
    if one is None:
        raise Conflict(NO_NAME)
    changes = [
        (what, before, after)
        for what, before, after in (
            ("name", one.name, wish.name),
            ("sort_word", one.sort_word, wish.sort_word),
            ("left_out", _yes(one.left_out), _yes(wish.left_out)),
        )
        if before != after
    ]
    if not changes:
        return 0
    row = _row(session, plaque, key)
    row.corrected = None if wish.name == one.typed else wish.name
    row.sort_word, row.left_out = wish.sort_word or None, wish.left_out
    session.flush()  # for its id
    for what, before, after in changes:
        kept = PlaqueCorrection(name_id=row.id, what=what, before=before, after=after, note=wish.note, by_name=by_name)
        session.add(kept)
        session.flush()  # for its id
        audit.record(
            session, f"plaque.{what}", f"campaign:{campaign_id}", correction=kept.id, before=_hash(before), after=_hash(after)
        )  # fmt: skip
    return len(changes)


def _yes(out: bool) -> str:  # noqa: FBT001 - what is written of it
    return "1" if out else ""


def _hash(text: str) -> str:
    """Write a name into the trail, which never forgets, as what only somebody who knows it can check."""
    return hashlib.sha256(text.encode()).hexdigest()[:16] if text else ""


def _row(session: Session, plaque: Plaque, key: str) -> PlaqueName:
    number = int(key[1:])
    whose = {"pledge_id": number} if key[0] == "p" else {"group_id": number}
    row = session.scalars(select(PlaqueName).filter_by(plaque_id=plaque.id, **whose)).one_or_none()
    if row is None:
        row = PlaqueName(plaque_id=plaque.id, **whose)
        session.add(row)
    return row


def corrections_of(session: Session, campaign_id: int, key: str) -> tuple[CorrectionRow, ...]:
    """List what was changed of a name, the latest first."""
    number = int(key[1:])
    whose = PlaqueName.pledge_id == number if key[0] == "p" else PlaqueName.group_id == number
    rows = session.scalars(
        select(PlaqueCorrection)
        .join(PlaqueName, PlaqueName.id == PlaqueCorrection.name_id)
        .join(Plaque, Plaque.id == PlaqueName.plaque_id)
        .where(Plaque.campaign_id == campaign_id, whose)
        .order_by(PlaqueCorrection.id.desc())
    )
    return tuple(CorrectionRow(one.what, one.before, one.after, one.note, one.by_name, one.at) for one in rows)
